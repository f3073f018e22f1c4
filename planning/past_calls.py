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
    """One call that asked for a person at epoch second `at`.

    talk_s      None for a caller who hung up; `agent` who answered
    wrap_up_s   after-call work, None: not known           ring_s   of the wait, how long the seat rang
    """

    at: float
    tier: str
    wait_s: float
    talk_s: float | None
    agent: str = ""
    wrap_up_s: float | None = None
    ring_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Handling:
    """Means of one tier, in seconds, and how many calls tell them.

    talk_s, ring_s   of answered calls          wrap_up_s   of those whose after-call work is known, None: of none
    patience_s       `inf` when nobody waits and nobody hangs up
    """

    talk_s: float
    patience_s: float
    calls: int
    wrap_up_s: float | None = None
    ring_s: float = 0.0


def handling_of(calls: Iterable[PastCall]) -> dict[str, Handling]:
    """By tier; a tier without an answered call has none."""
    by_tier = defaultdict[str, list[PastCall]](list)
    for call in calls:
        by_tier[call.tier].append(call)
    return {tier: _handling(own) for tier, own in by_tier.items() if any(call.talk_s is not None for call in own)}


def _handling(calls: Sequence[PastCall]) -> Handling:
    talks = [call.talk_s for call in calls if call.talk_s is not None]
    after = [call.wrap_up_s for call in calls if call.wrap_up_s is not None]
    waited_s = sum(call.wait_s - call.ring_s for call in calls)
    patience_s = (waited_s + PRIOR_WAIT_S) / (len(calls) - len(talks) + PRIOR_GONE) if waited_s > 0 else inf
    ring_s = sum(call.ring_s for call in calls if call.talk_s is not None) / len(talks)
    return Handling(sum(talks) / len(talks), patience_s, len(calls), sum(after) / len(after) if after else None, ring_s)


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
