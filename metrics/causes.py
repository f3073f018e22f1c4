"""Why callers of a half-hour were not answered in time: reckoned in one unit, the agents that were missing.

Owns that reckoning. Must not know where counts come from. Rules: docs/reports.md, causes.
The work that came is calls x handle time. It is compared with what is usual for that half-hour, part by part, and each part is told
as the number of agents it takes: more calls (surge), longer calls, seats that rang in vain, agents who are usually there and were not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median

from metrics.spans import SLOT_S
from metrics.sums import Sums

LEAST_AGENTS = 0.25  # a part that is smaller explains nothing
LEAST_SHARE = 0.05  # ... of the agents that the work took


class Cause(Enum):
    """What went wrong; the words of reports."""

    SURGE = "surge"  # more calls than usual
    LONG_CALLS = "long calls"
    RONA = "RONA"  # seats rang in vain: the caller lost the ring time, and the agent was out until it said ready
    TOO_FEW_AGENTS = "too few agents"
    UNEXPLAINED = "unexplained"  # no part differs from what is usual and enough agents were there


@dataclass(frozen=True, slots=True)
class Half:
    """One half-hour. staff_s: agents' seconds at work (ready, ringing, talk, after-call work), None: not on record. missed_s: out after a ring in vain."""

    offered: int
    answered: int
    in_target: int
    handle_s: float
    missed: int
    offers: int
    ring_lost_s: float
    staff_s: float | None
    missed_s: float = 0.0

    @property
    def handle_time_s(self) -> float | None:
        """Mean handle time of its answered calls."""
        return self.handle_s / self.answered if self.answered else None


@dataclass(frozen=True, slots=True)
class Usual:
    """Medians of like half-hours; staff None: not on record. `of`: how many they were."""

    offered: float
    handle_time_s: float
    staff: float | None
    of: int


@dataclass(frozen=True, slots=True)
class Finding:
    """The cause, and how many agents each part took, largest first; `words` say it with its figures."""

    cause: Cause
    agents: tuple[tuple[Cause, float], ...]
    words: str


def half_of(sums: Sums, staff_s: float | None, missed_s: float, ring_s: float) -> Half:
    """A half-hour from its sums; a call whose after-call work is unknown is taken to have the mean of the others. `ring_s`: how long a seat rings in vain."""
    wrap_s = sums.wrap_up_s / sums.wrapped * sums.answered if sums.wrapped else 0.0
    return Half(
        sums.offered,
        sums.answered,
        sums.in_target,
        sums.talk_s + wrap_s,
        sums.missed,
        sums.offers,
        sums.missed * ring_s,
        staff_s,
        missed_s,
    )


def usual_of(like: Sequence[Half]) -> Usual | None:
    """What is usual in half-hours like this one; None without any that had a call answered."""
    times = [half.handle_time_s for half in like if half.handle_time_s is not None]
    if not times:
        return None
    staff = [half.staff_s / SLOT_S for half in like if half.staff_s is not None]
    return Usual(median(half.offered for half in like), median(times), median(staff) if staff else None, len(like))


def cause_of(half: Half, usual: Usual | None) -> Finding:
    """The part that took the most agents. Without history only what the half-hour itself shows counts: seats in vain, and work beyond staff."""
    handle_s = half.handle_time_s or (usual.handle_time_s if usual else 0.0)
    work = half.offered * handle_s / SLOT_S
    staff = half.staff_s / SLOT_S if half.staff_s is not None else None
    parts = {Cause.RONA: (half.ring_lost_s + half.missed_s) / SLOT_S}
    if usual is not None:
        parts[Cause.SURGE] = (half.offered - usual.offered) * usual.handle_time_s / SLOT_S
        parts[Cause.LONG_CALLS] = half.offered * (handle_s - usual.handle_time_s) / SLOT_S
        if staff is not None and usual.staff is not None:
            out = half.missed_s / SLOT_S  # these are counted as RONA
            parts[Cause.TOO_FEW_AGENTS] = usual.staff - staff - out
    least = max(LEAST_AGENTS, LEAST_SHARE * work)
    ranked = tuple(sorted(((c, n) for c, n in parts.items() if n >= least), key=lambda part: (-part[1], part[0].value)))
    if ranked:
        cause = ranked[0][0]
    elif staff is None or staff < work * (1 + LEAST_SHARE):
        cause = Cause.TOO_FEW_AGENTS
    else:
        cause = Cause.UNEXPLAINED
    return Finding(cause, ranked, _words(cause, half, usual, (work, staff)))


def _words(cause: Cause, half: Half, usual: Usual | None, load: tuple[float, float | None]) -> str:
    work, staff = load
    there = f"{staff:.1f} agents at work" if staff is not None else "how many agents were at work is not on record"
    beside = f", usually {usual.offered:.0f}" if usual is not None else ""
    match cause:
        case Cause.SURGE:
            return f"{half.offered} calls{beside}"
        case Cause.LONG_CALLS:
            handle_s, usual_s = half.handle_time_s or 0.0, usual.handle_time_s if usual is not None else 0.0
            return f"a call took {handle_s:.0f} s, usually {usual_s:.0f} s"
        case Cause.RONA:
            return f"{half.missed} of {half.offers} offers rang in vain: {(half.ring_lost_s + half.missed_s) / 60:.0f} agent minutes lost"
        case Cause.TOO_FEW_AGENTS:
            usually = f", usually {usual.staff:.1f}" if usual is not None and usual.staff is not None else ""
            return f"{there}{usually}; the calls were {work:.1f} agents' work"
        case Cause.UNEXPLAINED:
            return f"{half.offered} calls{beside}; {there} for {work:.1f} agents' work"
