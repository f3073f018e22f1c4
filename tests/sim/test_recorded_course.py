"""What a journal tells of phones, callers and clocks is enough to play the same time again: the agreement's other half."""

import math
from itertools import islice

import pytest

from bench.agreement_course import RecordedCourse
from routing.adapters.journal_reader import JournalEntry
from routing.events import Tick
from routing.facts import CallRecord, Outcome
from routing.model import Call
from simulation.arrival import Arrival
from simulation.chance import Distribution, Shape
from simulation.model import Kind, calls, steady
from simulation.people import Habits
from simulation.run import simulate
from simulation.world import World
from tests.builders import rules


def test_the_same_time_again() -> None:
    """Callers give up, seats ring in vain and callers come back to the line: played again from the journal, each has the same agent at the same moment."""
    hotline = rules(5, 2, wrap_up_s=2.0, missed_pause_s=5.0, ring_s=3)
    kinds = [
        Kind(share, tier, talk=Distribution(30), patience=Distribution(40))
        for share, tier in ((1, "vip"), (5, "ordinary"))
    ]
    habits = Habits(0.02, Distribution(1.0), 0.1, returns_after_s=0.05)
    arrivals = [
        Arrival(one.at, one.talk_s, one.patience_s, one.queue, one.tier, caller=f"139{number:08d}", luck=one.luck)
        for number, one in enumerate(islice(calls(steady(700, kinds), [(0, 0.0)], 1), 400))
    ]
    steps = [
        JournalEntry(f"{number}-0", event, tuple(facts), 0.0)
        for number, (event, _, facts) in enumerate(World(hotline, arrivals, habits=habits).steps())
    ]
    first = [fact for entry in steps for fact in entry.facts if isinstance(fact, CallRecord)]
    assert sum(record.missed for record in first) > 20 and sum(r.outcome is Outcome.ABANDONED for r in first) > 20
    course, again = RecordedCourse(steps), list[CallRecord]()
    told = [
        Arrival(
            course.entered_at[record.caller],
            record.talk_s,
            math.inf if record.outcome is Outcome.ANSWERED else course.left_at[record.caller] - record.queued_at,
            record.queue,
            record.tier,
            caller=record.caller,
        )
        for record in sorted(first, key=lambda r: course.entered_at[r.caller])
        if record.queued_at is not None
    ]
    simulate(hotline, told, starts_at=arrivals[0].at, course=course, on_record=again.append)
    known = {record.caller: record for record in again}
    for record in first:
        other = known[record.caller]
        assert (other.agent, other.outcome, other.missed) == (record.agent, record.outcome, record.missed)
        assert other.wait_s == pytest.approx(record.wait_s, abs=1e-6)


def test_a_caller_gives_up_while_the_seat_rings() -> None:
    """The seat has not failed: nothing is told of it, and its agent has missed nothing."""
    hotline = rules(1, 0, ring_s=8)
    arrivals = [Arrival(100.0, 30.0, 3.0, "hotline", "ordinary", caller="13900000001")]
    world = World(hotline, arrivals, habits=Habits(0.02, Distribution(5.0, Shape.CONSTANT)))
    steps = [JournalEntry(f"{n}-0", event, tuple(facts), 0.0) for n, (event, _, facts) in enumerate(world.steps())]
    (call,) = {fact.call for entry in steps for fact in entry.facts if isinstance(fact, CallRecord)}
    rung = Call(call, "", "13900000001", 100.0, 1, offers=1)
    assert RecordedCourse(steps).ring(rung, "1001") == (math.inf, False)


@pytest.mark.parametrize(
    ("due_at", "woke_at"),
    [
        (10.0, 10.004),
        (10.00405, 10.004),  # the same sum in another order
        (10.005, 10.7),
        (12.0, 12.0),  # nothing came of it, so no wake-up is on record
        (20.0, 20.0),
    ],
)
def test_a_late_clock(due_at: float, woke_at: float) -> None:
    """The virtual router wakes up when the live one did; where that left nothing on record, when it should."""
    ticks = [JournalEntry(f"{at}", Tick(at), (), 0.0) for at in (10.004, 10.7, 14.0)]
    assert RecordedCourse(ticks).wakes(due_at) == woke_at
