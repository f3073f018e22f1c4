"""Stories of agents who leave, come back and change seats in the middle of calls."""

import asyncio
import time

from jietong.processes import agent_command
from tests.live.hotline import PIN, Hotline
from tests.live.test_feature_codes import at_seat_1009, dial_code


async def test_a_pause_in_a_talk_waits_for_its_end(hotline: Hotline) -> None:
    """The supervisor pauses an agent who talks: the conversation goes on, and the agent is not ready after it."""
    async with hotline.agent("1001"), hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await hotline.agent_is("1001", "talking")
        await hotline.tell_agent("pause", "1001")
        async with hotline.caller() as other:
            await hotline.asks_for_a_person(other)
            await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the other caller to wait")
            assert not caller.phone.seen("disconnected"), "a conversation was cut"
            caller.hang_up()
            await hotline.agent_is("1001", "not_ready")
            await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the other caller to wait on")
            await hotline.tell_agent("ready", "1001")
            await hotline.agent_is("1001", "talking")


async def test_a_log_out_in_a_talk_waits_for_its_end(hotline: Hotline) -> None:
    """The supervisor logs an agent out who talks: the conversation goes on, and nobody is at the seat after it."""
    async with hotline.agent("1001"), hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await hotline.agent_is("1001", "talking")
        await hotline.tell_agent("log-out", "1001")
        await hotline.agent_is("1001", "talking")
        caller.hang_up()
        record = await hotline.record_of(caller)
        await hotline.agent_is("1001", "logged_out")
    assert (record.outcome.value, record.agent) == ("answered", "1001")


async def test_a_seat_whose_agent_is_logged_out_rings_no_longer(hotline: Hotline) -> None:
    """It rings and nobody picks up; the supervisor logs the agent out: it stops, and the caller rings at the next seat at once, long before the time to ring is over."""
    async with hotline.agent("1001", mode="ignore") as away, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await away.rings()
        async with hotline.agent("1002") as there:
            await hotline.tell_agent("log-out", "1001")
            await away.phone.wait_for("disconnected", 2)
            await there.talks()
            await hotline.agent_is("1001", "logged_out")
            caller.hang_up()
            record = await hotline.record_of(caller)
    assert record.agent == "1002"


async def test_after_call_work_is_extended_and_ended(hotline: Hotline) -> None:
    """The agent asks for more time, as often as it needs; a caller waits meanwhile, and is served the moment the agent says that it is ready."""
    async with hotline.agent("1001"), hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await hotline.agent_is("1001", "talking")
        caller.hang_up()
        deadline = time.monotonic() + 10
        while await asyncio.to_thread(agent_command.main, hotline.var, "extend", "1001"):
            assert time.monotonic() < deadline, "no after-call work to extend"
        for _ in range(39):
            await hotline.tell_agent("extend", "1001")
        async with hotline.caller() as other:
            await hotline.asks_for_a_person(other)
            await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the other caller to wait")
            await hotline.agent_is("1001", "wrap_up")
            await hotline.tell_agent("ready", "1001")
            await hotline.agent_is("1001", "talking")


async def test_an_agent_moves_to_another_seat(hotline: Hotline) -> None:
    """8001 logs in at one seat, then at another one: the first is empty at once, and calls ring at the second."""
    async with at_seat_1009(hotline) as first:
        await dial_code(hotline, first, "*71", (f"8001#{PIN}#",))
        await hotline.agent_is("8001", "ready")
        async with hotline.agent("1001") as second:
            await dial_code(hotline, second.phone, "*71", (f"8001#{PIN}#",))
            await hotline.agent_is("1001", "logged_out")
            seats = {row["agent"]: row["seat"] for row in hotline.status()["agents"]}
            assert seats["8001"] == "1001"
            async with hotline.caller() as caller:
                await hotline.asks_for_a_person(caller)
                await hotline.agent_is("8001", "talking")
                caller.hang_up()
                assert (await hotline.record_of(caller)).seat == "1001"
            await hotline.tell_agent("log-out", "8001")
            await hotline.agent_is("8001", "logged_out")
