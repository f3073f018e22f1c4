"""The hotline in virtual time: callers, phones and agents around the router that is shipped.

Owns the order of events and what answers an action: the part that Asterisk and people have in a live site. Must not decide who serves whom:
`engine.step` does. Rules: design.md section 3; at equal times deadlines come first, then what was planned first.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from heapq import heappop, heappush
from itertools import count

from routing import engine
from routing.actions import Action
from routing.events import AsteriskSynced, CallEnded, CallQueued, Event, Tick
from routing.facts import CallRecord, Fact
from routing.model import State
from routing.rules import Rules
from routing.transitions import CallState
from simulation.arrival import Arrival, TrafficError, in_order
from simulation.chance import uniform
from simulation.crew import Crew
from simulation.people import IDEAL, Habits
from simulation.phones import Course, Phones
from simulation.shift import Shift, checked, everyone

Plan = Callable[[float], Iterable[Event]]  # what happens at a time: asked for its events when the time has come
Step = tuple[Event, list[Action], list[Fact]]
MOST_CALLS = 100_000  # in the hotline at once: a million waiting callers would say nothing more, and fill the memory
DRAIN_S = 86_400.0  # the last callers are followed this long
_CALLS_AGAIN, _AGAIN_AFTER, _AGAIN = 1, 2, 3  # turns of a call's luck
_IN_LINE = (CallState.WAITING, CallState.OFFERED, CallState.RETURNING)


class World:
    """One run. `steps` may be asked for once.

    arrivals   calls in order of time; never all in memory
    shifts     None: every seat manned all the time
    seed       luck of calls that bring none of their own
    starts_at  epoch seconds when agents sit down; None: when the first call comes
    course     what phones and the router's clock did, in place of the habits; None: they say it, and the clock is never late
    raises     TrafficError for calls or shifts that are impossible, and when MOST_CALLS are in the hotline at once
    """

    def __init__(
        self,
        rules: Rules,
        arrivals: Iterable[Arrival],
        shifts: Iterable[Shift] | None = None,
        habits: Habits = IDEAL,
        *,
        seed: int = 0,
        starts_at: float | None = None,
        course: Course | None = None,
    ) -> None:
        self.state = State.of(rules)
        self.habits = habits
        self.open: dict[str, Arrival] = {}  # calls that are not over
        self.offered = 0
        self._arrivals = in_order(arrivals)
        self._shifts = checked(rules, everyone(rules) if shifts is None else shifts)
        self._seed = seed
        self._starts_at = starts_at
        self._plans: list[tuple[float, int, Plan]] = []
        self._turn = count()
        self._coming = 0  # callers of whom it is known when they will come
        self._ends_at = math.inf
        self._crew = Crew(self.state, self.plan)
        self._wakes = course.wakes if course is not None else None
        self._phones = Phones(self.state, habits, self.open, self.plan, course)

    def plan(self, at: float, what: Plan) -> None:
        """Remembers that `what` happens at `at`, and after everything that was planned for that time before."""
        heappush(self._plans, (at, next(self._turn), what))

    def steps(self) -> Iterator[Step]:
        """Every event with the router's answer, in order of time, until the last call is over; a call that nothing will end stays in `open`."""
        first = next(self._arrivals, None)
        if first is None:
            raise TrafficError("no call comes: there is nothing to simulate")
        starts_at = first.at if self._starts_at is None else min(self._starts_at, first.at)
        for event in self._crew.opening(self._shifts, starts_at):
            yield self._tell(event)
        yield self._tell(AsteriskSynced(starts_at, starts_at, (), ()))
        self._expect(first)
        plans, deadlines, tell = self._plans, self.state.deadlines, self._tell
        while self.open or self._coming:
            at = plans[0][0] if plans else math.inf
            if deadlines and deadlines[0][0] <= at:
                due_at = self.state.next_due_at()
                if due_at is not None and self._wakes is not None:
                    due_at = self._wakes(due_at)
                if due_at is not None and due_at <= at:
                    if due_at > self._ends_at:
                        return
                    yield tell(Tick(due_at))
                    continue
            if at > self._ends_at or not plans:
                return
            for event in heappop(plans)[2](at):
                yield tell(event)

    def _tell(self, event: Event) -> Step:
        actions, facts = engine.step(self.state, event)
        for action in actions:
            self._phones.perform(action, event.at)
        for fact in facts:
            if type(fact) is CallRecord:
                self.open.pop(fact.call, None)
        return event, actions, facts

    def _expect(self, arrival: Arrival) -> None:
        self._coming += 1
        self.plan(arrival.at, partial(self._let_in, arrival))

    def _let_in(self, arrival: Arrival, at: float) -> Iterable[Event]:
        """A caller comes, and it becomes known when the next one will."""
        self._coming -= 1
        upcoming = next(self._arrivals, None)
        if upcoming is not None:
            self._expect(upcoming)
        else:
            self._ends_at = at + DRAIN_S
        return (self._enter(arrival),)

    def _enter(self, arrival: Arrival) -> CallQueued:
        """The caller comes to the line, and has its patience."""
        self.offered += 1
        at, call = arrival.at, f"{self.offered}.{arrival.tries}"
        if not arrival.luck:
            arrival = replace(arrival, luck=int(uniform(self._seed, self.offered) * 2**53) + 1)
        if len(self.open) >= MOST_CALLS:
            raise TrafficError(
                f"{MOST_CALLS} callers are in the hotline at once after {self.offered} calls: more come than the seats can ever serve. "
                "Give callers a patience, more seats, or fewer days"
            )
        self.open[call] = arrival
        if arrival.patience_s < math.inf:
            self.plan(at + arrival.patience_s, lambda now: self._give_up(call, now))
        return CallQueued(
            at,
            call,
            call,
            arrival.caller,
            arrival.queue,
            arrival.tier,
            arrival.service,
            arrival.language,
            arrival.representative,
            at,
            arrival.customer_class,
        )

    def _give_up(self, call: str, at: float) -> Iterable[Event]:
        there = self.state.calls.get(call)
        if there is None or there.state not in _IN_LINE or there.promised_at is not None:
            return ()
        arrival, habits = self.open[call], self.habits
        if arrival.tries < habits.most_tries and uniform(arrival.luck, _CALLS_AGAIN) < habits.calls_again:
            self._coming += 1
            self.plan(
                at + habits.again_after.at(uniform(arrival.luck, _AGAIN_AFTER)),
                lambda now: self._call_again(arrival, now),
            )
        return (CallEnded(at, call, 16),)

    def _call_again(self, arrival: Arrival, at: float) -> Iterable[Event]:
        """Who hung up comes again, with the same business and the same patience."""
        self._coming -= 1
        luck = int(uniform(arrival.luck, _AGAIN) * 2**53) + 1
        again = replace(arrival, at=at, luck=luck, tries=arrival.tries + 1)
        return (self._enter(again),)
