"""The one writer: every event goes through here to the engine, and what the engine says goes out from here.

Owns the router's state while it runs, its clock and its next wake-up. Must not decide anything nor know how a socket works.
Rules: design.md section 3: act first, then journal; time enters only as `event.at`.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from routing import engine
from routing.actions import Action, CallBack, RingSeat, SendOutside, SendToVoicemail
from routing.adapters.ami import AmiConnection, AmiError
from routing.adapters.asterisk_words import order_of
from routing.adapters.ignored_log import IgnoredLog
from routing.adapters.sleepers import Sleepers
from routing.events import CallEnded, Event, OfferFailed, OfferFailure, SendFailed, Tick
from routing.facts import EventIgnored, Fact
from routing.ignored import UNREADABLE
from routing.model import State

log = logging.getLogger(__name__)

# Asterisk's words for a Redirect whose channel is already gone; its Hangup event may have been missed
_NO_CHANNEL = ("does not exist", "no such channel", "not found")


class Journal(Protocol):
    """Where each event and its facts are kept, in order; `append` never blocks."""

    def append(self, event: Event | None, facts: list[Fact], decision_us: float) -> str:
        """Keeps one entry; returns its id."""


class Lead(Protocol):
    """Whether this router may decide now."""

    def is_sure(self) -> bool:
        """False: hold everything back until it was asked."""


class RouterLoop:
    """Feeds events to `engine.step`, orders to Asterisk and facts to the journal; wakes up for deadlines."""

    def __init__(self, state: State, journal: Journal, clock: Callable[[], float], lead: Lead | None = None) -> None:
        self.state = state
        self.clock = clock
        self.asterisk: AmiConnection | None = None
        self.faults = 0
        self.on_facts: Callable[[list[Fact]], None] | None = None
        self.ignored = IgnoredLog()
        self.sleepers = Sleepers(lambda: self.state.calls, lambda: self.asterisk)
        self._journal = journal
        self._lead = lead
        self._held: deque[Event] = deque()
        self._going = asyncio.Event()
        self._going.set()
        self._wake_up: asyncio.TimerHandle | None = None
        self._wake_at: float | None = None

    def tell(self, event: Event) -> list[Fact]:
        """Applies one event at once; returns the facts. Must be called on the loop's thread.

        An event that the engine cannot take (a fault of ours) is logged and left out: one call may suffer, the hotline goes on.
        While it is in doubt whether this router leads, events wait for `go_on` and nothing is returned.
        """
        if self._held or (self._lead is not None and not self._lead.is_sure()):
            self._held.append(event)
            self._going.clear()
            return []
        return self._apply(event)

    def go_on(self) -> None:
        """The lead is confirmed: what was held back is applied, in order."""
        while self._held:
            self._apply(self._held.popleft())
        self._going.set()

    async def until_going(self) -> None:
        """Returns once nothing is held back."""
        if self._lead is not None and not self._lead.is_sure():
            self._going.clear()
        await self._going.wait()

    def _apply(self, event: Event) -> list[Fact]:
        started = time.perf_counter()
        try:
            actions, facts = engine.step(self.state, event)
        except Exception:
            self.faults += 1
            log.exception(
                "the engine cannot take an event", extra={"type": type(event).__name__, "faults": self.faults}
            )
            return []
        decision_us = (time.perf_counter() - started) * 1e6
        for action in actions:
            self._perform(action)
        for fact in facts:
            if isinstance(fact, EventIgnored):
                self.ignored.note(fact)
        if facts or not isinstance(event, Tick):
            self._journal.append(event, facts, decision_us)
        if facts and self.on_facts is not None:
            self.on_facts(facts)
        self._plan_wake_up()
        return facts

    def skip(self, what: str) -> None:
        """Something came from Asterisk that cannot be read as an event: counted, and put on record."""
        fact = EventIgnored(self.clock(), what, "", UNREADABLE)
        self.ignored.note(fact)
        self._journal.append(None, [fact], 0.0)

    def stop(self) -> None:
        """No more wake-ups."""
        if self._wake_up is not None:
            self._wake_up.cancel()

    def _perform(self, action: Action) -> None:
        name, fields = order_of(action)
        try:
            if self.asterisk is None:
                raise AmiError("not connected")
            self.asterisk.send(name, fields, lambda why: self._refused(action, why))
            if isinstance(action, RingSeat):
                self.sleepers.ordered(action, lambda why: self._refused(action, why))
        except (AmiError, ValueError) as error:
            log.warning("order not sent: %s", error, extra={"order": name})
            asyncio.get_running_loop().call_soon(self._refused, action, str(error))

    def _refused(self, action: Action, why: str) -> None:
        if isinstance(action, SendOutside | SendToVoicemail):
            log.warning("Asterisk refused to move a caller", extra={"call": action.call, "why": why})
            is_gone = any(words in why.lower() for words in _NO_CHANNEL)
            at = self.clock()
            self.tell(CallEnded(at, action.call, 0) if is_gone else SendFailed(at, action.call))
        if isinstance(action, CallBack):
            log.warning("Asterisk refused a callback", extra={"call": action.call, "seat": action.seat, "why": why})
            self.tell(OfferFailed(self.clock(), action.call, action.seat, OfferFailure.NOT_DELIVERED))
        if not isinstance(action, RingSeat):
            return
        log.warning("Asterisk refused to ring a seat", extra={"call": action.call, "seat": action.seat, "why": why})
        if any(words in why.lower() for words in _NO_CHANNEL):
            self.tell(CallEnded(self.clock(), action.call, 0))
        else:
            for seat in action.seats:
                self.tell(OfferFailed(self.clock(), action.call, seat, OfferFailure.NOT_DELIVERED))

    def _plan_wake_up(self) -> None:
        due = engine.next_deadline(self.state)
        if due == self._wake_at and self._wake_up is not None:
            return
        if self._wake_up is not None:
            self._wake_up.cancel()
        self._wake_at, self._wake_up = due, None
        if due is not None:
            delay_s = max(0.0, due - self.clock())
            self._wake_up = asyncio.get_running_loop().call_later(delay_s, self._tick)

    def _tick(self) -> None:
        self._wake_up = self._wake_at = None
        self.tell(Tick(self.clock()))
