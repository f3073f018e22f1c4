"""Stories of callers who wait and are told how long."""

import asyncio
from pathlib import Path

import pytest

from jietong.launch import PROMPTS
from tests.live.hotline import Hotline
from tests.robots.audio import ALIKE, heard, heard_whole


@pytest.mark.parametrize(("keys", "language"), [("0", "zh-CN"), ("90", "en")])
async def test_a_waiting_caller_hears_its_place(hotline: Hotline, tmp_path: Path, keys: str, language: str) -> None:
    """With the only agent busy the next caller hears that it is first in line, in its own language; an idle agent cuts the words."""
    at_caller = tmp_path / "at-caller.wav"
    async with hotline.agent("1001") as agent, hotline.caller() as first:
        await hotline.asks_for_a_person(first)
        await agent.talks()
        async with hotline.caller(record=at_caller) as waiting:
            await waiting.is_answered()
            await waiting.phone.wait_for("media")
            for key in keys:
                waiting.press(key)
            await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")
            await asyncio.sleep(3.0)  # the first sentence lasts 2 s
            async with hotline.agent("1002") as other:
                await other.talks(2.0)
                waiting.hang_up()
                await waiting.phone.wait_for("recorded")
                record = await hotline.record_of(waiting)
        first.hang_up()
    assert record.agent == "1002"
    assert heard(at_caller, PROMPTS / language / "place-01.wav") > ALIKE, "the caller did not hear its place"
    as_first, as_second = (heard_whole(at_caller, PROMPTS / language / f"place-0{place}.wav") for place in (1, 2))
    assert as_first > as_second + 0.1, "the caller heard another place"
