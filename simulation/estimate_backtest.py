"""How good the announced waits are: what callers were told against what they then waited, beside app_queue's moving average.

Owns the back-test. Must not know how an estimate is made: it asks the router's own, and keeps app_queue's beside it.
Rules: a share of callers gets a patience without end, and only they are measured: who hangs up takes the answer along, and measuring the others
alone would flatter every estimate. app_queue: holdtime = (3 holdtime + last wait) / 4 at each answer, per queue (apps/app_queue.c,
recalc_holdtime); a tier is a queue of its own there. It tells holdtime less what was waited so far.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from routing.estimate import predicted_wait
from routing.facts import Announced, CallAnswered, CallRecord
from routing.rules import Rules
from simulation.arrival import Arrival
from simulation.chance import uniform
from simulation.people import IDEAL, Habits
from simulation.shift import Shift
from simulation.world import World

_PROBE = 6  # turn of a call's luck
MEMORY = 4  # app_queue's moving average: the last wait counts a quarter


@dataclass(frozen=True, slots=True)
class Told:
    """One announcement: seconds still to wait as told, and as it came."""

    tier: str
    at: float
    low_s: float
    mean_s: float
    high_s: float
    average_s: float  # app_queue's
    minutes: int  # as announced, 0: no figure
    was_s: float


@dataclass(slots=True)
class Backtest:
    """All announcements to probes, in order of their answer."""

    told: list[Told] = field(default_factory=list)

    def mean_error_s(self, tier: str | None = None) -> tuple[float, float]:
        """Mean absolute error of our mean and of app_queue's average; NaN without announcements."""
        rows = self._of(tier)
        if not rows:
            return math.nan, math.nan
        ours = sum(abs(row.mean_s - row.was_s) for row in rows) / len(rows)
        return ours, sum(abs(row.average_s - row.was_s) for row in rows) / len(rows)

    def share_inside(self, tier: str | None = None) -> float:
        """Share of announcements whose interval (made for 80 %) holds what came."""
        rows = self._of(tier)
        return sum(row.low_s <= row.was_s <= row.high_s for row in rows) / len(rows) if rows else math.nan

    def share_near(self, within_s: float, tier: str | None = None) -> tuple[float, float]:
        """Share of announcements that were at most `within_s` off, ours and app_queue's."""
        rows = self._of(tier)
        if not rows:
            return math.nan, math.nan
        ours = sum(abs(row.mean_s - row.was_s) <= within_s for row in rows) / len(rows)
        return ours, sum(abs(row.average_s - row.was_s) <= within_s for row in rows) / len(rows)

    def _of(self, tier: str | None) -> list[Told]:
        return [row for row in self.told if tier in (None, row.tier)]


def with_probes(arrivals: Iterable[Arrival], share: float, seed: int) -> Iterator[Arrival]:
    """The same calls; a share of them never hangs up."""
    for number, arrival in enumerate(arrivals):
        luck = arrival.luck or int(uniform(seed, number) * 2**53) + 1
        patience_s = math.inf if uniform(luck, _PROBE) < share else arrival.patience_s
        yield replace(arrival, luck=luck, patience_s=patience_s)


def backtest(
    rules: Rules,
    arrivals: Iterable[Arrival],
    shifts: Iterable[Shift] | None = None,
    habits: Habits = IDEAL,
    *,
    share: float = 0.1,
    every_s: float = 30.0,
    seed: int = 0,
) -> Backtest:
    """Simulates with announcements `every_s`, and measures them on a `share` of callers; other arguments as of `World`."""
    rules = replace(rules, announce_every_s=every_s)
    world = World(rules, with_probes(arrivals, share, seed), shifts, habits, seed=seed)
    found, pending = Backtest(), dict[str, list[Told]]()
    averages = {tier.name: 0 for tier in rules.tiers}
    for _, _, facts in world.steps():
        for fact in facts:
            if isinstance(fact, Announced) and world.open[fact.call].patience_s == math.inf:
                if (told := _told(world, fact, averages)) is not None:
                    pending.setdefault(fact.call, []).append(told)
            elif isinstance(fact, CallAnswered):
                found.told += [replace(row, was_s=fact.at - row.at) for row in pending.pop(fact.call, ())]
                averages[fact.tier] = (averages[fact.tier] * (MEMORY - 1) + int(fact.wait_s)) // MEMORY
            elif isinstance(fact, CallRecord):
                pending.pop(fact.call, None)
    return found


def _told(world: World, fact: Announced, averages: dict[str, int]) -> Told | None:
    call = world.state.calls[fact.call]
    estimate = predicted_wait(world.state, call, fact.at)
    if estimate is None:
        return None
    average_s = max(0.0, averages[call.tier] - (fact.at - call.entered_at))
    bounds = (estimate.low_s, estimate.mean_s, estimate.high_s)
    return Told(call.tier, fact.at, *bounds, average_s, fact.minutes, math.nan)
