"""What router and scripts may expect of the store, on the in-memory twin and on a real Valkey alike."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest

from routing.adapters.codec import event_bytes
from routing.adapters.inbox import Inbox, InboxCommand
from routing.adapters.journal import JournalWriter, place_of
from routing.adapters.journal_reader import JournalEntry, read_to_end
from routing.adapters.lease import Lease
from routing.adapters.snapshots import Snapshot, Snapshots
from routing.events import AgentLoggedIn, AgentPaused, CallArrived, CallEnded, Event
from routing.facts import CallEntered
from tests.adapters.valkey_server import PREFIX, ValkeyServer, a_valkey
from tests.fakes import MemoryInbox, MemoryJournal, MemoryLease, MemorySnapshots, MemoryStore


class Store(Protocol):
    """One server as its clients use it."""

    def journal(self, clock: Callable[[], float] = time.time) -> Any: ...
    def snapshots(self) -> Any: ...
    def inbox(self) -> Any: ...
    def lease(self, owner: str, ttl_s: float = 2.0) -> Any: ...
    def read_after(self, after_id: str) -> list[JournalEntry]: ...
    def send(self, event: Event, reply: str) -> None: ...
    def answer(self, reply: str) -> tuple[bool, str]: ...


class InMemory:
    """The twin."""

    def __init__(self) -> None:
        self._store = MemoryStore()

    def journal(self, clock: Callable[[], float] = time.time) -> Any:
        return MemoryJournal(self._store, clock)

    def snapshots(self) -> Any:
        return MemorySnapshots(self._store)

    def inbox(self) -> Any:
        return MemoryInbox(self._store)

    def lease(self, owner: str, ttl_s: float = 2.0) -> Any:
        return MemoryLease(self._store, owner, ttl_s)

    def read_after(self, after_id: str) -> list[JournalEntry]:
        return self._store.read_after(after_id)

    def send(self, event: Event, reply: str) -> None:
        self._store.commands.append((event, reply))

    def answer(self, reply: str) -> tuple[bool, str]:
        return self._store.replies[reply]


class OnValkey:
    """The real thing."""

    def __init__(self, server: ValkeyServer) -> None:
        self._server = server

    def journal(self, clock: Callable[[], float] = time.time) -> Any:
        return JournalWriter(self._server.url, PREFIX, clock=clock)

    def snapshots(self) -> Any:
        return Snapshots(self._server.url, PREFIX)

    def inbox(self) -> Any:
        return Inbox(self._server.url, PREFIX)

    def lease(self, owner: str, ttl_s: float = 2.0) -> Any:
        return Lease(self._server.url, PREFIX, owner, ttl_s)

    def read_after(self, after_id: str) -> list[JournalEntry]:
        return list(read_to_end(self._server.url, PREFIX, after_id))

    def send(self, event: Event, reply: str) -> None:
        self._server.ask("XADD", PREFIX + "inbox", "*", "e", event_bytes(event), "reply", reply)

    def answer(self, reply: str) -> tuple[bool, str]:
        _, raw = self._server.ask("BLPOP", reply, 2)
        told = json.loads(raw)
        return told["ok"], told["text"]


@pytest.fixture(params=["memory", "valkey"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store."""
    if request.param == "memory":
        yield InMemory()
        return
    with a_valkey() as server:
        yield OnValkey(server)


async def written(store: Store, count: int, clock: Callable[[], float] = time.time) -> list[str]:
    """Ids of `count` calls that one router journalled."""
    journal = store.journal(clock)
    await journal.start()
    ids = [
        journal.append(CallArrived(float(i), f"1.{i}", "c", "139"), [CallEntered(1.0, f"1.{i}", "139")], 2.04)
        for i in range(count)
    ]
    assert journal.last_id == ids[-1]
    assert await journal.flush(5)
    assert journal.waiting == 0
    assert await journal.close()
    return ids


async def test_entries_are_read_as_they_were_written(store: Store) -> None:
    """Whoever reads the journal sees every decision once, in order, as the router made it."""
    ids = await written(store, 100)
    entries = store.read_after("0-0")
    assert [entry.id for entry in entries] == ids
    assert [place_of(i) for i in ids] == sorted({place_of(i) for i in ids})
    assert entries[7] == JournalEntry(
        ids[7], CallArrived(7.0, "1.7", "c", "139"), (CallEntered(1.0, "1.7", "139"),), 2.0
    )


