"""Reads the journal in order, for whoever folds facts: records, metrics, a router that takes over.

Owns the position of one reader and the detection of what it missed. Must not know what readers do with entries.
Rules: design.md section 3. Readers keep their position themselves and hand it in again after a restart.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import redis
import structlog

from routing.adapters import codec, redis_clients
from routing.adapters.journal import place_of
from routing.events import Event
from routing.facts import Fact

BEGINNING = "0-0"
BACK_OFF_S = (0.05, 1.0)
log = structlog.get_logger("journal")


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the journal and its place in it. Ids rise; compare them with `place_of`, not as text."""

    id: str
    event: Event | None
    facts: tuple[Fact, ...]
    decision_us: float


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read gave, possibly nothing.

    last_id   the reader's position after it, whatever `entries` holds
    gap       entries before these are gone from the stream and were never read (already logged)
    away      the store could not be asked (logged once an outage)
    damaged   entries that could not be understood and were passed over (each logged)
    """

    entries: tuple[JournalEntry, ...]
    last_id: str
    gap: bool = False
    away: bool = False
    damaged: int = 0


def read_journal(url: str, prefix: str, after_id: str, *, block_s: float = 1.0, count: int = 500) -> Iterator[Batch]:
    """Batches of at most `count` entries after `after_id`, for ever; an empty batch after `block_s` without news or
    after a failed try.

    Never raises for the store's sake: it reconnects with back-off and goes on at its position. Close the generator to
    end it.
    """
    reader = JournalReader(url, prefix, after_id, block_s)
    try:
        while True:
            yield reader.next_batch(count)
    finally:
        reader.close()


def read_to_end(url: str, prefix: str, after_id: str) -> Iterator[JournalEntry]:
    """Every entry after `after_id` that is in the journal now; raises StoreAway when the store does not answer."""
    reader = JournalReader(url, prefix, after_id, block_s=0.0)
    try:
        while True:
            batch = reader.next_batch(500)
            if batch.away:
                raise redis_clients.StoreAway("Redis or Valkey does not answer: the journal cannot be read")
            if not batch.entries and not batch.damaged:
                return
            yield from batch.entries
    finally:
        reader.close()


def read_back(url: str, prefix: str, from_id: str) -> Iterator[JournalEntry]:
    """The entry `from_id` and those before it, the latest first; raises StoreAway when the store does not answer."""
    reader = JournalReader(url, prefix, from_id, block_s=0.0)
    try:
        yield from reader.back()
    except redis_clients.AWAY as error:
        raise redis_clients.StoreAway(
            f"Redis or Valkey does not answer: the journal cannot be read: {error!r}"
        ) from error
    finally:
        reader.close()


class JournalReader:
    """One reader and its position. For one thread."""

    def __init__(self, url: str, prefix: str, after_id: str, block_s: float) -> None:
        place_of(after_id)  # raises for what is no id
        self.last_id = after_id
        self._store: redis.Redis = redis_clients.open_sync_blocking(url, block_s)
        self._key = redis_clients.key(prefix, "journal")
        self._block_s = block_s
        self._is_away = False
        self._pause_s = BACK_OFF_S[0]

    def next_batch(self, count: int = 500) -> Batch:
        """The next entries; waits at most the reader's `block_s` for the first of them."""
        try:
            found, gap = self._read(count)
        except redis_clients.AWAY as error:
            self._note_away(error)
            return Batch((), self.last_id, away=True)
        if self._is_away:
            log.warning("journal readable again", reader_at=self.last_id)
            self._is_away, self._pause_s = False, BACK_OFF_S[0]
        if gap:
            log.error(
                "journal entries are missing: trimmed before they were read", after=self.last_id, next=found[0][0]
            )
        entries = [entry for entry in (self._understood(*line) for line in found) if entry is not None]
        if found:
            self.last_id = found[-1][0]
        return Batch(tuple(entries), self.last_id, gap=gap, damaged=len(found) - len(entries))

    def back(self, count: int = 500) -> Iterator[JournalEntry]:
        """From the reader's position to the beginning; the position stays. Raises what the client raises."""
        last_id = self.last_id
        while found := cast("list[tuple[bytes, Any]]", self._store.xrevrange(self._key, last_id, "-", count)):
            yield from (entry for line in found if (entry := self._understood(line[0].decode(), line[1])) is not None)
            last_id = f"({found[-1][0].decode()}"

    def close(self) -> None:
        """Ends the connection."""
        self._store.close()

    def _read(self, count: int) -> tuple[list[tuple[str, Any]], bool]:
        block_ms = max(1, int(self._block_s * 1000)) if self._block_s else None
        answer: Any = self._store.xread({self._key: self.last_id}, count=count, block=block_ms)
        if not answer:
            return [], False
        found = [(entry_id.decode(), values) for entry_id, values in answer[0][1]]
        return found, self._misses_some()

    def _misses_some(self) -> bool:
        """Trimming takes the oldest: as long as the entry read last is there, nothing after it is gone. Asked after
        reading, so it cannot be early.
        """
        if self.last_id != BEGINNING:
            return not self._store.xrange(self._key, self.last_id, self.last_id)
        about: Any = self._store.xinfo_stream(self._key)
        return bool(about["entries-added"] > about["length"])

    def _understood(self, entry_id: str, values: dict[bytes, bytes]) -> JournalEntry | None:
        try:
            entry = codec.entry_from(values.get(b"e", b""))
        except codec.CodecError as error:
            log.error("journal entry passed over", entry=entry_id, error=str(error))
            return None
        return JournalEntry(entry_id, entry.event, entry.facts, entry.decision_us)

    def _note_away(self, error: BaseException) -> None:
        if not self._is_away:
            log.error("journal cannot be read now, trying on", error=repr(error), reader_at=self.last_id)
        self._is_away = True
        self._store.connection_pool.disconnect()
        time.sleep(self._pause_s)
        self._pause_s = min(self._pause_s * 2, BACK_OFF_S[1])
