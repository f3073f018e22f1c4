"""Which half hours get an agent more or fewer after a trial with the real rules.

Owns that decision. Must not run the trial. Rules: a level counts as missed when it is below its goal by more than the trial's own noise; the
day as a whole must reach each tier's goal too. Iterated staffing as of Feldman, Mandelbaum, Massey and Whitt (2008), on levels.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planning.demand import SLOTS, Demand
from planning.staffing import Goals, goal_in

NOISE = 2.0  # standard errors: of some fifty cells of a day one is further off by chance
GAIN = 2.5  # agents for each missing share and square root of agents: about half of what a level near its goal asks for, never past it by much
MARGIN = 0.15  # of a level over its goal, in shares times the square root of agents: about what an agent brings
STEPS = 20  # half hours that get an agent for each share that the day misses


@dataclass(frozen=True, slots=True)
class Cell:
    """One tier in one half hour of a trial: callers, answered in time, hung up."""

    offered: int = 0
    good: int = 0
    abandoned: int = 0

    @property
    def level(self) -> float:
        """Share answered in time; 1 when nobody came."""
        return self.good / self.offered if self.offered else 1.0

    def misses(self, goal: float) -> float:
        """By how much the level lies below the goal, beyond noise; 0 when it does not."""
        if not self.offered:
            return 0.0
        error = NOISE * math.sqrt(goal * (1 - goal) / self.offered)
        return max(0.0, goal - self.level - error)

    def __add__(self, other: "Cell") -> "Cell":
        return Cell(self.offered + other.offered, self.good + other.good, self.abandoned + other.abandoned)


Trial = Mapping[str, Sequence[Cell]]  # tier -> cell of each half hour


def day_of(trial: Trial, tier: str) -> Cell:
    """One tier's whole day."""
    return sum(trial[tier], Cell())


def more_agents(demand: Demand, agents: Sequence[int], trial: Trial, goals: Goals) -> tuple[int, ...] | None:
    """The agents after a trial that missed a goal; None when it missed none.

    Half hours below their goal get what they lack; else the peak hour, when the last tier misses its goal there; else, when a tier misses its goal
    over the day, the half hours that lost most of its calls.
    """
    added = list(agents)
    for slot in demand.open_slots():
        missing = max(trial[tier.name][slot].misses(goal_in(demand, tier, slot, goals)) for tier in demand.tiers)
        if missing > 0:
            added[slot] += max(1, round(GAIN * missing * math.sqrt(max(1, agents[slot]))))
    if tuple(added) != tuple(agents):
        return tuple(added)
    lowest, peak = demand.tiers[-1], demand.peak_slots()
    busiest = trial[lowest.name][peak[0]] + trial[lowest.name][peak[1]]
    if busiest.offered and busiest.level < goal_in(demand, lowest, peak[0], goals):
        return _with_more(added, _lost_most(trial[lowest.name], peak)[:1])
    for tier in demand.tiers:
        whole = day_of(trial, tier.name)
        if whole.offered and whole.level < tier.goal:
            worst = _lost_most(trial[tier.name], demand.open_slots())
            return _with_more(added, worst[: max(1, math.ceil((tier.goal - whole.level) * STEPS))])
    return None


def _lost_most(cells: Sequence[Cell], slots: Sequence[int]) -> list[int]:
    """The half hours in which most callers were not answered in time first."""
    return sorted(slots, key=lambda slot: cells[slot].good - cells[slot].offered)


def _with_more(agents: Sequence[int], slots: Sequence[int]) -> tuple[int, ...]:
    return tuple(count + (slot in slots) for slot, count in enumerate(agents))


def spared(demand: Demand, agents: Sequence[int], trial: Trial, goals: Goals, parity: int) -> tuple[int, ...]:
    """The agents with one fewer where every tier was well above its goal: half hours of one parity, so that neighbours do not pay together."""
    fewer = list(agents)
    for slot in demand.open_slots():
        margins = [
            trial[tier.name][slot].level - goal_in(demand, tier, slot, goals)
            for tier in demand.tiers
            if trial[tier.name][slot].offered
        ]
        if slot % 2 == parity and agents[slot] > 1 and margins and min(margins) > MARGIN / math.sqrt(agents[slot]):
            fewer[slot] -= 1
    return tuple(fewer)


def reaches(demand: Demand, trial: Trial, goals: Goals, slot: int) -> bool:
    """Whether a half hour reached every tier's goal, without allowance for noise: who spares an agent must be sure."""
    cells = [(trial[tier.name][slot], goal_in(demand, tier, slot, goals)) for tier in demand.tiers]
    return all(cell.level >= goal for cell, goal in cells)


def empty_trial(demand: Demand) -> dict[str, list[Cell]]:
    """Nothing counted yet."""
    return {tier.name: [Cell()] * SLOTS for tier in demand.tiers}
