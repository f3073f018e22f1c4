"""What test calls say over weeks: how many passed, under which condition, and why the others did not.

Owns these counts. Must not know where results are kept.
Rules: domain.md H8: weekly; below 90 % the cause is analysed, and measure and result are recorded (the weekly report has the place for it).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from probing.words import Condition, Reason, Result

GOAL = 0.90  # domain.md H5, H8


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One test as it is on record: epoch second, who tested, what, how it went, why, remark; the call's id and the longest wait for a person."""

    at: float
    tester: str
    condition: Condition
    result: Result
    reason: Reason
    remark: str
    call: str = ""
    wait_s: float | None = None


@dataclass(slots=True)
class ProbeWeek:
    """The tests of one week. `made`: passed and failed ones; those that could not be made count apart."""

    week: str
    passed: Counter[Condition] = field(default_factory=Counter)
    failed: Counter[Condition] = field(default_factory=Counter)
    not_made: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)

    @property
    def made(self) -> int:
        """Tests that were made."""
        return self.passed.total() + self.failed.total()

    @property
    def rate(self) -> float | None:
        """Passed / made, 0 to 1; None when no test was made."""
        return self.passed.total() / self.made if self.made else None

    @property
    def needs_analysis(self) -> bool:
        """Whether the rate is below the goal, so that cause, measure and result must be written down."""
        return self.rate is not None and self.rate < GOAL


def by_week(results: Iterable[ProbeResult], week_of: Callable[[float], str]) -> list[ProbeWeek]:
    """The weeks that have tests, in order; `week_of` names the week of an epoch second. Any order of `results`."""
    weeks: dict[str, ProbeWeek] = {}
    for result in results:
        name = week_of(result.at)
        week = weeks.setdefault(name, ProbeWeek(name))
        if result.result is Result.NOT_MADE:
            week.not_made += 1
        else:
            (week.passed if result.result is Result.PASSED else week.failed)[result.condition] += 1
        if result.reason is not Reason.NONE:
            week.reasons[result.reason] += 1
    return [weeks[name] for name in sorted(weeks)]
