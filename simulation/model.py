"""Traffic by figures: how many calls an hour over the day, of which kinds, with good days and bad days.

Owns the making of calls from these figures. Must not read files. The same seed and day give the same calls, whichever other days are made.
Rules: Poisson arrivals whose rate follows the profile, times a gamma-distributed factor of the day (theory.md section 2.3: counts of the same
slot vary more than Poisson; L'Ecuyer's busyness factor). Each call takes the same number of random numbers whatever the figures are, so that
two models with one figure changed differ in that figure only.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from simulation.arrival import Arrival, TrafficError
from simulation.chance import Distribution

DAY_S = 86_400.0
HOUR_S = 3600.0
NEVER = Distribution(math.inf)
THREE_MINUTES = Distribution(180.0)


@dataclass(frozen=True, slots=True)
class Kind:
    """Callers who are alike. `share` of all calls, relative to the other kinds' shares; empty words as in Arrival."""

    share: float
    tier: str = ""
    queue: str = ""
    talk: Distribution = THREE_MINUTES
    patience: Distribution = NEVER
    wrap_up: Distribution | None = None
    service: str = ""
    language: str = ""
    customer_class: str = ""
    representative: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """All traffic of a hotline.

    profile      (second of the day, calls an hour from then on), in order; before the first none come, the last lasts to midnight
    weekdays     factor of each day of the week, Monday first
    day_cv       standard deviation over mean of the day's factor, 0: every day is alike
    raises       TrafficError for figures that no traffic can have
    """

    profile: tuple[tuple[float, float], ...]
    kinds: tuple[Kind, ...]
    weekdays: tuple[float, ...] = (1.0,) * 7
    day_cv: float = 0.0

    def __post_init__(self) -> None:
        for since_s, rate in self.profile:
            if not 0 <= rate < math.inf:
                raise TrafficError(f"{rate:g} calls an hour: it must be 0 or more")
            if not 0 <= since_s < DAY_S:
                raise TrafficError(f"the profile has a time of {since_s:g} s: a day has 0 to 86,399")
        if any(later <= earlier for (earlier, _), (later, _) in pairwise(self.profile)):
            raise TrafficError("the profile's times must rise")
        if not any(rate for _, rate in self.profile):
            raise TrafficError("the profile has no calls at any time")
        if any(kind.share < 0 for kind in self.kinds) or not sum(kind.share for kind in self.kinds) > 0:
            raise TrafficError("the kinds' shares must be 0 or more, and one above 0")
        if len(self.weekdays) != 7 or min(self.weekdays) < 0 or not self.day_cv >= 0:
            raise TrafficError("weekdays are seven factors of 0 or more, the day's cv 0 or more")

    def calls_a_day(self) -> float:
        """Mean calls of a day whose factor is 1."""
        ends = [since_s for since_s, _ in self.profile[1:]] + [DAY_S]
        return sum(rate * (end_s - since_s) for (since_s, rate), end_s in zip(self.profile, ends, strict=True)) / HOUR_S


def steady(calls_per_hour: float, kinds: Iterable[Kind]) -> Model:
    """The same rate at every hour of every day."""
    return Model(((0.0, calls_per_hour),), tuple(kinds))


def calls_of_day(model: Model, midnight_at: float, day: int, seed: int) -> Iterator[Arrival]:
    """The calls of one day, in order. `midnight_at`: its beginning, epoch seconds; `day`: its number, which is its weekday's too (0: a Monday)."""
    luck = Random(f"{seed}/{day}")
    spread = model.day_cv**2
    factor = model.weekdays[day % 7] * (luck.gammavariate(1 / spread, spread) if spread else 1.0)
    kinds, bounds = model.kinds, _bounds(model.kinds)
    for at_s in _times(model.profile, factor, luck):
        which, talk, patience, wrap_up = luck.random(), luck.random(), luck.random(), luck.random()
        kind = kinds[0]
        for kind, bound in zip(kinds, bounds, strict=True):  # noqa: B007 the one found is used below
            if which < bound:
                break
        yield Arrival(
            midnight_at + at_s,
            kind.talk.at(talk),
            kind.patience.at(patience) or math.ulp(0.0),
            kind.queue,
            kind.tier,
            None if kind.wrap_up is None else kind.wrap_up.at(wrap_up),
            luck.getrandbits(53) + 1,
            0,
            f"13{luck.getrandbits(29):09d}",
            kind.service,
            kind.language,
            kind.customer_class,
            kind.representative,
        )


def calls(model: Model, midnights: Iterable[tuple[int, float]], seed: int) -> Iterator[Arrival]:
    """The calls of many days: (number of the day, its midnight), in order."""
    for day, midnight_at in midnights:
        yield from calls_of_day(model, midnight_at, day, seed)


def _bounds(kinds: tuple[Kind, ...]) -> list[float]:
    total = sum(kind.share for kind in kinds)
    reached, bounds = 0.0, []
    for kind in kinds:
        reached += kind.share / total
        bounds.append(reached)
    bounds[-1] = 1.0
    return bounds


def _times(profile: tuple[tuple[float, float], ...], factor: float, luck: Random) -> Iterator[float]:
    """Seconds of the day at which calls come: one unit-exponential number each, spent against the rate."""
    if factor <= 0:
        return
    ends = [since_s for since_s, _ in profile[1:]] + [DAY_S]
    left = luck.expovariate(1.0)
    for (since_s, rate), end_s in zip(profile, ends, strict=True):
        per_s, at_s = rate * factor / HOUR_S, since_s
        while per_s > 0 and at_s + left / per_s < end_s:
            at_s += left / per_s
            yield at_s
            left = luck.expovariate(1.0)
        left -= per_s * (end_s - at_s)
