"""The fast loops decide as the shipped router does, call by call."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.simulation_speed import bare_calls, site
from planning.erlang import Load, outlook
from routing.facts import CallRecord, Outcome
from routing.rules import Queue, Rules, Seat, Tier
from simulation import lean
from simulation.arrival import Arrival, TrafficError
from simulation.run import simulate
from tests.builders import rules

TIERS = (Tier("vip", 10.0, 0.95), Tier("gold", 15.0, 0.9), Tier("ordinary", 20.0, 0.9))
KINDS = ((), ("vip",), ("gold",), ("vip", "gold"))


def hotline(counts: tuple[int, ...], reserve: int, age_ratio: float, wrap_up_s: float) -> Rules:
    """Three tiers, and so many seats of each kind."""
    seats = [
        Seat(f"{kind}{number:03d}", KINDS[kind], True) for kind, count in enumerate(counts) for number in range(count)
    ]
    people = tuple(seat.number for seat in seats)
    return Rules("hotline", TIERS, "ordinary", tuple(seats), people, reserve, 8, wrap_up_s, 10.0, age_ratio=age_ratio)


def some_calls(seed: int, count: int, gap_s: float) -> list[lean.Call]:
    """Calls of all tiers with talks of a minute and patience of half a minute."""
    luck, at, calls = random.Random(seed), 0.0, []
    for _ in range(count):
        at += luck.expovariate(1 / gap_s)
        calls.append((at, luck.choice((0, 1, 2, 2, 2)), luck.expovariate(1 / 60), luck.expovariate(1 / 30) + 1e-9))
    return calls


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10**6),
    st.tuples(*[st.integers(0, 4)] * 4).filter(any),
    st.integers(0, 2),
    st.sampled_from([0.0, 1.2, 3.0]),
    st.sampled_from([0.0, 7.0]),
    st.sampled_from([6.0, 15.0, 40.0]),
)
def test_the_same_agent_and_the_same_wait_for_every_call(
    seed: int, counts: tuple[int, ...], reserve: int, age_ratio: float, wrap_up_s: float, gap_s: float
) -> None:
    """Whatever the seats, the reserve, the ageing and the load: each caller gets the agent that the engine gives it, after the same wait."""
    site, calls = hotline(counts, reserve, age_ratio, wrap_up_s), some_calls(seed, 120, gap_s)
    fast: dict[int, tuple[str, float]] = {}
    totals = lean.tiers(calls, site, lambda number, agent, wait_s: fast.update({number: (agent, wait_s)}))
    records: list[CallRecord] = []
    arrivals = [Arrival(at, talk_s, patience_s, tier=TIERS[tier].name) for at, tier, talk_s, patience_s in calls]
    engine = simulate(site, arrivals, on_record=records.append)
    shipped = {
        int(r.call.split(".")[0]) - 1: (r.agent if r.outcome is Outcome.ANSWERED else "", pytest.approx(r.wait_s))
        for r in records
    }
    assert fast == shipped
    for tier, count in zip(TIERS, totals, strict=True):
        assert count.levels == engine.of_tier(tier.name).levels


def test_one_queue_is_erlang_a() -> None:
    """Ten Erlang on 12 agents: abandonment and level are those of the formula."""
    luck, at, calls = random.Random(3), 0.0, []
    for _ in range(200_000):
        at += luck.expovariate(10 / 180)
        calls.append((at, 0, luck.expovariate(1 / 180), luck.expovariate(1 / 180)))
    count, exact = lean.one_queue(calls, 12, 20.0), outlook(12, Load(10 / 180, 180, 180), 20)
    assert count.abandoned / count.offered == pytest.approx(exact.abandoned, abs=0.004)
    assert count.in_target / count.offered == pytest.approx(exact.answered_in_target, abs=0.01)


@pytest.mark.parametrize(
    "site",
    [rules(queues=(Queue("billing"),)), rules(queues=(Queue("hotline", requires=(("billing", 1),)),))],
)
def test_what_it_does_not_know_is_refused(site: Rules) -> None:
    """Nobody is given figures of a site whose rules the fast loop does not have."""
    with pytest.raises(TrafficError, match="cannot play this site"):
        lean.tiers([(0.0, 0, 1.0, 1.0)], site)


def test_the_number_of_dedicated_seats_hardly_matters() -> None:
    """30 Erlang on 35 seats: with the reserve of 1 the ordinary level moves by at most 2 points from 1 to 12 dedicated seats, and both goals are met."""
    calls = list(bare_calls(60_000, seed=2))
    levels = {
        kept: [c.in_target / (c.offered - c.abandoned_in_target) for c in lean.tiers(calls, site(35, kept))]
        for kept in (1, 4, 7, 12)
    }
    ordinary = [level[1] for level in levels.values()]
    assert max(ordinary) - min(ordinary) <= 0.02
    assert (
        levels[7][0] >= 0.95 and levels[7][1] >= 0.89
    )  # 60,000 calls are worth one point; bench/simulation_theory.py has more
