"""At which times of a day test calls are made: at random, and the same again for whoever asks again.

Owns the drawing of times. Must not read a clock; randomness comes from a seed that is handed in.
Rules: domain.md H7 (daily, at random): agents cannot know when; a process that starts anew makes the rest of the same plan.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from probing.words import Condition

Span = tuple[int, int]  # minutes of the day, from and to; the end may lie behind midnight


class Planned(NamedTuple):
    """One test call: epoch second and condition."""

    at: float
    condition: Condition


def plan_of_day(
    day: date, spans: Sequence[Span], counts: Mapping[Condition, int], zone: ZoneInfo, seed: str
) -> list[Planned]:
    """The test calls of `day` in order of time: each condition's number of them, drawn evenly over the minutes of `spans`.

    The same arguments give the same plan; another day or another seed another one. No spans: no tests. A time that the
    clock skips on that day (DST) falls an hour later.
    """
    chance = random.Random(f"{seed} {day.isoformat()}")
    length = sum(end - begin for begin, end in spans)
    if length <= 0:
        return []
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 the zone comes with the minutes
    found = []
    for condition in Condition:
        for _ in range(counts.get(condition, 0)):
            clock = midnight + timedelta(minutes=_minute_at(spans, chance.random() * length))
            found.append(Planned(clock.replace(tzinfo=zone).timestamp(), condition))
    return sorted(found, key=lambda planned: planned.at)


def _minute_at(spans: Sequence[Span], place: float) -> float:
    for begin, end in spans:
        if place < end - begin:
            return begin + place
        place -= end - begin
    return float(spans[-1][1])
