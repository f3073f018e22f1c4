"""Call records and histories in the SQL database, folded from the journal, each exactly once.

Owns what is written in one transaction, and the queries on it. Must not know who asks nor how the database is opened.
Rules: design.md sections 3 and 4. Rows and journal position are committed together, so a batch read again changes
nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from routing.adapters import codec
from routing.adapters.journal import place_of
from routing.adapters.journal_reader import BEGINNING, JournalEntry
from routing.adapters.promises import write_promises
from routing.adapters.tables import call_history, call_records, journal_position
from routing.facts import CallAnswered, CallPassedOver, CallRecord, Fact, Outcome, WrappedUp

READER = "records"
HISTORY_LINES = 400  # of one call; beyond it only what closes the story is kept (a line of phones that all decline goes on for ever)
_CLOSING = (CallAnswered, CallPassedOver, CallRecord, WrappedUp)
COLUMNS = tuple(f.name for f in fields(CallRecord) if f.name != "at")
Fold = Callable[[Connection, Sequence[Fact]], None]
log = structlog.get_logger("records")


class DatabaseAway(Exception):
    """The database is locked, gone or not migrated yet: nothing was written, try the same entries again."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One fact of a call as it was journalled; `detail` is the fact's plain form."""

    seq: int
    at: float
    kind: str
    detail: dict[str, Any]


class RecordsWriter:
    """Folds journal entries into the database under a reader's name. One at a time does the work; a second one is
    harmless.
    """

    def __init__(self, engine: Engine, reader: str = READER, others: Sequence[Fold] = ()) -> None:
        """`others`: what other rooms write of the same facts, in the same transaction."""
        self._engine = engine
        self._reader = reader
        self._others = others

    def position(self) -> str:
        """Id of the last entry that is in the database, "0-0" before the first; raises DatabaseAway."""
        try:
            with self._engine.connect() as connection:
                return self._position(connection) or BEGINNING
        except SQLAlchemyError as error:
            raise _away(error) from error

    def write(self, entries: Sequence[JournalEntry]) -> int:
        """Commits all of `entries` (ids rising) that are not in yet, and returns how many those were; raises
        DatabaseAway and then has written nothing.

        An entry that the database refuses whatever happens is left out alone, with an error in the log.
        """
        if not entries:
            return 0
        try:
            return self._write(entries)
        except (SQLAlchemyError, ArithmeticError, TypeError, ValueError) as error:  # sqlite3 raises OverflowError bare
            if isinstance(error, SQLAlchemyError) and not is_refusal(error):
                raise _away(error) from error
            if len(entries) > 1:
                return sum(self.write([entry]) for entry in entries)
            log.error("journal entry is not recorded", entry=entries[0].id, error=type(error).__name__)
            return self.write([JournalEntry(entries[0].id, None, (), 0.0)])

    def _write(self, entries: Sequence[JournalEntry]) -> int:
        with self._engine.begin() as connection:
            self._lock(connection)
            position = place_of(self._position(connection) or BEGINNING)
            fresh = [entry for entry in entries if place_of(entry.id) > position]
            facts = [fact for entry in fresh for fact in entry.facts]
            _insert_records(connection, [fact for fact in facts if isinstance(fact, CallRecord)])
            _add_wrap_up(connection, [fact for fact in facts if isinstance(fact, WrappedUp)])
            _insert_history(connection, facts)
            write_promises(connection, facts)
            for fold in self._others:
                fold(connection, facts)
            if fresh:
                moved = update(journal_position).where(journal_position.c.reader == self._reader)
                connection.execute(moved.values(entry_id=fresh[-1].id))
            return len(fresh)

    def _lock(self, connection: Connection) -> None:
        """Takes the row that a second writer would need too, before anything is read."""
        row = journal_position.c.reader == self._reader
        touch = update(journal_position).where(row).values(entry_id=journal_position.c.entry_id)
        if connection.execute(touch).rowcount == 0:
            with suppress(IntegrityError), connection.begin_nested():  # another writer's first batch came first
                connection.execute(insert(journal_position).values(reader=self._reader, entry_id=BEGINNING))
            connection.execute(touch)

    def _position(self, connection: Connection) -> str | None:
        return connection.scalar(select(journal_position.c.entry_id).where(journal_position.c.reader == self._reader))


def recent_calls(engine: Engine, limit: int) -> list[CallRecord]:
    """The `limit` calls that ended last, oldest first; `at` is their end. Raises DatabaseAway."""
    newest = select(call_records).order_by(call_records.c.ended_at.desc(), call_records.c.call.desc()).limit(limit)
    rows = _rows(engine, newest)
    return [record_of(row) for row in reversed(rows)]


