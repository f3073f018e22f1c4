"""Agents who come, have breaks and go, in virtual time.

Owns which events a shift brings. Must not know calls, nor decide what a wish to leave does to a talk: the engine does.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from routing.events import AgentLoggedIn, AgentLoggedOut, AgentPaused, AgentReadied, Event, SeatChanged, SeatState
from routing.facts import AgentState
from routing.model import BUSY, State
from simulation.shift import Shift

RETRY_S = 1.0  # who finds the seat taken, by a talk that is longer than its shift, looks again this often
BREAK = "break"


class Crew:
    """Plans the shifts of one run."""

    def __init__(self, state: State, plan: Callable[[float, Callable[[float], Iterable[Event]]], None]) -> None:
        self._state = state
        self._plan = plan

    def opening(self, shifts: Iterable[Shift], at: float) -> Iterator[Event]:
        """Every phone is there at `at`, and whoever has a shift sits down; the rest of the shifts is planned."""
        for seat in self._state.rules.seats:
            yield SeatChanged(at, seat.number, SeatState.FREE)
        for agent in self._state.agents.values():
            if agent.state is not AgentState.LOGGED_OUT:
                yield AgentLoggedOut(at, agent.number)
        for shift in shifts:
            if shift.ends_at <= at:
                continue
            if shift.starts_at <= at:
                yield AgentLoggedIn(at, shift.agent, shift.seat)
            else:
                self._plan(shift.starts_at, partial(self._sit_down, shift))
            for begins_at, ends_at in shift.breaks:
                if ends_at > at:
                    self._plan(max(at, begins_at), partial(self._pause, shift))
                    self._plan(ends_at, partial(self._return, shift))
            if shift.ends_at < float("inf"):
                self._plan(shift.ends_at, partial(self._leave, shift))

    def _sit_down(self, shift: Shift, at: float) -> Iterable[Event]:
        if at >= shift.ends_at:
            return ()
        agent, sitting = self._state.agents[shift.agent], self._state.seats[shift.seat].agent
        if agent.state in BUSY and agent.seat == shift.seat:
            return (AgentReadied(at, shift.agent),)  # still on a call of the shift before: stays
        if agent.state in BUSY or (sitting and self._state.agents[sitting].state in BUSY):
            self._plan(at + RETRY_S, partial(self._sit_down, shift))
            return ()
        return (AgentLoggedIn(at, shift.agent, shift.seat),)

    def _pause(self, shift: Shift, at: float) -> Iterable[Event]:
        return (AgentPaused(at, shift.agent, BREAK),) if self._is_there(shift) else ()

    def _return(self, shift: Shift, at: float) -> Iterable[Event]:
        return (AgentReadied(at, shift.agent),) if self._is_there(shift) and at < shift.ends_at else ()

    def _leave(self, shift: Shift, at: float) -> Iterable[Event]:
        return (AgentLoggedOut(at, shift.agent),) if self._is_there(shift) else ()

    def _is_there(self, shift: Shift) -> bool:
        agent = self._state.agents[shift.agent]
        return agent.seat == shift.seat and agent.state is not AgentState.LOGGED_OUT
