"""Reads what shall be simulated: a model of traffic (TOML), or a trace of calls (CSV).

Owns the way from an operator's files to the simulator's plain figures, with every mistake at once. Must not simulate.
Rules: docs/simulation.md; times without an offset are the site's own.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from ivr.csv_lines import CsvFileError, csv_lines
from jietong.operator_file import Unreadable, read_bytes
from jietong.site_raw import Mistake
from jietong.toml_words import MAX_BYTES, TomlFileError, decoded, mistakes_in_values, parsed, placed, printable
from jietong.traffic_shape import Agents, Customers, TrafficFile, habits_of
from routing.rules import Rules
from simulation.arrival import Arrival, TrafficError
from simulation.chance import DistributionError
from simulation.model import Model
from simulation.people import Habits

MOST_BYTES = 512 * 1024 * 1024
KIND = "traffic file"
TRACE = ("at", "talk_s")
TRACE_MORE = (
    "queue",
    "tier",
    "patience_s",
    "wrap_up_s",
    "caller",
    "service",
    "language",
    "customer_class",
    "representative",
)
SHOWN = 50


class TrafficFileError(Exception):
    """The traffic cannot be simulated: `mistakes` has every reason, each with its file and line."""

    def __init__(self, mistakes: list[str]) -> None:
        more = len(mistakes) - SHOWN
        super().__init__("\n".join([*mistakes[:SHOWN], *([f"... and {more} more"] if more > 0 else [])]))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Traffic:
    """What comes, and what people do: a model, or else the calls of a trace, in order.

    redraw   the trace with another seed, where chance fills in what a record does not tell; None: nothing is drawn
    """

    habits: Habits
    model: Model | None = None
    trace: tuple[Arrival, ...] = ()
    redraw: Callable[[int], Sequence[Arrival]] | None = None


def load_traffic(path: Path, rules: Rules, zone: ZoneInfo) -> Traffic:
    """The traffic that `path` describes: TOML is a model, CSV a trace; raises TrafficFileError."""
    kind = "trace" if path.suffix == ".csv" else KIND
    try:
        content = read_bytes(path, MOST_BYTES if kind == "trace" else MAX_BYTES, kind)
    except FileNotFoundError:
        raise TrafficFileError([f"{path}: no such file: name a traffic file (see docs/simulation.md)"]) from None
    except Unreadable as error:
        raise TrafficFileError([f"{path}: {error}"]) from None
    name = printable(str(path))
    if kind == "trace":
        return Traffic(habits_of(Agents(), Customers()), trace=tuple(trace_of(content, name, rules, zone)))
    return model_of(content, name, rules)


def model_of(content: bytes, name: str, rules: Rules) -> Traffic:
    """The model that a TOML file describes."""
    try:
        text = decoded(content, name, KIND)
        raw = parsed(text, name, KIND)
    except TomlFileError as error:
        raise TrafficFileError(error.mistakes) from None
    try:
        shape = TrafficFile.model_validate(raw)
    except ValidationError as error:
        raise TrafficFileError(placed(mistakes_in_values(error, TrafficFile), text, name)) from None
    mistakes = [
        Mistake(("callers", number, key), f"the site has no {key} {word!r}; allowed: {', '.join(known)}")
        for number, callers in enumerate(shape.callers)
        for key, word, known in (
            ("tier", callers.tier, [tier.name for tier in rules.tiers]),
            ("queue", callers.queue, list(rules.queue_names())),
        )
        if word is not None and word not in known
    ]
    if mistakes:
        raise TrafficFileError(placed(mistakes, text, name))
    try:
        return Traffic(shape.habits(), shape.model())
    except (TrafficError, DistributionError) as error:
        raise TrafficFileError([f"{name}: {error}"]) from None


def trace_of(content: bytes, name: str, rules: Rules, zone: ZoneInfo) -> list[Arrival]:
    """The calls of a CSV file, which must be in order of time."""
    mistakes: list[str] = []
    arrivals: list[Arrival] = []
    known = {"tier": {"", *(tier.name for tier in rules.tiers)}, "queue": {"", *rules.queue_names()}}
    try:
        for line, row in csv_lines(content, name, TRACE, mistakes, TRACE_MORE):
            wrong: list[str] = []
            arrival = _arrival(row, zone, wrong)
            wrong += [f"{key}: the site has no {row[key]!r}" for key in known if row.get(key, "") not in known[key]]
            if not wrong and arrivals and arrival.at < arrivals[-1].at:
                wrong.append("at: is before the line above: sort the calls by time")
            mistakes += [f"{name}:{line}: {printable(text)}" for text in wrong]
            if not wrong:
                arrivals.append(arrival)
    except CsvFileError as error:
        mistakes += error.mistakes
    if not mistakes and not arrivals:
        mistakes.append(f"{name}: holds no call")
    if mistakes:
        raise TrafficFileError(mistakes)
    return arrivals


def _arrival(row: dict[str, str], zone: ZoneInfo, wrong: list[str]) -> Arrival:
    patience_s = _number(row, "patience_s", math.inf, wrong)
    if patience_s <= 0:
        wrong.append(f"patience_s: {row['patience_s']!r} must be above 0; empty for a caller who never hangs up")
    return Arrival(
        _time(row["at"], zone, wrong),
        _number(row, "talk_s", None, wrong),
        patience_s,
        row.get("queue", ""),
        row.get("tier", ""),
        _number(row, "wrap_up_s", math.nan, wrong) if row.get("wrap_up_s") else None,
        0,
        0,
        row.get("caller", ""),
        row.get("service", ""),
        row.get("language", ""),
        row.get("customer_class", ""),
        row.get("representative", ""),
    )


def _number(row: dict[str, str], key: str, left_out: float | None, wrong: list[str]) -> float:
    text = row.get(key, "")
    if not text and left_out is not None:
        return left_out
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < math.inf:
        wrong.append(f"{key}: {text[:40]!r} is no number of seconds of 0 or more")
        return 0.0 if left_out is None else left_out
    return number


def _time(text: str, zone: ZoneInfo, wrong: list[str]) -> float:
    try:
        at = float(text)
        if math.isfinite(at):
            return at
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
        except (ValueError, OverflowError):
            pass
    wrong.append(f"at: {text[:40]!r} is no time: epoch seconds, or such as 2026-01-05 08:30:00")
    return 0.0
