"""What one day asks of a hotline: calls of each tier in each half hour, how long they take, how patient callers are, what is promised to them.

Owns these figures and the load that follows from them. Must not know agents, files or a simulator.
Rules: theory.md section 2.3: busy agents lag behind the calls by about one handling time (the infinite-server load of Eick, Massey and Whitt 1993).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from planning.load import Load, LoadError

HALF_HOUR_S = 1800
SLOTS = 48
LEAST_CALLS = 0.2  # expected calls in a half hour below which nobody is planned: one call in two and a half hours


@dataclass(frozen=True, slots=True)
class TierDemand:
    """One tier. `calls` expected in each half hour; `handling_s` talk, after-call work and time to pick up; `talk_cv` spread of talk over its mean.

    within_s, goal   the promise: so many seconds, to that share
    wrap_up_s        after-call work, part of handling_s; None: as the site has it
    raises           LoadError for figures that no tier can have
    """

    name: str
    calls: tuple[float, ...]
    talk_s: float
    handling_s: float
    patience_s: float
    within_s: float
    goal: float
    talk_cv: float = 1.0
    wrap_up_s: float | None = None

    def __post_init__(self) -> None:
        if len(self.calls) != SLOTS or not all(0 <= calls < math.inf for calls in self.calls):
            raise LoadError(f"tier {self.name}: calls must be {SLOTS} numbers from 0")
        if not 0 < self.goal < 1:
            raise LoadError(
                f"tier {self.name}: a goal of {self.goal:g} cannot be planned: no staff answers everybody in time; it must be below 1, such as 0.95"
            )
        for name in ("talk_s", "handling_s", "patience_s", "within_s"):
            if not getattr(self, name) > 0:
                raise LoadError(f"tier {self.name}: {name} is {getattr(self, name):g}: it must be above 0")


@dataclass(frozen=True, slots=True)
class Demand:
    """All tiers of a day, in the order of their priority. `cv`: how far the whole day may be off, standard deviation over mean."""

    tiers: tuple[TierDemand, ...]
    cv: float = 0.0

    def busier(self, factor: float) -> "Demand":
        """The same day with so many times the calls."""
        scaled = (replace(tier, calls=tuple(calls * factor for calls in tier.calls)) for tier in self.tiers)
        return Demand(tuple(scaled), self.cv)

    def calls(self, slot: int) -> float:
        """Of all tiers in one half hour."""
        return sum(tier.calls[slot] for tier in self.tiers)

    def open_slots(self) -> list[int]:
        """Half hours in which calls are expected."""
        return [slot for slot in range(SLOTS) if self.calls(slot) >= LEAST_CALLS]

    def peak_slots(self) -> tuple[int, int]:
        """The two half hours of the busiest clock hour, ties: the earliest."""
        hour = max(range(SLOTS // 2), key=lambda n: (self.calls(2 * n) + self.calls(2 * n + 1), -n))
        return 2 * hour, 2 * hour + 1


def lagged(calls: Sequence[float], handling_s: float) -> list[float]:
    """Mean number of busy agents in each half hour if nobody had to wait, from a day that starts empty.

    dR/dt = rate - R / handling, solved exactly for a constant rate in each half hour.
    """
    busy, means = 0.0, []
    decay = math.exp(-HALF_HOUR_S / handling_s)
    for count in calls:
        steady = count / HALF_HOUR_S * handling_s
        means.append(steady + (busy - steady) * handling_s / HALF_HOUR_S * (1 - decay))
        busy = steady + (busy - steady) * decay
    return means


def loads(demand: Demand) -> list[Load | None]:
    """All tiers together as one class in each half hour, lagged; None where no calls are expected.

    The rate is that of the lagged load; handling and impatience are means over callers.
    """
    lags = {tier.name: lagged(tier.calls, tier.handling_s) for tier in demand.tiers}
    found: list[Load | None] = [None] * SLOTS
    for slot in demand.open_slots():
        total = demand.calls(slot)
        handling_s = sum(tier.calls[slot] * tier.handling_s for tier in demand.tiers) / total
        impatience = sum(tier.calls[slot] / tier.patience_s for tier in demand.tiers) / total
        erlangs = sum(lag[slot] for lag in lags.values())
        found[slot] = Load(erlangs / handling_s, handling_s, 1 / impatience if impatience else math.inf)
    return found
