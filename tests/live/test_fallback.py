"""Stories of a hotline whose routers are all gone: Asterisk's own queue serves, and gives back."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.adapters.up_fixture import processes_of
from tests.live.hotline import FALLBACK_AFTER_S, Hotline

TAKES_OVER_S = 2 * FALLBACK_AFTER_S + 6  # a waiting caller looks every 4 s here; the rest is for a slow machine


def _supervisor_of(hotline: Hotline) -> int:
    [pid] = [pid for pid, line in processes_of(hotline.var).items() if " up " in line and "setpriv" not in line]
    return pid


def _routers_of(hotline: Hotline) -> list[int]:
    found = [pid for pid, line in processes_of(hotline.var).items() if " router " in line]
    assert found
    return found


@asynccontextmanager
async def routers_killed(hotline: Hotline) -> AsyncIterator[None]:
    """All routers are dead, and so is whoever would start new ones; afterwards new ones are started."""
    supervisor = _supervisor_of(hotline)
    os.kill(supervisor, signal.SIGSTOP)
    try:
        for pid in _routers_of(hotline):
            os.kill(pid, signal.SIGKILL)
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)
        await hotline.until_metric(lambda: hotline.metric("jietong_router_active") == 1, "a router in charge", 15)


@asynccontextmanager
async def no_router(hotline: Hotline) -> AsyncIterator[None]:
    """All routers stand still, as on a machine that hangs; afterwards they go on."""
    pids = [_supervisor_of(hotline), *_routers_of(hotline)]  # the supervisor would end routers that hang
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)
        await hotline.until_metric(lambda: hotline.metric("jietong_router_active") == 1, "a router in charge", 15)


async def test_callers_are_served_without_any_router(hotline: Hotline) -> None:
    """One caller waits and one comes while no router is there: agents answer both; the talks go on when a router is back, and both are on record."""
    async with hotline.agent("1001") as one, hotline.agent("1002") as two, hotline.caller() as early:
        await hotline.asks_for_a_person(early)
        await hotline.until(lambda s: s["calls"]["talking"] == 1, "the first talk")
        at_first = {row["agent"] for row in hotline.status()["agents"] if row["state"] == "talking"}
        freed = one if one.number in at_first else two
        await freed.talks()
        async with hotline.caller() as waiting:
            await hotline.asks_for_a_person(waiting)
            await hotline.until(lambda s: s["calls"]["talking"] == 2, "the second talk")
            async with routers_killed(hotline), hotline.caller() as late:
                early.hang_up()
                await late.is_answered()
                await late.phone.wait_for("media")
                late.press("0")
                await freed.talks(TAKES_OVER_S)
                late.hang_up()
                await freed.phone.wait_for("disconnected")
            noted = await hotline.record_of(late, 20)
            assert not waiting.phone.seen("disconnected"), "a conversation was cut"
            waiting.hang_up()
            assert (await hotline.record_of(waiting)).outcome.value == "answered"
    assert (noted.outcome.value, noted.agent) == ("answered", freed.number)
    assert len(hotline.records(late.number)) == 1


async def test_who_waits_in_asterisks_queue_comes_back_under_the_router(hotline: Hotline) -> None:
    """Nobody is at work and no router there: the caller goes to Asterisk's queue, is fetched by the next router, and served with the whole wait."""
    async with hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")
        async with no_router(hotline):
            await hotline.asterisk_shows("core show channels concise", "!Queue!", TAKES_OVER_S)
        await hotline.asterisk_shows("core show channels concise", "!WaitExten!", 10)
        async with hotline.agent("1001") as agent:
            await agent.talks()
            await hotline.agent_is("1001", "talking")
            caller.hang_up()
            record = await hotline.record_of(caller)
    assert (record.outcome.value, record.agent) == ("answered", "1001")
    assert record.wait_s > FALLBACK_AFTER_S - 1, "the clock was set back"


async def test_a_paused_agent_is_left_alone_without_a_router(hotline: Hotline) -> None:
    """Asterisk's own queue rings only agents who are at work, and VIP seats for VIP callers only."""
    async with hotline.agent("1001") as paused, hotline.agent("1901") as vip_seat:
        await hotline.tell_agent("pause", "1001")
        await hotline.agent_is("1001", "not_ready")
        async with no_router(hotline), hotline.caller() as ordinary, hotline.vip() as vip:
            for caller in (ordinary, vip):
                await caller.is_answered()
                await caller.phone.wait_for("media")
                caller.press("0")
            await vip_seat.talks(TAKES_OVER_S)
            await hotline.asterisk_shows("core show channels concise", "!Queue!", TAKES_OVER_S)
            assert not paused.phone.seen("incoming")
