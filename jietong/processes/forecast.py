"""`jietong forecast`: how many calls the next days bring, and how good such forecasts have been.

Owns tables, CSV, picture and exit codes. Must not know how a forecast is made: planning/forecast.py does. Rules: docs/simulation.md.
"""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import holidays as holiday_library
from rich import box
from rich.console import Console
from rich.table import Table

from jietong import exit_codes
from jietong.history_file import HistoryFileError, Past, read_history
from jietong.svg_chart import Chart, Series, clock_ticks, draw
from planning.backtest import BAND, HALF_HOUR_S, DayErrors, Verdict, errors_of, verdict
from planning.forecast import DayForecast, Pattern, Special, pattern_of
from planning.history import History, HistoryError, merged

SEED = 2003  # of the resampling of days
TEST_AFTER = timedelta(days=28)
AHEAD = (1, 7)
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line. `since`: first day of the back-test; `holidays`: country code, empty for none."""

    history: Path
    first: str = ""
    days: int = 1
    holidays: str = ""
    zone: str = "Asia/Shanghai"
    backtest: bool = False
    since: str = ""
    out: Path | None = None
    picture: Path | None = None
    as_json: bool = False


class Refused(ValueError):
    """What was asked for cannot be done: the text says why."""


def forecast(options: Options) -> int:
    """Prints the forecast, or the back-test; returns the exit code."""
    try:
        zone = ZoneInfo(options.zone)
        past = read_history(options.history, zone)
        special = special_days(options.holidays, whole(past))
        return _backtest(options, past, special) if options.backtest else _forecast(options, past, special)
    except (HistoryFileError, HistoryError, Refused) as error:
        sys.stderr.write(f"jietong: {error}\n")
        return exit_codes.WRONG_CONFIGURATION


def whole(past: Past) -> History:
    """Every tier together."""
    histories = list(past.counts.values())
    days = {day: tuple(map(sum, zip(*(one.days[day] for one in histories), strict=True))) for day in histories[0].days}
    return History(histories[0].slot_s, days)


def special_days(country: str, history: History) -> Special:
    """Public holidays and working days in lieu around the history, a year ahead included. Raises Refused for a country that the library does not know."""
    if not country:
        return Special()
    years = range(min(history.days).year, max(history.days).year + 2)
    try:
        found = holiday_library.country_holidays(country, years=years)
    except NotImplementedError:
        raise Refused(f"--holidays is {country!r:.20}: it must be the two letters of a country, such as CN") from None
    worked = frozenset(getattr(found, "weekend_workdays", set()))
    return Special(frozenset(found) - worked, worked)


def day_of(text: str, option: str) -> date:
    """The date that an option means. Raises Refused."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{option} is {text!r:.20}: it must be a date such as 2026-11-30") from None


def _forecast(options: Options, past: Past, special: Special) -> int:
    history = whole(past)
    pattern = pattern_of(history, special)
    first = day_of(options.first, "--day") if options.first else past.next_day or pattern.until
    if not 1 <= options.days <= MOST_DAYS:
        raise Refused(f"--days is {options.days}: it must be from 1 to {MOST_DAYS}")
    if first < pattern.until:  # a day of the past: forecast as it would have been the evening before
        pattern = pattern_of(history.before(first), special)
    made = [pattern.day(first + timedelta(days=number)) for number in range(options.days)]
    if options.as_json:
        told = {"notes": [*past.notes, *pattern.notes], "days": [_plain(day) for day in made]}
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        _print(made, past, pattern)
    if options.out is not None:
        _write(made, options.out)
    if options.picture is not None:
        options.picture.write_text(draw(*(_picture(day, history) for day in made[:7])), encoding="utf-8")
    return exit_codes.DONE


def _plain(day: DayForecast) -> dict[str, Any]:
    half_hours = merged(day.calls, day.slot_s, HALF_HOUR_S)
    return {
        "day": day.day.isoformat(),
        "calls": day.total,
        "cv": day.cv,
        "half_hours": dict(zip(_clocks(), half_hours, strict=True)),
        "notes": day.notes,
    }


def _clocks() -> list[str]:
    return [f"{second // 3600:02d}:{second // 60 % 60:02d}" for second in range(0, 86_400, HALF_HOUR_S)]


