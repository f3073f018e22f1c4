"""Simulates: calls in, totals out; records and facts on the way to whoever wants them.

Owns that one loop over the world's steps. Must not write files nor know a site file.
"""

from collections.abc import Callable, Iterable

from routing.facts import CallRecord, Fact
from routing.rules import Rules
from simulation.arrival import Arrival
from simulation.people import IDEAL, Habits
from simulation.phones import Course
from simulation.shift import Shift
from simulation.totals import Totals
from simulation.world import World


def simulate(
    rules: Rules,
    arrivals: Iterable[Arrival],
    shifts: Iterable[Shift] | None = None,
    habits: Habits = IDEAL,
    *,
    seed: int = 0,
    starts_at: float | None = None,
    course: Course | None = None,
    on_record: Callable[[CallRecord], None] | None = None,
    on_fact: Callable[[Fact], None] | None = None,
) -> Totals:
    """What these calls meet with these rules and agents; arguments as of `World`, the same arguments the same result.

    on_record   gets each call's record when it is over, as a live site would have written it
    on_fact     gets everything on record, in order; costs time
    Memory: calls in the hotline at one time, nothing else, when the calls come from a generator.
    raises      TrafficError as of `World`
    """
    totals = Totals(rules)
    world = World(rules, arrivals, shifts, habits, seed=seed, starts_at=starts_at, course=course)
    for _, _, facts in world.steps():
        for fact in facts:
            if type(fact) is CallRecord:
                totals.add(fact)
                if on_record is not None:
                    on_record(fact)
            if on_fact is not None:
                on_fact(fact)
    totals.unfinished = len(world.open)
    return totals
