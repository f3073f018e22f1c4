"""Reads a call log in the format of the "Anonymous Bank" (Technion SEELab): real calls, with their defects.

Owns the columns of that format and what is made of each defect; must not simulate. docs/simulation.md lists the defects.
Rules: a time field may be wrong by a second or span midnight, so lengths come from the *_time columns; a caller enters the line at vru_exit.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

COLUMNS = (
    "line", "call_id", "priority", "type", "date", "vru_entry", "vru_exit", "vru_time", "q_start", "q_exit", "q_time",
    "outcome", "ser_start", "ser_exit", "ser_time", "server",
)  # fmt: skip
OUTCOMES = ("AGENT", "HANG", "PHANTOM")
TYPES = ("PS", "NE", "NW", "IN", "PE", "TT")
SHOWN = 20
MOST_WRONG = 0.01  # share of lines that may be unreadable before the file is refused


class LogError(Exception):
    """The file is no such log: `mistakes` has every reason with its line."""

    def __init__(self, mistakes: list[str]) -> None:
        more = len(mistakes) - SHOWN
        super().__init__("\n".join([*mistakes[:SHOWN], *([f"... and {more} more"] if more > 0 else [])]))


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A caller who asked for a person. `priority`: 0 not recorded, 1 regular, 2 VIP; `wait_s` 0: did not wait; `talk_s` None: hung up."""

    at: float
    number: int
    priority: int
    service: str
    wait_s: float
    talk_s: float | None
    agent: str


def read_bank_log(text: str, name: str, zone: ZoneInfo) -> tuple[list[LoggedCall], list[str]]:
    """The callers who asked for a person, in order of time, and in words what was left out or mended.

    raises   LogError for another format, for more unreadable lines than MOST_WRONG, and when no call is left
    """
    rows = csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    if missing:
        raise LogError([f"{name}:1: missing columns: {', '.join(missing)}"])
    defects: Counter[str] = Counter()
    mistakes: list[str] = []
    calls, seen = list(_calls(rows, zone, defects, mistakes, name)), rows.line_num - 1
    if len(mistakes) > MOST_WRONG * seen or not calls:
        raise LogError(mistakes or [f"{name}: holds no call that asked for a person"])
    unordered = sum(later.at < earlier.at for earlier, later in pairwise(calls))
    if unordered:
        defects["calls out of order of time: sorted"] = unordered
    if mistakes:
        defects[f"unreadable lines, left out (the first: {mistakes[0]})"] = len(mistakes)
    unknown = sum(call.priority == 0 for call in calls)
    if unknown:
        defects["calls whose class was not recorded"] = unknown
    calls.sort(key=lambda call: (call.at, call.number))
    return calls, [f"{name}: {count} {what}" for what, count in sorted(defects.items())]


def _calls(
    rows: "csv.DictReader[str]", zone: ZoneInfo, defects: Counter[str], mistakes: list[str], name: str
) -> Iterator[LoggedCall]:
    for row in rows:
        try:
            call = _call(row, zone, defects)
        except (ValueError, TypeError) as error:  # TypeError: a line that ends early
            mistakes.append(f"{name}:{rows.line_num}: {error}")
            continue
        if call is not None:
            yield call


def _call(row: dict[str, str], zone: ZoneInfo, defects: Counter[str]) -> LoggedCall | None:
    """One row; None for one that asked for nobody. Raises ValueError for what no such row holds."""
    outcome, priority, service = row["outcome"], int(row["priority"]), row["type"].strip()
    if outcome not in OUTCOMES or priority not in (0, 1, 2) or service not in TYPES:
        raise ValueError(f"outcome {outcome!r:.20}, priority {priority}, type {service!r:.20}: not of this format")
    wait_s, talk_s = float(row["q_time"]), float(row["ser_time"])
    if wait_s < 0 or talk_s < 0:
        raise ValueError(f"q_time {wait_s:g}, ser_time {talk_s:g}: a length of time is 0 or more")
    if outcome == "PHANTOM":
        defects["phantom calls, left out"] += 1
        return None
    if outcome == "HANG" and wait_s == 0:
        defects["callers who hung up in the menu, left out"] += 1
        return None
    _count_defects(row, outcome, wait_s, talk_s, defects)
    midnight = datetime.strptime(row["date"], "%y%m%d")  # noqa: DTZ007 made aware by the next lines
    entered = midnight + _clock(row["vru_entry"])
    left = midnight + _clock(row["vru_exit"])
    if left < entered:
        left += timedelta(days=1)
    talked = None if outcome == "HANG" else talk_s
    agent = "" if row["server"] == "NO_SERVER" else row["server"]
    return LoggedCall(
        left.replace(tzinfo=zone).timestamp(), int(row["call_id"]), priority, service, wait_s, talked, agent
    )


def _count_defects(row: dict[str, str], outcome: str, wait_s: float, talk_s: float, defects: Counter[str]) -> None:
    if outcome == "HANG" and talk_s > 0:
        defects["callers who hung up and have a talk time: taken as hung up"] += 1
    if outcome == "AGENT" and talk_s == 0:
        defects["answered calls without a talk time: taken as 0 s"] += 1
    if outcome == "AGENT" and row["server"] == "NO_SERVER":
        defects["answered calls without an agent's name"] += 1
    spans = (("q_start", "q_exit", wait_s), ("ser_start", "ser_exit", talk_s))
    if any(_clock(row[end]) - _clock(row[start]) != timedelta(seconds=length) for start, end, length in spans):
        defects["calls over midnight or whose times and lengths differ: lengths taken"] += 1


def _clock(text: str) -> timedelta:
    hours, minutes, seconds = map(int, text.split(":"))
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
        raise ValueError(f"{text!r} is no time of the day")
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
