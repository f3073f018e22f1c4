"""Chance that comes out the same whatever else is simulated: numbers that follow from a call's own seed, and distributions.

Owns how luck becomes seconds. Must not keep a generator of its own: two site files are compared on the same random numbers only if a call's
luck does not depend on what other calls did.
Rules: every distribution by its inverse function, one uniform number each. The mixing is SplitMix64 (Steele, Lea and Flood 2014).
"""

import math
from dataclasses import dataclass
from enum import Enum
from statistics import NormalDist

_MASK = (1 << 64) - 1
_NORMAL = NormalDist()
_SMALLEST = 2.0**-53


class DistributionError(ValueError):
    """A distribution that nothing can follow: the text names the figure and what is allowed."""


class Shape(Enum):
    """How seconds spread about their mean."""

    CONSTANT = "constant"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"  # talk times: theory.md section 4, log-sd about 1.2
    UNIFORM = "uniform"


@dataclass(frozen=True, slots=True)
class Distribution:
    """Seconds of one kind. `cv`: standard deviation over mean; of lognormal, and of uniform at most 0.577. `mean_s` may be `inf` (never).

    raises   DistributionError for a mean below 0 or a spread that the shape cannot have
    """

    mean_s: float
    shape: Shape = Shape.EXPONENTIAL
    cv: float = 1.0

    def __post_init__(self) -> None:
        if not self.mean_s >= 0:
            raise DistributionError(f"a mean of {self.mean_s:g} s: it must be 0 or more")
        if not 0 < self.cv <= 20:
            raise DistributionError(f"a cv of {self.cv:g}: it must be above 0 and at most 20")
        if self.shape is Shape.UNIFORM and self.cv > 1 / math.sqrt(3):
            raise DistributionError(f"a cv of {self.cv:g}: uniform seconds from 0 on have at most 0.577")

    def at(self, luck: float) -> float:
        """The seconds below which a share `luck` (0 to below 1) of all lie."""
        mean_s = self.mean_s
        if self.shape is Shape.EXPONENTIAL:
            return -mean_s * math.log1p(-luck) if mean_s < math.inf else mean_s
        if self.shape is Shape.CONSTANT or mean_s in (0.0, math.inf):
            return mean_s
        if self.shape is Shape.UNIFORM:
            return mean_s * (1 + math.sqrt(3) * self.cv * (2 * luck - 1))
        variance = math.log1p(self.cv**2)
        return mean_s * math.exp(math.sqrt(variance) * _NORMAL.inv_cdf(max(luck, _SMALLEST)) - variance / 2)


def uniform(seed: int, turn: int) -> float:
    """The number 0 to below 1 that a call with this seed has at its turn-th question; the same whenever it is asked."""
    mixed = (seed + (turn + 1) * 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((mixed ^ (mixed >> 31)) >> 11) * _SMALLEST
