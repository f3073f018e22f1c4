"""How good a forecast is: made again for each past day from what was known before, beside "same day last week".

Owns the comparison and its measures. Must not know how a forecast is made, nor where the history comes from.
Rules: errors are scaled by those of the naive forecast of the same slots (relative mean absolute error, as in MASE: Hyndman and Koehler 2006), never
by single counts, which may be nought. Days are resampled whole, because the slots of a day err together.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from planning.forecast import DayForecast
from planning.history import History, HistoryError, merged

BAND = 0.8
WEEK = timedelta(days=7)
RESAMPLES = 1000
HALF_HOUR_S = 1800


@dataclass(frozen=True, slots=True)
class DayErrors:
    """One day: summed absolute errors of its slots by us and by the naive forecast, of its total, and what came."""

    day: date
    came: float
    slots: float
    slots_naive: float
    total: float
    total_naive: float
    inside: int  # slots whose count lay in the band
    counted: int  # slots


@dataclass(frozen=True, slots=True)
class Verdict:
    """The measures over all tested days.

    wape, wape_naive       sum of absolute errors of slots / calls that came
    ratio, low, high       ours / naive of the slots, with 95 % of its resampled days' values between
    day_wape, day_wape_naive, day_ratio   the same of day totals
    floor                  the wape of slots if every slot's true rate were known: counts alone vary that much
    inside                 share of slots whose count lay in the band that is meant to hold `BAND` of them
    """

    days: int
    wape: float
    wape_naive: float
    ratio: float
    low: float
    high: float
    day_wape: float
    day_wape_naive: float
    day_ratio: float
    floor: float
    inside: float


def errors_of(
    history: History, forecast: Callable[[History, date], DayForecast], ahead: int, first: date
) -> list[DayErrors]:
    """Errors of every recorded day from `first`, each forecast from what was known at midnight `ahead` days before (1: the evening before).

    The naive forecast is the same weekday of the week before, or the newest one known before that if it was not recorded. Slots are half hours.
    raises   HistoryError when no day can be tested
    """
    found = []
    for day in sorted(history.days):
        known = history.before(day - timedelta(days=ahead - 1))
        naive = next((known.days[past] for weeks in range(1, 9) if (past := day - weeks * WEEK) in known.days), None)
        if day < first or naive is None:
            continue
        made = forecast(known, day)
        ours = merged(made.calls, made.slot_s, HALF_HOUR_S)
        came = merged(history.days[day], history.slot_s, HALF_HOUR_S)
        found.append(
            _day(
                DayForecast(day, HALF_HOUR_S, ours, made.cv, made.slot_cv),
                came,
                merged(naive, history.slot_s, HALF_HOUR_S),
            )
        )
    if not found:
        raise HistoryError("no day can be tested: the history needs at least two weeks before the first one")
    return found


def verdict(errors: Sequence[DayErrors], mean_slot: Sequence[float], luck: Callable[[int], int]) -> Verdict:
    """The measures. `mean_slot`: expected calls of every slot tested, for the floor; `luck(n)`: a random number 0 to n-1, for resampling."""
    came = sum(day.came for day in errors)
    ratios = sorted(_ratio([errors[luck(len(errors))] for _ in errors]) for _ in range(RESAMPLES))
    return Verdict(
        days=len(errors),
        wape=sum(day.slots for day in errors) / came,
        wape_naive=sum(day.slots_naive for day in errors) / came,
        ratio=_ratio(errors),
        low=ratios[int(0.025 * RESAMPLES)],
        high=ratios[int(0.975 * RESAMPLES)],
        day_wape=sum(day.total for day in errors) / came,
        day_wape_naive=sum(day.total_naive for day in errors) / came,
        day_ratio=sum(day.total for day in errors) / max(sum(day.total_naive for day in errors), 1e-9),
        floor=sum(map(poisson_error, mean_slot)) / came,
        inside=sum(day.inside for day in errors) / sum(day.counted for day in errors),
    )


def poisson_error(mean: float) -> float:
    """The mean absolute error of a Poisson count about its known mean: 2 mean^(k+1) e^-mean / k!, k = floor(mean) (Crow 1958)."""
    if mean <= 0:
        return 0.0
    k = math.floor(mean)
    return 2 * math.exp((k + 1) * math.log(mean) - mean - math.lgamma(k + 1))


def _ratio(errors: Sequence[DayErrors]) -> float:
    return sum(day.slots for day in errors) / max(sum(day.slots_naive for day in errors), 1e-9)


def _day(made: DayForecast, came: Sequence[float], naive: Sequence[float]) -> DayErrors:
    tested = [slot for slot in range(len(came)) if came[slot] or naive[slot] or made.calls[slot] >= 0.5]
    bands = {slot: made.band(slot, BAND) for slot in tested}
    return DayErrors(
        day=made.day,
        came=sum(came),
        slots=sum(abs(came[slot] - made.calls[slot]) for slot in tested),
        slots_naive=sum(abs(came[slot] - naive[slot]) for slot in tested),
        total=abs(sum(came) - made.total),
        total_naive=abs(sum(came) - sum(naive)),
        inside=sum(bands[slot][0] <= came[slot] <= bands[slot][1] for slot in tested),
        counted=len(tested),
    )
