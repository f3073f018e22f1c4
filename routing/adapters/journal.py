"""The router's side of the journal: every event with its facts, in order, into one Redis stream, without ever holding
the router up.

Owns the ids of entries and what happens while the store is slow, gone or has lost its tail. Must not know readers.
Rules: design.md sections 3 and 4. One router writes at a time (lease.py); entries keep their order and none is written
twice.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import structlog

from routing.adapters import codec, redis_clients
from routing.events import Event
from routing.facts import Fact

BOUND = 200_000  # entries kept in memory while the store is away: over an hour at 50 events a second
TAIL = 20_000  # written entries remembered, for a store that loses its last seconds in a crash (appendfsync everysec)
KEEP = 1_000_000  # entries left in the stream, about
BATCH = 32  # entries a round trip: keeps the router's loop free for others after about a millisecond
LINGER_S = 0.025  # entries travel together: a round trip costs the same for one as for ten, and what is lost with the router its standby has heard as well
ROUND_TRIP_S = 1.0
BACK_OFF_S = (0.05, 1.0)  # first and longest pause between tries
SEQ_PER_MS = 4096
NO_FENCE = 2**53 - 1  # the highest whole number that Lua keeps
WRITTEN, REFUSED = 1, 2

_APPEND_AFTER = """
if tonumber(ARGV[3]) < tonumber(redis.call('get', KEYS[2]) or 0) and redis.call('get', KEYS[3]) ~= ARGV[4] then return {2, ''} end
local top = '0-0'
if redis.call('exists', KEYS[1]) == 1 then
  local about = redis.call('xinfo', 'stream', KEYS[1])
  for i = 1, #about, 2 do
    if about[i] == 'last-generated-id' then top = about[i + 1] end
  end
end
if top ~= ARGV[1] then return {0, top} end
for i = 5, #ARGV, 2 do
  top = redis.call('xadd', KEYS[1], 'MAXLEN', '~', ARGV[2], ARGV[i], 'e', ARGV[i + 1])
