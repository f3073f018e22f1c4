"""What the contract asks of a span of days, and what was reached.

Owns which goals there are and their order. Must not know a table or a page. Rules: domain.md H3 to H8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from metrics.figures import figures_of
from metrics.kpi import ANSWER_GOAL, PEAK_HOUR_GOAL
from metrics.ledger import Yardstick
from metrics.sums import Sums

PASSED = "passed"
TESTED = (PASSED, "failed")  # a test that could not be made says nothing of the hotline


@dataclass(frozen=True, slots=True)
class Goal:
    """One promise: what was reached of it. is_kept None: nothing counts."""

    name: str
    value: float | None
    goal: float

    @property
    def is_kept(self) -> bool | None:
        """Whether it was kept."""
        return None if self.value is None else self.value >= self.goal


def goals_of(
    yardstick: Yardstick, everything: Sums, peak: Sums, tiers: Mapping[str, Sums], results: Sequence[str]
) -> list[Goal]:
    """Answer rate, the same in peak hours (`peak`: their sum), each tier's level, and test calls when any of `results` says passed or failed."""
    goals = [
        Goal("answer rate", figures_of(everything).answer_rate, ANSWER_GOAL),
        Goal("answer rate in the daily peak hour", figures_of(peak).answer_rate, PEAK_HOUR_GOAL),
    ]
    for tier, goal in yardstick.goals.items():
        target_s = yardstick.targets_s[tier]
        level = figures_of(tiers[tier]).level_own if tier in tiers else None
        goals.append(Goal(f"{tier}: answered within {target_s:g} s", level, goal))
    tested = [result for result in results if result in TESTED]
    if tested:
        goals.append(Goal("test calls that passed", tested.count(PASSED) / len(tested), ANSWER_GOAL))
    return goals
