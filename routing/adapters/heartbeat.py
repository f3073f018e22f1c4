"""Tells the world every second that the router lives and whether it hears Asterisk.

Owns the key `router` (JSON {"at", "asterisk_connected"}), which expires by itself after 3 s. Must not know who reads it.
Rules: design.md sections 4 and 5 (`/healthz`).
"""

import asyncio
import contextlib

import msgspec

from routing.adapters import redis_clients
from routing.adapters.router_loop import RouterLoop

EVERY_S = 1.0
LIVES_MS = 3000


class Heartbeat:
    """Writes the sign of life; a store that is away is tried again a second later."""

    def __init__(self, url: str, prefix: str, loop: RouterLoop) -> None:
        self._store = redis_clients.open_async(url)
        self._key = redis_clients.key(prefix, "router")
        self._loop = loop

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await self.beat()
            await asyncio.sleep(EVERY_S)

    async def beat(self) -> None:
        """Writes one sign of life now, so that a change is seen at once."""
        sign = {"at": self._loop.clock(), "asterisk_connected": self._loop.state.connected}
        with contextlib.suppress(*redis_clients.AWAY):
            await self._store.set(self._key, msgspec.json.encode(sign), px=LIVES_MS)

    async def close(self) -> None:
        """Ends the connection."""
        await self._store.aclose()
