"""Stories of callers who come when nobody is there."""

import asyncio
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jietong.launch import PROMPTS
from jietong.processes import hours
from tests.live.hotline import Hotline
from tests.robots.audio import ALIKE, heard


async def test_a_closed_queue_says_so_and_another_is_open(
    hotline: Hotline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator closes complaints for today: that caller is told and sent away, others are served; opened again, complaints wait again."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    hotline.calendar_file.write_text(f"[special_hours]\n{today} = []\n", encoding="utf-8")
    try:
        await asyncio.to_thread(hours.show_hours, hotline.var, None, False)
        assert "complaints          closed: outside its hours" in capsys.readouterr().out
        at_caller = tmp_path / "at-caller.wav"
        async with hotline.agent("1006"), hotline.caller(record=at_caller) as complaining:
            await complaining.is_answered()
            await complaining.phone.wait_for("media")
            complaining.press("5")
            await complaining.is_over(20)
            await complaining.phone.wait_for("recorded")
            sent_away = await hotline.record_of(complaining)
            async with hotline.caller() as other:
                await hotline.asks_for_a_person(other)
                await hotline.agent_is("1006", "talking")
                other.hang_up()
                assert (await hotline.record_of(other)).outcome.value == "answered"
    finally:
        hotline.calendar_file.write_text("", encoding="utf-8")
    assert sent_away.outcome.value == "menu"
    assert heard(at_caller, PROMPTS / "zh-CN" / "closed-hours.wav") > ALIKE, "the caller was not told"
    async with hotline.caller() as again:
        await again.is_answered()
        await again.phone.wait_for("media")
        again.press("5")
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")
