"""What any set of calls amounts to: counts and seconds that add up, from which every figure follows.

Owns what one call adds. Must not know periods nor formulas.
Rules: two sums of different calls add up, in any order, to the sum of all. An offered call is in exactly one outcome.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import add
from typing import NamedTuple

from metrics.service_level import BUCKETS_S, LevelCount
from routing.facts import Outcome

ANSWERED, ABANDONED = Outcome.ANSWERED.value, Outcome.ABANDONED.value
MENU, CALLBACK = Outcome.MENU.value, Outcome.CALLBACK.value
OFFERED = tuple(outcome.value for outcome in Outcome if outcome is not Outcome.MENU)
_BINS = len(BUCKETS_S) + 1
LONGEST_S = 1e9  # a wait or talk that is longer is none


class CallRow(NamedTuple):
    """One call record as reports read it; `at` its queue entry, for menu calls its arrival. Fields: facts.CallRecord."""

    at: float
    call: str
    segment: int
    caller: str
    queue: str
    tier: str
    service: str
    agent: str
    outcome: str
    reason: str
    wait_s: float
    talk_s: float
    hold_s: float
    wrap_up_s: float | None
    in_target: bool
    offers: int
    missed: int


class DamagedRowError(ValueError):
    """A row that no call can have left: the text says what is wrong with it, without any number of a customer."""


@dataclass(slots=True)
class Sums:
    """Counts and seconds of offered calls (those whose caller asked for a person).

    outcomes                       outcome -> calls; they add up to `offered`
    in_target, given_up_in_target  answered, or hung up, within the target of the call's own tier
    short                          hung up sooner than the short-abandon threshold
    answered_bins, given_up_bins   waits up to 3, 5, 10 ... 60 s and longer, each call in one
    answered_wait_s, given_up_wait_s, talk_s (hold included), hold_s, wrap_up_s
    wrapped                        answered calls whose after-call work is known
    offers, missed                 seats asked; of these, that rang in vain
    callbacks                      reason -> callbacks that are over
    """

    offered: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OFFERED, 0))
    in_target: int = 0
    given_up_in_target: int = 0
    short: int = 0
    answered_bins: list[int] = field(default_factory=lambda: [0] * _BINS)
    given_up_bins: list[int] = field(default_factory=lambda: [0] * _BINS)
    answered_wait_s: float = 0.0
    given_up_wait_s: float = 0.0
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_up_s: float = 0.0
    wrapped: int = 0
    offers: int = 0
    missed: int = 0
    callbacks: dict[str, int] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """Answered by an agent while the caller waited."""
        return self.outcomes[ANSWERED]

    def add(self, row: CallRow, target_s: float, short_s: float) -> None:
        """Adds one offered call. Raises DamagedRowError and then has added nothing."""
        _, _, _, _, _, _, _, _, outcome, reason, wait_s, talk_s, hold_s, wrap_up_s, in_target, offers, missed = row
        if outcome not in self.outcomes:
            raise DamagedRowError(f"outcome {outcome[:20]!r} is none of {', '.join(OFFERED)}")
        if not (0.0 <= wait_s < LONGEST_S and 0.0 <= talk_s < LONGEST_S):  # NaN is neither
            raise DamagedRowError("seconds of waiting or talk are no length of time")
        self.offered += 1
        self.outcomes[outcome] += 1
        self.offers += offers
        self.missed += missed
        if outcome == ANSWERED:
            self.answered_bins[bisect_left(BUCKETS_S, wait_s)] += 1
            self.answered_wait_s += wait_s
            self.in_target += bool(in_target)
            self.talk_s += talk_s
            self.hold_s += hold_s
            if wrap_up_s is not None:
                self.wrap_up_s += wrap_up_s
                self.wrapped += 1
        elif outcome == ABANDONED:
            self.given_up_bins[bisect_left(BUCKETS_S, wait_s)] += 1
            self.given_up_wait_s += wait_s
            self.given_up_in_target += wait_s <= target_s
            self.short += wait_s < short_s
        elif outcome == CALLBACK:
            self.callbacks[reason] = self.callbacks.get(reason, 0) + 1

    def take(self, other: "Sums") -> None:
        """Adds another sum to this one."""
        self.offered += other.offered  # written out: a month has tens of thousands of sums
        self.in_target += other.in_target
        self.given_up_in_target += other.given_up_in_target
        self.short += other.short
        self.answered_wait_s += other.answered_wait_s
        self.given_up_wait_s += other.given_up_wait_s
        self.talk_s += other.talk_s
        self.hold_s += other.hold_s
        self.wrap_up_s += other.wrap_up_s
        self.wrapped += other.wrapped
        self.offers += other.offers
        self.missed += other.missed
        for outcome, count in other.outcomes.items():
            if count:
                self.outcomes[outcome] += count
        for reason, count in other.callbacks.items():
            self.callbacks[reason] = self.callbacks.get(reason, 0) + count
        if other.outcomes[ANSWERED]:
            self.answered_bins = list(map(add, self.answered_bins, other.answered_bins))
        if other.outcomes[ABANDONED]:
            self.given_up_bins = list(map(add, self.given_up_bins, other.given_up_bins))

    def level_at(self, bucket_s: int) -> LevelCount:
        """The count against one target for all; raises ValueError when it is none of BUCKETS_S."""
        upto = BUCKETS_S.index(bucket_s) + 1
        return self._level(sum(self.answered_bins[:upto]), sum(self.given_up_bins[:upto]))

    def level_at_own_target(self) -> LevelCount:
        """The count against the target of each call's own tier."""
        return self._level(self.in_target, self.given_up_in_target)

    def _level(self, answered_in: int, given_up_in: int) -> LevelCount:
        return LevelCount(self.answered, self.offered - self.answered, answered_in, given_up_in, self.short)

    def buckets(self) -> dict[int, tuple[int, int]]:
        """For each n of BUCKETS_S (answered, abandoned) within n seconds: n秒内人工接通数, n秒内人工放弃数."""
        found, answered, given_up = {}, 0, 0
        for index, bucket_s in enumerate(BUCKETS_S):
            answered += self.answered_bins[index]
            given_up += self.given_up_bins[index]
            found[bucket_s] = (answered, given_up)
        return found


def total(sums: Iterable[Sums]) -> Sums:
    """All of them added up."""
    found = Sums()
    for part in sums:
        found.take(part)
    return found
