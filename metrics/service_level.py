"""Service level: the share of calls answered in time, in each of the five ways that people reckon it.

Owns these formulas and the counts that they need. Must not know where the calls come from.
Rules: field.md section 5.1: the same calls give from 81.1 to 86.0 %, so each figure carries its formula's name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Self

TARGETS_S = (15.0, 20.0, 30.0)  # field.md 5.3: written limit, operators' practice, mass market; shown together
SHORT_ABANDON_S = 5.0  # a caller who gives up sooner has mostly misdialled; no standard, so it is a setting
BUCKETS_S = (3, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60)  # n秒内人工接通数: field.md 5.2, Huawei AICC


class Variant(Enum):
    """The five formulas; A answered, B abandoned (asked for a person, nobody answered), T within the target, S short abandons."""

    ABANDONED_IN_TIME_COUNT_AS_GOOD = "F1"  # (A_T + B_T) / (A + B)
    OF_ANSWERED = "F2"  # A_T / A
    OF_OFFERED = "F3"  # A_T / (A + B): n秒接通率, the contract's own
    ABANDONED_IN_TIME_LEFT_OUT = "F4"  # A_T / (A + B after T)
    SHORT_ABANDONS_LEFT_OUT = "F5"  # A_T / (A + B - S)


@dataclass(frozen=True, slots=True)
class LevelCount:
    """Calls of any period, class or agent, counted against one target; two counts of different calls add up.

    answered, abandoned                          all of them
    answered_in_target, abandoned_in_target      waited at most the target
    short_abandoned                              abandoned sooner than the short-abandon threshold
    """

    answered: int = 0
    abandoned: int = 0
    answered_in_target: int = 0
    abandoned_in_target: int = 0
    short_abandoned: int = 0

    def __add__(self, other: Self) -> "LevelCount":
        return LevelCount(
            self.answered + other.answered,
            self.abandoned + other.abandoned,
            self.answered_in_target + other.answered_in_target,
            self.abandoned_in_target + other.abandoned_in_target,
            self.short_abandoned + other.short_abandoned,
        )


def count_against(waits: Iterable[tuple[float, bool]], target_s: float, short_s: float = SHORT_ABANDON_S) -> LevelCount:
    """Counts calls, each (seconds waited, whether answered), against a target of `target_s` seconds; exactly the target is in time."""
    answered = abandoned = answered_in = abandoned_in = short = 0
    for wait_s, is_answered in waits:
        in_time = wait_s <= target_s
        if is_answered:
            answered += 1
            answered_in += in_time
        else:
            abandoned += 1
            abandoned_in += in_time
            short += wait_s < short_s
    return LevelCount(answered, abandoned, answered_in, abandoned_in, short)


def service_level(count: LevelCount, variant: Variant) -> float | None:
    """The share 0..1 by one formula; None when no call counts: an empty hour is not 0 %.

    source   field.md section 5.1, with its worked example (1,000 answered, 60 abandoned): 83.0, 86.0, 81.1, 82.7 and 81.9 %
    """
    good, all_calls = count.answered_in_target, count.answered + count.abandoned
    match variant:
        case Variant.ABANDONED_IN_TIME_COUNT_AS_GOOD:
            good, base = good + count.abandoned_in_target, all_calls
        case Variant.OF_ANSWERED:
            base = count.answered
        case Variant.OF_OFFERED:
            base = all_calls
        case Variant.ABANDONED_IN_TIME_LEFT_OUT:
            base = all_calls - count.abandoned_in_target
        case Variant.SHORT_ABANDONS_LEFT_OUT:
            base = all_calls - count.short_abandoned
    return good / base if base > 0 else None


def levels(count: LevelCount) -> dict[Variant, float | None]:
    """All five, for showing side by side."""
    return {variant: service_level(count, variant) for variant in Variant}


def abandonment_rate(count: LevelCount, *, without_short: bool) -> float | None:
    """Abandoned / offered; `without_short`: short abandons are in neither. None when no call counts. Source: field.md section 5.2."""
    left_out = count.short_abandoned if without_short else 0
    base = count.answered + count.abandoned - left_out
    return (count.abandoned - left_out) / base if base > 0 else None


def answered_by_bucket(waits: Iterable[tuple[float, bool]]) -> dict[int, tuple[int, int]]:
    """For each n of BUCKETS_S (answered, abandoned) within n seconds: n秒内人工接通数 and n秒内人工放弃数. Source: field.md section 5.2."""
    calls = list(waits)
    counts = {n: count_against(calls, n) for n in BUCKETS_S}
    return {n: (count.answered_in_target, count.abandoned_in_target) for n, count in counts.items()}
