"""Who talked to a caller last, asked of a real database."""

import dataclasses
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, insert

from jietong.database import migrate, open_engine
from routing.adapters.last_agent import LastAgents
from routing.adapters.tables import call_records
from routing.facts import CallRecord, Outcome

NOW = 1_790_000_000.0
DAY = 86_400.0
CALLER = "13912345678"


def a_talk(call: str, agent: str, days_ago: float, answered: bool = True, caller: str = CALLER) -> CallRecord:
    """A finished call."""
    end = NOW - days_ago * DAY
    outcome = Outcome.ANSWERED if answered else Outcome.ABANDONED
    start = end - 60
    return CallRecord(end, call, caller, "hotline", "ordinary", "person", "zh-CN", agent if answered else "", "", start, start,
                      start + 5 if answered else None, end, 5.0, 55.0 if answered else 0.0, outcome, "caller", answered, 1)  # fmt: skip


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A migrated database."""
    migrate(database_url)
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def store(engine: Engine, *records: CallRecord) -> None:
    """Puts records there."""
    rows = [{**dataclasses.asdict(record), "outcome": record.outcome.value} for record in records]
    for row in rows:
        del row["at"]
    with engine.begin() as connection:
        connection.execute(insert(call_records), rows)


def test_the_last_agent_is_the_one_of_the_newest_talk(engine: Engine) -> None:
    """A customer who calls again is brought to whoever talked to them last; calls that nobody answered don't count."""
    store(engine, a_talk("1", "1001", 3), a_talk("2", "1002", 2), a_talk("3", "", 1, answered=False),
          a_talk("4", "1003", 0.5, caller="13900000000"))  # fmt: skip
    assert LastAgents(engine).of(CALLER, NOW - 7 * DAY) == "1002"


def test_an_old_talk_is_forgotten(engine: Engine) -> None:
    """After the days that the site names anyone may answer."""
    store(engine, a_talk("1", "1001", 8))
    assert LastAgents(engine).of(CALLER, NOW - 7 * DAY) == ""


@pytest.mark.parametrize("caller", ["", "13800000000", "' OR 1=1 --"])
def test_strangers_have_no_agent(engine: Engine, caller: str) -> None:
    """A withheld, new or hostile number has no last agent."""
    store(engine, a_talk("1", "1001", 1))
    assert LastAgents(engine).of(caller, 0.0) == ""
