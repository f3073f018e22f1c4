"""What a day of a traffic model asks of the hotline.

Owns the sums from the simulator's kinds of callers to planning/demand.py. Must not read files nor plan.
"""

import math
from collections.abc import Sequence
from datetime import date
from statistics import fmean

from planning.demand import HALF_HOUR_S, SLOTS, Demand, TierDemand
from routing.rules import Rules, Tier
from simulation.chance import Distribution, Shape
from simulation.model import DAY_S, Kind, Model
from simulation.people import Habits


def of_model(model: Model, rules: Rules, habits: Habits, day: date | None) -> Demand:
    """The mean day of a model, or of the weekday of `day`."""
    weekdays = model.weekdays
    factor = weekdays[day.weekday()] if day is not None else fmean(weekdays)
    per_slot = [factor * calls for calls in _profile(model)]
    total = sum(kind.share for kind in model.kinds)
    tiers = []
    for tier in rules.tiers:
        kinds = [kind for kind in model.kinds if (kind.tier or rules.default_tier) == tier.name and kind.share > 0]
        if kinds:
            share = sum(kind.share for kind in kinds) / total
            tiers.append(_of_kinds(tier, kinds, tuple(calls * share for calls in per_slot), rules, habits))
    return Demand(tuple(tiers), model.day_cv)


def _profile(model: Model) -> list[float]:
    """Calls of each half hour of a day whose factor is 1."""
    ends = [since_s for since_s, _ in model.profile[1:]] + [DAY_S]
    calls = [0.0] * SLOTS
    for (since_s, per_hour), end_s in zip(model.profile, ends, strict=True):
        for slot in range(SLOTS):
            overlap_s = min(end_s, (slot + 1) * HALF_HOUR_S) - max(since_s, slot * HALF_HOUR_S)
            calls[slot] += per_hour / 3600 * max(0.0, overlap_s)
    return calls


def _of_kinds(tier: Tier, kinds: Sequence[Kind], calls: tuple[float, ...], rules: Rules, habits: Habits) -> TierDemand:
    weight = sum(kind.share for kind in kinds)
    talk_s = sum(kind.share * kind.talk.mean_s for kind in kinds) / weight
    wrap_up_s = sum(kind.share * (kind.wrap_up.mean_s if kind.wrap_up else rules.wrap_up_s) for kind in kinds) / weight
    impatience = sum(kind.share / kind.patience.mean_s for kind in kinds) / weight
    square = sum(kind.share * kind.talk.mean_s**2 * (1 + _cv(kind.talk) ** 2) for kind in kinds) / weight
    return TierDemand(
        tier.name,
        calls,
        talk_s,
        talk_s + wrap_up_s + habits.rings_after_s + habits.pick_up.mean_s,
        1 / impatience if impatience else math.inf,
        tier.answer_within_s,
        tier.goal,
        math.sqrt(max(0.01, square / talk_s**2 - 1)),
        wrap_up_s,
    )


def _cv(spread: Distribution) -> float:
    if spread.shape is Shape.EXPONENTIAL:
        return 1.0
    return 0.0 if spread.shape is Shape.CONSTANT else spread.cv
