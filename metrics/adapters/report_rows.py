"""What a report is made of, read from the site's database: the calls of its span one by one, the sums of those before.

Owns the queries. Must not reckon: metrics/report.py does. Rules: docs/reports.md. Calls are read as they come, never all at once;
test calls are left out here and nowhere else.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, literal, select
from sqlalchemy import func as sql

from ivr.adapters.service_tables import cases, ratings
from metrics.adapters.report_history import history_of
from metrics.adapters.work_tables import agent_time, unanswered_offers
from metrics.agent_figures import AgentInput, AgentSeconds
from metrics.ledger import Ledger, Yardstick
from metrics.report import Given, ProbeLine, clipped_end, history_start
from metrics.resolution import DAY_S, FirstContacts
from metrics.spans import Slots, Span, midnight
from metrics.sums import ANSWERED, CallRow
from probing.adapters.tables import probe_tests
from routing.adapters.tables import call_records

CHUNK = 5000  # rows that are fetched at once
_c = call_records.c
_OF_CALL: tuple[ColumnElement[Any], ...] = (
    literal(""),  # the call's id: nobody asks
    _c.segment,
    _c.caller,
    _c.queue,
    _c.tier,
    _c.service,
    _c.agent,
    _c.outcome,
    _c.reason,
    _c.wait_s,
    _c.talk_s,
    _c.hold_s,
    _c.wrap_up_s,
    _c.in_target,
    _c.offers,
    _c.missed,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which report, and what the site says about it. `kind_of`: what a date is. `ring_s`: how long a seat rings in vain."""

    hotline: str
    span: Span
    now_at: float
    yardstick: Yardstick
    kind_of: Callable[[date], str]
    ring_s: float


def read(connection: Connection, asked: Asked) -> Given:
    """Everything for one report. Raises SQLAlchemy's errors."""
    span, until = asked.span, clipped_end(asked.span, asked.now_at)
    slots, within_s = Slots(span.zone, span.start_at), asked.yardstick.repeat_days * DAY_S
    start_at, before_at = span.start_at, midnight(history_start(span), span.zone)
    contacts = FirstContacts(start_at, until, asked.now_at, within_s)
    ledger = Ledger(asked.yardstick, slots)
    history = history_of(partial(_stream, connection), connection, asked.yardstick, slots, (before_at, start_at))
    for row in _calls(connection, start_at, until):
        ledger.add(row)
        at, _, segment, caller, _, _, _, _, outcome, _, _, _, _, _, _, _, _ = row
        if segment == 1:
            contacts.add(caller, at, is_answered=outcome == ANSWERED)
    ledger.extend(_menu_calls(connection, start_at, until))
    for caller, at in _stream(connection, _repeats(until, until + within_s)):
        contacts.add(caller, at, is_answered=False)
    by_moment = _times_by(connection, _t.slot_at, before_at, until)
    return Given(
        hotline=asked.hotline,
        span=span,
        now_at=asked.now_at,
        ledger=ledger,
        history=history,
        contacts=contacts,
        kind_of=asked.kind_of,
        agents=AgentInput(
            ledger.agents,
            _unanswered(connection, start_at, until),
            _times_by(connection, _t.agent, start_at, until),
            _ratings(connection, start_at, until),
        ),
        staff={slots.of(at): seconds for at, seconds in by_moment.items()},
        cases=_cases(connection, start_at, until),
        test_calls=_test_calls(connection, span, until),
        ring_s=asked.ring_s,
    )


def _calls(connection: Connection, start_at: float, end_at: float) -> Iterator[CallRow]:
    """Offered calls that entered a queue from `start_at` and before `end_at`, in that order."""
    is_in = (_c.entered_at >= start_at) & (_c.entered_at < end_at) & _c.is_probe.is_(False)
    return _rows(connection, select(_c.entered_at, *_OF_CALL).where(is_in).order_by(_c.entered_at))


