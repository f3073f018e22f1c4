"""KPI formulas, each stated once.

Owns formulas and the windows that they are asked for. Must not know where counts come from.
Rules: domain.md H5, H6; field.md section 5.2; design.md section 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass

WINDOWS = ("hour", "day", "peak_hour", "year")


@dataclass(slots=True)
class HourCount:
    """Offered calls that entered the queue in one clock hour and whose outcome is known, and how many of them were answered."""

    offered: int = 0
    answered: int = 0


def answer_rate(answered: int, offered: int) -> float | None:
    """Share of offered calls that a person answered (接通率): answered / offered, 0..1; None when no call counts: an empty hour is not 0 %.

    counts   calls that asked for a person and are answered, abandoned or lost; calls that still wait do not count yet
    source   domain.md H5 (year), H6 (daily peak hour, among calls that asked for a person)
    """
    return answered / offered if offered > 0 else None


def rates_by_window(hours: Mapping[str, HourCount], now_hour: str) -> dict[str, float | None]:
    """The answer rate of each window, for hours keyed YYYY-MM-DDTHH in the site's time zone and the hour that it is now.

    hour       the present clock hour          day    the present day
    peak_hour  the clock hour of the present day with the most offered calls (ties: the earliest); domain.md, "busiest clock hour"
    year       the present calendar year
    """
    today = {hour: count for hour, count in hours.items() if hour[:10] == now_hour[:10]}
    year = [count for hour, count in hours.items() if hour[:4] == now_hour[:4]]
    peak = min(today, key=lambda hour: (-today[hour].offered, hour), default="")
    now = hours.get(now_hour, HourCount())
    busiest = today.get(peak, HourCount())
    return {
        "hour": answer_rate(now.answered, now.offered),
        "day": answer_rate(sum(c.answered for c in today.values()), sum(c.offered for c in today.values())),
        "peak_hour": answer_rate(busiest.answered, busiest.offered),
        "year": answer_rate(sum(c.answered for c in year), sum(c.offered for c in year)),
    }
