"""A histogram with fixed upper bounds, as Prometheus wants it.

Owns counting into buckets. Must not know what is measured.
Bounds: those of waits are the n-second buckets that Chinese operators report (field.md section 5.2).
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

WAIT_BOUNDS_S = (1.0, 3.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 120.0, 300.0)
RING_BOUNDS_S = (0.002, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
TALK_BOUNDS_S = (15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 900.0, 1800.0)
DECISION_BOUNDS_S = (0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01)


@dataclass(slots=True)
class Histogram:
    """Counts of values at or below each bound (the last count: above all bounds), and their sum."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        if not self.counts:
            self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """Counts one value; a value on a bound belongs to that bound's bucket."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def add_many(self, bucket: int, count: int, total: float) -> None:
        """Counts `count` values that belong to the bucket of that place and add up to `total`."""
        self.counts[bucket] += count
        self.total += total

    def cumulative(self) -> list[tuple[str, float]]:
        """(upper bound as text, count of values up to it), the last with +Inf: Prometheus' form."""
        running, rows = 0, []
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            running += count
            rows.append(("+Inf" if bound == float("inf") else repr(bound), float(running)))
        return rows

    @classmethod
    def from_plain(cls, values: dict[str, Any], bounds: tuple[float, ...]) -> "Histogram":
        """What was stored. Raises KeyError, TypeError or ValueError when it is damaged or has other bounds."""
        counts = [int(count) for count in values["counts"]]
        if tuple(values["bounds"]) != bounds or len(counts) != len(bounds) + 1:
            raise ValueError("other buckets")
        return cls(bounds, counts, float(values["total"]))
