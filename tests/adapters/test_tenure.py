"""Who leads: two routers, a real Valkey, and what each may do after the other took over."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from routing.adapters.journal import Fenced, JournalWriter
from routing.adapters.journal_reader import read_to_end
from routing.adapters.leader_file import LeaderFile
from routing.adapters.lease import TTL_S, Lease
from routing.adapters.router_loop import RouterLoop
from routing.adapters.snapshots import Snapshot, Snapshots
from routing.adapters.steady_clock import since_boot_s
from routing.adapters.tenure import LeaseLost, Tenure
from routing.events import Tick
from tests.adapters.test_router_desk import Kept, waiting
from tests.adapters.valkey_server import PREFIX, ValkeyServer, a_valkey
from tests.builders import a_state


class Sleeper:
    """A clock that can jump, as it does for a process that was stopped for a while."""

    def __init__(self) -> None:
        self.slept_s = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return since_boot_s() + self.slept_s


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    """A running server with nothing in it."""
    with a_valkey() as running:
        yield running


@asynccontextmanager
async def a_tenure(
    server: ValkeyServer, folder: Path, owner: str, clock: Sleeper | None = None
) -> AsyncIterator[Tenure]:
    """A router that may lead."""
    tenure = Tenure(Lease(server.url, PREFIX, owner), LeaderFile(folder / "leader"), clock or Sleeper())
    try:
        yield tenure
    finally:
        await tenure.close()


async def leads(tenure: Tenure, within_s: float = 4.0) -> float:
    """Waits until that router leads; returns the seconds it took."""
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        assert await tenure.take(asyncio.Event(), lambda: None)
    return time.monotonic() - began


async def test_a_dead_leader_is_replaced_at_once(server: ValkeyServer, tmp_path: Path) -> None:
    """The kernel tells of the leader's death: callers do not wait until the lease has run out."""
    async with a_tenure(server, tmp_path, "first") as first, a_tenure(server, tmp_path, "second") as second:
        await leads(first)
        taking = asyncio.create_task(leads(second))
        await asyncio.sleep(0.15)
        assert not taking.done()
        first._file.leave()  # what the kernel does for a process that was killed
        assert await taking < 0.15 + 0.3
        assert second.fence > first.fence


async def test_a_frozen_leader_is_replaced_when_its_lease_has_run_out(server: ValkeyServer, tmp_path: Path) -> None:
    """A leader that hangs keeps its file locked: the standby waits for the lease, within 3 s."""
    async with a_tenure(server, tmp_path, "first") as first, a_tenure(server, tmp_path, "second") as second:
        await leads(first)
        assert TTL_S * 0.8 < await leads(second) < 3.0


async def test_an_orderly_end_hands_over_at_once(server: ValkeyServer, tmp_path: Path) -> None:
    """A leader that leaves in order is followed within two looks of the standby."""
    async with a_tenure(server, tmp_path, "first") as first, a_tenure(server, tmp_path, "second") as second:
        await leads(first)
        taking = asyncio.create_task(leads(second))
        await asyncio.sleep(0.1)
        await first.leave()
        assert await taking < 0.1 + 0.25


async def test_a_leader_that_slept_gives_no_order_before_it_has_asked(server: ValkeyServer, tmp_path: Path) -> None:
    """A router that wakes up after its time holds every event back, hears that another leads, and ends."""
    clock = Sleeper()
    async with a_tenure(server, tmp_path, "first", clock) as first, a_tenure(server, tmp_path, "second") as second:
        await leads(first)
        kept = Kept()
        loop = RouterLoop(a_state(), kept, lambda: 100.0, first)
        first.on_sure = loop.go_on
        loop.tell(waiting(loop))
        assert len(kept.entries) == 1
        await leads(second)
        clock.slept_s = 60
        assert loop.tell(Tick(100.0)) == loop.tell(waiting(loop, "1.2")) == []
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(first.keep(), 2)
        assert len(kept.entries) == 1


async def test_a_leader_that_slept_alone_goes_on_where_it_was(server: ValkeyServer, tmp_path: Path) -> None:
    """Where nobody else took over, a router that was stopped for a minute applies what it held back, in order."""
    clock = Sleeper()
    async with a_tenure(server, tmp_path, "only", clock) as only:
        await leads(only)
        kept = Kept()
        loop = RouterLoop(a_state(), kept, lambda: 100.0, only)
        only.on_sure = loop.go_on
        clock.slept_s = 60
        for call in ("1.1", "1.2"):
            assert loop.tell(waiting(loop, call)) == []
        keeping = asyncio.create_task(only.keep())
        await asyncio.wait_for(loop.until_going(), 2)
        assert [event.call for event, _ in kept.entries] == ["1.1", "1.2"]  # type: ignore[union-attr]
        keeping.cancel()
        await asyncio.wait([keeping])  # before its connection is closed under it