def _print(made: list[DayForecast], past: Past, pattern: Pattern) -> None:
    console = Console(highlight=False)
    for note in (*past.notes, *pattern.notes):
        console.print(note, soft_wrap=True, markup=False)
    table = Table(box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for title in ("day", "", "calls", "5 to 95 % of\nsuch days", "busiest\nhalf hour", "calls", "1 of 10\nabove"):
        table.add_column(title, justify="left" if title in ("day", "") else "right")
    for day in made:
        half = DayForecast(day.day, HALF_HOUR_S, merged(day.calls, day.slot_s, HALF_HOUR_S), day.cv, day.slot_cv)
        busiest = max(range(len(half.calls)), key=half.calls.__getitem__)
        low, high = day.day_factor(0.05) * day.total, day.day_factor(0.95) * day.total
        table.add_row(
            day.day.isoformat(),
            f"{day.day:%a}",
            f"{day.total:.0f}",
            f"{low:.0f} to {high:.0f}" if day.total else "",
            _clocks()[busiest] if day.total else "",
            f"{half.calls[busiest]:.0f}" if day.total else "",
            f"{half.band(busiest, 0.8)[1]:.0f}" if day.total else "",
        )
    console.print(table)
    for note in (note for day in made for note in day.notes):
        console.print(note, soft_wrap=True, markup=False)


def _write(made: list[DayForecast], path: Path) -> None:
    """Half hours as counts, so that the file is a history too."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("DateTime", "Calls"))
        for day in made:
            for clock, calls in zip(_clocks(), merged(day.calls, day.slot_s, HALF_HOUR_S), strict=True):
                writer.writerow((f"{day.day} {clock}", f"{calls:.2f}"))


def _picture(day: DayForecast, history: History) -> Chart:
    half = DayForecast(day.day, HALF_HOUR_S, merged(day.calls, day.slot_s, HALF_HOUR_S), day.cv, day.slot_cv)
    open_slots = [slot for slot, calls in enumerate(half.calls) if calls >= 0.5] or [0, 47]
    first, last = open_slots[0], open_slots[-1]

    def points(values: Sequence[float]) -> list[tuple[float, float]]:
        return [(slot * HALF_HOUR_S, values[min(slot, last)]) for slot in range(first, last + 2)]

    bands = [half.band(slot, BAND) for slot in range(48)]
    series = [
        Series("forecast", points(half.calls), "step"),
        Series("1 of 10 below", points([low for low, _ in bands]), "step", is_dashed=True),
        Series("1 of 10 above", points([high for _, high in bands]), "step", is_dashed=True),
    ]
    if day.day in history.days:
        series.append(Series("came", points(merged(history.days[day.day], history.slot_s, HALF_HOUR_S)), "step"))
    return Chart(
        f"{day.day:%A} {day.day}: {day.total:.0f} calls",
        "time of day",
        "calls in half an hour",
        series,
        x_ticks=clock_ticks(first * HALF_HOUR_S, (last + 1) * HALF_HOUR_S),
    )


def _backtest(options: Options, past: Past, special: Special) -> int:
    history = whole(past)
    history = history.in_slots_of(HALF_HOUR_S)  # what is tested, and much faster
    first = day_of(options.since, "--since") if options.since else min(history.days) + TEST_AFTER
    found: dict[int, tuple[Verdict, list[DayErrors]]] = {}
    for ahead in AHEAD:
        expected: list[float] = []

        def made(known: History, day: date, expected: list[float] = expected) -> DayForecast:
            day_made = pattern_of(known, special).day(day)
            expected.extend(merged(day_made.calls, day_made.slot_s, HALF_HOUR_S))
            return day_made

        errors = errors_of(history, made, ahead, first)
        found[ahead] = (verdict(errors, expected, Random(SEED).randrange), errors)
    if options.as_json:
        sys.stdout.write(json.dumps({str(ahead): asdict(one) for ahead, (one, _) in found.items()}) + "\n")
    else:
        _print_verdicts({ahead: one for ahead, (one, _) in found.items()}, first)
    if options.picture is not None:
        options.picture.write_text(draw(*(_error_picture(ahead, found[ahead][1]) for ahead in AHEAD)), encoding="utf-8")
    return exit_codes.DONE


def _print_verdicts(found: dict[int, Verdict], first: date) -> None:
    console = Console(highlight=False)
    days = found[AHEAD[0]].days
    console.print(f"{days} days from {first} on, each forecast from what was known before; half hours", soft_wrap=True)
    table = Table(box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for title in (
        "days\nahead",
        "error",
        "last\nweek's",
        "ours /\nnaive",
        "95 %\nbetween",
        "error of\ntotals",
        "last\nweek's",
        f"in the\n{BAND:.0%} band",
        "known\nrates",
    ):
        table.add_column(title, justify="right")
    for ahead, one in found.items():
        table.add_row(
            str(ahead),
            f"{one.wape:.2%}",
            f"{one.wape_naive:.2%}",
            f"{one.ratio:.3f}",
            f"{one.low:.2f}-{one.high:.2f}",
            f"{one.day_wape:.2%}",
            f"{one.day_wape_naive:.2%}",
            f"{one.inside:.1%}",
            f"{one.floor:.2%}",
        )
    console.print(table)
    console.print(
        'last week\'s: of the forecast "same day last week"; error: sum of absolute errors / calls that came; known rates: what it would be if the true rate of every half hour were known',
        soft_wrap=True,
    )


def _error_picture(ahead: int, errors: list[DayErrors]) -> Chart:
    start = errors[0].day
    ticks = [((day.day - start).days, f"{day.day:%m-%d}") for day in errors[:: max(1, len(errors) // 10)]]
    return Chart(
        f"Error of half hours, forecast {ahead} day{'s' if ahead > 1 else ''} before",
        "day",
        "absolute errors / calls of the day",
        [
            Series("ours", [((day.day - start).days, day.slots / day.came) for day in errors if day.came]),
            Series(
                "same day last week",
                [((day.day - start).days, day.slots_naive / day.came) for day in errors if day.came],
                is_dashed=True,
            ),
        ],
        x_ticks=ticks,
        y_label=lambda share: f"{100 * share:g} %",
    )
