"""How many agents each half hour needs by formula: the single-class bound, the highest tier's promise, the day's factor.

Owns the first plan and its cost. Must not know routing rules: the simulator corrects what formulas leave out.
Rules: theory.md section 2.3 and 2.4: with priority for the higher tier and one pool, staff as one class with the total load and the lowest tier's
promise (Gurvich, Armony and Mandelbaum 2008), and check the higher tier's as a priority queue.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from planning.demand import SLOTS, Demand, TierDemand, loads
from planning.erlang import MOST_AGENTS, fewest_agents, outlook
from planning.load import Load, LoadError
from planning.waits import waits_of

SMALL_SHIFT = (
    0.25  # dedicated seats are at most this share of a shift: theory.md section 4, small shifts with many VIP callers
)


@dataclass(frozen=True, slots=True)
class Goals:
    """`peak`: the lowest tier's goal in the busiest hour, None: as at any other time."""

    peak: float | None = 0.85


@dataclass(frozen=True, slots=True)
class Staff:
    """Agents in each half hour, `dedicated` of them at seats for the highest tier."""

    agents: tuple[int, ...]
    dedicated: tuple[int, ...]

    @property
    def hours(self) -> float:
        """Agent-hours of the day."""
        return sum(self.agents) / 2


def goal_in(demand: Demand, tier: TierDemand, slot: int, goals: Goals) -> float:
    """The share of one tier to be answered in time in one half hour."""
    is_lowest = tier is demand.tiers[-1]
    if is_lowest and goals.peak is not None and slot in demand.peak_slots():
        return min(tier.goal, goals.peak)
    return tier.goal


def by_formula(demand: Demand, goals: Goals) -> tuple[int, ...]:
    """The fewest agents of each half hour whose formulas reach every tier's goal; 0 where no calls come.

    raises   LoadError when no staff reaches a goal, or there is no call all day
    """
    if not demand.open_slots():
        raise LoadError("no calls are expected at any time of the day: nobody is needed")
    return tuple(0 if load is None else _agents(demand, slot, load, goals) for slot, load in enumerate(loads(demand)))


def _agents(demand: Demand, slot: int, load: Load, goals: Goals) -> int:
    lowest = demand.tiers[-1]
    agents = fewest_agents(load, goal_in(demand, lowest, slot, goals), lowest.within_s).agents
    for tier in demand.tiers[:-1]:
        while tier.calls[slot] and first_level(tier, slot, agents, load) < tier.goal:
            agents += 1
            if agents > MOST_AGENTS:
                raise LoadError(f"no staff of at most {MOST_AGENTS} agents reaches {tier.goal:g} for tier {tier.name}")
    return agents


def first_level(tier: TierDemand, slot: int, agents: int, load: Load) -> float:
    """The share of a tier that is served first, in one pool, answered within its target: its wait is that of its own line alone.

    P(W > t) = P(all busy) exp(-(n mu - lambda) t), lambda the tier's own rate (non-preemptive priority, Kella and Yechiali 1985);
    that its callers hang up is left out, so the level is a little higher.
    """
    own_per_s = tier.calls[slot] / 1800
    spare = agents / load.handling_s - own_per_s
    if spare <= 0:
        return 0.0
    waiting = 1 - waits_of(agents, load).at_once if agents > load.erlangs or math.isfinite(load.patience_s) else 1.0
    return 1 - waiting * math.exp(-spare * tier.within_s)


def dedicated_of(demand: Demand, agents: Sequence[int], seats: int) -> tuple[int, ...]:
    """How many agents of each half hour sit at seats dedicated to the highest tier: its load plus a square root, bounded by SMALL_SHIFT and `seats`.

    Where there is one tier only, or a shift is too small, none.
    """
    if len(demand.tiers) < 2:
        return (0,) * SLOTS
    first = demand.tiers[0]
    wanted = []
    for slot, count in enumerate(agents):
        erlangs = first.calls[slot] / 1800 * first.handling_s
        wanted.append(min(seats, math.ceil(erlangs + math.sqrt(erlangs)), math.floor(SMALL_SHIFT * count)))
    return tuple(wanted)


def expected_level(demand: Demand, agents: Sequence[int]) -> float:
    """The share of all the day's callers answered within the lowest tier's target, by formula."""
    lowest, good, total = demand.tiers[-1], 0.0, 0.0
    for slot, load in enumerate(loads(demand)):
        if load is not None:
            calls = demand.calls(slot)
            total += calls
            if agents[slot] > (load.erlangs if math.isinf(load.patience_s) else 0):
                good += calls * outlook(agents[slot], load, lowest.within_s).answered_in_target
    return good / total


def cost_of_goals(demand: Demand, wanted: Sequence[float]) -> list[tuple[float, float, float]]:
    """For each goal of the whole day (goal, agent-hours, level reached): the cheapest staff, agents added where they help most.

    Marginal analysis: each agent goes where a half hour gains the most calls in time; levels by formula, everybody in one class.
    """
    per_slot = [(slot, load) for slot, load in enumerate(loads(demand)) if load is not None]
    within_s = demand.tiers[-1].within_s
    total = sum(demand.calls(slot) for slot, _ in per_slot)
    agents = {slot: _least(load) for slot, load in per_slot}
    level = {slot: outlook(agents[slot], load, within_s).answered_in_target for slot, load in per_slot}
    following = {slot: outlook(agents[slot] + 1, load, within_s).answered_in_target for slot, load in per_slot}
    found, by_slot = [], dict(per_slot)
    for goal in sorted(wanted):
        while (reached := sum(demand.calls(slot) * level[slot] for slot in level) / total) < goal:
            best = max(level, key=lambda slot: demand.calls(slot) * (following[slot] - level[slot]))
            agents[best] += 1
            level[best] = following[best]
            following[best] = outlook(agents[best] + 1, by_slot[best], within_s).answered_in_target
        found.append((goal, sum(agents.values()) / 2, reached))
    return found


def _least(load: Load) -> int:
    """Where marginal analysis may begin: gains fall from about the load on (below it the level is not concave in agents)."""
    return math.floor(load.erlangs) + 1 if math.isinf(load.patience_s) else max(1, math.floor(0.9 * load.erlangs))
