"""The router's memory kept beside the journal, so that another router can go on from it.

Owns one key with the state and the journal id it belongs to. Must not know what the state means (routing/snapshot.py
does).
Rules: design.md section 4. Whoever loads it replays the journal after `journal_id`.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from routing.adapters import redis_clients

log = structlog.get_logger("journal")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State as plain values, the id of the last journal entry that is in it, and when it was taken."""

    journal_id: str
    at: float
    state: dict[str, Any]


class Snapshots:
    """Keeps the latest snapshot of one hotline."""

    def __init__(self, url: str, prefix: str) -> None:
        self._store = redis_clients.open_async(url)
        self._key = redis_clients.key(prefix, "snapshot")

    async def save(self, snapshot: Snapshot) -> None:
        """Replaces the snapshot, whole or not at all; raises StoreAway."""
        raw = msgspec.json.encode(snapshot)
        try:
            await self._store.set(self._key, raw)
        except redis_clients.AWAY as error:
            raise redis_clients.StoreAway(f"snapshot not saved: {error!r}") from error

    async def load(self) -> Snapshot | None:
        """The latest snapshot; None when there is none or it is damaged (logged: then Asterisk is asked). Raises
        StoreAway.
        """
        try:
            raw = await self._store.get(self._key)
        except redis_clients.AWAY as error:
            raise redis_clients.StoreAway(f"snapshot not read: {error!r}") from error
        if raw is None:
            return None
        try:
            return msgspec.json.decode(raw, type=Snapshot)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            log.error("snapshot is damaged and not used", error=str(error))
            return None

    async def close(self) -> None:
        """Ends the connection."""
        await self._store.aclose()