async def test_nothing_of_an_old_leader_is_written(server: ValkeyServer, tmp_path: Path) -> None:
    """Journal and snapshot refuse the router that has been replaced, whatever it believes."""
    async with a_tenure(server, tmp_path, "first") as first, a_tenure(server, tmp_path, "second") as second:
        await leads(first)
        old = JournalWriter(server.url, PREFIX, fence=first.lease_number)
        await old.start()
        old.append(Tick(1.0), [], 1.0)
        assert await old.flush(2)
        await leads(second)
        old.append(Tick(2.0), [], 1.0)
        with pytest.raises(Fenced):
            await asyncio.wait_for(old.watch(), 2)
        snapshots = Snapshots(server.url, PREFIX)
        assert await snapshots.save(Snapshot("2-0", 1.0, {}), second.fence)
        assert not await snapshots.save(Snapshot("1-0", 1.0, {}), first.fence)
        assert (await snapshots.load()) == Snapshot("2-0", 1.0, {})
        await snapshots.close()
        await old.close(0)
        assert [entry.event for entry in read_to_end(server.url, PREFIX, "0-0")] == [Tick(1.0)]


async def test_a_store_that_stood_still_does_not_take_the_lead_from_who_asked_it_meanwhile(
    server: ValkeyServer, tmp_path: Path
) -> None:
    """Valkey hangs for longer than a lease lives, and answers afterwards what the leader has asked and not heard: the leader goes on, what it wrote meanwhile is kept."""
    async with a_tenure(server, tmp_path, "first") as first:
        await leads(first)
        before = first.fence
        journal = JournalWriter(server.url, PREFIX, fence=lambda: before, owner="first")  # it has not heard
        await journal.start()
        server.ask("DEL", PREFIX + "leader")
        unheard = Lease(server.url, PREFIX, "first")
        assert await unheard.acquire()
        assert unheard.fence == before
        server.ask("SET", PREFIX + "fence", str(before + 1))  # of an emptied store
        journal.append(Tick(1.0), [], 1.0)
        assert await journal.flush(2)
        assert [entry.event for entry in read_to_end(server.url, PREFIX, "0-0")] == [Tick(1.0)]
        await journal.close(0)
        await unheard.close()


async def test_an_emptied_store_keeps_its_leader(server: ValkeyServer, tmp_path: Path) -> None:
    """Valkey comes back with nothing in it: the leader stays, with a higher number, and its standby stands by."""
    async with a_tenure(server, tmp_path, "first") as first, a_tenure(server, tmp_path, "second") as second:
        await leads(first)
        keeping = asyncio.create_task(first.keep())
        taking = asyncio.create_task(leads(second, 60))
        await asyncio.sleep(0)
        before = first.fence
        server.ask("FLUSHALL")
        async with asyncio.timeout(2):
            while first.lease_number() <= before:
                await asyncio.sleep(0.01)
        assert not taking.done()
        for task in (keeping, taking):
            task.cancel()
        await asyncio.gather(keeping, taking, return_exceptions=True)


async def test_without_a_store_one_router_of_the_folder_leads(tmp_path: Path) -> None:
    """Valkey is away from the start: one router leads, the other follows as soon as that one is dead."""
    with a_valkey(started=False) as server:
        async with a_tenure(server, tmp_path, "first") as first, a_tenure(server, tmp_path, "second") as second:
            await leads(first)
            taking = asyncio.create_task(leads(second))
            await asyncio.sleep(0.2)
            assert not taking.done()
            first._file.leave()
            await taking
            assert second.is_sure()
            server.start()
            keeping = asyncio.create_task(second.keep())
            async with asyncio.timeout(3):
                while not second.lease_number():
                    await asyncio.sleep(0.01)
            keeping.cancel()
        await asyncio.wait([keeping])  # before its connection is closed under it


async def test_who_announces_itself_with_a_higher_number_leads(server: ValkeyServer, tmp_path: Path) -> None:
    """A router that cannot see the store hears from Asterisk that another leads, and stops; a lower one is told."""
    async with a_tenure(server, tmp_path, "first") as first:
        await leads(first)
        assert not first.hear("first", first.fence)
        assert first.hear("late", first.fence - 1)
        assert first.is_sure()
        assert not first.hear("second", first.fence + 1)
        assert not first.is_sure()
        with pytest.raises(LeaseLost):
            await asyncio.wait_for(first.keep(), 2)
