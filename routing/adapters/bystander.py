"""What Asterisk says while another router leads: a standby hears it too, so that nothing between two leaders is lost.

Owns a connection that only listens until it is given away, and the last KEPT_S of what came over it. Must not order
anything, nor touch a state.
Rules: design.md section 4: whoever answered, talked and hung up after the leader's last word is on record as it was.
"""

import asyncio
import dataclasses
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable

from routing.adapters import asterisk_words as words
from routing.adapters.ami import BACK_OFF_S, AmiAddress, AmiConnection, AmiError, connect, watch
from routing.adapters.ami_wire import Message
from routing.adapters.steady_clock import since_boot_s
from routing.events import Event

log = logging.getLogger(__name__)

KEPT_S = 30.0  # a leader that hangs is replaced within 3 s; the rest is for a store whose last seconds are lost
MOST_KEPT = 200_000  # messages; some 300 calls a second for KEPT_S
REST_S = 0.05  # nothing is decided by what it hears as long as another router leads; by so much its times may be late
EDGE_S = 2.0  # by which a busy leader may have heard something later than its standby
TOLD_S = 6.0  # before the last word of the journal: what both have heard since then is paired


class Bystander:
    """Listens from `start` until its connection is given away."""

    def __init__(self, address: AmiAddress) -> None:
        self._address = address
        self._heard: deque[tuple[float, Message]] = deque(maxlen=MOST_KEPT)
        self._rest_s = REST_S
        self._connection: AmiConnection | None = None
        self._listening: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connects, and connects again for ever."""
        self._listening = asyncio.create_task(self._run(), name="bystander")

    def close(self) -> None:
        """Listens no more."""
        if self._listening is not None:
            self._listening.cancel()

    async def _run(self) -> None:
        tries = 0
        while True:
            try:
                connection = self._connection = await connect(self._address, self._keep)
            except (OSError, AmiError, TimeoutError):
                await asyncio.sleep(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
                tries += 1
                continue
            tries = 0
            connection.rest_between_reads(self._rest_s)
            try:
                await watch(connection)
            finally:
                if self._connection is not None:
                    connection.close()
                self._connection = None

    def attend(self) -> None:
        """Reads at once whatever has come, and from now on whatever comes: this router is about to lead."""
        self._rest_s = 0.0
        if self._connection is not None:
            self._connection.rest_between_reads(0.0)

    def take(self, offset_s: float) -> list[Event]:
        """What was heard and not yet taken, in order; `offset_s` is the router's time of the moment of boot."""
        found = []
        while self._heard:
            heard_at, message = self._heard.popleft()
            try:
                event = words.event_of(message, heard_at + offset_s)
            except ValueError:
                continue  # a word that no Asterisk says
            if event is not None:
                found.append(event)
        return found

    def give_connection(self, on_event: Callable[[Message], None]) -> AmiConnection | None:
        """What comes from now on over the returned connection goes to `on_event`, and the connection is the receiver's
        to close; None when there is none. This one listens no more.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.on_event = on_event
        self.close()
        return connection

    def _keep(self, message: Message) -> None:
        now = since_boot_s()
        self._heard.append((now, message))
        while self._heard[0][0] < now - KEPT_S:
            self._heard.popleft()


def missed(heard: Iterable[Event], told: Iterable[Event], until: float) -> list[Event]:
    """Those of `heard` that are not in the journal, whose last entry is of `until`; `told`: its events of the last TOLD_S.

    The first of several equal ones in the journal is the first that was heard. What is older than EDGE_S is on record.
    """
    known = Counter(_untimed(event) for event in told if event.at > until - TOLD_S)
    found = []
    for event in heard:
        if event.at <= until - TOLD_S:
            continue
        if known[_untimed(event)]:
            known[_untimed(event)] -= 1
        elif event.at > until - EDGE_S:
            found.append(event)
    return found


def _untimed(event: Event) -> Event:
    return dataclasses.replace(event, at=0.0)