end
return {1, top}
"""

Place = tuple[int, int]  # a stream id as numbers: milliseconds, sequence
log = structlog.get_logger("journal")


@dataclass(slots=True)
class _Line:
    place: Place
    event: Event | None
    facts: Sequence[Fact]
    decision_us: float
    raw: bytes = b""


class Fenced(Exception):
    """A later router has the lease: what this one has not written is void."""


class JournalWriter:
    """Writes the journal of one hotline in the background. Belongs to one asyncio loop; not for several threads.

    Ids are `<ms>-<seq>`, chosen here, and always rise, also when the clock steps back. The store takes a batch only if
    the stream ends where this writer believes; so an answer that got lost, or another writer, is noticed and settled.
    A store that comes back without its last entries is given them again under their old ids. When the buffer is full
    the oldest entries are dropped, counted in `dropped` and logged.

    fence   this router's number now, 0 while it holds no lease: then entries wait. An entry of a router whose number is
            no longer the highest is refused by the store, for ever. Left out: a writer without a lease (tests)
    owner   this router's id: who holds the lease is not refused, though it may not have heard yet that its number rose
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        *,
        clock: Callable[[], float] = time.time,
        bound: int = BOUND,
        keep: int = KEEP,
        fence: Callable[[], int] | None = None,
        owner: str = "",
    ) -> None:
        self.dropped = 0
        self.is_connected = False
        self._store = redis_clients.open_async(url, retries=0)
        self._append_after = self._store.register_script(_APPEND_AFTER)
        self._key = redis_clients.key(prefix, "journal")
        self._clock = clock
        self._bound = bound
        self._keep = keep
        self._fence = fence
        self._owner = owner
        self._lease_keys = [redis_clients.key(prefix, name) for name in ("fence", "leader")]
        self._last: Place = (0, 0)
        self._sent: Place = (0, 0)  # last entry that may have reached the store
        self._top: Place = (0, 0)  # where the stream ends as far as is known
        self._pending: deque[_Line] = deque()
        self._written: deque[_Line] = deque(maxlen=TAIL)
        self._wanted = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._moved = asyncio.Event()  # some entries were confirmed
        self._away_since: float | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def last_id(self) -> str:
        """Id of the latest entry appended, written or not; "0-0" before the first."""
        return id_of(self._last)

    @property
    def waiting(self) -> int:
        """Entries that the store has not confirmed."""
        return len(self._pending)

    def append(self, event: Event | None, facts: Sequence[Fact], decision_us: float) -> str:
        """Takes one entry and returns its id at once; never waits and never raises for the store's sake."""
        self._last = self._next_place(self._last)
        self._pending.append(_Line(self._last, event, tuple(facts), decision_us))
        if len(self._pending) > self._bound:
            self._drop_oldest()
        self._drained.clear()
        self._wanted.set()
        return id_of(self._last)

    def look(self) -> None:
        """Has the store compared with what was written, soon, also when there is nothing to write: it may have been
        emptied.
        """
        self._drained.clear()
        self._wanted.set()

    async def start(self) -> None:
        """Asks the store for its last id, so that ids go on above it, and begins writing; a store that is away is
        tried on and on.
        """
        await self._write_once()
        self._task = asyncio.get_running_loop().create_task(self._write_on(), name="journal")

    async def flush(self, timeout_s: float) -> bool:
        """Waits until everything appended is confirmed; False when `timeout_s` was not enough."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._drained.wait()
        except TimeoutError:
            return False
        return True

    async def confirmed(self, timeout_s: float) -> str | None:
        """Waits until everything that is appended at this moment is confirmed, and returns the id of its last entry as the
        store has it; None when `timeout_s` was not enough. For one waiter at a time.
        """
        if not self._pending:
            return self.last_id
        last = self._pending[-1]
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._pending and self._pending[0].place <= last.place:
                    self._moved.clear()
                    await self._moved.wait()
                return id_of(last.place)
        return None

    async def close(self, timeout_s: float = 2.0) -> bool:
        """Flushes, ends the task and the connection; False (and a log line with the count) when entries had to be
        left.
        """
        is_flushed = self._task is None or await self.flush(timeout_s)
        if not is_flushed:
            log.error("journal closed with entries unwritten", entries=len(self._pending))
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._store.aclose()
        return is_flushed

    async def watch(self) -> None:
        """Runs for as long as the journal is written; raises Fenced when another router has taken over."""
        assert self._task is not None
        await asyncio.shield(self._task)

    async def _write_on(self) -> None:
        pause_s = BACK_OFF_S[0]
        while True:
            await self._wanted.wait()
            if len(self._pending) < BATCH:
                await asyncio.sleep(LINGER_S)
            if await self._write_once():
                pause_s = BACK_OFF_S[0]
            else:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, BACK_OFF_S[1])
            if not self._pending:
                self._wanted.clear()
                self._drained.set()

    async def _write_once(self) -> bool:
        if self._fence is not None and not self._fence():
            return False
        try:
            async with asyncio.timeout(ROUND_TRIP_S):
                top = await self._write_batch()
                if top != self._top:
                    await self._settle(top)
        except Fenced:
            self._pending.clear()
            raise
        except Exception as error:  # noqa: BLE001 whatever it is, the journal goes on trying while the router lives
            self._note_away(error)
            with suppress(*redis_clients.AWAY):
                await self._store.connection_pool.disconnect()
            return False
        self._note_back()
        self._moved.set()  # written, or found to be there already
        return True

    async def _write_batch(self) -> Place:
        """Writes the next entries, all or none, if the stream ends where this writer left it; returns where it ends
        now. Whatever went wrong before (an answer lost, entries lost, another writer) shows as another end.
        """
        batch = list(islice(self._pending, BATCH))
        fence = self._fence() if self._fence is not None else NO_FENCE
        arguments: list[str | bytes | int] = [id_of(self._top), self._keep, fence, self._owner]
        for line in batch:
            arguments += id_of(line.place), self._raw_of(line)
        if batch:
            self._sent = batch[-1].place
        answer, top = await self._append_after(keys=[self._key, *self._lease_keys], args=arguments)
        if answer == REFUSED:
            raise Fenced(f"a router with a higher number than {fence} writes the journal")
        if answer != WRITTEN:
            return place_of(top)
        self._written.extend(batch)
        while self._pending and self._pending[0].place <= self._sent:  # some may have been dropped meanwhile
            self._pending.popleft()
        self._top = place_of(top)
        return self._top

    async def _settle(self, top: Place) -> None:
        """Goes on from a stream that ends at `top`: drops what is there without our having heard of it, resends what
        the store lost, renumbers what it would refuse.
        """
        await self._drop_those_there()
        lost = [line for line in self._written if line.place > top]
        if lost:
            log.error("store lost its last entries, they are written again", entries=len(lost))
            self._written = deque((line for line in self._written if line.place <= top), maxlen=TAIL)
            self._pending.extendleft(reversed(lost))
        self._last = max(self._last, top)
        if self._pending and self._pending[0].place <= top:
            self._renumber(top)
        self._top = top

    async def _drop_those_there(self) -> None:
        doubtful = [line for line in islice(self._pending, BATCH) if line.place <= self._sent]
        if not doubtful:
            return
        answer: Any = await self._store.xrange(self._key, id_of(doubtful[0].place), id_of(doubtful[-1].place))
        there = {place_of(found): values.get(b"e") for found, values in answer}
        mine = [line for line in doubtful if there.get(line.place) == line.raw]  # another writer may have the same id
        self._written.extend(mine)
        while self._pending and self._pending[0].place <= doubtful[-1].place:
            self._pending.popleft()
        self._pending.extendleft(line for line in reversed(doubtful) if line not in mine)

    def _renumber(self, top: Place) -> None:
        """Entries that were never written get ids above `top`: the clock stepped back over a restart, or another
        router wrote meanwhile.
        """
        log.warning("journal goes on above the ids in the store", entries=len(self._pending), top=id_of(top))
        place = max(top, self._last)
        for line in self._pending:
            place = self._next_place(place)
            line.place = place
        self._last = place

    def _next_place(self, last: Place) -> Place:
        now_ms = int(self._clock() * 1000)
        if now_ms > last[0]:
            return (now_ms, 0)
        return (last[0], last[1] + 1) if last[1] + 1 < SEQ_PER_MS else (last[0] + 1, 0)

    def _raw_of(self, line: _Line) -> bytes:
        if not line.raw:
            try:
                line.raw = codec.entry_bytes(line.event, line.facts, line.decision_us)
            except Exception as error:  # noqa: BLE001 a fault of ours in one entry must not stop all others
                self.dropped += 1
                log.error(
                    "entry cannot be written and is left empty", entry=id_of(line.place), error=type(error).__name__
                )
                line.raw = codec.entry_bytes(None, (), 0.0)
        return line.raw

    def _drop_oldest(self) -> None:
        self._pending.popleft()
        self.dropped += 1
        if self.dropped % 10_000 == 1:
            log.error("journal buffer is full, oldest entries are dropped", dropped=self.dropped, bound=self._bound)

    def _note_away(self, error: BaseException) -> None:
        self.is_connected = False
        if self._away_since is None:
            self._away_since = self._clock()
            log.error("journal store away, entries wait in memory", error=repr(error), waiting=len(self._pending))

    def _note_back(self) -> None:
        self.is_connected = True
        if self._away_since is not None:
            away_s = round(self._clock() - self._away_since, 1)
            log.warning("journal store back", away_s=away_s, waiting=len(self._pending), dropped=self.dropped)
            self._away_since = None


def id_of(place: Place) -> str:
    """A stream id as text."""
    return f"{place[0]}-{place[1]}"


def place_of(entry_id: str | bytes) -> Place:
    """A stream id as two numbers that compare as the stream orders them; raises ValueError for anything else."""
    text = entry_id.decode() if isinstance(entry_id, bytes) else entry_id
    ms, _, seq = text.partition("-")
    return int(ms), int(seq or 0)
