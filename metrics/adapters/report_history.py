"""The sums of the calls before a report's span, added up by the database: nobody asks them for an agent, a queue or a caller.

Owns this one query. Must not reckon: what one call adds is metrics/sums.py's to say, and a test holds the two against each other.
Reading half a million rows and adding them up one by one would take four times as long. Rows that no call can have left count in nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, case, cast, select
from sqlalchemy import func as sql

from metrics.ledger import DEFAULT_TARGET_S, Cell, Ledger, Yardstick
from metrics.service_level import BUCKETS_S
from metrics.spans import SLOT_S, Slots
from metrics.sums import ABANDONED, ANSWERED, CALLBACK, LONGEST_S, OFFERED, Sums
from routing.adapters.tables import call_records

_c = call_records.c


class Counted(NamedTuple):
    """A row of the query behind half-hour and service; behind it the numbers of short waits."""

    outcome: str
    reason: str  # of callbacks only
    calls: int
    in_target: int
    in_own: int  # waited no longer than their tier's target, whatever became of them
    short: int
    wait_s: float
    talk_s: float
    hold_s: float
    wrap_up_s: float | None
    wrapped: int
    offers: int
    missed: int


_UP_TO = len(Counted._fields)


def history_of(
    stream: Callable[[Select[Any]], Iterator[Any]],
    connection: Connection,
    yardstick: Yardstick,
    slots: Slots,
    between: tuple[float, float],
) -> Ledger:
    """The ledger of calls that entered a queue in `between`, by half-hour and service; its cells name neither queue nor tier. `stream` runs a query."""
    ledger = Ledger(yardstick, slots, has_agents=False)
    for slot, service, *counted in stream(_query(connection.dialect.name, yardstick, slots, between)):
        sums = ledger.cells.setdefault(Cell(slot, "", "", service), Sums())
        sums.take(_sums_of(Counted(*counted[:_UP_TO]), counted[_UP_TO:]))
    return ledger


def _query(dialect: str, yardstick: Yardstick, slots: Slots, between: tuple[float, float]) -> Select[Any]:
    slot = (_c.entered_at + slots.shift_s) / SLOT_S
    # SQLite has no floor() everywhere, and cuts off where PostgreSQL rounds
    number = cast(slot if dialect == "sqlite" else sql.floor(slot), BigInteger)
    reason = case((_c.outcome == CALLBACK, _c.reason), else_="")
    targets = [(_c.tier == tier, _c.wait_s <= target_s) for tier, target_s in yardstick.targets_s.items()]
    in_own = case(*targets, else_=_c.wait_s <= DEFAULT_TARGET_S) if targets else _c.wait_s <= DEFAULT_TARGET_S
    is_whole = and_(
        _c.outcome.in_(OFFERED), _c.wait_s >= 0.0, _c.wait_s < LONGEST_S, _c.talk_s >= 0.0, _c.talk_s < LONGEST_S
    )
    is_in = and_(_c.entered_at >= between[0], _c.entered_at < between[1], _c.is_probe.is_(False))
    key: list[ColumnElement[Any]] = [number, _c.service, _c.outcome, reason]
    return (
        select(
            *key,
            sql.count(),
            _number_of(_c.in_target),
            _number_of(in_own),
            _number_of(_c.wait_s < yardstick.short_s),
            *(sql.sum(column) for column in (_c.wait_s, _c.talk_s, _c.hold_s, _c.wrap_up_s)),
            sql.count(_c.wrap_up_s),
            sql.sum(_c.offers),
            sql.sum(_c.missed),
            *(_number_of(_c.wait_s <= bucket_s) for bucket_s in BUCKETS_S),
        )
        .where(is_in, is_whole)
        .group_by(*key)
    )


def _number_of(is_so: ColumnElement[Any]) -> ColumnElement[Any]:
    return sql.sum(case((is_so, 1), else_=0))


def _sums_of(of: Counted, up_to: Sequence[int]) -> Sums:
    """The sums of calls of one outcome. `up_to`: how many waited no longer than each of BUCKETS_S."""
    sums = Sums(offered=of.calls, offers=of.offers, missed=of.missed)
    sums.outcomes[of.outcome] = of.calls
    bins = [more - fewer for fewer, more in zip((0, *up_to), (*up_to, of.calls), strict=True)]
    if of.outcome == ANSWERED:
        sums.answered_bins, sums.answered_wait_s, sums.in_target = bins, of.wait_s, of.in_target
        sums.talk_s, sums.hold_s, sums.wrap_up_s, sums.wrapped = of.talk_s, of.hold_s, of.wrap_up_s or 0.0, of.wrapped
    elif of.outcome == ABANDONED:
        sums.given_up_bins, sums.given_up_wait_s = bins, of.wait_s
        sums.given_up_in_target, sums.short = of.in_own, of.short
    elif of.outcome == CALLBACK:
        sums.callbacks[of.reason] = of.calls
    return sums
