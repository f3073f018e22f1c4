"""The router's part in the fallback: the dialplan hears that it is there, and Asterisk's own queue whom it may ring.

Owns the sign of life on the AMI connection, the pausing of members and the fetching of callers who went there. Must not decide who is served.
Rules: design.md section 4 (router and standbys gone: a static app_queue). Asterisk reads the wall clock of its own machine: it must agree with ours
within the fallback time.
"""

import asyncio
import logging
import time
from collections.abc import Iterable

from routing.adapters import asterisk_words as words
from routing.adapters.ami import AmiConnection, AmiError
from routing.adapters.ami_wire import Message
from routing.facts import AgentChanged, Fact
from routing.model import AT_WORK, State

log = logging.getLogger(__name__)
BEAT_EVERY_S = 1.0


class StaticQueues:
    """Of one connection to Asterisk."""

    def __init__(self, connection: AmiConnection) -> None:
        self._connection = connection
        self._allowed: dict[str, bool] = {}

    async def run(self) -> None:
        """Beats until cancelled; a connection that is gone ends it."""
        while True:
            self._connection.send(*words.beat(int(time.time())))
            await asyncio.sleep(BEAT_EVERY_S)

    def begin(self, state: State) -> None:
        """Tells Asterisk of every seat; it forgets when it restarts."""
        for number, seat in state.seats.items():
            agent = state.agents.get(seat.agent)
            self._allow(number, is_allowed=agent is not None and agent.state in AT_WORK)

    def note(self, facts: Iterable[Fact]) -> None:
        """An agent came to work, or left it: its seat is let in or kept out."""
        for fact in facts:
            if isinstance(fact, AgentChanged) and fact.seat:
                self._allow(fact.seat, is_allowed=fact.state in AT_WORK)

    def fetch(self, channels: Iterable[Message]) -> None:
        """Callers who wait in Asterisk's own queue wait under the router again; who talks is left alone."""
        for message in channels:
            if words.is_in_static_queue(message):
                self._connection.send(*words.back_to_waiting(message.get("Channel")), _not_fetched)

    def _allow(self, seat: str, *, is_allowed: bool) -> None:
        if self._allowed.get(seat) is is_allowed:
            return
        self._allowed[seat] = is_allowed
        try:
            self._connection.send(*words.member_paused(seat, paused=not is_allowed), _not_paused)
        except AmiError as error:
            log.warning("seat not kept out of Asterisk's own queue: %s", error)


def _not_fetched(why: str) -> None:
    log.warning("a caller was not fetched from Asterisk's own queue: %s", why)


def _not_paused(why: str) -> None:
    log.debug("Asterisk's own queues do not know the seat: %s", why)
