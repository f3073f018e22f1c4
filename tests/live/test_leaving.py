"""Stories of callers who leave the line in another way, through real calls: a robot plays the world behind the carrier."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from jietong.processes.promises import callbacks, cancel, messages
from routing.adapters.promises import open_callbacks
from tests.live.hotline import COMPLAINTS_CODE, LISTED, Hotline
from tests.robots.audio import party_tone, read_wav
from tests.robots.people import Caller

QUERY, CANCEL = "3", "4"


async def _asks_to_be_called_back(hotline: Hotline, caller: Caller) -> None:
    """Presses the key, and once more to confirm; hears the goodbye and is hung up."""
    await hotline.asks_for_a_person(caller)
    await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")
    caller.press("1")
    await asyncio.sleep(0.5)
    caller.press("1")
    await hotline.until(lambda s: s["calls"]["waiting"] == 0, "the promise")
    await caller.is_over(15)


async def test_a_callback_rings_the_agent_then_the_customer(hotline: Hotline) -> None:
    """The caller hangs up and keeps its place: the agent is rung first, then the customer's telephone, and they talk; nobody can be sent on from there."""
    async with hotline.caller() as caller, hotline.customer(after_s=0.5) as customer:
        await _asks_to_be_called_back(hotline, caller)
        async with hotline.agent("1001") as agent:
            rang = await agent.rings()
            called = await customer.rings()
            assert caller.number in called["to"] or caller.number in str(called)
            assert called["at"] > rang["at"]
            await customer.phone.wait_for("media")
            await hotline.agent_is("1001", "talking")
            for target in ("13812345678", COMPLAINTS_CODE, "1002"):
                agent.phone.transfer(f"sip:{target}@{hotline.sip}")
                refused = await agent.phone.wait_for("transfer", where=lambda event: event["final"])
                assert refused["code"] >= 400, (target, agent.phone.story())
            assert not customer.phone.seen("disconnected")
            customer.phone.hang_up()
            record = await hotline.record_of(caller)
    assert (record.outcome.value, record.reason, record.agent) == ("callback", "kept", "1001")
    assert record.talk_s > 0 and not record.in_target


async def test_a_customer_who_does_not_answer_is_tried_again(hotline: Hotline) -> None:
    """Busy the first time, there the second: the agent gets no after-call work in between."""
    async with hotline.caller() as caller, hotline.customer(mode="busy") as customer:
        await _asks_to_be_called_back(hotline, caller)
        async with hotline.agent("1001"):
            await customer.rings()
            await hotline.agent_is("1001", "ready")
            await customer.phone.behave("answer")
            await customer.rings()
            await customer.phone.wait_for("media")
            customer.phone.hang_up()
            record = await hotline.record_of(caller)
    assert (record.outcome.value, record.reason) == ("callback", "kept")


async def test_a_callback_outlives_the_router(hotline: Hotline, capsys: pytest.CaptureFixture[str]) -> None:
    """The router is killed between asking and calling: the next one calls the customer all the same."""
    async with hotline.caller() as caller, hotline.customer() as customer:
        await _asks_to_be_called_back(hotline, caller)
        assert hotline.metric("jietong_callbacks_open") == 1
        assert callbacks(hotline.var, as_json=True, full_numbers=True) == 0
        assert [row["caller"] for row in json.loads(capsys.readouterr().out)] == [caller.number]
        old = hotline.leader_pid()
        os.kill(old, signal.SIGKILL)
        await hotline.until_metric(lambda: hotline.leader_pid() != old, "a new router process")
        async with hotline.agent("1001"):
            await customer.rings(15)
            await customer.phone.wait_for("media")
            customer.phone.hang_up()
            record = await hotline.record_of(caller)
    assert (record.outcome.value, record.reason) == ("callback", "kept")


async def test_a_number_outside_answers(hotline: Hotline) -> None:
    """Nobody can take the caller: after a second the listed number rings, answers, and they talk."""
    async with hotline.customer(after_s=0.3) as outside, hotline.gold() as caller:
        await hotline.asks_for(caller, QUERY)
        assert LISTED in (await outside.rings())["to"]
        await outside.phone.wait_for("answered")
        await asyncio.sleep(0.5)
        caller.hang_up()
        record = await hotline.record_of(caller)
    assert (record.outcome.value, record.reason) == ("outside", "answered")


async def test_nobody_answers_outside(hotline: Hotline) -> None:
    """The listed number is busy: the caller is back in the line, and is served there."""
    async with hotline.customer(mode="busy") as outside, hotline.gold() as caller:
        await hotline.asks_for(caller, QUERY)
        await outside.rings()
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to be back")
        async with hotline.agent("1004") as agent:
            await agent.talks()
            await hotline.agent_is("1004", "talking")
            caller.hang_up()
            record = await hotline.record_of(caller)
    assert (record.outcome.value, record.agent) == ("answered", "1004")


async def test_a_message_is_left(hotline: Hotline, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody can take the caller: it is asked for a message, speaks and hangs up; what was said is in the file."""
    tone = party_tone(tmp_path / "tone.wav", 1, 30)
    async with hotline.gold(play=tone) as caller:
        await hotline.asks_for(caller, CANCEL)
        folder = hotline.site.layout.data / "messages"
        before = set(folder.glob("*.wav"))
        await hotline.until_metric(lambda: bool(set(folder.glob("*.wav")) - before), "the recording to begin", 20)
        await asyncio.sleep(2.0)
        caller.hang_up()
        record = await hotline.record_of(caller)
    assert (record.outcome.value, record.reason) == ("voicemail", "message")
    assert messages(hotline.var, as_json=False, full_numbers=False) == 0
    told = capsys.readouterr().out
    assert f"{record.call}.wav" in told and caller.number not in told
    said = read_wav(folder / f"{record.call}.wav")
    assert len(said) > 8000 and float(abs(said).max()) > 0.05


async def test_an_operator_cancels_a_callback(hotline: Hotline) -> None:
    """It is taken out of the line, once; its record says so."""
    async with hotline.caller() as caller:
        await _asks_to_be_called_back(hotline, caller)
        [call] = [row["call"] for row in open_callbacks(hotline.engine)]
        assert await asyncio.to_thread(cancel, hotline.var, call) == 0
        record = await hotline.record_of(caller)
        assert (record.call, record.outcome.value, record.reason) == (call, "callback", "cancelled")
        assert await asyncio.to_thread(cancel, hotline.var, call) == 1
        assert open_callbacks(hotline.engine) == []
