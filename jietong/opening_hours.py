"""Whether the hotline's queues are open now: the site's schedules, the public holidays and the operator's file put together.

Owns the reading of the wall clock and of the operator's file, anew when that has changed. Must not decide what a date means: ivr/calendar.py does.
Rules: docs/guide/calendar.md. A calendar that cannot be read leaves the one before it in force: callers are served.
"""

import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import structlog
from holidays.countries.china import ChinaStaticHolidays

from ivr.calendar import Calendar, Opening, Schedule, next_change, opening_at, with_joined_weekends
from jietong.calendar_file import NOTHING, Overrides, read_overrides, spans_of
from jietong.site import Site

LOOK_AGAIN_S = 1.0
# Each November the State Council announces the coming year's holidays and make-up days: from then on they are missed
ANNOUNCED_FROM = (11, 15)
log = structlog.get_logger("calendar")


def announced_years() -> frozenset[int]:
    """Years whose official holidays and make-up days the library knows; of others it has only what the law says."""
    return frozenset(ChinaStaticHolidays.special_public_holidays)


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
        self._zone = ZoneInfo(site.hotline.timezone)
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
        self._looked_at = 0.0
        self._years = range(0)
        self._overrides = NOTHING
        self._calendar = Calendar()

    def schedule_of(self, queue: str) -> str:
        """The name of the queue's schedule; empty: always open."""
        return self._hours.get(queue, "")

    def opening(self, queue: str, at: float | None = None) -> Opening:
        """Whether the queue is open, now or at epoch second `at`."""
        moment = self._local(self._now() if at is None else at)
        schedule = self._schedules.get(self._hours.get(queue, ""))
        return opening_at(schedule, self.calendar(moment.year), moment) if schedule is not None else Opening(True)

    def next_change(self, queue: str, at: float) -> datetime | None:
        """The local time at which it is no longer as at epoch second `at`; None: not within a year."""
        schedule, moment = self._schedules.get(self._hours.get(queue, "")), self._local(at)
        return next_change(schedule, self.calendar(moment.year), moment) if schedule is not None else None

    def _local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, self._zone).replace(tzinfo=None)

    def calendar(self, year: int) -> Calendar:
        """The calendar around `year`, with the operator's file as it is now."""
        self._look_at_file()
        years = range(year - 1, year + 3)
        if years != self._years:
            self._years = years
            self._calendar = calendar_of(self._country, years, self._overrides)
        return self._calendar

    def is_year_missing(self) -> bool:
        """Whether the coming year's official holidays should be known by now and are not: neither to the library nor in the operator's file."""
        today = datetime.fromtimestamp(self._now(), self._zone).date()
        if not self._country or (today.month, today.day) < ANNOUNCED_FROM:
            return False
        self._look_at_file()
        told = {day.year for day in (*self._overrides.holidays, *self._overrides.working_days)}
        return today.year + 1 not in announced_years() | told

    def _look_at_file(self) -> None:
        if self._file is None or abs(self._now() - self._looked_at) < LOOK_AGAIN_S:
            return
        self._looked_at = self._now()
        try:
            status = self._file.stat()
        except OSError as error:
            log.error(
                "calendar file is not there, the one before stays in force", file=str(self._file), error=error.strerror
            )
            return
        stamp = (status.st_mtime_ns, status.st_size)
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
    queues = (site.hotline.queue, *(queue.name for queue in site.queues))
    named = {queue: site.hours[hours.schedule_of(queue)].then_queue for queue in queues if hours.schedule_of(queue)}
    return {queue: then for queue, then in named.items() if then}
