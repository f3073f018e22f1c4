"""When agents sit at which seat, and when they have a break.

Owns shifts as plain times. Must not know how a shift was planned.
Times are epoch seconds.
"""

import math
from collections.abc import Iterable

from routing.rules import Rules
from routing.values import value
from simulation.arrival import TrafficError


@value
class Shift:
    """One agent at one seat, from and before; `breaks` are (from, before), each a pause that begins when the talk of that moment is over."""

    agent: str
    seat: str
    starts_at: float = -math.inf
    ends_at: float = math.inf
    breaks: tuple[tuple[float, float], ...] = ()


def everyone(rules: Rules) -> tuple[Shift, ...]:
    """All day and night, every seat manned by the agent of its number; seats that have none by the agents who have no seat of their number, in order."""
    own = {seat.number for seat in rules.seats} & set(rules.agents)
    others = iter([agent for agent in rules.agents if agent not in own])
    pairs = ((seat.number if seat.number in own else next(others, ""), seat.number) for seat in rules.seats)
    return tuple(Shift(agent, seat) for agent, seat in pairs if agent)


def checked(rules: Rules, shifts: Iterable[Shift]) -> tuple[Shift, ...]:
    """The shifts by their beginning; raises TrafficError for unknown people or seats, and for one who is at two places at once."""
    seats, agents = {seat.number for seat in rules.seats}, set(rules.agents)
    found = tuple(sorted(shifts, key=lambda shift: (shift.starts_at, shift.seat)))
    last: dict[str, Shift] = {}
    for shift in found:
        if shift.seat not in seats or shift.agent not in agents:
            who = f"seat {shift.seat}" if shift.seat not in seats else f"agent {shift.agent}"
            raise TrafficError(f"a shift names {who}: the site file has none")
        if not shift.starts_at < shift.ends_at:
            raise TrafficError(f"a shift of agent {shift.agent} ends before it begins")
        for subject in (f"agent {shift.agent}", f"seat {shift.seat}"):
            before = last.get(subject)
            if before is not None and before.ends_at > shift.starts_at:
                raise TrafficError(f"{subject} has two shifts at once, at {shift.starts_at:.0f}")
            last[subject] = shift
    return found
