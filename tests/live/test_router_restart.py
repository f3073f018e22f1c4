"""Stories of a router that dies: callers and agents keep what they have."""

import os
import signal
import time

from tests.live.hotline import Hotline


async def test_callers_outlive_the_router(hotline: Hotline) -> None:
    """The router is killed while one caller talks and one waits: the talk goes on, and the other is served in turn, with the whole wait."""
    async with hotline.agent("1001") as agent, hotline.caller() as talking:
        await hotline.asks_for_a_person(talking)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        async with hotline.caller() as waiting:
            await hotline.asks_for_a_person(waiting)
            old, killed_at = hotline.leader_pid(), time.time()
            os.kill(old, signal.SIGKILL)
            await hotline.until_metric(lambda: hotline.leader_pid() != old, "a new router process")
            await hotline.until_metric(lambda: hotline.metric("jietong_router_active") == 1, "a router in charge")
            assert talking.phone.seen("disconnected") == [], "the conversation was cut"
            talking.hang_up()
            await agent.talks(15)
            waiting.hang_up()
            served = await hotline.record_of(waiting)
            ended = await hotline.record_of(talking)
    assert (served.outcome.value, served.agent) == ("answered", "1001")
    assert ended.outcome.value == "answered"
    assert served.queued_at is not None and served.queued_at < killed_at, "the clock was set back"


async def test_who_hangs_up_while_no_router_listens_has_abandoned(hotline: Hotline) -> None:
    """The router is killed, the waiting caller hangs up before the next one is there: the record says abandoned, not lost."""
    async with hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")
        os.kill(hotline.leader_pid(), signal.SIGKILL)
        caller.hang_up()
        record = await hotline.record_of(caller, within_s=20)
    assert (record.outcome.value, record.reason) == ("abandoned", "waiting")
