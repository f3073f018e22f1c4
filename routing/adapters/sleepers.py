"""Callers who slept through an order: noticed while their seat does not ring, and given the order once more.

Owns when to look and how often. Must not decide anything: the order stays the one that was given.
Why: a channel that Asterisk owes a wake-up (keys pressed while the menu or Asterisk hung, and a phone that sends no audio) goes on waiting after a Redirect, although it has the new
place already. The dialplan would look up by itself, but rarely: a look every second by every waiting caller costs six times what app_queue's own clock does (bench/waiting_cost.py).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from routing.actions import RingSeat
from routing.adapters.ami import AmiError
from routing.adapters.ami_wire import Message
from routing.adapters.asterisk_words import order_of
from routing.model import Call, Offer

log = logging.getLogger(__name__)

TAKEN_WITHIN_S = 0.5  # usually a few milliseconds; a machine with too much to do takes longer, so Asterisk is asked before anything is ordered again
MOST_LOOKS = 8  # half of the shortest ringing time; by then the offer's own deadline is near
ASLEEP = "WaitExten"  # the application in which a caller waits; whoever took the order is in another


class Connection(Protocol):
    """What is needed of a connection to Asterisk."""

    def send(self, action: str, fields: Mapping[str, str | list[str]], on_refused: Callable[[str], None]) -> None:
        """Sends an order."""

    async def listing(self, action: str, fields: Mapping[str, str | list[str]]) -> list[Message]:
        """Asks for a list."""


class Sleepers:
    """Watches the orders to ring of one router. `calls`: the router's own, by id; `connection`: the present one, None while there is none."""

    def __init__(self, calls: Callable[[], Mapping[str, Call]], connection: Callable[[], Connection | None]) -> None:
        self.woken = 0
        self._calls = calls
        self._connection = connection
        self._looking: set[asyncio.Task[None]] = set()

    def ordered(self, action: RingSeat, on_refused: Callable[[str], None]) -> None:
        """An order to ring went out a moment ago."""
        call = self._calls().get(action.call)
        offers = () if call is None else tuple(call.rings.get(seat) for seat in action.seats)
        asyncio.get_running_loop().call_later(TAKEN_WITHIN_S, self._look, action, offers, on_refused, MOST_LOOKS)

    def _look(
        self, action: RingSeat, offers: tuple[Offer | None, ...], on_refused: Callable[[str], None], looks: int
    ) -> None:
        connection = self._connection()
        if connection is None or not self._is_open(action, offers):
            return
        task = asyncio.get_running_loop().create_task(self._ask(connection, action, offers, on_refused, looks))
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    def _is_open(self, action: RingSeat, offers: tuple[Offer | None, ...]) -> bool:
        """Whether these very offers are still made, and no seat has rung."""
        call = self._calls().get(action.call)
        if call is None:
            return False
        now = [call.rings.get(seat) for seat in action.seats]
        return any(offer is not None for offer in now) and all(
            offer is before and (offer is None or offer.rang_at is None)
            for offer, before in zip(now, offers, strict=True)
        )

    async def _ask(
        self,
        connection: Connection,
        action: RingSeat,
        offers: tuple[Offer | None, ...],
        on_refused: Callable[[str], None],
        looks: int,
    ) -> None:
        try:
            found = await connection.listing("Status", {"Channel": action.channel})
            if not self._is_open(action, offers):
                return
            if any(message.get("Application") == ASLEEP for message in found):
                self.woken += 1
                log.warning("a caller slept through its order", extra={"call": action.call, "woken": self.woken})
                connection.send(*order_of(action), on_refused)
        except AmiError:
            return  # the channel or the connection is gone: that comes as an event of its own
        if looks > 1:
            asyncio.get_running_loop().call_later(TAKEN_WITHIN_S, self._look, action, offers, on_refused, looks - 1)
