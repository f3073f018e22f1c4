"""The journal while Valkey is killed, frozen, full, empty or not there: nothing lost, nothing twice, the router never held up."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from routing.adapters.inbox import Inbox
from routing.adapters.journal import TAIL, JournalWriter
from routing.adapters.journal_reader import JournalReader, read_to_end
from routing.adapters.lease import Lease
from routing.adapters.redis_clients import StoreAway
from routing.adapters.snapshots import Snapshot, Snapshots
from routing.events import CallArrived, Tick
from tests.adapters.valkey_server import PREFIX, ValkeyServer, a_valkey

STREAM = PREFIX + "journal"


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    """A running server with nothing in it."""
    with a_valkey() as running:
        yield running


@asynccontextmanager
async def a_router(server: ValkeyServer, **choices: int) -> AsyncIterator[JournalWriter]:
    """A journal as the router has it."""
    journal = JournalWriter(server.url, PREFIX, **choices)  # type: ignore[arg-type]
    await journal.start()
    try:
        yield journal
    finally:
        await journal.close(0.1)


def told(journal: JournalWriter, first: int, count: int) -> list[str]:
    """Ids of `count` further entries."""
    return [journal.append(CallArrived(1.0, f"1.{n}", "c", "139"), [], 1.0) for n in range(first, first + count)]


def in_store(server: ValkeyServer) -> list[str]:
    """Ids in the journal, after checking that every call is there once and in order."""
    entries = list(read_to_end(server.url, PREFIX, "0-0"))
    calls = [entry.event.call for entry in entries if isinstance(entry.event, CallArrived)]
    assert calls == [f"1.{n}" for n in range(len(calls))]
    return [entry.id for entry in entries]


async def test_nothing_is_lost_or_doubled_when_valkey_is_killed_while_writing(server: ValkeyServer) -> None:
    """Valkey is killed five times in the middle of a busy hour: afterwards each decision is on record exactly once."""
    async with a_router(server) as journal:
        ids: list[str] = []
        for _ in range(5):
            ids += told(journal, len(ids), 3000)
            while journal.waiting > 1500:  # the flush is under way
                await asyncio.sleep(0)
            server.kill()
            ids += told(journal, len(ids), 100)
            await asyncio.sleep(0.05)
            server.start()
        assert await journal.flush(10)
        assert in_store(server) == ids
        assert journal.dropped == 0


async def test_a_snapshot_waits_for_its_journal(server: ValkeyServer) -> None:
    """While Valkey hangs nothing is confirmed; when it thaws, what was decided until the question is, whatever comes after it."""
    async with a_router(server) as journal:
        assert await journal.confirmed(1) == journal.last_id
        server.freeze()
        ids = told(journal, 0, 40)
        assert await journal.confirmed(0.2) is None
        asking = asyncio.create_task(journal.confirmed(5))
        await asyncio.sleep(0)
        told(journal, 40, 40)
        server.thaw()
        assert await asking == ids[-1]
        assert ids[-1] in [entry.id for entry in read_to_end(server.url, PREFIX, "0-0")]


async def test_a_frozen_valkey_does_not_hold_the_router_up(server: ValkeyServer) -> None:
    """While Valkey hangs, decisions go on at full speed; when it thaws each is on record once, the doubtful ones too."""
    async with a_router(server) as journal:
        ids = told(journal, 0, 10)
        assert await journal.flush(5)
        server.freeze()
        rounds, began = 0, time.monotonic()
        while time.monotonic() < began + 1.5:
            ids += told(journal, len(ids), 20)
            await asyncio.sleep(0.005)
            rounds += 1
        assert rounds > 30  # some 250; blocking writes, each with its time limit of 0.3 s, would leave room for 5
        assert not await journal.flush(0.05)
        assert not journal.is_connected
        server.thaw()
        assert await journal.flush(10)
        assert in_store(server) == ids


async def test_a_router_starts_before_valkey() -> None:
    """A router that starts while Valkey is away decides at once, and its entries are written when Valkey comes."""
    with a_valkey(started=False) as server:
        async with a_router(server) as journal:
            ids = told(journal, 0, 50)
            assert not await journal.flush(0.2)
            server.start()
            assert await journal.flush(5)
            assert in_store(server) == ids


async def test_an_emptied_store_gets_its_last_entries_again(server: ValkeyServer) -> None:
    """Valkey comes back without its last seconds: the router writes them again under the same ids."""
    async with a_router(server) as journal:
        ids = told(journal, 0, 200)
        assert await journal.flush(5)
        assert TAIL >= 200
        server.ask("DEL", STREAM)
        server.kill()
        server.start()
        ids += told(journal, 200, 10)
        assert await journal.flush(5)
        assert in_store(server) == ids


async def test_a_full_valkey_leaves_no_hole(server: ValkeyServer) -> None:
    """Valkey out of memory refuses entries; none is skipped, all are there in order once it has room."""
    async with a_router(server) as journal:
        ids = told(journal, 0, 5)
        assert await journal.flush(5)
        server.ask("CONFIG", "SET", "maxmemory", "1000")
        ids += told(journal, 5, 100)
        assert not await journal.flush(0.3)
        server.ask("CONFIG", "SET", "maxmemory", "0")
        assert await journal.flush(5)
        assert in_store(server) == ids


async def test_a_full_buffer_drops_the_oldest_and_counts_them() -> None:
    """When Valkey is away for longer than memory is set aside, the newest entries are kept and the loss is counted."""
    with a_valkey(started=False) as server:
        async with a_router(server, bound=100) as journal:
            ids = told(journal, 0, 130)
            assert (journal.waiting, journal.dropped) == (100, 30)
            server.start()
            assert await journal.flush(5)
            assert [entry.id for entry in read_to_end(server.url, PREFIX, "0-0")] == ids[30:]


async def test_two_routers_by_mistake_lose_nothing(server: ValkeyServer) -> None:
    """Should two routers ever write at once, every entry of both is in the journal."""
    async with a_router(server) as one, a_router(server) as two:
        for n in range(300):
            one.append(CallArrived(1.0, f"one.{n}", "c", "139"), [], 1.0)
            two.append(CallArrived(1.0, f"two.{n}", "c", "139"), [], 1.0)
            if n % 30 == 0:
                await asyncio.sleep(0.002)
        assert await one.flush(10)
        assert await two.flush(10)
    entries = [entry.event for entry in read_to_end(server.url, PREFIX, "0-0")]
    for router in ("one", "two"):
        calls = [e.call for e in entries if isinstance(e, CallArrived) and e.call.startswith(router)]
        assert calls == [f"{router}.{n}" for n in range(300)]


async def test_the_journal_stays_bounded(server: ValkeyServer) -> None:
    """The stream is trimmed at its set length, about."""
    async with a_router(server, keep=500) as journal:
        told(journal, 0, 2000)
        assert await journal.flush(5)
    assert 500 <= server.ask("XLEN", STREAM) < 800


async def test_a_reader_says_when_entries_were_trimmed_before_it_read_them(server: ValkeyServer) -> None:
    """A reader that was away too long says so; one that was not, does not."""
    async with a_router(server) as journal:
        ids = told(journal, 0, 100)
        assert await journal.flush(5)
        server.ask("XTRIM", STREAM, "MAXLEN", 50)
        for after, gap in (("0-0", True), (ids[10], True), (ids[50], False), (ids[99], False)):
            reader = JournalReader(server.url, PREFIX, after, 0.01)
            assert reader.next_batch().gap is gap
            reader.close()


async def test_a_damaged_entry_does_not_stop_a_reader(server: ValkeyServer) -> None:
    """An entry nobody understands is passed over, and what follows is read."""
    async with a_router(server) as journal:
        journal.append(Tick(1.0), [], 1.0)
        assert await journal.flush(5)
        server.ask("XADD", STREAM, "*", "e", b'{"event":{"type":"FromTheFuture"},"facts":[],"decision_us":1}')
        server.ask("XADD", STREAM, "*", "other", b"\xff")
        await asyncio.sleep(0.002)
        journal.append(Tick(2.0), [], 1.0)
        assert await journal.flush(5)
    reader = JournalReader(server.url, PREFIX, "0-0", 0.01)
    batch = reader.next_batch()
    reader.close()
    assert [entry.event for entry in batch.entries] == [Tick(1.0), Tick(2.0)]
    assert batch.damaged == 2


async def test_an_entry_that_cannot_be_written_does_not_stop_the_rest(server: ValkeyServer) -> None:
    """A fault of the router in one entry costs that entry only, and is counted."""
    async with a_router(server) as journal:
        journal.append("no event", [], 1.0)  # type: ignore[arg-type]
        journal.append(Tick(2.0), [], 1.0)
        assert await journal.flush(5)
        assert journal.dropped == 1
    assert [entry.event for entry in read_to_end(server.url, PREFIX, "0-0")] == [None, Tick(2.0)]


async def test_a_reader_lives_through_a_restart_of_valkey(server: ValkeyServer) -> None:
    """A reader whose Valkey dies says that it is away and goes on where it was."""
    async with a_router(server) as journal:
        told(journal, 0, 10)
        assert await journal.flush(5)
        reader = JournalReader(server.url, PREFIX, "0-0", 0.05)
        assert len(reader.next_batch().entries) == 10
        server.kill()
        assert reader.next_batch().away
        with pytest.raises(StoreAway):
            list(read_to_end(server.url, PREFIX, "0-0"))
        told(journal, 10, 10)
        server.start()
        assert await journal.flush(5)
        read: list[object] = []
        while len(read) < 10:
            read += reader.next_batch().entries
        reader.close()
        assert len(read) == 10


async def test_everything_else_says_that_the_store_is_away() -> None:
    """Lease, snapshot and inbox raise one clear error while Valkey is away, within half a second each."""
    with a_valkey(started=False) as server:
        lease, snapshots, inbox = (
            Lease(server.url, PREFIX, "me"),
            Snapshots(server.url, PREFIX),
            Inbox(server.url, PREFIX),
        )
        began = time.monotonic()
        for attempt in (
            lease.acquire(),
            lease.holder(),
            snapshots.load(),
            snapshots.save(Snapshot("0-1", 1.0, {})),
            inbox.read(),
        ):
            with pytest.raises(StoreAway):
                await attempt
        await inbox.reply("r", True, "nobody hears it")
        assert time.monotonic() - began < 3
        for client in (lease, snapshots, inbox):
            await client.close()


async def test_old_commands_are_not_obeyed(server: ValkeyServer) -> None:
    """What an agent dialled while no router was there is not done minutes later."""
    old = int(time.time() * 1000) - 60_000
    server.ask(
        "XADD", PREFIX + "inbox", f"{old}-0", "e", b'{"type":"AgentReadied","at":1.0,"agent":"8001"}', "reply", "r"
    )
    inbox = Inbox(server.url, PREFIX)
    assert await inbox.read(0.05) == []
    await inbox.close()


async def test_a_damaged_snapshot_is_not_used(server: ValkeyServer) -> None:
    """A router whose snapshot is rubbish starts without it instead of failing."""
    snapshots = Snapshots(server.url, PREFIX)
    for rubbish in (b"", b"\xff", b"{}", b'{"journal_id":1,"at":1,"state":{}}'):
        server.ask("SET", PREFIX + "snapshot", rubbish)
        assert await snapshots.load() is None
    await snapshots.close()
