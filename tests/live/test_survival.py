"""Stories of design.md section 4, as callers and agents meet them: something dies, and nobody notices but the operator."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import pytest
import redis
from sqlalchemy import text

from routing.adapters.journal_reader import read_to_end
from routing.adapters.redis_clients import prefix_of
from routing.events import AsteriskLost, AsteriskSynced
from tests.adapters.up_fixture import processes_of
from tests.live.hotline import Hotline

TAKEN_OVER_S = 3.0  # design.md section 4


def _store(hotline: Hotline) -> redis.Redis:
    return redis.Redis.from_url(hotline.site.store_url, protocol=2)


def _store_pid(hotline: Hotline) -> int:
    with _store(hotline) as store:
        return int(store.info("server")["process_id"])


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """That process is stopped for as long."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


async def _replaced(hotline: Hotline, old: int) -> float:
    """Waits until another router leads; returns the seconds that took."""
    began = time.monotonic()
    while hotline.leader_pid() == old:
        assert time.monotonic() - began < TAKEN_OVER_S, "nobody took over"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def _stands_by(hotline: Hotline) -> None:
    """Waits until there is a second router again, so that the next story has one."""

    def are_two() -> bool:
        return sum(" router " in line for line in processes_of(hotline.var).values()) == 2

    await hotline.until_metric(are_two, "a standby")


async def test_an_offer_outlives_the_router(hotline: Hotline) -> None:
    """The router is killed while a seat rings: it rings on, once, the agent answers, and the call is on record as any other."""
    await _stands_by(hotline)
    async with hotline.agent("1001", mode="ignore") as agent, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await agent.rings()
        old = hotline.leader_pid()
        os.kill(old, signal.SIGKILL)
        await _replaced(hotline, old)
        agent.phone.answer()
        await hotline.agent_is("1001", "talking")
        assert len(agent.phone.seen("incoming")) == 1
        caller.hang_up()
        record = await hotline.record_of(caller)
    assert (record.outcome.value, record.agent, record.offers) == ("answered", "1001", 1)


async def test_places_and_states_outlive_the_router(hotline: Hotline) -> None:
    """The router is killed while a VIP and two ordinary callers wait for a busy agent: tier, place and wait stay as they were."""
    await _stands_by(hotline)
    async with hotline.agent("1001") as agent, hotline.caller() as talking:
        await hotline.asks_for_a_person(talking)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        async with hotline.caller() as first, hotline.vip() as vip, hotline.caller() as second:
            for caller, tier in ((first, "ordinary"), (second, "ordinary"), (vip, "vip")):
                await hotline.asks_for_a_person(caller, tier)
            before = hotline.leader_pid()
            os.kill(before, signal.SIGKILL)
            await _replaced(hotline, before)
            served = []
            for waiting, caller in ((3, talking), (2, vip), (1, first), (0, second)):
                await hotline.one_talks(waiting)
                caller.hang_up()
                served.append(await hotline.record_of(caller))
    assert [record.tier for record in served] == ["ordinary", "vip", "ordinary", "ordinary"]
    assert [record.outcome.value for record in served] == ["answered"] * 4, served
    assert served[2].wait_s > served[1].wait_s


async def test_a_router_that_wakes_up_too_late_does_nothing(hotline: Hotline) -> None:
    """The router hangs, the standby takes over and rings the waiting caller's agent; the old one wakes up, rings nobody, writes nothing and ends."""
    await _stands_by(hotline)
    async with hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")
        old = hotline.leader_pid()
        with frozen(old):
            pids = [pid for pid, line in processes_of(hotline.var).items() if " router " in line and pid != old]
            async with hotline.agent("1001") as agent:
                await agent.talks()
                os.kill(old, signal.SIGCONT)
                await hotline.until_metric(lambda: old not in processes_of(hotline.var), "the old router to end")
                caller.hang_up()
                record = await hotline.record_of(caller)
                assert len(agent.phone.seen("incoming")) == 1
    await hotline.until_metric(lambda: hotline.leader_pid() == pids[0], "the new leader to sign")
    assert (record.outcome.value, record.agent, record.offers) == ("answered", "1001", 1)
    assert len(hotline.records(caller.number)) == 1
    assert "ended (exit code 3)" in (hotline.site.layout.logs / "supervisor.log").read_text()


def _longest_silence(hotline: Hotline, since: str) -> tuple[float, int]:
    """The longest time from the last decision of one router to the first of the next one, and how many times that was."""
    entries = list(read_to_end(hotline.site.store_url, prefix_of("10010"), since))
    times = [entry.event.at if entry.event is not None else 0.0 for entry in entries]
    lost = [n for n, entry in enumerate(entries) if isinstance(entry.event, AsteriskLost)]
    back = [n for n, entry in enumerate(entries) if isinstance(entry.event, AsteriskSynced)]
    return max(times[b] - times[a] for a, b in zip(lost, back, strict=False)), len(back)


