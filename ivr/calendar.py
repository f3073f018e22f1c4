"""Opening hours: whether a queue is open at a moment of the wall clock, why not, and when that changes.

Owns schedules, kinds of days and their arithmetic. Must not read a clock or a file, nor know which library names the holidays.
Rules: issue of routing in full, item 7; a make-up working day (调休上班) is a working day whatever the day of the week. Times are local.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum

DAY_MINUTES = 24 * 60
ONE_DAY = timedelta(days=1)
BRACKET = "（"  # the library names a day in lieu so: 春节（补假）
LOOK_AHEAD_DAYS = 400  # a change that is further away is none
Span = tuple[int, int]  # minutes after midnight, from and before; the end may lie in the next day, up to 48 h


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


def opening_at(schedule: Schedule, calendar: Calendar, at: datetime) -> Opening:
    """The opening at local time `at`, which must be naive: the wall clock of the site's zone.

    A span begins with its first minute and ends before its last. One that runs past midnight belongs to the day on which it began.
    """
    if _is_open(schedule, calendar, at):
        return Opening(True)
    if calendar.kind_of(at.date()) is DayKind.HOLIDAY:
        return Opening(False, Closed.HOLIDAY, calendar.holidays[at.date()])
    return Opening(False, Closed.HOURS)


def next_change(schedule: Schedule, calendar: Calendar, at: datetime) -> datetime | None:
    """The local time after `at` at which it is no longer as at `at`, None: not within LOOK_AHEAD_DAYS. Spans that touch are one."""
    is_open = _is_open(schedule, calendar, at)
    edges = {edge for span in _spans_near(schedule, calendar, at.date(), LOOK_AHEAD_DAYS) for edge in span if edge > at}
    return next((edge for edge in sorted(edges) if _is_open(schedule, calendar, edge) is not is_open), None)


def hours_of(schedule: Schedule, calendar: Calendar, day: date) -> tuple[Span, ...]:
    """The spans that begin on `day`."""
    special = calendar.special_hours.get(day)
    if special is not None:
        return special
    kind = calendar.kind_of(day)
    if kind is DayKind.HOLIDAY:
        return schedule.holidays
    return schedule.weekends if kind is DayKind.WEEKEND else schedule.working_days


def _is_open(schedule: Schedule, calendar: Calendar, at: datetime) -> bool:
    return any(start <= at < end for start, end in _spans_near(schedule, calendar, at.date(), days=1))


def _spans_near(schedule: Schedule, calendar: Calendar, day: date, days: int) -> Iterator[tuple[datetime, datetime]]:
    """Spans that begin on the day before `day` or on one of the `days` days from it."""
    for number in range(-1, days):
        begins_on = day + timedelta(days=number)
        midnight = datetime.combine(begins_on, datetime.min.time())
        for start, end in hours_of(schedule, calendar, begins_on):
            yield midnight + timedelta(minutes=start), midnight + timedelta(minutes=end)
