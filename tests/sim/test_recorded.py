"""Yesterday again: the calls of a live site in virtual time."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from routing.events import CallQueued
from routing.facts import CallRecord, Outcome, WrappedUp
from simulation.arrival import TrafficError
from simulation.recorded import Recorded
from simulation.run import simulate
from tests.builders import rules
from tests.sim.test_simulate_command import DEMO, TRAFFIC, ran


def record(
    call: str, entered_at: float, wait_s: float, talk_s: float, outcome: Outcome, tier: str = "ordinary"
) -> CallRecord:
    ended_at = entered_at + wait_s + talk_s
    answered_at = entered_at + wait_s if outcome is Outcome.ANSWERED else None
    who = ("13800000000", "hotline", tier, "person", "zh-CN", "1001", "1001")
    times = (entered_at, entered_at, answered_at, ended_at, wait_s, talk_s)
    return CallRecord(ended_at, call, *who, *times, outcome, "caller", True, 1, 1, entered_at)


def test_what_is_known_of_a_call_comes_again() -> None:
    """Entry, talk, after-call work and the wait of who hung up are as recorded; what is not known is longer than what is."""
    recorded = Recorded()
    queued = CallQueued(0, "a", "c", "13800000000", "hotline", "ordinary", "person", "zh-CN", "1001", 0, "government")
    recorded.add(queued, ())
    recorded.add(None, [record("a", 0, 5, 60, Outcome.ANSWERED), WrappedUp(70, "a", 1, "1001", 7.5)])
    recorded.add(None, [record("b", 3, 20, 0, Outcome.ABANDONED), record("m", 1, 0, 0, Outcome.MENU)])
    recorded.add(None, [replace(record("p", 2, 5, 60, Outcome.ANSWERED), is_probe=True)])
    first, second = recorded.arrivals(seed=1)
    assert (first.at, first.talk_s, first.wrap_up_s, first.representative) == (0, 60, 7.5, "1001")
    assert first.customer_class == "government" and first.patience_s > 5
    assert (second.at, second.talk_s, second.patience_s) == (3, 60, 20)
    assert recorded.arrivals(seed=1) == [first, second]


def test_nothing_is_made_of_nothing() -> None:
    """A record without an answered call does not tell how long callers talk."""
    recorded = Recorded()
    recorded.add(None, [record("b", 3, 20, 0, Outcome.ABANDONED)])
    with pytest.raises(TrafficError, match="no answered call"):
        recorded.arrivals(seed=1)


def test_records_of_a_day_simulated_again_give_that_day(tmp_path: Path) -> None:
    """The records that a simulated day left, taken as traffic on the same site: as many calls, and nearly the same levels."""
    traffic, file = tmp_path / "traffic.toml", tmp_path / "day.db"
    traffic.write_text(TRAFFIC)
    assert ran("simulate", "--site", DEMO, "--traffic", traffic, "--records", file)[0] == 0
    code, out, err = ran("simulate", "--site", DEMO, "--traffic", file, "--json", "--replications", 2)
    assert code == 0, err
    wait = json.loads(out)["tiers"]["everybody"]["answer_wait_s"]
    assert wait["half"] > 0, "what the record does not tell is drawn anew for each replication"
    assert '"unfinished": 0' in out
    empty = tmp_path / "empty.db"
    empty.write_bytes(b"SQLite format 3\x00")
    assert ran("simulate", "--site", DEMO, "--traffic", empty)[0] == 2
    code, _, err = ran("simulate", "--site", DEMO, "--traffic", tmp_path)
    assert code == 1 and "no running site" in err


def test_fewer_seats_yesterday() -> None:
    """With one agent less the same callers wait longer: what a supervisor wants to know of yesterday."""
    recorded = Recorded()
    recorded.add(None, [record(str(n), n * 20.0, 0, 60, Outcome.ANSWERED) for n in range(50)])
    waits = [simulate(rules(shared), recorded.arrivals(1)).all().answer_wait_s for shared in (3, 4)]
    assert waits[0] > waits[1]
