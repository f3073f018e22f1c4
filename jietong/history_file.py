"""Reads what an operator has of past days: counts, call records, or a call log; packed by gzip or not.

Owns the recognition of these formats and the way to plain calls and counts. Must not forecast.
Formats: counts (CSV: DateTime,Calls); records (a site's folder or database, `jietong calls --json`, the CSV or database of `jietong simulate
--records`); logs (bank_log.py).
"""

import csv
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jietong.bank_log import LogError, LoggedCall, read_bank_log
from jietong.operator_file import Unreadable, read_bytes
from jietong.record_rows import is_database, rows_of
from planning.history import DAY_S, History, HistoryError
from planning.past_calls import PastCall, histories_of
from routing.adapters.records import DatabaseAway

MOST_BYTES = 512 * 1024 * 1024
SHOWN = 20
GOOD_PART = 0.9  # of the slots that its days usually have: a day with fewer is a gap
ANSWERED = "answered"
NOBODY = ("menu", "lost")
RECORD_COLUMNS = ("tier", "queued_at", "wait_s", "talk_s", "outcome")
COUNT_COLUMNS = ("datetime", "calls")


class HistoryFileError(Exception):
    """The file tells nothing of past days: the text has every reason with its line."""


@dataclass(frozen=True, slots=True)
class Past:
    """What the file tells: by tier the counts; single calls and log lines where the format has them; in words what was left out.

    next_day   the day to plan when none is named; None: the one after the last
    """

    counts: Mapping[str, History]
    calls: tuple[PastCall, ...] = ()
    log: tuple[LoggedCall, ...] = ()
    notes: tuple[str, ...] = ()
    next_day: date | None = None


def without_today(past: Past, today: date, zone: ZoneInfo) -> Past:
    """A running site's history: the day that is not over yet would look like a quiet one. The next day is tomorrow.

    raises   HistoryError when there is no call before today
    """
    clock = local_clock(zone)
    calls = tuple(call for call in past.calls if clock(call.at)[0] < today)
    if not calls:
        raise HistoryError("there is no call in the history before today: a forecast needs some whole days")
    left_out = len(past.calls) - len(calls)
    notes = (*past.notes, *([f"{today} is not over: its {left_out} calls are left out"] if left_out else []))
    return Past(histories_of(calls, clock), calls, (), notes, today + timedelta(days=1))


def read_history(path: Path, zone: ZoneInfo) -> Past:
    """Everything that `path` tells. Clock times in it are those of `zone`. A format without tiers has the tier "".

    raises   HistoryFileError
    """
    try:
        if path.is_dir():
            past = _from_records(enumerate(rows_of(path), 1), str(path), zone)
            return without_today(past, datetime.now(zone).date(), zone)
        if is_database(path):
            return _from_records(enumerate(rows_of(path), 1), str(path), zone)
        text = _unpacked(path)
    except FileNotFoundError:
        raise HistoryFileError(f"{path}: no such file: name a history (see docs/simulation.md)") from None
    except (Unreadable, OSError, EOFError, zlib.error, DatabaseAway, HistoryError) as error:
        raise HistoryFileError(f"{path}: {error}") from None
    name = str(path)
    head = text[:4096].lstrip("\ufeff \r\n")
    header = [word.strip().strip('"').lower() for word in head.partition("\n")[0].split(",")]
    try:
        if head.startswith("line\t"):
            return _from_log(*read_bank_log(text, name, zone), zone)
        if head.startswith("["):
            return _from_records(_json_rows(text, name), name, zone)
        if {"tier", "queued_at", "outcome"} <= set(header):
            return _from_records(enumerate(csv.DictReader(io.StringIO(text)), 2), name, zone)
        if header[:2] == list(COUNT_COLUMNS):
            return _from_counts(text, name)
    except (LogError, HistoryError) as error:
        raise HistoryFileError(str(error) if str(error).startswith(name) else f"{name}: {error}") from None
    raise HistoryFileError(
        f"{name}: is none of counts (DateTime,Calls), call records (a site's folder or database, jietong calls --json, simulate --records FILE), a call log of the bank's format"
    )


def local_clock(zone: ZoneInfo) -> Callable[[float], tuple[date, float]]:
    """The function from epoch seconds to the date and second of the day by the clock of `zone`."""

    def clock(at: float) -> tuple[date, float]:
        shown = datetime.fromtimestamp(at, zone)
        return shown.date(), shown.hour * 3600.0 + shown.minute * 60 + shown.second

    return clock


def _unpacked(path: Path) -> str:
    content = read_bytes(path, MOST_BYTES, "history")
    if content[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            content = packed.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise Unreadable(f"holds more than {MOST_BYTES // 1_000_000} MB: this is no history")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"is no text in UTF-8 ({error.reason} at byte {error.start})") from None


