"""Opening hours: whether a queue is open at a moment of the wall clock, why not, and when that changes.

Owns schedules, kinds of days and their arithmetic. Must not read a clock or a file, nor know which library names the holidays.
Rules: issue of routing in full, item 7; a make-up working day (调休上班) is a working day whatever the day of the week. Spans are wall-clock times.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum

from ivr.wall_clock import first_instant, wall_clock

DAY_MINUTES = 24 * 60
ONE_DAY = timedelta(days=1)
BRACKET = "（"  # the library names a day in lieu so: 春节（补假）
LOOK_AHEAD_DAYS = 400  # a change that is further away is none
Span = tuple[int, int]  # minutes after midnight, from and before; the end may lie in the next day, up to 48 h
Stretch = tuple[float, float]  # epoch seconds, from and before


class DayKind(Enum):
    """What a date is."""

    WORKING_DAY = "working_day"  # Monday to Friday but no public holiday, or a make-up working day
    WEEKEND = "weekend"
    HOLIDAY = "holiday"  # public holiday, or a day off for which another day is worked


class Closed(Enum):
    """Why nobody answers."""

    HOURS = "hours"
    HOLIDAY = "holiday"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Opening hours for each kind of day, spans in order and apart; 7x24 when nothing is said."""

    working_days: tuple[Span, ...] = ((0, DAY_MINUTES),)
    weekends: tuple[Span, ...] = ((0, DAY_MINUTES),)
    holidays: tuple[Span, ...] = ((0, DAY_MINUTES),)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Dates that are not what the day of the week says.

    holidays       date -> name              working_days   make-up working days
    special_hours  date -> hours of that date, whatever the schedule says
    """

    holidays: Mapping[date, str] = field(default_factory=dict)
    working_days: frozenset[date] = frozenset()
    special_hours: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)

    def kind_of(self, day: date) -> DayKind:
        """What the date is; a make-up working day comes before everything else."""
        if day in self.working_days:
            return DayKind.WORKING_DAY
        if day in self.holidays:
            return DayKind.HOLIDAY
        return DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKING_DAY


def with_joined_weekends(holidays: Mapping[date, str], worked: Collection[date]) -> dict[date, str]:
    """The public holidays together with the weekends that they run into, unless those are worked, in order.

    The State Council announces spans of days (10-01 to 10-07, seven days): a Saturday or Sunday inside or at the edge of one is no
    ordinary weekend. Named after the nearest holiday of the span, the earlier one of two; days in lieu, marked by a bracket, lend no name.
    """
    found = dict(holidays)
    for day in sorted(holidays):
        for step in (-ONE_DAY, ONE_DAY):
            near = day + step
            while near.weekday() >= 5 and near not in found and near not in worked:
                found[near] = ""
                near += step
    own = {day: name for day, name in holidays.items() if BRACKET not in name}
    return {day: found[day] or _name_near(day, found, own) for day in sorted(found)}


def _name_near(day: date, span: Mapping[date, str], own: Mapping[date, str]) -> str:
    named = []
    for step in (-ONE_DAY, ONE_DAY):
        near = day
        while near in span and near not in own:
            near += step
        if near in own:
            named.append((abs(near - day), step, own[near]))
    return min(named)[2] if named else "公共假日"


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether somebody answers; `closed` why not, `holiday` its name."""

    is_open: bool
    closed: Closed | None = None
    holiday: str = ""


def opening_at(schedule: Schedule, calendar: Calendar, zone: tzinfo, at: float) -> Opening:
    """The opening at epoch second `at` in a house whose wall clock shows the time of `zone`.

    A span begins with its first minute and ends before its last. One that runs past midnight belongs to the day on which it began.
    """
    today = wall_clock(at, zone).date()
    if any(start <= at < end for start, end in open_stretches(schedule, calendar, zone, today, days=2)):
        return Opening(True)
    if calendar.kind_of(today) is DayKind.HOLIDAY:
        return Opening(False, Closed.HOLIDAY, calendar.holidays[today])
    return Opening(False, Closed.HOURS)


def next_change(schedule: Schedule, calendar: Calendar, zone: tzinfo, at: float) -> float | None:
    """The epoch second after `at` at which it is no longer as at `at`, None: not within LOOK_AHEAD_DAYS."""
    today = wall_clock(at, zone).date()
    stretches = open_stretches(schedule, calendar, zone, today, LOOK_AHEAD_DAYS)
    change = next((edge for stretch in stretches for edge in stretch if edge > at), None)
    is_within = change is not None and change < _midnight(today + LOOK_AHEAD_DAYS * ONE_DAY, zone)
    return change if is_within else None


def open_stretches(schedule: Schedule, calendar: Calendar, zone: tzinfo, first: date, days: int) -> list[Stretch]:
    """When it is open by the spans that begin on the day before `first` or on one of the `days` days from it.

    In order and apart: spans that touch or overlap are one, and one that clocks leave out altogether is none.
    """
    found: list[Stretch] = []
    for start, end in _stretches(schedule, calendar, zone, first, days):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found


def holiday_stretches(calendar: Calendar, zone: tzinfo, first: date, days: int) -> list[Stretch]:
    """When it is public holiday on the day before `first` or on one of the `days` days from it, in order and apart."""
    found: list[Stretch] = []
    for number in range(-1, days):
        day = first + number * ONE_DAY
        if calendar.kind_of(day) is DayKind.HOLIDAY:
            start, end = _midnight(day, zone), _midnight(day + ONE_DAY, zone)
            is_next = bool(found) and found[-1][1] == start
            found[-1:] = [(found[-1][0], end)] if is_next else [*found[-1:], (start, end)]
    return found


def hours_of(schedule: Schedule, calendar: Calendar, day: date) -> tuple[Span, ...]:
    """The spans that begin on `day`."""
    special = calendar.special_hours.get(day)
    if special is not None:
        return special
    kind = calendar.kind_of(day)
    if kind is DayKind.HOLIDAY:
        return schedule.holidays
    return schedule.weekends if kind is DayKind.WEEKEND else schedule.working_days


def _stretches(schedule: Schedule, calendar: Calendar, zone: tzinfo, first: date, days: int) -> Iterator[Stretch]:
    for number in range(-1, days):
        day = first + number * ONE_DAY
        midnight = datetime.combine(day, time.min)
        for start, end in hours_of(schedule, calendar, day):
            yield (
                first_instant(midnight + timedelta(minutes=start), zone),
                first_instant(midnight + timedelta(minutes=end), zone),
            )


def _midnight(day: date, zone: tzinfo) -> float:
    return first_instant(datetime.combine(day, time.min), zone)
