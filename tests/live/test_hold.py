"""A story of an agent whose phone has a hold button."""

import asyncio
from pathlib import Path

import pytest

from jietong.launch import MUSIC
from tests.live.hotline import Hotline
from tests.robots.audio import ALIKE, heard, heard_s, party_tone

HELD_S = 3.0
TOLERANCE_S = 0.5  # re-INVITE, its answer and the event about it, on a machine that robots share


async def test_a_held_caller_hears_music_and_the_record_tells_how_long(hotline: Hotline, tmp_path: Path) -> None:
    """The agent puts the caller on hold twice and takes it back: the caller hears music meanwhile, the agent's voice again
    afterwards, and both holds are on record as part of the talk."""
    voice, at_caller = party_tone(tmp_path / "agent.wav", 4), tmp_path / "at-caller.wav"
    async with hotline.agent("1001", play=voice) as agent, hotline.caller(record=at_caller) as caller:
        await hotline.asks_for_a_person(caller)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        clock, held_s = asyncio.get_running_loop().time, 0.0
        for lasts_s in (HELD_S, 0.5):
            await agent.phone.hold()
            began = clock()
            await asyncio.sleep(lasts_s)  # what is on record must have lasted
            await agent.phone.unhold()
            held_s += clock() - began
            await hotline.agent_is("1001", "talking")
        await asyncio.sleep(1.5)  # what is said must last to be heard
        caller.hang_up()
        await caller.phone.wait_for("recorded")
        record = await hotline.record_of(caller)
    assert (record.outcome.value, record.agent, record.segment) == ("answered", "1001", 1)
    assert record.hold_s == pytest.approx(held_s, abs=TOLERANCE_S)
    assert record.talk_s > record.hold_s + 1.0
    assert heard(at_caller, next(MUSIC.glob("*.wav"))) > ALIKE, "no music was heard on hold"
    assert heard_s(at_caller, voice) > 1.0, "the agent was not heard again"


async def test_a_caller_who_hangs_up_on_hold_was_held_to_the_end(hotline: Hotline) -> None:
    """The caller has enough of the music: the hold that never ended is on record up to the end, and the agent is free."""
    async with hotline.agent("1001") as agent, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        await agent.phone.hold()
        await asyncio.sleep(1.0)  # what is on record must have lasted
        caller.hang_up()
        record = await hotline.record_of(caller)
        await hotline.agent_is("1001", "ready")
    assert record.hold_s == pytest.approx(1.0, abs=TOLERANCE_S)
    assert record.hold_s <= record.talk_s
