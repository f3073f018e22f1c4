"""Whether the hotline's queues are open now: the site's schedules, the public holidays and the operator's file put together.

Owns the reading of the wall clock and of the operator's file, anew when that has changed. Must not decide what a date means: ivr/calendar.py does.
Rules: docs/guide/calendar.md. A calendar that cannot be read leaves the one before it in force: callers are served.
"""

import time
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import structlog
from holidays.countries.china import ChinaStaticHolidays

from ivr.calendar import (
    BRACKET,
    Calendar,
    Opening,
    Schedule,
    Stretch,
    holiday_stretches,
    next_change,
    open_stretches,
    opening_at,
    with_joined_weekends,
)
from ivr.wall_clock import wall_clock
from jietong.calendar_file import NOTHING, Overrides, read_overrides, spans_of
from jietong.site import Hours, Site

GONE = (-1, -1)  # stamp of a file that is not there
# Each November the State Council announces the coming year's holidays and make-up days: from then on they are missed
ANNOUNCED_FROM = (11, 15)
log = structlog.get_logger("calendar")


def announced_years() -> frozenset[int]:
    """Years whose official holidays and make-up days the library knows; of others it has only what the law says."""
    return frozenset(ChinaStaticHolidays.special_public_holidays)


@cache
def lawful_days(country: str, year: int) -> dict[date, str]:
    """The public holidays that the law itself gives, without days in lieu: every announcement names at least these."""
    known = holidays.country_holidays(country, years=year, language="zh_CN")
    return {day: name for day, name in sorted(known.items()) if BRACKET not in name}


def calendar_of(country: str, years: range, overrides: Overrides) -> Calendar:
    """The library's holidays, with the weekends in their spans, and make-up days of these years under the operator's own.

    Without a country only the operator's, which name every day themselves.
    """
    named: dict[date, str] = {}
    worked: set[date] = set()
    if country:
        known = holidays.country_holidays(country, years=years, language="zh_CN")
        worked = set(known.weekend_workdays)
        named = with_joined_weekends(dict(known.items()), worked | overrides.working_days.keys())
    named = {day: name for day, name in named.items() if day not in overrides.working_days} | overrides.holidays
    worked = (worked | overrides.working_days.keys()) - overrides.holidays.keys()
    return Calendar(named, frozenset(worked), overrides.special_hours)


class OpeningHours:
    """The schedules of a site's queues. `now` gives epoch seconds."""

    def __init__(self, site: Site, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.zone = ZoneInfo(site.hotline.timezone)
        self._country = site.calendar.country
        self._file = Path(site.calendar.file) if site.calendar.file else None
        self._schedules = {
            name: Schedule(spans_of(row.working_days), spans_of(row.weekends), spans_of(row.holidays))
            for name, row in site.hours.items()
        }
        names = {site.hotline.queue: site.hotline.hours} | {
            queue.name: queue.hours for queue in site.queues if queue.hours
        }
        self._hours = {queue: hours for queue, hours in names.items() if hours}
        self._stamp: tuple[int, int] | None = None
        self._years = range(0)
        self._overrides = NOTHING
        self._calendar = Calendar()

    def schedule_of(self, queue: str) -> str:
        """The name of the queue's schedule; empty: always open."""
        return self._hours.get(queue, "")

    def opening(self, queue: str, at: float | None = None) -> Opening:
        """Whether the queue is open, now or at epoch second `at`."""
        moment, schedule = self._now() if at is None else at, self._schedule(queue)
        return (
            opening_at(schedule, self.calendar_at(moment), self.zone, moment) if schedule is not None else Opening(True)
        )

    def next_change(self, queue: str, at: float) -> float | None:
        """The epoch second at which it is no longer as at `at`; None: not within a year."""
        schedule = self._schedule(queue)
        return next_change(schedule, self.calendar_at(at), self.zone, at) if schedule is not None else None

    def open_stretches(self, queue: str, at: float, days: int) -> tuple[Stretch, ...] | None:
        """When the queue is open, from the stretch that holds `at` or the first after it on, by spans that begin within `days` days; None: always."""
        schedule = self._schedule(queue)
        if schedule is None:
            return None
        found = open_stretches(schedule, self.calendar_at(at), self.zone, self._date(at), days)
        return tuple(stretch for stretch in found if stretch[1] > at)

    def holiday_stretches(self, at: float, days: int) -> tuple[Stretch, ...]:
        """Public holidays, from the one that holds `at` or the first after it on, of the next `days` days."""
        found = holiday_stretches(self.calendar_at(at), self.zone, self._date(at), days)
        return tuple(stretch for stretch in found if stretch[1] > at)

    def _schedule(self, queue: str) -> Schedule | None:
        return self._schedules.get(self._hours.get(queue, ""))

    def _date(self, at: float) -> date:
        return wall_clock(at, self.zone).date()

    def calendar_at(self, at: float) -> Calendar:
        """The calendar around epoch second `at`; another object when the operator's file has changed."""
        return self.calendar(self._date(at).year)

    def calendar(self, year: int) -> Calendar:
        """The calendar around `year`, with the operator's file as it is now."""
        self._look_at_file()
        years = range(year - 1, year + 3)
        if years != self._years:
            self._years = years
            self._calendar = calendar_of(self._country, years, self._overrides)
        return self._calendar

    def missing_year(self) -> int | None:
        """The year whose official holidays should be known by now and are not, neither to the library nor whole in the operator's file."""
        if not self._country:
            return None
        self._look_at_file()
        today = self._date(self._now())
        is_announced = (today.month, today.day) >= ANNOUNCED_FROM
        years = (today.year, today.year + 1) if is_announced else (today.year,)
        return next((year for year in years if self.days_missing(year)), None)

    def days_missing(self, year: int) -> dict[date, str]:
        """Public holidays that the law gives a year which the library does not know as announced, and that the operator's file does not name."""
        if year in announced_years():
            return {}
        told = self._overrides.holidays.keys() | self._overrides.working_days.keys()
        return {day: name for day, name in lawful_days(self._country, year).items() if day not in told}

    def _look_at_file(self) -> None:
        if self._file is None:
            return
        try:
            status = self._file.stat()
            stamp = (status.st_mtime_ns, status.st_size)
        except OSError as error:
            if self._stamp != GONE:
                reason = error.strerror
                log.error(
                    "calendar file is not there, the one before stays in force", file=str(self._file), error=reason
                )
            self._stamp = GONE
            return
        if stamp == self._stamp:
            return
        self._stamp = stamp
        overrides, mistakes = read_overrides(self._file)
        for mistake in mistakes:
            log.error("mistake in the calendar file, the one before stays in force", mistake=mistake)
        if not mistakes:
            self._overrides, self._years = overrides, range(0)


def closed_queues_of(site: Site, hours: OpeningHours) -> dict[str, str]:
    """Queue -> queue that takes over outside its hours, where the schedule names one."""
    return {queue: then.then_queue for queue, then in _scheduled(site, hours).items() if then.then_queue}


def message_queues_of(site: Site, hours: OpeningHours) -> frozenset[str]:
    """Queues whose callers leave a message outside its hours."""
    return frozenset(queue for queue, then in _scheduled(site, hours).items() if then.then == "voicemail")


def _scheduled(site: Site, hours: OpeningHours) -> dict[str, Hours]:
    queues = (site.hotline.queue, *(queue.name for queue in site.queues))
    return {queue: site.hours[hours.schedule_of(queue)] for queue in queues if hours.schedule_of(queue)}