def _from_log(log: list[LoggedCall], notes: list[str], zone: ZoneInfo) -> Past:
    words = {0: "", 1: "ordinary", 2: "vip"}
    calls = tuple(PastCall(call.at, words[call.priority], call.wait_s, call.talk_s, call.agent) for call in log)
    whole = [PastCall(call.at, "", call.wait_s, call.talk_s, call.agent) for call in calls]
    return Past(histories_of(whole, local_clock(zone)), calls, tuple(log), tuple(notes))


def _json_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise HistoryFileError(f"{name}: no JSON: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise HistoryFileError(f"{name}: must be a list of call records, as `jietong calls --json` prints it")
    return iter(enumerate(rows, 1))


def _from_records(rows: Iterable[tuple[int, Mapping[str, Any]]], name: str, zone: ZoneInfo) -> Past:
    """Only first segments: a transferred call asked for a person once."""
    calls, mistakes, left_out = [], list[str](), Counter[str]()
    for line, row in rows:
        try:
            call = _record(row)
        except (KeyError, TypeError, ValueError) as error:
            mistakes.append(f"{name}:{line}: no call record: {error}")
            continue
        if isinstance(call, str):
            left_out[call] += 1
        else:
            calls.append(call)
    if mistakes:
        more = f"\n... and {len(mistakes) - SHOWN} more" if len(mistakes) > SHOWN else ""
        raise HistoryFileError("\n".join(mistakes[:SHOWN]) + more)
    if not calls:
        raise HistoryFileError(f"{name}: holds no call that asked for a person")
    calls.sort(key=lambda call: call.at)
    notes = tuple(f"{name}: {count} {what}, left out" for what, count in sorted(left_out.items()))
    return Past(histories_of(calls, local_clock(zone)), tuple(calls), (), notes)


def _record(row: Mapping[str, Any]) -> PastCall | str:
    """The call of one record, or in words why it does not count."""
    outcome = str(row["outcome"])
    if outcome in NOBODY:
        return f"calls that ended as {outcome}"
    if str(row.get("is_probe")) in ("True", "1"):
        return "test calls of ours"
    if int(row.get("segment") or 1) > 1:
        return "further segments of transferred calls"
    wait_s, talk_s = float(row["wait_s"]), float(row["talk_s"])
    if not (wait_s >= 0 and talk_s >= 0):
        raise ValueError(f"wait_s {wait_s:g}, talk_s {talk_s:g}: a length of time is 0 or more")
    talked = talk_s if outcome == ANSWERED else None
    agent, wrap_up = str(row.get("agent") or ""), row.get("wrap_up_s")
    after_s = float(wrap_up) if wrap_up not in (None, "") else None
    ring_s = float(row.get("ring_s") or 0.0) if talked is not None else 0.0
    return PastCall(float(row["queued_at"]), str(row["tier"]), wait_s, talked, agent, after_s, min(ring_s, wait_s))


def _from_counts(text: str, name: str) -> Past:
    """Counts by the local clock; the slot is the least distance of two lines."""
    slots: dict[datetime, float] = {}
    mistakes = []
    for line, row in enumerate(csv.reader(io.StringIO(text)), 1):
        if line == 1 or not row:
            continue
        try:
            at, count = datetime.fromisoformat(row[0].strip()).replace(tzinfo=None), float(row[1])
            if not 0 <= count < 1e9:
                raise ValueError(f"{row[1]} calls: a count is 0 or more")
            if at in slots:
                raise ValueError(f"{row[0]} is there twice")
            slots[at] = count
        except (ValueError, IndexError) as error:
            mistakes.append(f"{name}:{line}: {error}")
    if mistakes:
        more = f"\n... and {len(mistakes) - SHOWN} more" if len(mistakes) > SHOWN else ""
        raise HistoryFileError("\n".join(mistakes[:SHOWN]) + more)
    times = sorted(slots)
    if len(times) < 2:
        raise HistoryFileError(f"{name}: holds no counts of two times: a forecast needs some days of them")
    slot_s = min(int((later - earlier).total_seconds()) for earlier, later in pairwise(times))
    days: dict[date, list[float]] = {}
    told: Counter[date] = Counter()
    for at, count in slots.items():
        second = at.hour * 3600 + at.minute * 60 + at.second
        if slot_s <= 0 or second % slot_s or DAY_S % slot_s:
            raise HistoryFileError(
                f"{name}: {at} is not on a grid of {slot_s} s from midnight: counts need slots of one length"
            )
        days.setdefault(at.date(), [0.0] * (DAY_S // slot_s))[second // slot_s] = count
        told[at.date()] += 1
    usual = sorted(told.values())[len(told) // 2]
    short = sorted(day for day, n in told.items() if n < GOOD_PART * usual)
    notes = tuple(f"{name}: {day} has {told[day]} of {usual} slots: left out" for day in short)
    return Past({"": History(slot_s, {day: tuple(days[day]) for day in sorted(days) if day not in short})}, notes=notes)
