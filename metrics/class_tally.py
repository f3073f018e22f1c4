"""The counts of one queue and tier.

Owns the closed sets of words that become labels, and the form in which counts are stored. Must not know what adds to them.
Rules: design.md section 5; the words are those of routing/facts.py.
"""

from dataclasses import dataclass, field
from typing import Any

from metrics.histogram import RING_BOUNDS_S, TALK_BOUNDS_S, WAIT_BOUNDS_S, Histogram
from metrics.kpi import PeriodCount
from routing.events import OfferFailure

ALL = "all"  # in place of a queue or tier: all of them together, for figures that cannot be added up
OTHER = "other"  # a word that this version does not know, or one queue too many
ABANDON_REASONS = ("waiting", "ringing")
OFFER_RESULTS = ("answered", "answered_elsewhere", "lost", *(failure.value for failure in OfferFailure))
LEFT = ("outside", "voicemail", "callback")  # outcomes of calls that left the line in another way
CALLBACK_RESULTS = ("kept", "late", "unreached", "cancelled", "merged", "known")
KEEP_HOURS = (
    8 * 24 + 1
)  # clock hours with calls: back to the same weekday of last week; older ones live on in their year


def _zeros(words: tuple[str, ...]) -> dict[str, int]:
    return dict.fromkeys((*words, OTHER), 0)


@dataclass(slots=True)
class ClassTally:
    """Counts of one queue and tier; every label value is there from the start, so that a first event is a rise from 0.

    unaccounted   offered calls whose end was never journalled: entries were lost
    """

    offered: int = 0
    answered: int = 0
    in_target: int = 0
    lost: int = 0
    unaccounted: int = 0
    abandoned: dict[str, int] = field(default_factory=lambda: _zeros(ABANDON_REASONS))
    left: dict[str, int] = field(default_factory=lambda: _zeros(LEFT))
    callbacks: dict[str, int] = field(default_factory=lambda: _zeros(CALLBACK_RESULTS))
    offers: dict[str, int] = field(default_factory=lambda: _zeros(OFFER_RESULTS))
    answer_wait: Histogram = field(default_factory=lambda: Histogram(WAIT_BOUNDS_S))
    abandon_wait: Histogram = field(default_factory=lambda: Histogram(WAIT_BOUNDS_S))
    idle_to_ring: Histogram = field(default_factory=lambda: Histogram(RING_BOUNDS_S))
    talk: Histogram = field(default_factory=lambda: Histogram(TALK_BOUNDS_S))
    hours: dict[str, PeriodCount] = field(default_factory=dict)
    years: dict[str, PeriodCount] = field(default_factory=dict)

    def periods_of(self, hour: str) -> tuple[PeriodCount, PeriodCount]:
        """Where a call that entered the queue in clock hour `hour` counts: that hour and its year."""
        count = self.hours.get(hour)
        if count is None:
            count = self.hours[hour] = PeriodCount()
            while len(self.hours) > KEEP_HOURS:
                del self.hours[min(self.hours)]
        return count, self.years.setdefault(hour[:4], PeriodCount())

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> "ClassTally":
        """What was stored. Raises TypeError, KeyError or ValueError when it is damaged or has other buckets."""
        return cls(
            **{
                **values,
                "abandoned": _zeros(ABANDON_REASONS) | _whole(values["abandoned"]),
                "left": _zeros(LEFT) | _whole(values.get("left", {})),
                "callbacks": _zeros(CALLBACK_RESULTS) | _whole(values.get("callbacks", {})),
                "offers": _zeros(OFFER_RESULTS) | _whole(values["offers"]),
                "answer_wait": Histogram.from_plain(values["answer_wait"], WAIT_BOUNDS_S),
                "abandon_wait": Histogram.from_plain(values["abandon_wait"], WAIT_BOUNDS_S),
                "idle_to_ring": Histogram.from_plain(values["idle_to_ring"], RING_BOUNDS_S),
                "talk": Histogram.from_plain(values["talk"], TALK_BOUNDS_S)
                if "talk" in values  # a checkpoint from before it was measured
                else Histogram(TALK_BOUNDS_S),
                "hours": {hour: PeriodCount(**count) for hour, count in values["hours"].items()},
                "years": {year: PeriodCount(**count) for year, count in values["years"].items()},
            }
        )


def _whole(counts: dict[str, Any]) -> dict[str, int]:
    return {word: int(count) for word, count in counts.items()}
