"""Stand-ins in memory with the same behaviour as the real stores: tests/adapters/test_journal_contract.py runs on both.

MemoryStore is the Redis or Valkey of one hotline; what is opened from it shares its contents as clients of one server would.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from routing.adapters.inbox import ALLOWED, InboxCommand
from routing.adapters.journal import Place, id_of, place_of
from routing.adapters.journal_reader import JournalEntry
from routing.adapters.snapshots import Snapshot
from routing.events import Event
from routing.facts import Fact


@dataclass
class MemoryStore:
    """What the server would hold."""

    entries: list[JournalEntry] = field(default_factory=list)
    snapshot: Snapshot | None = None
    commands: list[tuple[Event, str]] = field(default_factory=list)
    replies: dict[str, tuple[bool, str]] = field(default_factory=dict)
    leader: tuple[str, float] = ("", 0.0)  # owner, until when
    fence: int = 0
    fence_owner: str = ""

    def read_after(self, after_id: str) -> list[JournalEntry]:
        """As journal_reader.read_to_end."""
        return [entry for entry in self.entries if place_of(entry.id) > place_of(after_id)]


class MemoryJournal:
    """As JournalWriter, without delay."""

    def __init__(self, store: MemoryStore, clock: Callable[[], float] = time.time) -> None:
        self.dropped = 0
        self.is_connected = False
        self.waiting = 0
        self._store = store
        self._clock = clock
        self._last: Place = (0, 0)

    @property
    def last_id(self) -> str:
        return id_of(self._last)

    def append(self, event: Event | None, facts: Sequence[Fact], decision_us: float) -> str:
        now_ms = int(self._clock() * 1000)
        self._last = (now_ms, 0) if now_ms > self._last[0] else (self._last[0], self._last[1] + 1)
        self._store.entries.append(JournalEntry(self.last_id, event, tuple(facts), round(decision_us, 1)))
        return self.last_id

    async def start(self) -> None:
        self.is_connected = True
        if self._store.entries:
            self._last = place_of(self._store.entries[-1].id)

    async def flush(self, timeout_s: float) -> bool:
        return True

    async def close(self, timeout_s: float = 2.0) -> bool:
        return True


class MemorySnapshots:
    """As Snapshots."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def save(self, snapshot: Snapshot) -> None:
        self._store.snapshot = snapshot

    async def load(self) -> Snapshot | None:
        return self._store.snapshot

    async def close(self) -> None:
        """Nothing to close."""


class MemoryInbox:
    """As Inbox; scripts send by `store.commands.append((event, reply))` and find answers in `store.replies`."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def read(self, block_s: float = 1.0, count: int = 100) -> list[InboxCommand]:
        deadline = asyncio.get_running_loop().time() + block_s
        while not self._store.commands and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.001)
        taken, self._store.commands[:count] = self._store.commands[:count], []
        commands = []
        for event, reply in taken:
            if isinstance(event, ALLOWED):
                commands.append(InboxCommand(event, reply))
            else:
                await self.reply(reply, False, "not allowed")
        return commands

    async def reply(self, reply: str, ok: bool, text: str) -> None:
        if reply:
            self._store.replies[reply] = (ok, text)

    async def close(self) -> None:
        """Nothing to close."""


class MemoryLease:
    """As Lease."""

    def __init__(self, store: MemoryStore, owner: str, ttl_s: float = 2.0) -> None:
        self.owner = owner
        self.fence = 0
        self._store = store
        self._ttl_s = ttl_s

    async def acquire(self) -> bool:
        holder = await self.holder()
        if holder not in {"", self.owner}:
            self.fence = 0
            return False
        if not holder and self._store.fence_owner != self.owner:
            self._store.fence += 1
            self._store.fence_owner = self.owner
        self._store.leader = (self.owner, time.monotonic() + self._ttl_s)
        self.fence = self._store.fence
        return True

    async def renew(self) -> bool:
        if await self.holder() != self.owner:
            self.fence = 0
            return False
        self._store.leader = (self.owner, time.monotonic() + self._ttl_s)
        return True

    async def release(self) -> None:
        self.fence = 0
        if await self.holder() == self.owner:
            self._store.leader = ("", 0.0)

    async def holder(self) -> str:
        owner, until = self._store.leader
        return owner if time.monotonic() < until else ""

    async def close(self) -> None:
        """Nothing to close."""
