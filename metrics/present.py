"""The present day at one moment: answer rates of every class, queue and the hotline, and whether the day's goal can still be kept.

Owns these figures and the guess how many calls the rest of the day brings. Must not know who shows them.
Rules: domain.md H5, H6; design.md section 5. The hours of a day are those of the site's time zone, keyed YYYY-MM-DDTHH.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from metrics.class_tally import ALL, ClassTally
from metrics.kpi import ANSWER_GOAL, PeriodCount, peak_hour, rates_by_window, sum_of

Key = tuple[str, str]  # queue, tier
Hours = dict[str, PeriodCount]  # by clock hour, or by year
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
    """Figures of the moment `at`, from the counts of all classes. `hour_of` gives the clock hour of an epoch time.

    (queue, all) is a whole queue, (all, all) the hotline.
    """

    def __init__(self, classes: Mapping[Key, ClassTally], hour_of: Callable[[float], str], at: float) -> None:
        self._classes = classes
        self._hour = hour_of(at)
        self._share = _share_of_hour(hour_of, at)
        self._days: dict[str, dict[Key, Hours]] = {}
        self._years = _with_sums({key: {self._hour[:4]: _year(tally, self._hour)} for key, tally in classes.items()})
        self._peak = peak_hour(self._hours(self._hour[:10])[ALL, ALL], self._hour[:10])

    def rates(self) -> dict[Key, dict[str, float | None]]:
        """The answer rate by window: of each class, of each queue, of the hotline. The peak hour is the hotline's for all of them."""
        today = self._hours(self._hour[:10])
        return {key: rates_by_window(hours, self._years[key], self._hour, self._peak) for key, hours in today.items()}

    def outlooks(self) -> dict[str, DayOutlook]:
        """The day of each queue, and of the hotline as `all`."""
        return {queue: self._outlook_of((queue, tier)) for queue, tier in self._hours(self._hour[:10]) if tier == ALL}

    def _hours(self, day: str) -> dict[Key, Hours]:
        """Counts of one day by clock hour, hours without calls left out: of each class, queue and the hotline."""
        if day not in self._days:
            hours = [f"{day}T{number:02d}" for number in range(24)]
            by_class = {
                key: {hour: tally.hours[hour] for hour in hours if hour in tally.hours}
                for key, tally in self._classes.items()
            }
            self._days[day] = _with_sums(by_class)
        return self._days[day]

    def _outlook_of(self, key: Key) -> DayOutlook:
        count = sum_of(self._hours(self._hour[:10])[key].values())
        ahead = expected_ahead(lambda day: self._hours(day)[key], self._hour, self._share)
        return DayOutlook(
            count,
            reachable_rate(count, ahead),
            calls_to_goal(count.answered, count.concluded, ANSWER_GOAL),
        )


def _with_sums(by_class: Mapping[Key, Hours]) -> dict[Key, Hours]:
    """The same with each queue's and the hotline's sums, period by period. A class that is called so itself stands."""
    sums: dict[Key, Hours] = {(ALL, ALL): {}}
    for (queue, _), hours in by_class.items():
        for whole in (sums.setdefault((queue, ALL), {}), sums[ALL, ALL]):
            for hour, count in hours.items():
                total = whole.get(hour)
                if total is None:
                    whole[hour] = replace(count)
                else:
                    total.offered += count.offered
                    total.concluded += count.concluded
                    total.answered += count.answered
    return {**sums, **by_class}


def _year(tally: ClassTally, hour: str) -> PeriodCount:
    return tally.years.get(hour[:4], EMPTY)


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


def _share_of_hour(hour_of: Callable[[float], str], at: float) -> float:
    """How much of its clock hour has passed at `at`, 0..1; the hour that a clock shows twice counts as one."""
    hour, start = hour_of(at), at - at % QUARTER_S
    while hour_of(start - QUARTER_S) == hour and at - start < 2 * 3600:
        start -= QUARTER_S
    return min(1.0, (at - start) / 3600)
