"""Calls that were: what each tells of load, handling and patience.

Owns the one shape that records, logs and traces are turned into, and what follows from many. Must not know a file format.
Rules: patience is exponential and censored by the answer: mean = seconds that all callers waited / callers who hung up (theory.md section 4).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf

from planning.history import DAY_S, History

SLOT_S = 300
PRIOR_WAIT_S, PRIOR_GONE = (
    180.0,
    1.0,
)  # one caller's worth of the patience that theory.md assumes, for tiers that never wait


@dataclass(frozen=True, slots=True)
class PastCall:
    """One call that asked for a person at epoch second `at`. `talk_s` is None for a caller who hung up; `agent` who answered."""

    at: float
    tier: str
    wait_s: float
    talk_s: float | None
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Handling:
    """Means of one tier, in seconds: talk of answered calls, patience (`inf` when nobody waits and nobody hangs up), and how many calls tell it."""

    talk_s: float
    patience_s: float
    calls: int


def handling_of(calls: Iterable[PastCall]) -> dict[str, Handling]:
    """By tier; a tier without an answered call has none."""
    talk, waited, gone, count = (
        defaultdict[str, list[float]](list),
        defaultdict[str, float](float),
        defaultdict[str, int](int),
        defaultdict[str, int](int),
    )
    for call in calls:
        count[call.tier] += 1
        waited[call.tier] += call.wait_s
        if call.talk_s is None:
            gone[call.tier] += 1
        else:
            talk[call.tier].append(call.talk_s)
    return {
        tier: Handling(
            sum(times) / len(times),
            (waited[tier] + PRIOR_WAIT_S) / (gone[tier] + PRIOR_GONE) if waited[tier] else inf,
            count[tier],
        )
        for tier, times in talk.items()
    }


def histories_of(
    calls: Sequence[PastCall], clock: Callable[[float], tuple[date, float]], slot_s: int = SLOT_S
) -> dict[str, History]:
    """Counts by tier. `clock`: the local date and second of the day of an epoch second. Every tier has the same days."""
    counts: Mapping[str, dict[date, list[float]]] = defaultdict(dict)
    days = set()
    for call in calls:
        day, second = clock(call.at)
        days.add(day)
        slots = counts[call.tier].setdefault(day, [0.0] * (DAY_S // slot_s))
        slots[min(int(second // slot_s), len(slots) - 1)] += 1
    empty = (0.0,) * (DAY_S // slot_s)
    return {
        tier: History(slot_s, {day: tuple(of_tier[day]) if day in of_tier else empty for day in sorted(days)})
        for tier, of_tier in counts.items()
    }
