"""Stories of agents who log in, pause and leave by dialling codes at their seats."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from jietong.processes import agent_command
from tests.live.hotline import PIN, Hotline
from tests.robots.driver import Softphone
from tests.robots.people import Caller


@asynccontextmanager
async def at_seat_1009(hotline: Hotline) -> AsyncIterator[Softphone]:
    """A phone at the seat where nobody is logged in by itself."""
    async with await Softphone.start(name="seat 1009") as phone:
        await phone.behave("answer", 0.2)
        await phone.register(hotline.sip, "1009", "secret-1009")
        yield phone


async def dial_code(hotline: Hotline, phone: Softphone, code: str, keys: tuple[str, ...] = ()) -> None:
    """Dials a feature code, types the keys when the line is open, and waits until the hotline hangs up."""
    await phone.dial(f"sip:{code}@{hotline.sip}")
    await phone.wait_for("answered")
    await phone.wait_for("media")
    for typed in keys:
        phone.press(typed)
    await phone.wait_for("disconnected", 40)


async def test_log_in_pause_ready_log_out(hotline: Hotline) -> None:
    """An agent logs in with number and PIN, is offered calls, pauses, is ready again and leaves."""
    async with at_seat_1009(hotline) as phone:
        await dial_code(hotline, phone, "*71", (f"8001#{PIN}#",))
        await hotline.agent_is("8001", "ready")
        async with hotline.caller() as caller:
            await hotline.asks_for_a_person(caller)
            await phone.wait_for("incoming")
            await hotline.agent_is("8001", "talking")
            caller.hang_up()
            assert (await hotline.record_of(caller)).agent == "8001"
        await phone.wait_for("disconnected")
        await dial_code(hotline, phone, "*73")
        await hotline.agent_is("8001", "not_ready")
        await dial_code(hotline, phone, "*74")
        await hotline.agent_is("8001", "ready")
        await dial_code(hotline, phone, "*72")
        await hotline.agent_is("8001", "logged_out")


async def test_wrong_pins_open_nothing(hotline: Hotline) -> None:
    """Three wrong PINs: the agent is not logged in, and no caller is offered to the seat."""
    async with at_seat_1009(hotline) as phone:
        await dial_code(hotline, phone, "*71", ("8001#1111#", "8001#2222#", "9999#2468#"))
        told = hotline.status()
        assert all(agent["state"] == "logged_out" for agent in told["agents"])


async def test_codes_without_anybody_logged_in(hotline: Hotline) -> None:
    """Pausing an empty seat changes nothing and is said."""
    async with at_seat_1009(hotline) as phone:
        await dial_code(hotline, phone, "*73")
        await dial_code(hotline, phone, "*74")
        assert all(agent["state"] == "logged_out" for agent in hotline.status()["agents"])


async def test_a_supervisor_brings_an_agent_back(hotline: Hotline, capsys: pytest.CaptureFixture[str]) -> None:
    """From the console an agent is paused, readied and logged out; a wrong number is said."""
    async with hotline.agent("1001"):
        for word, state in (("pause", "not_ready"), ("ready", "ready"), ("log-out", "logged_out")):
            assert await asyncio.to_thread(agent_command.main, hotline.var, word, "1001") == 0
            await hotline.agent_is("1001", state)
        assert await asyncio.to_thread(agent_command.main, hotline.var, "ready", "7777") == 1
    assert "not logged in" in capsys.readouterr().err


async def test_colleagues_who_talk_to_each_other_are_not_rung(hotline: Hotline) -> None:
    """One seat dials another: the caller waits, and is served the moment they hang up; no call is counted for their talk."""
    async with hotline.agent("1001") as one, hotline.agent("1002") as other:
        offered = hotline.metric("jietong_calls_offered_total")
        await one.phone.dial(f"sip:1002@{hotline.sip}")
        await other.talks()
        async with hotline.caller() as caller:
            await hotline.asks_for_a_person(caller)
            await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")
            one.phone.hang_up()
            record_agent = await _agent_of(hotline, caller)
        assert record_agent in ("1001", "1002")
        assert hotline.metric("jietong_calls_offered_total") == offered + 1


async def _agent_of(hotline: Hotline, caller: Caller) -> str:
    await hotline.until(lambda s: s["calls"]["talking"] == 1, "the caller to talk")
    caller.hang_up()
    return (await hotline.record_of(caller)).agent


async def test_more_time_is_only_given_after_a_call(hotline: Hotline) -> None:
    """An agent who is ready asks for longer after-call work: that is said, and it stays ready."""
    async with hotline.agent("1001") as agent:
        await dial_code(hotline, agent.phone, "*75")
        await hotline.agent_is("1001", "ready")
