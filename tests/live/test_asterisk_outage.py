"""Stories of a hotline whose Asterisk dies or stands still."""

import asyncio
import os
import signal

from tests.adapters.up_fixture import processes_of
from tests.live.hotline import Hotline


def asterisk_of(hotline: Hotline) -> int:
    """Process id of the site's Asterisk."""
    pid = int((hotline.site.layout.asterisk.parent / "run" / "asterisk.pid").read_text())
    assert pid in processes_of(hotline.var)
    return pid


async def test_calls_that_die_with_asterisk_are_on_record(hotline: Hotline) -> None:
    """Asterisk is killed while one caller talks and one waits: both are on record with that cause, nobody is thought to talk, and the next caller is served."""
    async with hotline.one_talks_one_waits() as (_, talking, waiting):
        os.kill(asterisk_of(hotline), signal.SIGKILL)
        records = [await hotline.record_of(caller, 30) for caller in (talking, waiting)]
        assert [(r.outcome.value, r.reason) for r in records] == [("answered", "asterisk"), ("lost", "asterisk")]
        await hotline.until_metric(lambda: hotline.health() == "" or "agent" in hotline.health(), "all to be well", 30)
    assert len(hotline.records(talking.number)) == len(hotline.records(waiting.number)) == 1
    async with hotline.agent("1002") as agent, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await agent.talks()
        await hotline.agent_is("1002", "talking")
        caller.hang_up()
        assert (await hotline.record_of(caller)).agent == "1002"


async def test_asterisk_stands_still_and_goes_on(hotline: Hotline) -> None:
    """It hangs for some seconds and health says so; then the talk goes on, and who waits keeps its place and is served."""
    async with hotline.one_talks_one_waits() as (_, talking, waiting):
        pid = asterisk_of(hotline)
        os.kill(pid, signal.SIGSTOP)
        try:
            await hotline.until_metric(lambda: "no connection to Asterisk" in hotline.health(), "health to say so", 30)
        finally:
            os.kill(pid, signal.SIGCONT)
        await hotline.until_metric(lambda: hotline.health() == "", "all to be well", 30)
        assert not talking.phone.seen("disconnected") and not waiting.phone.seen("disconnected"), "a call was cut"
        talking.hang_up()
        assert (await hotline.record_of(talking)).reason == "caller"
        await hotline.one_talks(waiting=0, within_s=15)
        waiting.hang_up()
        record = await hotline.record_of(waiting)
    assert (record.outcome.value, record.agent, record.offers) == ("answered", "1001", 1)


async def test_asterisk_is_stopped_gracefully(hotline: Hotline) -> None:
    """An operator lets Asterisk finish what it has: who dials now is refused at once, the talk goes on until its caller hangs up; then Asterisk starts anew and the next caller is served."""
    old = asterisk_of(hotline)
    async with hotline.agent("1001") as agent, hotline.caller() as talking:
        await hotline.asks_for_a_person(talking)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        stopping = asyncio.create_task(asyncio.to_thread(hotline.cli, "core stop gracefully"))  # comes back at the end
        await hotline.asterisk_shows("core show uptime", "shutdown", 10)
        async with hotline.caller() as late:
            over = await late.is_over(10)
            assert 480 <= over["code"] < 600, over
        assert asterisk_of(hotline) == old and not talking.phone.seen("disconnected")
        assert hotline.status()["calls"]["talking"] == 1
        talking.hang_up()
        record = await hotline.record_of(talking)
        assert (record.outcome.value, record.agent) == ("answered", "1001")
        # Asterisk ends with its last call, and may not have told of its end first
        assert record.reason in ("caller", "asterisk")
        await asyncio.gather(stopping, return_exceptions=True)
        await hotline.until_metric(lambda: old not in processes_of(hotline.var), "the old Asterisk to end", 30)
        await hotline.until_metric(lambda: hotline.health() == "" or "agent" in hotline.health(), "all to be well", 30)
    async with hotline.agent("1002") as agent, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await agent.talks()
        caller.hang_up()
        assert (await hotline.record_of(caller)).agent == "1002"
