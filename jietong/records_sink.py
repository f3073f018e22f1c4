"""Where simulated call records go: a CSV file, or a database like a site's own.

Owns both writers. Must not know that the calls are simulated.
Rules: the records are those of a live site (facts.CallRecord), so that every report works on them; never into a file that is there.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from enum import Enum
from pathlib import Path

from jietong.database import migrate, open_engine, sqlite_url
from routing.adapters.journal_reader import JournalEntry
from routing.adapters.records import RecordsWriter
from routing.facts import CallRecord, Fact, Outcome, WrappedUp

COLUMNS = tuple(field.name for field in fields(CallRecord) if field.name != "at")
BATCH = 1000


class RecordsRefused(Exception):
    """The records cannot be written there: the text says why."""


@contextmanager
def records_to(path: Path | None) -> Iterator[Callable[[Fact], None] | None]:
    """What writes the records among the facts that it is told; None for no path. A name that ends in .csv is CSV, any other a SQLite database.

    A record is written when its after-call work is over and in it.

    raises   RecordsRefused when there is something already
    """
    if path is None:
        yield None
        return
    if path.exists():
        raise RecordsRefused(f"{path} is there already: name a new file")
    with _csv(path) if path.suffix == ".csv" else _database(path) as write:
        waiting: dict[tuple[str, int], CallRecord] = {}

        def note(fact: Fact) -> None:
            if isinstance(fact, WrappedUp):
                record = waiting.pop((fact.call, fact.segment), None)
                if record is not None:
                    write(replace(record, wrap_up_s=fact.wrap_up_s))
            elif isinstance(fact, CallRecord):
                if fact.outcome is Outcome.ANSWERED and fact.wrap_up_s is None:
                    waiting[fact.call, fact.segment] = fact
                else:
                    write(fact)

        yield note
        for record in waiting.values():
            write(record)


@contextmanager
def _csv(path: Path) -> Iterator[Callable[[CallRecord], None]]:
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        yield lambda record: writer.writerow([_text(getattr(record, name)) for name in COLUMNS])


def _text(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


@contextmanager
def _database(path: Path) -> Iterator[Callable[[CallRecord], None]]:
    url = sqlite_url(path)
    migrate(url)
    engine = open_engine(url)
    writer, pending, written = RecordsWriter(engine), list[CallRecord](), 0

    def flush() -> None:
        nonlocal written
        if pending:
            written += 1
            writer.write([JournalEntry(f"{written}-0", None, tuple(pending), 0.0)])
            pending.clear()

    def add(record: CallRecord) -> None:
        pending.append(record)
        if len(pending) >= BATCH:
            flush()

    try:
        yield add
    finally:
        flush()
        engine.dispose()