async def test_a_reader_goes_on_where_it_was(store: Store) -> None:
    """A reader that comes back gets only what is new to it."""
    ids = await written(store, 10)
    assert [entry.id for entry in store.read_after(ids[6])] == ids[7:]
    assert store.read_after(ids[-1]) == []


async def test_order_survives_a_clock_that_steps_back(store: Store) -> None:
    """After the clock was set back, and in the next router, new entries still come after old ones."""
    times = iter([100.0, 101.0, 50.0, 50.0, *[51.0] * 50])
    first = await written(store, 5, lambda: next(times))
    second = await written(store, 5, lambda: 20.0)
    assert [entry.id for entry in store.read_after("0-0")] == first + second


async def test_a_router_finds_what_the_last_one_knew(store: Store) -> None:
    """The latest snapshot comes back whole; before the first there is none."""
    snapshots = store.snapshots()
    assert await snapshots.load() is None
    for order in (1, 2):
        await snapshots.save(Snapshot("5-1", 2.5, {"order": order, "calls": [{"caller": "张三", "at": 1.25}]}))
    assert await snapshots.load() == Snapshot("5-1", 2.5, {"order": 2, "calls": [{"caller": "张三", "at": 1.25}]})
    await snapshots.close()


async def test_an_agents_command_is_answered(store: Store) -> None:
    """An agent who logs in by phone gets the router's answer, and commands come in the order in which they were dialled."""
    inbox = store.inbox()
    assert await inbox.read(0.05) == []
    store.send(AgentLoggedIn(1.0, "8001", "1001"), "r1")
    store.send(AgentPaused(2.0, "8001", "pause"), "r2")
    commands: list[InboxCommand] = []
    while len(commands) < 2:
        commands += await inbox.read(1.0)
    assert commands == [
        InboxCommand(AgentLoggedIn(1.0, "8001", "1001"), "r1"),
        InboxCommand(AgentPaused(2.0, "8001", "pause"), "r2"),
    ]
    await inbox.reply("r1", True, "logged in")
    await inbox.reply("r2", False, "unknown agent")
    assert store.answer("r1") == (True, "logged in")
    assert store.answer("r2") == (False, "unknown agent")
    assert await inbox.read(0.05) == []
    await inbox.close()


async def test_a_script_cannot_end_calls(store: Store) -> None:
    """The inbox takes agents' commands only: any other event is refused, and told so."""
    inbox = store.inbox()
    await inbox.read(0.01)
    store.send(CallEnded(1.0, "1.1", 16), "r")
    assert await inbox.read(0.3) == []
    assert store.answer("r") == (False, "not allowed")
    await inbox.close()


async def test_one_router_holds_the_lease(store: Store) -> None:
    """A second router is refused while the first lives, gets the lease when it is given up, and a higher fence with it."""
    one, two = store.lease("one"), store.lease("two")
    assert await one.holder() == ""
    assert await one.acquire()
    assert await one.acquire()
    assert not await two.acquire()
    assert (one.fence, two.fence) == (1, 0)
    assert await one.renew()
    assert not await two.renew()
    await two.release()
    assert await two.holder() == "one"
    await one.release()
    assert await two.acquire()
    assert two.fence == 2
    assert not await one.renew()
    await one.close()
    await two.close()


async def test_a_lease_that_ran_out_is_taken_again_under_its_number(store: Store) -> None:
    """A holder that slept for a moment while nobody else took over goes on under its number; after another one it gets a higher one."""
    one, two = store.lease("one", 0.05), store.lease("two", 0.05)
    assert await one.acquire()
    while await one.holder():
        await asyncio.sleep(0.01)
    assert not await one.renew()
    assert await one.acquire()
    assert one.fence == 1
    while not await two.acquire():
        await asyncio.sleep(0.01)
    while not await one.acquire():
        await asyncio.sleep(0.01)
    assert (two.fence, one.fence) == (2, 3)
    await one.close()
    await two.close()


async def test_a_dead_routers_lease_expires(store: Store) -> None:
    """When the holder dies without a word, another router has the lease as soon as it has run out."""
    dead, heir = store.lease("dead", 0.2), store.lease("heir")
    assert await dead.acquire()
    began = time.monotonic()
    while not await heir.acquire():
        assert time.monotonic() - began < 5
        await asyncio.sleep(0.01)
    assert time.monotonic() - began > 0.1
    assert heir.fence == 2
    await dead.close()
    await heir.close()
