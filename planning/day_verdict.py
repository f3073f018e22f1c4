"""Was a day bad luck or bad staffing: where its level lies among simulated days.

Owns the comparison and the verdict. Must not simulate nor read. Rules: two sets of days with the agents who were there: `expected`, with the calls that
were forecast (a random day factor included), and `came`, with the calls that really came. Staffing is judged by the first, because only the
forecast was known when it was planned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import fmean

LOOK = "look for agents away from their seats, seats that rang in vain, long after-call work"
RARE = 0.05  # of the simulated days: a level below theirs is not explained by chance


class Verdict(Enum):
    """What the day was."""

    MET = "the goal was met"
    STAFFING = "bad staffing: with the calls that were forecast these agents miss the goal on most days"
    LOAD = "bad luck with the load: these agents were enough for the forecast, more work came than that"
    CHANCE = "bad luck: these agents were enough for the calls that came, on most days; on this one they bunched"
    LOAD_AND_MORE = f"more work came than was forecast, and that is not all: with these calls nearly every simulated day was better; {LOOK}"
    UNEXPLAINED = (
        f"neither load nor chance explain it: with these agents and calls nearly every simulated day was better; {LOOK}"
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """One tier's day. Shares 0..1; `expected` and `came` are means of the simulated days, `rank` the share of days of `came` that were no better."""

    verdict: Verdict
    measured: float
    goal: float
    expected: float
    expected_met: float
    came: float
    rank: float


def judged(measured: float, goal: float, expected: Sequence[float], came: Sequence[float]) -> Judged:
    """The verdict on one tier; `expected` and `came`: its level on each simulated day, at least one of each.

    MET first; then staffing, when the agents miss the goal on more than half of the days that were forecast; then what the calls that came explain.
    """
    met = sum(level >= goal for level in expected) / len(expected)
    rank = sum(level <= measured for level in came) / len(came)
    if measured >= goal:
        verdict = Verdict.MET
    elif met <= 0.5:
        verdict = Verdict.STAFFING
    elif rank < RARE:
        verdict = Verdict.LOAD_AND_MORE if fmean(came) < goal else Verdict.UNEXPLAINED
    elif fmean(came) < goal:
        verdict = Verdict.LOAD
    else:
        verdict = Verdict.CHANCE
    return Judged(verdict, measured, goal, fmean(expected), met, fmean(came), rank)
