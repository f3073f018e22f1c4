"""The checkpoint is lost: the figures go on from the call records, and none of them falls."""

import threading
import time
from collections.abc import Iterator

import msgspec
import pytest
from sqlalchemy import Engine

from jietong.database import migrate, open_engine, writing
from metrics.adapters.seed import seed
from metrics.tally import FORGET_S, Tally
from routing.adapters.journal_reader import BEGINNING, JournalEntry, read_to_end
from routing.adapters.records import DatabaseAway, RecordsWriter
from routing.facts import Fact, Outcome
from tests.adapters.metrics_fixture import MetricsSite, a_metrics_site
from tests.adapters.test_records import an_entry
from tests.adapters.valkey_server import PREFIX
from tests.builders_facts import answered, closed, entered, offered, rang, record
from tests.unit.test_metrics_tally import NOON, a_tally, check_balance

BASE = 27000
OLD = NOON - 2 * FORGET_S
CALLS: list[list[Fact]] = [
    [offered(OLD, "forgotten")],
    [offered(NOON, "a"), rang(NOON + 1, "a", idle_to_ring_s=0.02), closed(NOON + 5, "no_answer", "a")],
    [closed(NOON + 9, "answered", "a"), answered(NOON + 9, "a", 9.0)],
    [record(NOON + 60, Outcome.ANSWERED, "a", queued_at=NOON, wait_s=9.0)],
    [entered(NOON, "menu"), record(NOON + 1, Outcome.MENU, "menu"), record(NOON + 2, Outcome.MENU, "full", "full")],
    [offered(NOON, "b", "vip"), record(NOON + 70, Outcome.ABANDONED, "b", "waiting", 70.0, "vip")],
    [record(NOON + 80, Outcome.LOST, "forgotten", queued_at=OLD, wait_s=NOON + 80 - OLD)],
    [record(NOON + 90, Outcome.CALLBACK, "back", "late", 90.0)],
    [offered(NOON + 91, "talks"), answered(NOON + 95, "talks", 4.0), offered(NOON + 92, "waits", "vip")],
]
LATER: list[list[Fact]] = [
    [record(NOON + 120, Outcome.ANSWERED, "talks", queued_at=NOON + 91, wait_s=4.0)],
    [record(NOON + 130, Outcome.ABANDONED, "waits", "ringing", 38.0, "vip"), offered(NOON + 131, "new")],
]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The database with its tables."""
    migrate(database_url)
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def entries_of(batches: list[list[Fact]], first: int = 0) -> list[JournalEntry]:
    """One journal entry for each list of facts."""
    return [an_entry(first + number, *facts) for number, facts in enumerate(batches)]


def plain(tally: Tally) -> dict[str, object]:
    """What a checkpoint would keep, but for the moment of the last sweep."""
    found: dict[str, object] = msgspec.json.decode(msgspec.json.encode(tally.to_plain()))
    return {name: value for name, value in found.items() if name != "swept_at"}


def test_counts_from_records_are_those_that_were_counted_live(engine: Engine) -> None:
    """Calls, waits, hours, offers, rings, calls in the line and in a talk: the same as if nothing had been lost, now and with the calls that follow."""
    RecordsWriter(writing(engine)).write(entries_of(CALLS))
    live, seeded = a_tally(*(fact for facts in CALLS for fact in facts)), a_tally()
    assert seed(seeded, engine, threading.Lock()) == entries_of(CALLS)[-1].id
    for facts in ([], *LATER):
        for fact in facts:
            live.add(fact)
            seeded.add(fact)
        check_balance(seeded)
        one, other = plain(live), plain(seeded)
        assert set(one.pop("ended")) == set(other.pop("ended"))  # type: ignore[call-overload]
        assert one == other


def test_a_database_without_tables_has_nothing_to_count(database_url: str) -> None:
    """A new site counts from the journal's beginning."""
    engine = open_engine(database_url)
    assert seed(a_tally(), engine, threading.Lock()) == BEGINNING
    engine.dispose()


def test_a_database_that_is_away_is_said() -> None:
    """Nothing is counted from half an answer."""
    engine = open_engine("postgresql://nobody@127.0.0.1:9/none")
    with pytest.raises(DatabaseAway, match="call records cannot be read: OperationalError"):
        seed(a_tally(), engine, threading.Lock())
    engine.dispose()


def counters(site: MetricsSite) -> dict[tuple[str, ...], float]:
    """Everything on the page that must never fall; decisions are on no record."""
    ends = ("_total", "_bucket", "_sum", "_count")
    found = {key: value for key, value in site.samples().items() if key[0].endswith(ends)}
    return {key: value for key, value in found.items() if not key[0].startswith("jietong_decision")}


@pytest.mark.parametrize("lost", ["the checkpoint", "everything in the store"])
def test_no_counter_falls_when_it_is_lost(lost: str, database_url: str, engine: Engine) -> None:
    """Prometheus takes a fall for a new beginning and would count every call of the year again; the first page that is served is whole."""
    with a_metrics_site(BASE, database_url=database_url) as site:
        site.start()
        now = time.time()
        for number in range(30):
            site.write(offered(now - 60, f"c{number}"), rang(now - 59, f"c{number}"))
            site.write(answered(now - 50, f"c{number}", 10.0), closed(now - 50, "answered", f"c{number}"))
            site.write(record(now - 10, Outcome.ANSWERED, f"c{number}", queued_at=now - 60, wait_s=10.0))
        site.write(offered(now - 5, "waits"), offered(now - 5, "talks"), answered(now - 4, "talks", 1.0))
        site.until_sample(32, "jietong_calls_offered_total", "hotline", "ordinary")
        RecordsWriter(writing(engine)).write(list(read_to_end(site.valkey.url, PREFIX, BEGINNING)))
        site.until_sample(0, "jietong_records_lag_seconds")
        before = counters(site)
        site.end()
        site.valkey.ask(*(["DEL", PREFIX + "metrics"] if lost == "the checkpoint" else ["FLUSHALL"]))
        site.start()
        site.until(lambda: site.get("/metrics")[0] == 200)
        first = counters(site)
        assert {key: (value, first[key]) for key, value in before.items() if first[key] < value} == {}
        assert first == before
        site.write(record(time.time(), Outcome.ANSWERED, "talks", queued_at=now - 5, wait_s=1.0))
        site.write(record(time.time(), Outcome.ABANDONED, "waits", queued_at=now - 5, wait_s=6.0))
        site.until_sample(1, "jietong_calls_abandoned_total", "hotline", "other", "ordinary")
        assert site.samples()["jietong_calls_answered_total", "hotline", "ordinary"] == 31
        site.end()
        site.start()
        assert site.samples()["jietong_calls_offered_total", "hotline", "ordinary"] == 32


def test_records_that_are_behind_are_seen(database_url: str, engine: Engine) -> None:
    """An operator sees for how long calls have not been written to the database, and that it is away."""
    with a_metrics_site(BASE + 200, database_url=database_url) as site:
        site.start()
        site.until_sample(0, "jietong_records_lag_seconds")
        site.until_sample(1, "jietong_database_up")
        site.write(offered(time.time(), "a"))
        site.until(lambda: site.samples()[("jietong_records_lag_seconds",)] > 1)
        RecordsWriter(writing(engine)).write(list(read_to_end(site.valkey.url, PREFIX, BEGINNING)))
        site.until_sample(0, "jietong_records_lag_seconds")
        site.valkey.kill()
        site.until(lambda: ("jietong_records_lag_seconds",) not in site.samples())
        site.until_sample(0, "jietong_store_up")
