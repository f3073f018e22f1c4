"""What a simulated time came to: calls by queue and tier, waits, levels. A few numbers, however many calls there were.

Owns the fold over call records. Must not know where they come from: those of a live site fold alike.
Rules: the five service levels are those of metrics/service_level.py.
"""

from dataclasses import dataclass, field

from metrics.service_level import SHORT_ABANDON_S, LevelCount
from routing.facts import CallRecord, Outcome
from routing.rules import Rules

Key = tuple[str, str]  # queue, tier


@dataclass(slots=True)
class Count:
    """Calls of one queue and tier.

    in_target, abandoned_in_target    waited at most the tier's target
    short_abandoned                   gave up sooner than SHORT_ABANDON_S
    others                            outcomes beside answered and abandoned: callbacks, messages, outside, lost
    answer_wait_s, abandon_wait_s     summed, as are talk_s; longest_s is of answered callers
    """

    answered: int = 0
    in_target: int = 0
    abandoned: int = 0
    abandoned_in_target: int = 0
    short_abandoned: int = 0
    others: dict[str, int] = field(default_factory=dict)
    answer_wait_s: float = 0.0
    abandon_wait_s: float = 0.0
    longest_s: float = 0.0
    talk_s: float = 0.0
    offers: int = 0

    @property
    def offered(self) -> int:
        """Every call that asked for a person and is over."""
        return self.answered + self.abandoned + sum(self.others.values())

    @property
    def levels(self) -> LevelCount:
        """The counts that the five service levels are reckoned from."""
        return LevelCount(self.answered, self.abandoned, self.in_target, self.abandoned_in_target, self.short_abandoned)

    def add(self, record: CallRecord, target_s: float) -> None:
        """Counts one call."""
        wait_s = record.wait_s
        self.offers += record.offers
        self.talk_s += record.talk_s
        if record.outcome is Outcome.ANSWERED:
            self.answered += 1
            self.in_target += record.in_target
            self.answer_wait_s += wait_s
            self.longest_s = max(self.longest_s, wait_s)
        elif record.outcome is Outcome.ABANDONED:
            self.abandoned += 1
            self.abandon_wait_s += wait_s
            self.abandoned_in_target += wait_s <= target_s
            self.short_abandoned += wait_s < SHORT_ABANDON_S
        else:
            name = f"{record.outcome.value} {record.reason}"
            self.others[name] = self.others.get(name, 0) + 1

    def __add__(self, other: "Count") -> "Count":
        names = {**self.others, **other.others}
        return Count(
            self.answered + other.answered,
            self.in_target + other.in_target,
            self.abandoned + other.abandoned,
            self.abandoned_in_target + other.abandoned_in_target,
            self.short_abandoned + other.short_abandoned,
            {name: self.others.get(name, 0) + other.others.get(name, 0) for name in names},
            self.answer_wait_s + other.answer_wait_s,
            self.abandon_wait_s + other.abandon_wait_s,
            max(self.longest_s, other.longest_s),
            self.talk_s + other.talk_s,
            self.offers + other.offers,
        )


class Totals:
    """Counts by queue and tier; `unfinished`: calls that were not over when the simulation ended."""

    def __init__(self, rules: Rules) -> None:
        self._targets = {tier.name: tier.answer_within_s for tier in rules.tiers}
        self.counts: dict[Key, Count] = {}
        self.unfinished = 0

    def add(self, record: CallRecord) -> None:
        """Counts one finished call; one that ended in the menu asked for nobody and is left out."""
        if record.outcome is Outcome.MENU:
            return
        key = (record.queue, record.tier)
        count = self.counts.get(key)
        if count is None:
            count = self.counts[key] = Count()
        count.add(record, self._targets[record.tier])

    def of_tier(self, tier: str) -> Count:
        """All queues of one tier together."""
        return sum((count for (_, name), count in self.counts.items() if name == tier), Count())

    def all(self) -> Count:
        """Everybody together; each was counted against the target of its tier."""
        return sum(self.counts.values(), Count())