async def test_a_reload_is_noticed_by_nobody(hotline: Hotline) -> None:
    """The operator adds a seat while one caller talks and one waits: the talk goes on, and the waiting caller is served at the new seat."""
    await _stands_by(hotline)
    file = hotline.site.config
    assert file is not None
    right = file.read_text(encoding="utf-8")
    async with hotline.agent("1001") as agent, hotline.caller() as talking, hotline.caller() as waiting:
        await hotline.asks_for_a_person(talking)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        await hotline.asks_for_a_person(waiting)
        leader = hotline.leader_pid()

        file.write_text(right.replace("ring_s = 3", "ring_s = 0"), encoding="utf-8")
        code, told = await hotline.reload()
        assert (code, hotline.leader_pid()) == (2, leader)
        assert "ring_s" in told and "nothing was changed" in told
        file.write_text(right.replace('number = "10010"', 'number = "10011"'), encoding="utf-8")
        code, told = await hotline.reload()
        assert (code, hotline.leader_pid()) == (1, leader)
        assert "hotline.number" in told

        seat = '[[seats]]\nnumber = "1011"\npassword = "secret-1011"\nauto_login = true\n'
        file.write_text(right + seat, encoding="utf-8")
        last = list(read_to_end(hotline.site.store_url, prefix_of("10010"), "0-0"))[-1].id
        assert await hotline.reload() == (0, "")
        assert hotline.leader_pid() != leader
        async with hotline.agent("1011") as fresh:
            await fresh.talks()
            for caller in (waiting, talking):
                caller.hang_up()
            served, ended = await hotline.record_of(waiting), await hotline.record_of(talking)
    assert (served.outcome.value, served.agent) == ("answered", "1011")
    assert (ended.outcome.value, ended.agent, ended.reason) == ("answered", "1001", "caller")
    silence_s, handovers = _longest_silence(hotline, last)
    assert silence_s < 1.0
    assert handovers == 1


@contextmanager
def _full(hotline: Hotline) -> Iterator[None]:
    """Valkey has no memory left."""
    with _store(hotline) as store:
        store.config_set("maxmemory", "1")
        yield
        store.config_set("maxmemory", "0")


@contextmanager
def _read_only(hotline: Hotline) -> Iterator[None]:
    """Valkey refuses every write, as it does without the replicas that it was told to have."""
    with _store(hotline) as store:
        store.config_set("min-replicas-to-write", "1")
        yield
        store.config_set("min-replicas-to-write", "0")


@contextmanager
def _hung(hotline: Hotline) -> Iterator[None]:
    """Valkey takes connections and answers nothing."""
    with frozen(_store_pid(hotline)):
        yield


@contextmanager
def _killed(hotline: Hotline) -> Iterator[None]:
    """Valkey is killed; the supervisor starts it again meanwhile."""
    os.kill(_store_pid(hotline), signal.SIGKILL)
    yield


@pytest.mark.parametrize("outage", [_hung, _killed, _full, _read_only])
async def test_calls_are_served_without_the_store(
    hotline: Hotline, outage: Callable[[Hotline], AbstractContextManager[None]]
) -> None:
    """Valkey hangs, dies, is full or refuses to write: a caller is met, hears the menu and is served as ever; the record follows."""
    async with hotline.agent("1001") as agent:
        leader = hotline.leader_pid()
        with outage(hotline):
            async with hotline.caller() as caller:
                await caller.is_answered()
                await caller.phone.wait_for("media")
                caller.press("0")
                await agent.talks(5)
                caller.hang_up()
                await agent.phone.wait_for("disconnected")
        record = await hotline.record_of(caller, 15)
        await hotline.agent_is("1001", "ready")
    assert (record.outcome.value, record.agent, record.offers) == ("answered", "1001", 1)
    assert hotline.leader_pid() == leader


async def test_an_emptied_store_costs_nobody_a_place(hotline: Hotline) -> None:
    """Valkey loses everything while one caller talks and one waits, and then the router is killed: the wait counts on and the talk is on record."""
    await _stands_by(hotline)
    async with hotline.agent("1001") as agent, hotline.caller() as talking, hotline.caller() as waiting:
        await hotline.asks_for_a_person(talking)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        await hotline.asks_for_a_person(waiting)
        began, leader = time.monotonic(), hotline.leader_pid()
        with _store(hotline) as store:
            store.flushall()
            keys = [prefix_of("10010") + name for name in ("leader", "journal", "snapshot")]
            await hotline.until_metric(lambda: store.exists(*keys) == len(keys), "the store to be filled again")
            assert hotline.leader_pid() == leader
            store.set(keys[-1], b"rubbish")
        os.kill(leader, signal.SIGKILL)
        await _replaced(hotline, leader)
        talking.hang_up()
        await agent.talks()
        waited_s = time.monotonic() - began
        waiting.hang_up()
        served, ended = await hotline.record_of(waiting), await hotline.record_of(talking)
    assert (served.outcome.value, served.agent) == ("answered", "1001")
    assert served.wait_s >= waited_s - 0.1
    assert (ended.outcome.value, ended.agent) == ("answered", "1001")


async def test_records_wait_while_the_database_is_locked(hotline: Hotline) -> None:
    """Somebody locks the database: a VIP is a VIP all the same and is served; its record is written when the lock is gone, once."""
    async with hotline.agent("1901") as agent, hotline.vip() as caller:
        with hotline.engine.connect() as connection:
            connection.execution_options(sqlite_begin="IMMEDIATE")
            connection.execute(text("UPDATE customers SET name = name"))
            await hotline.asks_for_a_person(caller, "vip")
            await agent.talks()
            await hotline.agent_is("1901", "talking")
            caller.hang_up()
            await hotline.agent_is("1901", "ready")
            assert not [r for r in hotline.records(caller.number) if r.arrived_at >= caller.dialled_at]
            connection.rollback()
        record = await hotline.record_of(caller, 20)
        found = [r for r in hotline.records(caller.number) if r.arrived_at >= caller.dialled_at - 0.5]
    assert (record.tier, record.agent, len(found)) == ("vip", "1901", 1)
