"""How long a waiting call will still wait, as an interval, and how many callers are before it.

Owns that prediction. Must not change any state nor know what is done with it.
Rules: theory.md sections 2.1 and 2.5, the queue-length predictor with abandonment: with k callers before ours, n agents, mean handling time
1/mu and mean patience 1/theta, the wait is a sum of k + 1 exponential times with rates n mu + j theta, j = 0..k.
"""

import math
from dataclasses import dataclass

from routing.groups import CallClass
from routing.model import Call, State
from routing.pace import Pace
from routing.selection import rule_for, urgency
from routing.transitions import CallState

Z_80 = 1.2816  # standard normal: 10 % lie below -Z, 10 % above Z
SUMMED = 32  # terms added one by one; the rest by the integral, which is within a ten-thousandth then


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds still to wait: the mean, and bounds that hold for four waits of five. `ahead`: callers who would be served before."""

    low_s: float
    mean_s: float
    high_s: float
    ahead: int


def predicted_wait(state: State, call: Call, at: float) -> Estimate | None:
    """The estimate for a call in a queue at `at`; None when no agent at work may serve it, so that nothing is promised.

    Callers before it are those whom the router would serve first (tier, ageing, deadline) at agents that could also serve this call; of
    another class's callers only the share counts whose agents these are. Dedicated seats of other tiers are not counted upon.
    Cost: the number of classes in line, times the logarithm of the lines' length.
    """
    call_class = state.class_of(call)
    agents = state.at_work.of(call_class)
    if not agents:
        return None
    is_in_line = call.state is CallState.WAITING and not call.held_for and state.connected
    if not is_in_line and any(rule_for(state, group, call_class) is not None for group in state.idle):
        return Estimate(0.0, 0.0, 0.0, 0)
    mine = (*urgency(state, call_class, call.line_at, at), call.order)
    ahead = sum(
        before * state.at_work.share(other, call_class)
        for other in state.waiting
        if (before := _before(state, other, mine, at))
    )
    return wait_behind(round(ahead), agents, state.pace[call.queue])


def callers_before(state: State, call: Call, at: float) -> int:
    """How many callers wait in the same queue who would be served before it. Cost: as of predicted_wait."""
    mine = (*urgency(state, state.class_of(call), call.line_at, at), call.order)
    return sum(_before(state, other, mine, at) for other in state.waiting if other.queue == call.queue)


def wait_behind(ahead: int, agents: int, pace: Pace) -> Estimate:
    """The estimate with `ahead` callers before, by the formula; the interval as of a gamma distribution of the same mean and variance (Wilson and Hilferty)."""
    leave = agents / pace.handling_s
    give_up = 1 / pace.patience_s
    steps = range(min(ahead + 1, SUMMED))
    mean_s = math.fsum(1 / (leave + j * give_up) for j in steps)
    variance = math.fsum(1 / (leave + j * give_up) ** 2 for j in steps)
    if ahead + 1 > SUMMED:
        first, last = leave + (SUMMED - 0.5) * give_up, leave + (ahead + 0.5) * give_up
        mean_s += math.log(last / first) / give_up
        variance += (1 / first - 1 / last) / give_up
    shape = mean_s**2 / variance
    low_s, high_s = (mean_s * max(0.0, 1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))) ** 3 for z in (-Z_80, Z_80))
    return Estimate(min(low_s, mean_s), mean_s, max(high_s, mean_s), ahead)


def _before(state: State, other: CallClass, mine: tuple[int, float, int], at: float) -> int:
    """How many calls of `other` stand before one with this rank, deadline and order."""
    line = state.waiting[other]
    head = line.head()
    if head is None or (*urgency(state, other, head[0], at), head[1]) >= mine:
        return 0
    return line.count_before(mine, lambda place: (*urgency(state, other, place[0], at), place[1]))
