"""How long a waiting call will still wait, as an interval, and how many callers are before it.

Owns that prediction. Must not change any state nor know what is done with it.
Rules: theory.md sections 2.1 and 2.5, the queue-length predictor with abandonment: with k callers before ours, n agents, mean handling time
1/mu and mean patience 1/theta, the wait is a sum of k + 1 exponential times with rates n mu + j theta, j = 0..k.
"""

import math
from dataclasses import dataclass

from routing.groups import CallClass, Group
from routing.model import Call, State
from routing.pace import Pace
from routing.selection import rule_for, urgency

Z_80 = 1.2816  # standard normal: 10 % lie below -Z, 10 % above Z
SUMMED = 200  # terms added one by one; the rest by the integral, which is within a thousandth then
COUNTED = 2000  # a line that is longer is taken as a whole: nobody is told such a place


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
    Cost: groups times classes, and the length of the lines of its own tier.
    """
    call_class = state.class_of(call)
    agents = sum(count for group, count in state.at_work.items() if _counts_upon(group, call_class))
    if not agents:
        return None
    if any(rule_for(state, group, call_class) is not None for group in state.idle):
        return Estimate(0.0, 0.0, 0.0, 0)
    mine = (*urgency(state, call_class, call.line_at, at), call.order)
    ahead = sum(_share(state, call_class, other) * _before(state, other, mine, at) for other in state.waiting)
    return wait_behind(round(ahead), agents, state.pace[call.queue])


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


def _counts_upon(group: Group, call_class: CallClass) -> bool:
    return (not group.tiers or call_class.tier in group.tiers) and group.can_serve(call_class)


def _share(state: State, mine: CallClass, other: CallClass) -> float:
    """Which share of the agents at work whom `other` counts upon could also serve `mine`."""
    if other is mine:
        return 1.0
    theirs = common = 0
    for group, count in state.at_work.items():
        if _counts_upon(group, other):
            theirs += count
            common += count if _counts_upon(group, mine) else 0
    return common / theirs if theirs else 0.0


def _before(state: State, other: CallClass, mine: tuple[int, float, int], at: float) -> int:
    """How many calls of `other` stand before one with this rank, deadline and order."""
    line = state.waiting[other]
    head = line.head()
    if head is None or (*urgency(state, other, head[0], at), head[1]) >= mine:
        return 0
    if len(line) > COUNTED:
        return len(line)
    return sum((*urgency(state, other, key, at), order) < mine for key, order in line.places())
