"""The steps of a queue's overflow recipe, as data.

Owns what a step says: when it is due, for which tiers, and what it changes. Must not decide whether it is due: recipe.py does.
Rules: issue of routing in full, item 4 (recipes after OpenACD's): a call takes each step at most once.
"""

from dataclasses import dataclass
from enum import Enum

from routing.groups import Levels, shown

SUPERVISORS = "supervisors"  # the queue that supervisors serve: nobody enters it, a step adds it


class When(Enum):
    """What a step's `threshold` is compared with."""

    AFTER = "after_s"  # seconds since the call entered the queue: at or above
    LEFT = "left_s"  # seconds left to the tier's target: at or below
    PREDICTED = "predicted_s"  # the estimate of the wait: above
    AHEAD = "ahead"  # callers of the same queue who are before it, not seconds: at or above


class Leave(Enum):
    """Where a call goes that waits no longer."""

    OUTSIDE = "outside"
    CALLBACK = "callback"
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True)
class Step:
    """One condition and one operation (exactly one of the fields from `relax` on says something).

    tiers       of callers whom the step is for; empty: all
    relax       skills whose required level is lowered, and by how much; at 0 the skill is required no more
    add_queue   agents of this queue may serve the call too
    ring_seats  so many idle seats are rung at once
    leave       the call waits no longer; `number` is where an outside call goes
    """

    when: When
    threshold: float
    tiers: tuple[str, ...] = ()
    relax: Levels = ()
    add_queue: str = ""
    ring_seats: int = 0
    leave: Leave | None = None
    number: str = ""

    @property
    def name(self) -> str:
        """For people, and the step's identity over restarts; an outside number is not shown."""
        for_tiers = f" for {', '.join(self.tiers)} callers" if self.tiers else ""
        return f"{self._operation} {self._condition}{for_tiers}"

    @property
    def _condition(self) -> str:
        if self.when is When.AHEAD:
            return f"with {self.threshold:g} callers before it"
        seconds = f"{self.threshold:g} s"
        if self.when is When.AFTER:
            return f"after {seconds}"
        return f"with {seconds} left to the target" if self.when is When.LEFT else f"with more than {seconds} predicted"

    @property
    def _operation(self) -> str:
        if self.relax:
            return f"required level lowered by {shown(self.relax)}"
        if self.add_queue:
            return "supervisors too" if self.add_queue == SUPERVISORS else f"agents of {self.add_queue} too"
        return f"{self.ring_seats} seats rung at once" if self.leave is None else self.leave.value
