"""Deletes what is older than the site keeps it: call records, their histories, messages and their audio.

Owns these deletions and their size. Must not know who sets the limits.
Rules: docs/operations.md. A few rows a transaction, so that records are written in between; age counts back from the
newest record, so that a clock that runs ahead deletes nothing while no calls come.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import structlog
from sqlalchemy import ColumnElement, Engine, Table, delete, func, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from routing.adapters.tables import call_history, call_records, messages

ROWS = 500  # a transaction, some milliseconds
DAY_S = 86_400
EVERY_S = 3600.0
PAUSE_S = 0.05  # between two transactions: records go first
TooOld = Callable[[float], Iterable[tuple[Table, ColumnElement[bool]]]]
log = structlog.get_logger("pruning")


def nothing_else(_: float) -> Iterable[tuple[Table, ColumnElement[bool]]]:
    """No other room has rows that are kept as long as call records."""
    return ()


@dataclass(frozen=True, slots=True)
class Kept:
    """Days; None: for ever."""

    records_days: int | None
    histories_days: int
    messages_days: int


def prune_on(engine: Engine, folder: Path, kept: Kept, stop: Event, others: TooOld = nothing_else) -> None:
    """Prunes now and each hour until `stop` is set; a database that is away is tried at the next hour."""
    while True:
        try:
            deleted = sum(prune(engine, folder, kept, stop, others))
            if deleted:
                log.info("deleted what was older than the site keeps it", rows=deleted)
        except (SQLAlchemyError, OSError) as error:
            log.warning("old records are not deleted now", error=type(error).__name__)
        if stop.wait(EVERY_S):
            return


def prune(engine: Engine, folder: Path, kept: Kept, stop: Event, others: TooOld = nothing_else) -> Iterator[int]:
    """Deletes in small transactions what is too old, also audio files in `folder`, and yields the rows of each.

    others   from the epoch second before which records go: tables of other rooms, in the order in which their rows may go
    raises   SQLAlchemy's errors, OSError
    """
    with engine.connect() as connection:
        newest = connection.scalar(select(func.max(call_records.c.ended_at)))
    if newest is None:
        return
    today = min(newest, time.time())
    histories_before = today - DAY_S * min(kept.histories_days, kept.records_days or kept.histories_days)
    # A call's id begins with the second of its arrival, so that the key finds old rows without an index on `at`.
    is_old = (call_history.c.call < str(int(histories_before))) & (call_history.c.at < histories_before)
    yield from _delete(engine, call_history, is_old, stop)
    if kept.records_days is not None:
        records_before = today - DAY_S * kept.records_days
        yield from _delete(engine, call_records, call_records.c.ended_at < records_before, stop)
        for table, is_too_old in others(records_before):
            yield from _delete(engine, table, is_too_old, stop)
    messages_before = today - DAY_S * kept.messages_days
    _delete_audio(folder, messages_before)
    yield from _delete(engine, messages, messages.c.at < messages_before, stop)


def _delete(engine: Engine, table: Table, is_old: ColumnElement[bool], stop: Event) -> Iterator[int]:
    key = list(table.primary_key.columns)
    some = select(*key).where(is_old).limit(ROWS)
    while not stop.is_set():
        with engine.begin() as connection:
            count = connection.execute(delete(table).where(tuple_(*key).in_(some))).rowcount
        yield count
        if count < ROWS:
            return
        stop.wait(PAUSE_S)


def _delete_audio(folder: Path, before: float) -> None:
    for path in folder.glob("*.wav"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()
