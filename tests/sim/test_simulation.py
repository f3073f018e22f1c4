"""The router in virtual time: what a planner is told is what callers would meet."""

import math
from itertools import islice

import pytest

from routing.facts import CallRecord, Outcome
from simulation.arrival import Arrival, TrafficError
from simulation.chance import Distribution, DistributionError, Shape
from simulation.model import Kind, Model, calls, steady
from simulation.people import Habits
from simulation.run import simulate
from simulation.shift import Shift
from tests.builders import rules
from tests.sim.hotlines import ideal_hotline, theory_traffic


def played(*arrivals: Arrival, shared: int = 1, **choices: object) -> list[CallRecord]:
    """The records of these calls, in order of their end."""
    records: list[CallRecord] = []
    how = {name: choices.pop(name) for name in ("shifts", "habits") if name in choices}
    simulate(rules(shared, **choices), arrivals, on_record=records.append, **how)  # type: ignore[arg-type]
    return records


def test_a_caller_waits_for_talk_and_wrap_up_before_it() -> None:
    """One agent, 30 s of talk and 10 s of wrap-up: who comes 5 s later waits 35 s."""
    first, second = played(Arrival(0, 30), Arrival(5, 30), wrap_up_s=10)
    assert (first.wait_s, first.talk_s, second.wait_s, second.outcome) == (0, 30, 35, Outcome.ANSWERED)


def test_a_caller_without_patience_left_hangs_up() -> None:
    """Who would wait 35 s and has 20 is gone after 20 s."""
    left, _ = played(Arrival(0, 30), Arrival(5, 30, patience_s=20))
    assert (left.outcome, left.wait_s, left.reason) == (Outcome.ABANDONED, 20, "waiting")


def test_an_unanswered_seat_costs_the_caller_the_ring_time() -> None:
    """Nobody answers at the first seat: after `ring_s` the caller is at the second, who does not either; the first comes back after a minute."""
    habits = Habits(no_answer=1.0, back_after_s=60)
    (record,) = played(Arrival(0, 30, patience_s=100), shared=2, ring_s=8, habits=habits)
    assert (record.outcome, record.wait_s, record.offers) == (Outcome.ABANDONED, 100, 4)


def test_wrap_up_of_its_own_length() -> None:
    """An agent who is done sooner says so; one who needs longer asks for it, within the site's limit."""
    sooner = played(Arrival(0, 30, wrap_up_s=2), Arrival(5, 30), wrap_up_s=10)
    longer = played(Arrival(0, 30, wrap_up_s=23), Arrival(5, 30), wrap_up_s=10, wrap_up_max_s=25)
    assert [records[1].wait_s for records in (sooner, longer)] == [27, pytest.approx(48)]


def test_nobody_is_served_outside_shifts() -> None:
    """The agent comes at 100, has a break from 200 to 300, and goes at 400, but ends a talk first."""
    shifts = [Shift("1001", "1001", 100, 400, ((200, 300),))]
    records = played(Arrival(50, 120), Arrival(210, 150), Arrival(390, 5), shifts=shifts, wrap_up_s=0)
    assert [record.answered_at for record in records[:2]] == [100, 300]
    assert len(records) == 2


def test_who_hung_up_calls_again() -> None:
    """A caller who gave up comes again once, and is another offered call."""
    habits = Habits(calls_again=1.0, again_after=Distribution(60, Shape.CONSTANT), most_tries=1)
    records = played(Arrival(0, 100), Arrival(1, 20, patience_s=10), habits=habits)
    assert [(r.outcome, r.entered_at) for r in records if r.talk_s != 100] == [
        (Outcome.ABANDONED, 1),
        (Outcome.ABANDONED, 71),
    ]


def test_the_same_seed_gives_the_same_day() -> None:
    """Every record of a busy day is the same the second time, and another seed gives another day."""
    model = theory_traffic(6, vip=0.15)
    habits = Habits(0.02, Distribution(3), 0.03, calls_again=0.4)

    def day(seed: int) -> list[CallRecord]:
        records: list[CallRecord] = []
        arrivals = islice(calls(model, [(0, 0.0)], seed), 600)
        simulate(rules(8, 2), arrivals, habits=habits, on_record=records.append)
        return records

    assert day(1) == day(1) != day(2)


def test_the_shipped_rules_do_what_theory_says_of_them() -> None:
    """30 Erlang, 15 % VIP, 35 seats of which 7 dedicated, reserve 1: theory.md 2.6 has .983 and .910 (12 million calls)."""
    arrivals = islice(calls(theory_traffic(30, 0.15), [(day, day * 86400.0) for day in range(2)], 5), 6000)
    totals = simulate(ideal_hotline(35, 7), arrivals)
    vip, ordinary = totals.of_tier("vip"), totals.of_tier("ordinary")
    assert vip.in_target / (vip.offered - vip.abandoned_in_target) == pytest.approx(0.983, abs=0.015)
    assert ordinary.in_target / (ordinary.offered - ordinary.abandoned_in_target) == pytest.approx(0.910, abs=0.04)


@pytest.mark.parametrize(
    ("arrivals", "because"),
    [
        ([], "no call comes"),
        ([Arrival(5, 1), Arrival(4, 1)], "sort the calls"),
        ([Arrival(5, -1)], "talks for -1 s"),
        ([Arrival(5, math.inf)], "talks for inf s"),
        ([Arrival(5, 1, patience_s=0)], "patience of 0 s"),
        ([Arrival(math.nan, 1)], "sort the calls"),
    ],
)
def test_impossible_calls_are_refused(arrivals: list[Arrival], because: str) -> None:
    """A planner who hands over nonsense is told which call it is and why."""
    with pytest.raises(TrafficError, match=because):
        simulate(rules(), arrivals)


@pytest.mark.parametrize(
    ("make", "because"),
    [
        (lambda: steady(-1, [Kind(1)]), "-1 calls an hour"),
        (lambda: steady(0, [Kind(1)]), "no calls at any time"),
        (lambda: Model(((5, 1), (5, 2)), (Kind(1),)), "must rise"),
        (lambda: steady(1, [Kind(0)]), "shares"),
        (lambda: Distribution(-1), "mean of -1 s"),
        (lambda: Distribution(1, Shape.UNIFORM, 0.6), "at most 0.577"),
        (lambda: Habits(no_answer=1.5), "no_answer is 1.5"),
    ],
)
def test_impossible_figures_are_refused(make: object, because: str) -> None:
    """So is one whose model cannot be."""
    with pytest.raises((TrafficError, DistributionError), match=because):
        make()  # type: ignore[operator]


def test_more_load_than_seats_for_ever_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers who never hang up and too few seats: the planner is told so, and the memory does not fill."""
    monkeypatch.setattr("simulation.world.MOST_CALLS", 200)
    model = steady(600, [Kind(1)])
    with pytest.raises(TrafficError, match="more come than the seats can ever serve"):
        simulate(rules(5), calls(model, [(day, day * 86400.0) for day in range(365)], 1))