def _menu_calls(connection: Connection, start_at: float, end_at: float) -> Iterator[CallRow]:
    is_in = (_c.arrived_at >= start_at) & (_c.arrived_at < end_at) & _c.is_probe.is_(False)
    return _rows(connection, select(_c.arrived_at, *_OF_CALL).where(is_in, _c.entered_at.is_(None)))


def _rows(connection: Connection, query: Select[Any]) -> Iterator[CallRow]:
    """Tuples with a CallRow's fields in its order, whose names nobody asks: to make and read half a million of them by name costs as much as to read them at all."""
    return _stream(connection, query)


def _repeats(start_at: float, end_at: float) -> Select[tuple[str, float]]:
    """Who called again after the span."""
    is_in = (_c.entered_at >= start_at) & (_c.entered_at < end_at) & _c.is_probe.is_(False) & (_c.segment == 1)
    return select(_c.caller, _c.entered_at).where(is_in).order_by(_c.entered_at)


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    """Plain tuples of the driver, CHUNK at a time, on PostgreSQL by a cursor of the server: SQLAlchemy's rows cost as much again as reading."""
    statement = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    driver: Any = connection.connection.driver_connection
    with closing(
        driver.cursor(name="report") if connection.dialect.name == "postgresql" else driver.cursor()
    ) as cursor:
        cursor.execute(statement)
        while chunk := cursor.fetchmany(CHUNK):
            yield from chunk


_t = agent_time.c
_SECONDS = [
    sql.sum(column) for column in (_t.ready_s, _t.ringing_s, _t.talking_s, _t.wrap_up_s, _t.missed_s, _t.not_ready_s)
]


def _times_by(connection: Connection, key: Column[Any], start_at: float, until: float) -> dict[Any, AgentSeconds]:
    """Agents' seconds in each state, by agent or by beginning of the half-hour."""
    is_in = (_t.slot_at >= start_at) & (_t.slot_at < until)
    return {
        row[0]: AgentSeconds(*row[1:]) for row in connection.execute(select(key, *_SECONDS).where(is_in).group_by(key))
    }


def _unanswered(connection: Connection, start_at: float, until: float) -> dict[str, dict[str, int]]:
    o = unanswered_offers.c
    query = select(o.agent, o.result, sql.count()).where(o.at >= start_at, o.at < until, o.is_probe.is_(False))
    found: dict[str, dict[str, int]] = {}
    for agent, result, count in connection.execute(query.group_by(o.agent, o.result)):
        found.setdefault(agent, {})[result] = count
    return found


def _ratings(connection: Connection, start_at: float, until: float) -> dict[str, tuple[int, ...]]:
    query = select(ratings.c.agent, ratings.c.rating, sql.count()).where(ratings.c.at >= start_at, ratings.c.at < until)
    found: dict[str, list[int]] = {}
    for agent, rating, count in connection.execute(query.group_by(ratings.c.agent, ratings.c.rating)):
        if 1 <= rating <= 5:
            found.setdefault(agent, [0] * 5)[rating - 1] += count
    return {agent: tuple(counts) for agent, counts in found.items()}


def _cases(connection: Connection, start_at: float, until: float) -> dict[str, int]:
    query = select(cases.c.type, sql.count()).where(cases.c.opened_at >= start_at, cases.c.opened_at < until)
    return {row[0]: row[1] for row in connection.execute(query.group_by(cases.c.type))}


def _test_calls(connection: Connection, span: Span, until: float) -> list[ProbeLine]:
    """Test calls of the span, the oldest first; why one failed stands before its remark."""
    t = probe_tests.c
    rows = connection.execute(select(probe_tests).where(t.at >= span.start_at, t.at < until).order_by(t.at, t.id))
    return [
        ProbeLine(
            f"{datetime.fromtimestamp(row.at, span.zone):%Y-%m-%d %H:%M}",
            row.tester,
            row.condition,
            row.result,
            ": ".join(word for word in (row.reason, row.remark) if word),
        )
        for row in rows
    ]
