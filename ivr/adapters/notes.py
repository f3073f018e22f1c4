"""What callers left behind for the database: it waits in the store, so that a database that is away loses nothing.

Owns the stream `notes` and the form of a note in it. Must not know how a note is written to the database.
Rules: design.md section 4. A note is read at least once; its key in the database tells a second reading.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
import redis
import structlog

from ivr.case import Case
from ivr.rating import Rating
from routing.adapters import redis_clients

Note = Rating | Case
KINDS: dict[str, type[Note]] = {"rating": Rating, "case": Case}
MOST_KEPT = 100_000  # a day of the greatest hotline; older ones go first
log = structlog.get_logger("notes")


@dataclass(frozen=True, slots=True)
class WaitingNote:
    """A note and its place; None where nothing could be understood (logged)."""

    place: str
    note: Note | None


class Notes:
    """The stream. Any number of threads may keep notes."""

    def __init__(self, url: str, prefix: str) -> None:
        self._store = redis_clients.open_sync(url)
        self._key = redis_clients.key(prefix, "notes")

    def keep(self, note: Note) -> None:
        """Keeps a note until it is in the database; raises StoreAway, and may have kept it then."""
        kind = next(kind for kind, cls in KINDS.items() if isinstance(note, cls))
        fields: Any = {"kind": kind, "note": msgspec.json.encode(note)}
        try:
            self._store.xadd(self._key, fields, maxlen=MOST_KEPT, approximate=True)
        except redis_clients.AWAY as error:
            raise redis_clients.StoreAway(f"note not kept: {type(error).__name__}") from error

    def close(self) -> None:
        """Ends the connection."""
        self._store.close()


class NotesReader:
    """The other end, for whoever writes notes to the database. A second reader is harmless."""

    def __init__(self, url: str, prefix: str, block_s: float) -> None:
        self._store: redis.Redis = redis_clients.open_sync_blocking(url, block_s)
        self._key = redis_clients.key(prefix, "notes")
        self._block_ms = max(1, int(block_s * 1000))

    def waiting(self, count: int) -> list[WaitingNote]:
        """The oldest notes, at most `count`; waits for the first one and gives none after `block_s`. Raises StoreAway."""
        try:
            answer: Any = self._store.xread({self._key: "0-0"}, count=count, block=self._block_ms)
        except redis_clients.AWAY as error:
            self._store.connection_pool.disconnect()
            raise redis_clients.StoreAway(f"notes not read: {type(error).__name__}") from error
        found = answer[0][1] if answer else []
        return [WaitingNote(place.decode(), _understood(place.decode(), fields)) for place, fields in found]

    def done(self, notes: list[WaitingNote]) -> None:
        """Takes notes away that are in the database; raises StoreAway."""
        try:
            self._store.xdel(self._key, *(note.place for note in notes))
        except redis_clients.AWAY as error:
            raise redis_clients.StoreAway(f"notes not taken away: {type(error).__name__}") from error

    def close(self) -> None:
        """Ends the connection."""
        self._store.close()


def _understood(place: str, fields: dict[bytes, bytes]) -> Note | None:
    kind = fields.get(b"kind", b"").decode("utf-8", "replace")
    if kind not in KINDS:
        log.error("note passed over: of no kind of this version", place=place, kind=kind[:40])
        return None
    try:
        note: Note = msgspec.json.decode(fields.get(b"note", b""), type=KINDS[kind])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        log.error("note passed over: it is damaged", place=place, kind=kind, error=type(error).__name__)
        return None
    return note
