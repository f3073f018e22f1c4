"""The sums that the database makes of the calls before a report are those that the report makes of calls itself."""

import random
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert, update

from jietong.database import migrate, open_engine, writing
from metrics.adapters.report_history import history_of
from metrics.adapters.report_rows import _calls, _stream
from metrics.ledger import Ledger, Yardstick
from metrics.service_level import BUCKETS_S
from metrics.spans import Slots
from metrics.sums import CALLBACK, OFFERED, Sums
from routing.adapters.tables import call_records

START_AT, HOURS = 1_790_784_000.0, 5
SPAN = (START_AT, START_AT + HOURS * 3600)
YARDSTICK = Yardstick({"vip": 10.0, "ordinary": 20.0}, {"vip": 0.95, "ordinary": 0.9})
WAITS_S = (0.0, 4.999, 5.0, *map(float, BUCKETS_S), 60.1, 900.0)
# What no call can have left: counted by nobody
DAMAGED: tuple[dict[str, object], ...] = (
    {"wait_s": -1.0},
    {"talk_s": 1e9},
    {"outcome": "nonsense"},
    {"outcome": "menu"},
)
CALLS = 800


def rows(chance: random.Random) -> Iterator[dict[str, Any]]:
    """Calls of every outcome, tiers that the site has and one that it had, waits at every bound, half-hours before, in and after the span."""
    for number in range(CALLS):
        at, wait_s = START_AT + chance.uniform(-1800, HOURS * 3600 + 1800), chance.choice(WAITS_S)
        outcome = chance.choice((*OFFERED, "answered", "abandoned"))
        yield {
            "call": str(number), "segment": 1, "caller": "139", "queue": chance.choice(("hotline", "billing")),
            "tier": chance.choice(("vip", "ordinary", "gone")), "service": chance.choice(("person", "query")), "language": "zh-CN",
            "agent": "1001", "seat": "1001", "arrived_at": at, "queued_at": at, "entered_at": at, "answered_at": at, "ended_at": at,
            "wait_s": wait_s, "talk_s": chance.uniform(0, 300), "outcome": outcome,
            "reason": chance.choice(("kept", "late")) if outcome == CALLBACK else "caller", "in_target": chance.random() < 0.5,
            "offers": chance.randrange(4), "missed": chance.randrange(2), "ring_s": 3.0, "hold_s": chance.uniform(0, 9),
            "wrap_up_s": chance.choice((None, 10.0)), "is_probe": chance.random() < 0.1,
        } | (chance.choice(DAMAGED) if number % 40 == 0 else {})  # fmt: skip


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated database with these calls."""
    migrate(database_url)
    engine = writing(open_engine(database_url))
    with engine.begin() as connection:
        made = rows(random.Random(7))
        while batch := list(islice(made, 100)):
            connection.execute(insert(call_records), batch)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kathmandu"])
def test_sums_of_the_database_are_those_of_the_calls_one_by_one(engine: Engine, zone: str) -> None:
    """Half-hour for half-hour and service for service, also where clocks are a quarter of an hour beside the others."""
    slots = Slots(ZoneInfo(zone), START_AT)
    one_by_one = Ledger(YARDSTICK, slots, has_agents=False)
    with engine.connect() as connection:
        one_by_one.extend(_calls(connection, *SPAN))
        summed = history_of(partial(_stream, connection), connection, YARDSTICK, slots, SPAN)
    assert one_by_one.damaged, "no row was damaged: the test says nothing of those"
    expected = one_by_one.by(lambda cell: (cell.slot, cell.service))
    found = summed.by(lambda cell: (cell.slot, cell.service))
    assert set(found) == set(expected) and len(found) >= 2 * 2 * HOURS
    for key, sums in expected.items():
        assert plain(found[key]) == plain(sums), key


def plain(sums: Sums) -> dict[str, object]:
    """Its fields, seconds rounded: they are added in another order."""
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in asdict(sums).items()}


def test_a_span_without_calls_has_no_sums(engine: Engine) -> None:
    """The first month of a hotline has none before it."""
    slots = Slots(ZoneInfo("UTC"), START_AT)
    with engine.begin() as connection:
        connection.execute(update(call_records).values(is_probe=True))
        assert history_of(partial(_stream, connection), connection, YARDSTICK, slots, SPAN).cells == {}
