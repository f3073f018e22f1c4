"""Reads a plan of shifts: who sits where from when to when, on which days of the week (CSV).

Owns that file and its way to the simulator's shifts, with every mistake at once. Must not simulate.
Rules: docs/simulation.md; times are by the site's clock.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr.csv_lines import CsvFileError, csv_lines
from jietong.operator_file import Unreadable, read_bytes
from jietong.site_values import TIME_OF_DAY
from jietong.toml_words import MAX_BYTES, printable
from jietong.traffic_file import TrafficFileError
from routing.rules import Rules
from simulation.shift import Shift

SHIFTS = ("seat", "from", "to")
SHIFTS_MORE = ("agent", "breaks", "days")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class DailyShift:
    """One agent's shift on some days of the week (0: Monday): spans in seconds of the day."""

    agent: str
    seat: str
    span: tuple[int, int]
    breaks: tuple[tuple[int, int], ...]
    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class ShiftPlan:
    """The shifts of any week."""

    rows: tuple[DailyShift, ...]

    def shifts(self, first: date, days: int, zone: ZoneInfo) -> Iterator[Shift]:
        """Those of `days` days from `first` on, by the clock of `zone`."""
        for number in range(days):
            day = first + timedelta(days=number)
            for row in self.rows:
                if day.weekday() in row.days:
                    moments = [tuple(moment(day, s, zone) for s in span) for span in (row.span, *row.breaks)]
                    (starts_at, ends_at), *breaks = moments
                    yield Shift(row.agent, row.seat, starts_at, ends_at, tuple((a, b) for a, b in breaks))


def load_shifts(path: Path, rules: Rules) -> ShiftPlan:
    """The daily shifts that a CSV file names; raises TrafficFileError."""
    try:
        content = read_bytes(path, MAX_BYTES, "plan of shifts")
    except FileNotFoundError:
        raise TrafficFileError([f"{path}: no such file: name a plan of shifts (see docs/simulation.md)"]) from None
    except Unreadable as error:
        raise TrafficFileError([f"{path}: {error}"]) from None
    name, mistakes = printable(str(path)), list[str]()
    rows: list[DailyShift] = []
    known = {"seat": {seat.number for seat in rules.seats}, "agent": set(rules.agents)}
    try:
        for line, row in csv_lines(content, name, SHIFTS, mistakes, SHIFTS_MORE):
            wrong: list[str] = []
            agent = row.get("agent") or row["seat"]
            for key, value in (("seat", row["seat"]), ("agent", agent)):
                if value not in known[key]:
                    wrong.append(f"{key}: the site has no {key} {value[:40]!r}")
            span = (_clock(row["from"], "from", wrong), _clock(row["to"], "to", wrong))
            if not wrong and span[0] >= span[1]:
                wrong.append(f"to: {row['to']} is not after {row['from']}: a shift over midnight is two lines")
            breaks = tuple(_breaks(row.get("breaks", ""), wrong))
            days = _days(row.get("days", ""), wrong)
            mistakes += [f"{name}:{line}: {printable(text)}" for text in wrong]
            rows.append(DailyShift(agent, row["seat"], span, breaks, days))
    except CsvFileError as error:
        mistakes += error.mistakes
    if not mistakes and not rows:
        mistakes.append(f"{name}: holds no shift")
    if mistakes:
        raise TrafficFileError(mistakes)
    return ShiftPlan(tuple(rows))


def moment(day: date, second: int, zone: ZoneInfo) -> float:
    """Epoch seconds of a second of a day by the clock; 86,400 is the next midnight."""
    clock = datetime(day.year, day.month, day.day) + timedelta(seconds=second)  # noqa: DTZ001 made aware by the next line
    return clock.replace(tzinfo=zone).timestamp()


def _clock(text: str, key: str, wrong: list[str]) -> int:
    if text == "24:00":
        return 86_400
    if not re.match(TIME_OF_DAY, text):
        wrong.append(f"{key}: {text[:40]!r} is no time of the day such as 08:30")
        return 0
    return int(text[:2]) * 3600 + int(text[3:]) * 60


def _breaks(text: str, wrong: list[str]) -> Iterator[tuple[int, int]]:
    for part in text.split():
        found = SPAN.fullmatch(part)
        if found is None:
            wrong.append(f"breaks: {part[:40]!r} is no span such as 12:00-12:30")
            continue
        yield _clock(found[1], "breaks", wrong), _clock(found[2], "breaks", wrong)


def _days(text: str, wrong: list[str]) -> frozenset[int]:
    """`mon-fri sat`, by name; empty for every day."""
    found: set[int] = set()
    for part in text.lower().split():
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            wrong.append(f"days: {part[:40]!r} is no day or span of days such as mon-fri")
            continue
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)}
    return frozenset(found or range(7))
