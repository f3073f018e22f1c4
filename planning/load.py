"""What comes to a line of callers: how many, for how long, and how patient.

Owns these figures and their limits. Must not know a formula or a file. Times are seconds, rates per second.
Rules: theory.md section 2.
"""

import math
from dataclasses import dataclass


class LoadError(ValueError):
    """A load that no line can have: the text names the figure and what is allowed."""


@dataclass(frozen=True, slots=True)
class Load:
    """What comes: calls per second, seconds of handling (talk and wrap-up), mean patience in seconds (`inf`: nobody hangs up).

    raises   LoadError for figures that are not positive, or not finite (patience may be infinite)
    """

    arrivals_per_s: float
    handling_s: float
    patience_s: float = math.inf

    def __post_init__(self) -> None:
        for name in ("arrivals_per_s", "handling_s", "patience_s"):
            value = getattr(self, name)
            if not value > 0 or (math.isinf(value) and name != "patience_s"):
                raise LoadError(f"{name} is {value:g}: it must be a number above 0")

    @property
    def erlangs(self) -> float:
        """Agents that would be busy on average if nobody hung up."""
        return self.arrivals_per_s * self.handling_s
