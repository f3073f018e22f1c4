"""The operator's calendar file: holidays, working days and hours of single dates that come before those of the library.

Owns that file's shape; every mistake is told at once with file and line. Must not know the library nor a schedule.
Rules: docs/guide/calendar.md. Keys are dates; what stands here comes before everything else.
"""

import itertools
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from ivr.calendar import DAY_MINUTES, Span
from jietong.operator_file import Unreadable, read_bytes
from jietong.toml_lines import line_numbers

TABLES = ("holidays", "working_days", "special_hours")
MAX_BYTES = 200_000
MAX_NAME = 40


class Overrides(NamedTuple):
    """What the file says of single dates."""

    holidays: dict[date, str]
    working_days: dict[date, str]
    special_hours: dict[date, tuple[Span, ...]]


NOTHING = Overrides({}, {}, {})


def read_overrides(path: Path) -> tuple[Overrides, list[str]]:
    """What the file says, and every mistake as `FILE:LINE: key: what is wrong`; with mistakes the rest is still read."""
    try:
        return overrides_in(read_calendar(path), path)
    except Unreadable as error:
        return NOTHING, [f"{path}: {error}"]


def read_calendar(path: Path) -> bytes:
    """The file's bytes; raises Unreadable."""
    try:
        return read_bytes(path, MAX_BYTES, "calendar file")
    except FileNotFoundError:
        raise Unreadable("cannot be read: No such file or directory") from None


def overrides_in(content: bytes, path: Path) -> tuple[Overrides, list[str]]:
    """What the bytes of the file say, and every mistake, as `read_overrides`; `path` is for messages."""
    try:
        text = content.decode("utf-8-sig")
        raw = tomllib.loads(text)
        lines = line_numbers(text)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return NOTHING, [f"{path}:{line}: is not UTF-8 text: save the file as UTF-8"]
    except (ValueError, RecursionError) as error:
        return NOTHING, [f"{path}:{_line_in(error, content)}: not TOML: {str(error)[:120]}"]
    found, mistakes = Overrides({}, {}, {}), []
    for name, table in raw.items():
        if name not in TABLES or not isinstance(table, dict):
            mistakes.append((lines.get((name,), 1), f"{name[:40]}: unknown table (allowed: {', '.join(TABLES)})"))
            continue
        for key, value in table.items():
            wrong = _take(found, name, key, value)
            if wrong:
                mistakes.append((lines.get((name, key), 1), f"{name}.{key[:40]}: {wrong}"))
    both = found.holidays.keys() & found.working_days.keys()
    mistakes += [(lines.get(("working_days", f"{day}"), 1), f"working_days.{day}: is also a holiday") for day in both]
    return found, [f"{path}:{line}: {wrong}" for line, wrong in sorted(mistakes)]


def spans_of(texts: object) -> tuple[Span, ...]:
    """`["08:30-12:00", "22:00-06:00"]` as spans in order; one whose end is not after its start runs into the next day.

    raises   ValueError that says what is wrong: no such time, an empty span, spans that overlap
    """
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError('allowed: an array of spans such as ["08:30-12:00", "13:30-18:00"]')
    spans = sorted(_span(text) for text in texts)
    for (_, end), (start, _) in itertools.pairwise(spans):
        if start < end:
            raise ValueError(f"spans overlap at {_clock(start)}: write them apart")
    if spans and spans[-1][1] - DAY_MINUTES > spans[0][0]:
        raise ValueError(f"the last span runs past midnight into the first one at {_clock(spans[0][0])}")
    return tuple(spans)


def _line_in(error: Exception, content: bytes) -> int:
    """The line that the parser names; the last one when it says the end of the document, 1 when it says nothing."""
    place = re.search(r"\(at (?:line (\d+), column \d+|end of document)\)", str(error))
    return 1 if place is None else int(place[1] or len(content.splitlines()) or 1)


def _take(found: Overrides, name: str, key: str, value: Any) -> str:
    try:
        day = date.fromisoformat(key)
    except ValueError:
        return "is no date such as 2027-02-06"
    if name == "special_hours":
        try:
            found.special_hours[day] = spans_of(value)
        except ValueError as error:
            return str(error)
        return ""
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_NAME:
        return f"allowed: a name in quotes, at most {MAX_NAME} characters"
    getattr(found, name)[day] = value
    return ""


def _span(text: str) -> Span:
    start_text, dash, end_text = text.partition("-")
    try:
        if not dash:
            raise ValueError
        start, end = _minutes(start_text), _minutes(end_text)
    except ValueError:
        raise ValueError(f"{text[:20]!r} is no span such as 08:30-12:00 (00:00 to 24:00)") from None
    if start == end:
        raise ValueError(f"{text[:20]!r} is empty: leave it out, or write 00:00-24:00 for the whole day")
    return (start, end) if end > start else (start, end + DAY_MINUTES)


def _minutes(text: str) -> int:
    hours, colon, minutes = text.strip().partition(":")
    if not (colon and len(hours) == 2 and len(minutes) == 2 and (hours + minutes).isascii()):
        raise ValueError(text)
    found = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or not 0 <= found <= DAY_MINUTES:
        raise ValueError(text)
    return found


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
