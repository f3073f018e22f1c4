"""The present day at one moment: answer rates of every class, queue and the hotline, and whether the day's goal can still be kept.

Owns these figures and the guess how many calls the rest of the day brings. Must not know who shows them.
Rules: domain.md H5, H6; design.md section 5. The hours of a day are those of the site's time zone, keyed YYYY-MM-DDTHH.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from metrics.class_tally import ALL, ClassTally
from metrics.kpi import DAY_GOAL, PeriodCount, peak_hour, rates_by_window, sum_of

Key = tuple[str, str]  # queue, tier
QUARTER_S = 900.0  # every time zone's clock hours begin on a quarter hour
EMPTY = PeriodCount()


@dataclass(frozen=True, slots=True)
class DayOutlook:
    """Today's calls of one queue or of the hotline, and how the day can end.

    reachable       the best answer rate that the day can still end with: everyone who waits and everyone who is still expected is answered; None without any call
    calls_to_goal   calls in a row that must be answered until the day's rate is at its goal; 0 when it is
    """

    count: PeriodCount
    reachable: float | None
    calls_to_goal: int


class Present:
    """Figures of the moment `at`, from the counts of all classes. `hour_of` gives the clock hour of an epoch time."""

    def __init__(self, classes: Mapping[Key, ClassTally], hour_of: Callable[[float], str], at: float) -> None:
        self._classes = classes
        self._hour = hour_of(at)
        self._share = _share_of_hour(hour_of, at)
        self._queues: dict[str, list[ClassTally]] = {}
        for (queue, _), tally in classes.items():
            self._queues.setdefault(queue, []).append(tally)
        self._hotline = list(classes.values())
        self._peak = peak_hour(_hours_of(self._hotline, self._hour[:10]), self._hour[:10])

    def rates(self) -> dict[Key, dict[str, float | None]]:
        """The answer rate by window: of each class, of each queue as (queue, all), of the hotline as (all, all).

        The peak hour is the hotline's for all of them.
        """
        found = {key: self._rates_of([tally]) for key, tally in self._classes.items()}
        for queue, tallies in self._queues.items():
            found.setdefault((queue, ALL), self._rates_of(tallies))
        found.setdefault((ALL, ALL), self._rates_of(self._hotline))
        return found

    def outlooks(self) -> dict[str, DayOutlook]:
        """The day of each queue, and of the hotline as `all`."""
        found = {queue: self._outlook_of(tallies) for queue, tallies in self._queues.items()}
        found.setdefault(ALL, self._outlook_of(self._hotline))
        return found

    def _rates_of(self, tallies: list[ClassTally]) -> dict[str, float | None]:
        day, year = self._hour[:10], self._hour[:4]
        years = {year: sum_of(tally.years.get(year, EMPTY) for tally in tallies)}
        return rates_by_window(_hours_of(tallies, day), years, self._hour, self._peak)

    def _outlook_of(self, tallies: list[ClassTally]) -> DayOutlook:
        today = _hours_of(tallies, self._hour[:10])
        count = sum_of(today.values())
        ahead = expected_ahead(lambda day: _hours_of(tallies, day), self._hour, self._share)
        return DayOutlook(
            count,
            reachable_rate(count, ahead),
            calls_to_goal(count.answered, count.concluded, DAY_GOAL),
        )


def calls_to_goal(answered: int, concluded: int, goal: float) -> int:
    """How many calls in a row must be answered until answered / concluded is at least `goal` (0 <= goal < 1): the least n with (answered + n) / (concluded + n) >= goal.

    source   solved for n: n >= (goal * concluded - answered) / (1 - goal)
    """
    missing = (goal * concluded - answered) / (1 - goal)
    return max(0, math.ceil(missing - 1e-9))  # 0.9 * 10 is not always 9 for a computer


def reachable_rate(count: PeriodCount, ahead: float) -> float | None:
    """The answer rate when nobody is missed any more: those who wait now and `ahead` calls that are still expected are all answered. None without any call."""
    total = count.offered + ahead
    return (count.answered + count.offered - count.concluded + ahead) / total if total > 0 else None


def expected_ahead(hours_of: Callable[[str], Mapping[str, PeriodCount]], hour: str, share: float) -> float:
    """Calls that the rest of the day will bring, after `share` (0..1) of clock hour `hour`.

    As many as after this time on the same weekday of last week; no call that day: as yesterday; none then either: as many
    an hour as today so far. `hours_of` gives the counts of a day (YYYY-MM-DD) by hour.
    """
    today = date.fromisoformat(hour[:10])
    for days in (7, 1):
        past = hours_of((today - timedelta(days=days)).isoformat())
        if any(count.offered for count in past.values()):
            ahead = sum(count.offered for key, count in past.items() if key[11:] > hour[11:])
            same = sum(count.offered for key, count in past.items() if key[11:] == hour[11:])
            return ahead + same * (1 - share)
    passed_h = int(hour[11:]) + share
    so_far = sum(count.offered for count in hours_of(hour[:10]).values())
    return so_far / passed_h * (24 - passed_h) if passed_h > 0 else 0.0


def _hours_of(tallies: Iterable[ClassTally], day: str) -> dict[str, PeriodCount]:
    """The counts of one day by clock hour, all of `tallies` together; hours without calls are left out."""
    found: dict[str, PeriodCount] = {}
    for hour in (f"{day}T{number:02d}" for number in range(24)):
        counts = [tally.hours[hour] for tally in tallies if hour in tally.hours]
        if counts:
            found[hour] = sum_of(counts)
    return found


def _share_of_hour(hour_of: Callable[[float], str], at: float) -> float:
    """How much of its clock hour has passed at `at`, 0..1; the hour that a clock shows twice counts as one."""
    hour, start = hour_of(at), at - at % QUARTER_S
    while hour_of(start - QUARTER_S) == hour and at - start < 2 * 3600:
        start -= QUARTER_S
    return min(1.0, (at - start) / 3600)
