"""The router's memory kept beside the journal, so that another router can go on from it.

Owns two keys, the latest state and the one before, each with the journal id it belongs to. Must not know what the state means (routing/snapshot.py
does).
Rules: design.md section 4. Whoever loads it replays the journal after `journal_id`.
"""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import structlog

from routing.adapters import redis_clients
from routing.adapters.journal import NO_FENCE

_SAVE = """
if tonumber(ARGV[2]) < tonumber(redis.call('get', KEYS[3]) or 0) then return 0 end
if redis.call('exists', KEYS[1]) == 1 then redis.call('rename', KEYS[1], KEYS[2]) end
redis.call('set', KEYS[1], ARGV[1])
return 1
"""
BYTES_PER_S = 10e6  # a store that is slower counts as away; 100,000 open calls are some 60 MB, and a command's own limit is too short for them
T = TypeVar("T")
log = structlog.get_logger("journal")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State as plain values, the id of the last journal entry that is in it, and when it was taken."""

    journal_id: str
    at: float
    state: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EncodedSnapshot:
    """The same with a state that is JSON already: plain values of a living state change with its next step."""

    journal_id: str
    at: float
    state: msgspec.Raw


class Snapshots:
    """Keeps the latest two snapshots of one hotline."""

    def __init__(self, url: str, prefix: str) -> None:
        self._store = redis_clients.open_async(url, limit_s=None)
        self._keys = [redis_clients.key(prefix, name) for name in ("snapshot", "snapshot-before", "fence")]
        self._save = self._store.register_script(_SAVE)

    async def save(self, snapshot: Snapshot | EncodedSnapshot, fence: int = NO_FENCE) -> bool:
        """Replaces the snapshot, whole or not at all, and keeps the one before; False when a router with a higher
        number than `fence` leads. Raises StoreAway.
        """
        raw = msgspec.json.encode(snapshot)
        try:
            return bool(await _within(self._save(keys=self._keys, args=[raw, fence]), len(raw)))
        except redis_clients.AWAY as error:
            raise redis_clients.StoreAway(f"snapshot not saved: {error!r}") from error

    async def load(self) -> Snapshot | None:
        """The latest snapshot that is whole; None when there is none. Raises StoreAway."""
        return next(iter(await self.load_all()), None)

    async def load_all(self) -> list[Snapshot]:
        """The snapshots that are whole, the latest first; a damaged one is left out (logged). Raises StoreAway."""
        try:
            sizes = [await _within(self._store.strlen(key)) for key in self._keys[:2]]
            found = await _within(self._store.mget(self._keys[:2]), sum(sizes))
        except redis_clients.AWAY as error:
            raise redis_clients.StoreAway(f"snapshot not read: {error!r}") from error
        whole = []
        for key, raw in zip(self._keys, found, strict=False):
            if raw is None:
                continue
            try:
                whole.append(msgspec.json.decode(raw, type=Snapshot))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                log.error("snapshot is damaged and not used", key=key, error=str(error))
        return whole

    async def close(self) -> None:
        """Ends the connection."""
        await self._store.aclose()


async def _within(answer: Awaitable[T], size: int = 0) -> T:
    """The answer to a command that carries `size` bytes; raises TimeoutError."""
    async with asyncio.timeout(redis_clients.COMMAND_S + size / BYTES_PER_S):
        return await answer
