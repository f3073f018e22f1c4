"""The counts of a site whose checkpoint is lost, from its call records.

Owns the queries and their order. Must not know what counts: every record goes through the tally as it would from the journal.
Rules: design.md section 5: counters never fall. All is read in one transaction, with the place in the journal up to which it goes.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import structlog
from sqlalchemy import Connection, Double, Engine, case, cast, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from metrics.histogram import RING_BOUNDS_S
from metrics.tally import FORGET_S, Tally
from routing.adapters import codec
from routing.adapters.journal_reader import BEGINNING
from routing.adapters.records import READER, DatabaseAway, record_of
from routing.adapters.tables import call_history, call_records, journal_position
from routing.facts import CallAnswered, CallOffered

AT_ONCE = 2000  # records under one lock, so that pages are served in between
log = structlog.get_logger("metrics")


def seed(tally: Tally, engine: Engine, lock: AbstractContextManager[Any]) -> str:
    """Counts everything that the database has into `tally`, an empty one, and returns the journal's id up to which that goes ("0-0": nothing).

    Records give calls; histories give offers, delays of ringing and the calls that are not over, as far back as they are kept.
    raises   DatabaseAway; the tally is of no use then
    """
    try:
        with _of_one_moment(engine).connect() as connection:
            if not inspect(connection).has_table(call_records.name):
                return BEGINNING
            mine = select(journal_position.c.entry_id).where(journal_position.c.reader == READER)
            position = connection.scalar(mine) or BEGINNING
            count = _records(tally, connection, lock)
            _offers(tally, connection, lock)
            _open_calls(tally, connection, lock)
    except SQLAlchemyError as error:
        raise DatabaseAway(f"call records cannot be read: {type(error).__name__}") from error
    log.info("counts begin with the call records", calls=count, position=position)
    return position


def _of_one_moment(engine: Engine) -> Engine:
    """The engine for transactions whose queries all see the same; SQLite's do anyway."""
    is_sqlite = engine.dialect.name == "sqlite"
    return engine if is_sqlite else engine.execution_options(isolation_level="REPEATABLE READ")


def _records(tally: Tally, connection: Connection, lock: AbstractContextManager[Any]) -> int:
    ordered = select(call_records).order_by(call_records.c.ended_at, call_records.c.call, call_records.c.segment)
    count = 0
    for rows in connection.execution_options(yield_per=AT_ONCE).execute(ordered).mappings().partitions():
        with lock:
            for row in rows:
                tally.add_past(record_of(row))
        count += len(rows)
    return count


def _offers(tally: Tally, connection: Connection, lock: AbstractContextManager[Any]) -> None:
    told = call_history.c.detail
    queue, tier, result = (told[name].as_string() for name in ("queue", "tier", "result"))
    of_customers = told["is_probe"].as_boolean().is_not(True)
    ended = select(queue, tier, result, func.count()).where(call_history.c.kind == "OfferClosed", of_customers)
    offers = connection.execute(ended.group_by(queue, tier, result)).all()
    delay_s = cast(told["idle_to_ring_s"].as_float(), Double)
    bucket = case(*((delay_s <= bound, place) for place, bound in enumerate(RING_BOUNDS_S)), else_=len(RING_BOUNDS_S))
    rows = select(queue.label("queue"), tier.label("tier"), bucket.label("bucket"), delay_s.label("delay_s"))
    rang = rows.where(call_history.c.kind == "SeatRang", of_customers).subquery()
    by_bucket = select(rang.c.queue, rang.c.tier, rang.c.bucket, func.count(), func.sum(rang.c.delay_s))
    rings = connection.execute(by_bucket.group_by(rang.c.queue, rang.c.tier, rang.c.bucket)).all()
    with lock:
        for row in offers:
            tally.add_past_offers(*row)
        for row in rings:
            tally.add_past_rings(*row)


def _open_calls(tally: Tally, connection: Connection, lock: AbstractContextManager[Any]) -> None:
    """Counts calls that are offered, or answered, and not over: no record tells of them yet."""
    kinds = (CallOffered.__name__, CallAnswered.__name__)
    last_at = connection.scalar(select(func.max(call_history.c.at))) or 0.0
    told = call_history.c.kind.in_(kinds) & (call_history.c.at > last_at - FORGET_S)
    order = (call_history.c.at, call_history.c.call, call_history.c.seq)
    lines = list(connection.execute(select(call_history.c.call, call_history.c.detail).where(told).order_by(*order)))
    over = _over(connection, {call for call, _ in lines})
    with lock:
        for call, detail in lines:
            try:
                fact = codec.fact_of(detail)
            except codec.CodecError as error:
                log.error("line of a history is not counted", error=str(error))
                continue
            if isinstance(fact, CallOffered | CallAnswered) and (call, fact.segment) not in over:
                tally.add(fact)


def _over(connection: Connection, calls: Iterable[str]) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    names = sorted(calls)
    for start in range(0, len(names), 500):
        chunk = call_records.c.call.in_(names[start : start + 500])
        rows = connection.execute(select(call_records.c.call, call_records.c.segment).where(chunk))
        found.update((call, segment) for call, segment in rows)
    return found
