"""What the contract asks of a span of days, and what was reached.

Owns the goals and their order. Must not know a table or a page. Rules: domain.md H3 to H8.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from metrics.figures import figures_of
from metrics.ledger import Ledger
from metrics.sums import Sums

GOAL_OF_SPAN = 0.90  # domain.md H5, asked of the year and here of each span: a year that keeps it is made of such spans; H8 asks it of weeks
GOAL_OF_PEAK_HOUR = 0.85  # domain.md H6
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


def goals_of(ledger: Ledger, everything: Sums, peak: Sums, results: Sequence[str]) -> list[Goal]:
    """Answer rate, the same in peak hours (`peak`: their sum), each tier's level, and test calls when any of `results` says passed or failed."""
    goals = [
        Goal("answer rate", figures_of(everything).answer_rate, GOAL_OF_SPAN),
        Goal("answer rate in the daily peak hour", figures_of(peak).answer_rate, GOAL_OF_PEAK_HOUR),
    ]
    tiers = ledger.by(lambda cell: cell.tier)
    for tier, goal in ledger.yardstick.goals.items():
        target_s = ledger.yardstick.targets_s[tier]
        level = figures_of(tiers[tier]).level_own if tier in tiers else None
        goals.append(Goal(f"{tier}: answered within {target_s:g} s", level, goal))
    tested = [result for result in results if result in TESTED]
    if tested:
        goals.append(Goal("test calls that passed", tested.count(PASSED) / len(tested), GOAL_OF_SPAN))
    return goals
