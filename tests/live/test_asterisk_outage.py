"""Stories of a hotline whose Asterisk dies or stands still."""

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
    async with hotline.agent("1001") as agent, hotline.caller() as talking:
        await hotline.asks_for_a_person(talking)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        async with hotline.caller() as waiting:
            await hotline.asks_for_a_person(waiting)
            await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the second caller to wait")
            os.kill(asterisk_of(hotline), signal.SIGKILL)
            records = [await hotline.record_of(caller, 30) for caller in (talking, waiting)]
            assert [(r.outcome.value, r.reason) for r in records] == [("answered", "asterisk"), ("lost", "asterisk")]
            await hotline.until_metric(
                lambda: hotline.health() == "" or "agent" in hotline.health(), "all to be well", 30
            )
    assert len(hotline.records(talking.number)) == len(hotline.records(waiting.number)) == 1
    async with hotline.agent("1002") as agent, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await agent.talks()
        await hotline.agent_is("1002", "talking")
        caller.hang_up()
        assert (await hotline.record_of(caller)).agent == "1002"


async def test_asterisk_stands_still_and_goes_on(hotline: Hotline) -> None:
    """It hangs for some seconds and health says so; then the talk goes on, and who waits keeps its place and is served."""
    async with hotline.agent("1001") as agent, hotline.caller() as talking:
        await hotline.asks_for_a_person(talking)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        async with hotline.caller() as waiting:
            await hotline.asks_for_a_person(waiting)
            await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the second caller to wait")
            pid = asterisk_of(hotline)
            os.kill(pid, signal.SIGSTOP)
            try:
                await hotline.until_metric(
                    lambda: "no connection to Asterisk" in hotline.health(), "health to say so", 30
                )
            finally:
                os.kill(pid, signal.SIGCONT)
            await hotline.until_metric(lambda: hotline.health() == "", "all to be well", 30)
            assert not talking.phone.seen("disconnected") and not waiting.phone.seen("disconnected"), "a call was cut"
            talking.hang_up()
            assert (await hotline.record_of(talking)).reason == "caller"
            await hotline.agent_is("1001", "talking", 15)
            waiting.hang_up()
            record = await hotline.record_of(waiting)
    assert (record.outcome.value, record.agent, record.offers) == ("answered", "1001", 1)
