"""Keeps the router connected to Asterisk, and makes both agree after every (re)connect.

Owns the connect, take-stock and reconnect cycle. Must not decide anything: what it learns goes to the loop as events.
Rules: design.md section 4; asterisk.md (AMI events in order, channel variables travel with the caller).
"""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable

from asterisk_conf import names
from routing.adapters import asterisk_words as words
from routing.adapters.ami import BACK_OFF_S, AmiAddress, AmiConnection, AmiError, connect, watch
from routing.adapters.ami_wire import Message
from routing.adapters.router_loop import RouterLoop
from routing.adapters.static_queue import StaticQueues
from routing.adapters.tenure import Tenure
from routing.callback import is_settled
from routing.events import (
    AsteriskLost,
    AsteriskSynced,
    CallArrived,
    CallEnded,
    CallQueued,
    Event,
    LegEnded,
    SeatChanged,
)
from routing.transitions import CallState

log = logging.getLogger(__name__)


class AsteriskLink:
    """Runs until cancelled: connect, take stock, pass events on, and again."""

    def __init__(
        self,
        address: AmiAddress,
        loop: RouterLoop,
        on_synced: Callable[[], Awaitable[None]],
        tenure: Tenure | None = None,
        from_wall: Callable[[float], float] = lambda at: at,
        *,
        has_static_queues: bool = False,
    ) -> None:
        self._address = address
        self._loop = loop
        self._on_synced = on_synced
        self._tenure = tenure
        self._from_wall = from_wall
        self._connection: AmiConnection | None = None
        self._has_static_queues = has_static_queues
        self._static: StaticQueues | None = None
        self._strays = asyncio.Event()
        self._heard: set[str] | None = (
            None  # while stock is taken: channels whose end, and seats of which something newer, was heard meanwhile
        )

    async def run(self, inherited: AmiConnection | None = None) -> None:
        """Connects and reconnects with back-off for ever; `inherited`: a connection to begin with, whose events come
        to `on_event` already.
        """
        tries = 0
        while True:
            try:
                connection, inherited = inherited or await connect(self._address, self.on_event), None
            except (OSError, AmiError, TimeoutError) as error:
                if tries == 0:
                    log.warning("no connection to Asterisk, trying again: %s", error)
                await asyncio.sleep(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
                tries += 1
                continue
            tries = 0
            try:
                await self._serve(connection)
            except AmiError as error:
                log.warning("Asterisk did not answer while taking stock: %s", error)
            finally:
                connection.close()
                self._loop.asterisk = None
                self._loop.tell(AsteriskLost(self._loop.clock()))
            await asyncio.sleep(BACK_OFF_S[0])

    async def _serve(self, connection: AmiConnection) -> None:
        self._loop.asterisk = self._connection = connection
        self._announce()
        self._static = StaticQueues(connection) if self._has_static_queues else None
        await self._take_stock(connection)
        log.info("connected to Asterisk and in agreement with it")
        await self._on_synced()
        if self._static is None:
            await watch(connection)
        else:
            await self._watch_static_queues(connection, self._static)
        log.warning("the connection to Asterisk is gone")

    async def _watch_static_queues(self, connection: AmiConnection, static: StaticQueues) -> None:
        static.begin(self._loop.state)
        self._loop.on_facts = static.note
        tasks = [asyncio.create_task(static.run()), asyncio.create_task(self._fetch_strays(connection, static))]
        try:
            await watch(connection)
        finally:
            self._loop.on_facts = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetch_strays(self, connection: AmiConnection, static: StaticQueues) -> None:
        """A caller who went to Asterisk's own queue though a router is there (it was stopped for a while) comes back."""
        while True:
            await self._strays.wait()
            self._strays.clear()
            channels = await connection.listing("Status", {"Variables": ",".join(words.STATUS_VARIABLES)})
            static.fetch([message for message in channels if not self._is_offered(message)])
            self._hear_of_static(channels, self._loop.clock())

    def _is_offered(self, message: Message) -> bool:
        call = self._loop.state.calls.get(message.get("Linkedid"))
        return call is not None and call.state is CallState.OFFERED

    def _hear_of_static(self, channels: list[Message], at: float) -> None:
        """Callers in Asterisk's own queue whom the state does not know, or thinks to be with a seat that was never rung."""
        for message in channels:
            call = words.waiting_call_of(message, at) if message.get("Context") == names.STATIC else None
            if call is not None:
                known = self._loop.state.calls.get(call.call)
                if known is None or (known.state is CallState.RETURNING and not message.get("BridgeID")):
                    self._loop.tell(call)

    async def _take_stock(self, connection: AmiConnection) -> None:
        asked_at = self._loop.clock()
        heard: set[str] = set()
        self._heard = heard
        started_at = words.started_at_of(await connection.request("CoreStatus", {}))
        devices = await connection.listing("DeviceStateList", {})
        channels = await connection.listing("Status", {"Variables": ",".join(words.STATUS_VARIABLES)})
        channels = [message for message in channels if message.get("Uniqueid") not in heard]
        self._heard = None
        at = self._loop.clock()
        for message in devices:
            changed = words.seat_changed_of(message, at)
            if changed is not None and changed.seat not in heard:
                self._loop.tell(changed)
        ids = {message.get("Uniqueid") for message in channels}
        calls = {message.get("Linkedid") for message in channels if message.get("Linkedid") in ids}
        calls = {call for call in calls if not words.is_callback_channel(call)}  # these are legs
        if self._static is not None:
            self._static.fetch(channels)
        self._hear_of_static(channels, at)  # who talks already must be known before its answer is told
        for message in channels:
            self._follow_offer(message, at)
        for message in channels:
            call = words.waiting_call_of(message, at)
            if call is not None and message.get("Context") != names.STATIC and self._is_news(call):
                self._loop.tell(self._timed(call))
        self._loop.tell(AsteriskSynced(at, asked_at, tuple(sorted(calls)), tuple(sorted(ids - calls)), started_at))

    def _follow_offer(self, message: Message, at: float) -> None:
        """An offer may have begun to ring, or been answered, while nobody listened."""
        found = words.seat_leg_of(message, at)
        call = self._loop.state.calls.get(found[0].call) if found is not None else None
        if found is None or call is None or call.state not in (CallState.OFFERED, CallState.WAITING):
            return
        rings, answered = found
        offer = call.rings.get(rings.seat)
        if offer is not None and offer.rang_at is None:
            self._loop.tell(rings)
        if answered is not None:
            self._loop.tell(answered)

    def _is_news(self, call: CallArrived | CallQueued) -> bool:
        known = self._loop.state.calls.get(call.call)
        is_in_line = known is not None and known.state is CallState.WAITING and not is_settled(known)
        return known is None or (isinstance(call, CallQueued) and not is_in_line)

    def _announce(self) -> None:
        if self._tenure is not None and self._connection is not None:
            action, fields = words.leadership(self._tenure.owner, self._tenure.fence)
            self._connection.send(action, fields, lambda why: log.error("lead not announced: %s", why))

    def hear(self, event: Event) -> None:
        """An event of Asterisk's, whichever connection brought it."""
        self._loop.tell(self._timed(event))

    def on_event(self, message: Message) -> None:
        """A message as it comes from Asterisk."""
        if words.is_static(message):
            self._strays.set()
            return
        leader = words.leader_of(message)
        if leader is not None:
            if self._tenure is not None and self._tenure.hear(*leader):
                self._announce()
            return
        try:
            event = words.event_of(message, self._loop.clock())
        except ValueError:  # a word that no Asterisk says: the connection and everybody else's calls go on
            self._loop.skip(words.kind_of(message))
            return
        if self._heard is not None and (newer := _newer_than_a_list(event)):
            self._heard.add(newer)
        if event is not None:
            self.hear(event)

    def _timed(self, event: Event) -> Event:
        """The dialplan reads the wall clock, which may have been set since the router read it."""
        if not isinstance(event, CallQueued):
            return event
        queued_at, entered_at = self._from_wall(event.queued_at), self._from_wall(event.entered_at)
        return dataclasses.replace(event, queued_at=queued_at, entered_at=entered_at)


def _newer_than_a_list(event: Event | None) -> str:
    """The channel that is gone, or the seat that changed, whatever a list that was asked for before says of it; empty for other events."""
    match event:
        case CallEnded():
            return event.call
        case LegEnded():
            return event.leg
        case SeatChanged():
            return event.seat
        case _:
            return ""
