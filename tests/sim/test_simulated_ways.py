"""Every way that a call can take is taken in virtual time too, and each call ends once."""

from collections import Counter
from itertools import islice, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.events import Event
from routing.facts import CallRecord, EventIgnored
from routing.rules import CallbackRules, Queue, Rules, Talent
from routing.steps import SUPERVISORS, Leave, Step, When
from simulation.arrival import Arrival
from simulation.chance import Distribution, Shape
from simulation.model import Kind, calls, steady
from simulation.people import Habits
from simulation.run import simulate
from simulation.shift import Shift
from simulation.world import World
from tests.builders import rules

CALLBACK = CallbackRules(
    ("13XXXXXXXXX",), offer_above_s=20.0, promise_s=600.0, urgent_s=60.0, tries=2, retry_after_s=30.0
)
OUTSIDE = "02112345678"


def rich_hotline(shared: int) -> Rules:
    """Skills, a recipe with every operation, callbacks, announcements, and own agents."""
    return rules(
        shared,
        2,
        wrap_up_s=5.0,
        missed_pause_s=0.0,
        age_ratio=3.0,
        representative_s=5.0,
        announce_every_s=10.0,
        outside=(OUTSIDE,),
        callback=CALLBACK,
        queues=(
            Queue(
                "billing",
                1.5,
                (("billing", 2),),
                (Step(When.AFTER, 10, relax=(("billing", 1),)), Step(When.AFTER, 15, ring_seats=2)),
            ),
            Queue(
                "repairs",
                overflow=(
                    Step(When.AFTER, 8, add_queue=SUPERVISORS),
                    Step(When.AFTER, 25, leave=Leave.OUTSIDE, number=OUTSIDE),
                ),
            ),
            Queue(
                "sales",
                overflow=(Step(When.AHEAD, 2, leave=Leave.VOICEMAIL), Step(When.PREDICTED, 60, leave=Leave.CALLBACK)),
            ),
        ),
        talents={
            "1001": Talent((("billing", 3),)),
            "1002": Talent((("billing", 1),), ("hotline", "billing", SUPERVISORS)),
        },
    )


def kinds() -> list[Kind]:
    """Callers of every queue and tier."""
    talk, patience = Distribution(60, Shape.LOGNORMAL, 1.0), Distribution(45)
    return [
        Kind(share, tier, queue, talk, patience, wrap_up, representative=own)
        for share, tier, queue, wrap_up, own in (
            (2, "vip", "hotline", Distribution(8), "1901"),
            (3, "ordinary", "billing", None, ""),
            (2, "ordinary", "repairs", Distribution(3), ""),
            (2, "ordinary", "sales", None, ""),
            (2, "vip", "billing", None, "1001"),
        )
    ]


def test_every_outcome_comes() -> None:
    """A hotline with few seats: callers are answered, give up, are called back, leave messages and talk to numbers outside."""
    habits = Habits(0.1, Distribution(2), 0.1, 20.0, 0.05, 0.3, wants_callback=0.8, reached=0.7)
    arrivals = islice(calls(steady(400, kinds()), [(0, 0.0)], 1), 1200)
    totals = simulate(rich_hotline(4), arrivals, habits=habits)
    count = totals.all()
    assert totals.unfinished == 0 and count.answered and count.abandoned
    assert {"callback kept", "callback unreached", "voicemail message", "outside answered"} <= set(count.others)
    assert sum(v for name, v in count.others.items() if name.startswith("callback")) > 20


@settings(deadline=None, max_examples=12)
@given(
    st.integers(0, 10**6),
    st.integers(1, 6),
    st.floats(0, 0.5),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from([0.0, 0.05]),
)
def test_each_call_ends_once_and_time_never_goes_back(
    seed: int, shared: int, no_answer: float, wants: float, again: float, rings_after_s: float
) -> None:
    """Whatever people do: one record for each call that came, events in order of time, and no event that the router cannot place."""
    habits = Habits(
        rings_after_s, Distribution(3), no_answer, 15.0, rings_after_s, again, Distribution(60), 2, wants, reached=0.5
    )
    arrivals = [a for a in calls(steady(300, kinds()), [(0, 0.0)], seed) if a.at < 1000]
    if not arrivals:
        return
    people = [
        Shift("1001", "1001", 0, 1e9),
        Shift("1901", "1901", 0, 900, ((300, 400),)),
        Shift("8001", "1901", 900, 1e9),
    ]
    people += [Shift(seat, seat, 0, 1e9) for seat in ("1902", *(str(n) for n in range(1002, 1001 + shared)))]
    world = World(rich_hotline(shared), arrivals, people, habits, seed=seed)
    events: list[Event] = []
    ends: Counter[str] = Counter()
    ignored: list[EventIgnored] = []
    for event, _, facts in world.steps():
        events.append(event)
        ends.update(fact.call for fact in facts if isinstance(fact, CallRecord))
        ignored += [fact for fact in facts if isinstance(fact, EventIgnored)]
    assert all(a.at <= b.at for a, b in pairwise(events))
    assert len(ends) == world.offered and set(ends.values()) == {1} and not world.open
    assert not [fact for fact in ignored if fact.event not in ("AgentReadied", "AgentExtended", "CallbackAsked")], (
        ignored
    )


def test_a_seat_that_is_handed_over_waits_for_the_talk() -> None:
    """The next agent sits down when the last talk of the one before is over."""
    shifts = [Shift("1001", "1001", 0, 100), Shift("8001", "1001", 100, 1000)]
    records: list[CallRecord] = []
    simulate(rules(1, wrap_up_s=0), [Arrival(90, 60), Arrival(95, 30)], shifts, on_record=records.append)
    assert 150 <= (records[1].answered_at or 0) <= 151
    assert [r.agent for r in records] == ["1001", "8001"]