def records_of_probe(engine: Engine, since: float) -> list[CallRecord]:
    """Records of test calls that arrived at epoch second `since` or later, by call and segment. Raises DatabaseAway."""
    columns = call_records.c
    marked = select(call_records).where(columns.is_probe.is_(True), columns.arrived_at >= since)
    return [record_of(row) for row in _rows(engine, marked.order_by(columns.arrived_at, columns.call, columns.segment))]


def record_of_call(engine: Engine, call: str) -> CallRecord | None:
    """The record of one call, of its last segment if it has several; None when it has none (yet). Raises DatabaseAway."""
    records = select(call_records).where(call_records.c.call == call).order_by(call_records.c.segment.desc())
    rows = _rows(engine, records.limit(1))
    return record_of(rows[0]) if rows else None


def history_of(engine: Engine, call: str) -> list[HistoryLine]:
    """Everything on record about one call, in order; empty when the call is unknown. Raises DatabaseAway."""
    rows = _rows(engine, select(call_history).where(call_history.c.call == call).order_by(call_history.c.seq))
    return [HistoryLine(row["seq"], row["at"], row["kind"], row["detail"]) for row in rows]


def _rows(engine: Engine, query: Any) -> list[Any]:
    try:
        with engine.connect() as connection:
            return list(connection.execute(query).mappings())
    except SQLAlchemyError as error:
        raise _away(error) from error


def record_of(row: Any) -> CallRecord:
    """The record in a row of call_records; `at` is its end."""
    return CallRecord(**{**row, "at": row["ended_at"], "outcome": Outcome(row["outcome"])})


def _insert_records(connection: Connection, records: Iterable[CallRecord]) -> None:
    """The first record of a segment stands; another one can only come from a router that rebuilt a call it had closed."""
    fresh: dict[tuple[str, int], CallRecord] = {}
    for record in records:
        if fresh.setdefault((record.call, record.segment), record) is not record:
            log.warning("second record of a call is left out", call=record.call)
    if not fresh:
        return
    calls = {call for call, _ in fresh}
    there = select(call_records.c.call, call_records.c.segment).where(call_records.c.call.in_(calls))
    for call, segment in list(connection.execute(there)):
        if fresh.pop((call, segment), None) is not None:
            log.warning("second record of a call is left out", call=call)
    if fresh:
        connection.execute(insert(call_records), [_record_row(record) for record in fresh.values()])


def _add_wrap_up(connection: Connection, ended: Sequence[WrappedUp]) -> None:
    """After-call work mostly ends after the record is written; a record that comes later bears it already."""
    if not ended:
        return
    row = (call_records.c.call == bindparam("of_call")) & (call_records.c.segment == bindparam("of_segment"))
    still_open = update(call_records).where(row, call_records.c.wrap_up_s.is_(None))
    spans = [{"of_call": _text(f.call), "of_segment": f.segment, "took_s": f.wrap_up_s} for f in ended]
    connection.execute(still_open.values(wrap_up_s=bindparam("took_s")), spans)


def _insert_history(connection: Connection, facts: Iterable[Fact]) -> None:
    about_calls = [(call, fact) for fact in facts if (call := getattr(fact, "call", ""))]
    if not about_calls:
        return
    calls = {_text(call) for call, _ in about_calls}
    last = select(call_history.c.call, func.max(call_history.c.seq)).where(call_history.c.call.in_(calls))
    seqs: dict[str, int] = {row[0]: row[1] for row in connection.execute(last.group_by(call_history.c.call))}
    rows = []
    for call, fact in about_calls:
        seq = seqs.get(_text(call), 0) + 1
        if seq > HISTORY_LINES and not isinstance(fact, _CLOSING):
            continue
        seqs[_text(call)] = seq
        rows.append(
            {
                "call": _text(call),
                "seq": seq,
                "at": fact.at,
                "kind": type(fact).__name__,
                "detail": codec.to_plain(fact),
            }
        )
    if rows:
        connection.execute(insert(call_history), rows)


def _record_row(record: CallRecord) -> dict[str, Any]:
    plain = codec.to_plain(record)
    return {name: _text(plain[name]) for name in COLUMNS}


def _text(value: Any) -> Any:
    """PostgreSQL takes no NUL in text."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value


def is_refusal(error: SQLAlchemyError) -> bool:
    """Whether the same rows would be refused for ever: not so for a locked, full, absent or unmigrated database."""
    if isinstance(error, DBAPIError):
        return isinstance(error, DataError | IntegrityError)
    return isinstance(error, StatementError)


def _away(error: SQLAlchemyError) -> DatabaseAway:
    cause = getattr(error, "orig", None) or error  # without SQL and parameters: they hold phone numbers
    return DatabaseAway(f"{type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else ''}")
