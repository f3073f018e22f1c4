"""KPI formulas, each stated once.

Owns formulas, the windows that they are asked for, and the goals. Must not know where counts come from.
Rules: domain.md H5, H6; field.md section 5.2; design.md section 5.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

WINDOWS = ("hour", "day", "peak_hour", "year")
ANSWER_GOAL = 0.90  # least answer rate; domain.md H5 asks it of the year, H8 of weeks, and a year that keeps it is made of such days
PEAK_HOUR_GOAL = 0.85  # the same of the day's busiest hour: domain.md H6
GOALS = {"day": ANSWER_GOAL, "peak_hour": PEAK_HOUR_GOAL, "year": ANSWER_GOAL}  # by window


@dataclass(slots=True)
class PeriodCount:
    """Calls that entered the queue in one hour or year.

    offered    asked for a person
    concluded  of these, whose outcome is known: answered, abandoned or lost
    answered   of these, answered by a person
    """

    offered: int = 0
    concluded: int = 0
    answered: int = 0


def answer_rate(answered: int, concluded: int) -> float | None:
    """Share of offered calls that a person answered (人工接通率): answered / offered, 0..1, among calls whose outcome is known.

    None when there is no such call: an empty hour is not 0 %. Calls that still wait do not count yet; calls that talk do.
    A call counts in the hour in which it entered the queue.
    source   domain.md H5 (year, at least 90 %), H6 (daily peak hour, at least 85 %); field.md section 5.2
    """
    return answered / concluded if concluded > 0 else None


def sum_of(counts: Iterable[PeriodCount]) -> PeriodCount:
    """The counts added up."""
    total = PeriodCount()
    for count in counts:
        total.offered += count.offered
        total.concluded += count.concluded
        total.answered += count.answered
    return total


def peak_hour(hours: Mapping[str, PeriodCount], day: str) -> str:
    """The busiest clock hour (高峰期) of `day` (YYYY-MM-DD): the one with the most offered calls, ties: the earliest; empty without calls."""
    today = (hour for hour, count in hours.items() if hour[:10] == day and count.offered)
    return min(today, key=lambda hour: (-hours[hour].offered, hour), default="")


def rates_by_window(
    hours: Mapping[str, PeriodCount], years: Mapping[str, PeriodCount], now_hour: str, peak: str
) -> dict[str, float | None]:
    """The answer rate of each window, None where no call counts. `hours` are keyed YYYY-MM-DDTHH in the site's time zone, `years` YYYY.

    hour       the present clock hour, `now_hour`      day    the present calendar day
    peak_hour  `peak`, the busiest clock hour of the present day as `peak_hour` gives it for all calls of the hotline
    year       the present calendar year
    """
    empty = PeriodCount()
    windows = {
        "hour": hours.get(now_hour, empty),
        "day": sum_of(count for hour, count in hours.items() if hour[:10] == now_hour[:10]),
        "peak_hour": hours.get(peak, empty),
        "year": years.get(now_hour[:4], empty),
    }
    return {window: answer_rate(count.answered, count.concluded) for window, count in windows.items()}
