"""What Asterisk says while another router leads: a standby hears it too, so that nothing between two leaders is lost.

Owns a connection that only listens, and the last KEPT_S of what came over it. Must not order anything, nor touch a state.
Rules: design.md section 4: whoever answered, talked and hung up after the leader's last word is on record as it was.
"""

import asyncio
import dataclasses
import logging
from collections import Counter, deque
from collections.abc import Iterable

from routing.adapters import asterisk_words as words
from routing.adapters.ami import BACK_OFF_S, AmiAddress, AmiError, connect, watch
from routing.adapters.ami_wire import Message
from routing.adapters.steady_clock import since_boot_s
from routing.events import Event

log = logging.getLogger(__name__)

KEPT_S = 30.0  # a leader that hangs is replaced within 3 s; the rest is for a store whose last seconds are lost
MOST_KEPT = 200_000  # messages; some 300 calls a second for KEPT_S
EDGE_S = 0.5  # by which leader and standby may have heard the same at different times
TOLD_S = 2.0  # before the last word of the journal: among these a message is looked for that both have heard


class Bystander:
    """Run it as a task while standing by; cancel it, then ask."""

    def __init__(self, address: AmiAddress) -> None:
        self._address = address
        self._heard: deque[tuple[float, Message]] = deque(maxlen=MOST_KEPT)

    async def run(self) -> None:
        """Listens until cancelled, and connects again for ever."""
        tries = 0
        while True:
            try:
                connection = await connect(self._address, self._hear)
            except (OSError, AmiError, TimeoutError):
                await asyncio.sleep(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
                tries += 1
                continue
            tries = 0
            try:
                await watch(connection)
            finally:
                connection.close()

    def events(self, offset_s: float) -> list[Event]:
        """What was heard, in order; `offset_s` is the router's time of the moment of boot."""
        found = []
        for heard_at, message in self._heard:
            try:
                event = words.event_of(message, heard_at + offset_s)
            except ValueError:
                continue  # a word that no Asterisk says
            if event is not None:
                found.append(event)
        return found

    def _hear(self, message: Message) -> None:
        now = since_boot_s()
        self._heard.append((now, message))
        while self._heard[0][0] < now - KEPT_S:
            self._heard.popleft()


def missed(heard: Iterable[Event], told: Iterable[Event], until: float) -> list[Event]:
    """Those of `heard` that are not in the journal, whose last entry is of `until`; `told`: its events of the last TOLD_S."""
    known = Counter(_untimed(event) for event in told if event.at > until - TOLD_S)
    found = []
    for event in heard:
        if event.at <= until - EDGE_S:
            continue
        if known[_untimed(event)]:
            known[_untimed(event)] -= 1
        else:
            found.append(event)
    return found


def _untimed(event: Event) -> Event:
    return dataclasses.replace(event, at=0.0)
