"""Tells the router when queues are open and when it is public holiday, anew whenever that changes.

Owns when it is told. Must not know what the router does with it, nor how hours are reckoned: opening_hours.py does.
Rules: docs/guide/callback.md; an edge is told when it comes, a changed calendar file within LOOK_AGAIN_S.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from ivr.calendar import Calendar
from jietong.opening_hours import OpeningHours
from routing.events import Event, HoursTold

log = logging.getLogger(__name__)

AHEAD_DAYS = 35  # a promise is at most a day of open time; the longest public holidays are nine days
LOOK_AGAIN_S = 1.0
LEAST_PAUSE_S = 0.01


class Listener(Protocol):
    """Who is told."""

    clock: Callable[[], float]

    def tell(self, event: Event) -> object:
        """Takes an event."""


class HoursForRouter:
    """The hours of these queues, as events. Looks are made one after the other, on any thread."""

    def __init__(self, hours: OpeningHours, queues: tuple[str, ...]) -> None:
        self._hours = hours
        self._queues = queues
        self._calendar: Calendar | None = None
        self._changes_at = 0.0
        self._has_failed = False

    def look(self, at: float) -> HoursTold | None:
        """What is to be told at `at`: None when nothing has changed since the last look. Never raises: the hours before stay in force (logged once)."""
        try:
            calendar = self._hours.calendar_at(at)
            if calendar is self._calendar and at < self._changes_at:
                return None
            told = self._told(at)
        except Exception:  # whatever is wrong with a calendar, callers are served
            if not self._has_failed:
                log.exception("opening hours cannot be told to the router")
            self._has_failed = True
            return None
        self._has_failed = False
        edges = [
            edge for times in (*(times for _, times in told.queues), told.holidays) for pair in times for edge in pair
        ]
        next_day = at + 86_400  # what is known ahead grows
        self._calendar, self._changes_at = calendar, min((edge for edge in edges if edge > at), default=next_day)
        self._changes_at = min(self._changes_at, next_day)
        return told

    def pause_s(self, at: float) -> float:
        """How long until the next look."""
        return min(LOOK_AGAIN_S, max(LEAST_PAUSE_S, self._changes_at - at))

    def _told(self, at: float) -> HoursTold:
        found = [(queue, self._hours.open_stretches(queue, at, AHEAD_DAYS)) for queue in self._queues]
        known = tuple((queue, times) for queue, times in found if times is not None)
        return HoursTold(at, known, self._hours.holiday_stretches(at, AHEAD_DAYS))


async def tell_hours(hours: HoursForRouter, listener: Listener) -> None:
    """Tells until cancelled."""
    while True:
        told = await asyncio.to_thread(hours.look, listener.clock())
        if told is not None:
            listener.tell(told)
        await asyncio.sleep(hours.pause_s(listener.clock()))
