"""Stories of callers who come when nobody is there."""

import asyncio
from pathlib import Path

import pytest

from jietong.launch import PROMPTS
from jietong.processes import hours
from routing.adapters.journal_reader import BEGINNING, read_to_end
from routing.adapters.redis_clients import prefix_of
from routing.events import HoursTold
from routing.opening import OpeningTimes
from tests.live.closed import closed_today
from tests.live.hotline import Hotline
from tests.robots.audio import ALIKE, heard, party_tone, read_wav
from tests.robots.people import Caller

CONSULTATION, BUSINESS, COMPLAINT = "1", "2", "5"


async def _chooses(caller: Caller, key: str) -> None:
    """Presses a key of the menu and 0 for an agent, wherever that leads."""
    await caller.is_answered()
    await caller.phone.wait_for("media")
    caller.press(f"{key}0")


async def test_a_closed_queue_says_so_and_another_is_open(
    hotline: Hotline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator closes complaints for today: that caller is told and sent away, others are served; opened again, complaints wait again."""
    with closed_today(hotline):
        await asyncio.to_thread(hours.show_hours, hotline.var, None, False)
        assert "complaints          closed: outside its hours" in capsys.readouterr().out
        at_caller = tmp_path / "at-caller.wav"
        async with hotline.agent("1006"), hotline.caller(record=at_caller) as complaining:
            await _chooses(complaining, COMPLAINT)
            await complaining.is_over(20)
            await complaining.phone.wait_for("recorded")
            sent_away = await hotline.record_of(complaining)
            async with hotline.caller() as other:
                await hotline.asks_for_a_person(other)
                await hotline.agent_is("1006", "talking")
                other.hang_up()
                assert (await hotline.record_of(other)).outcome.value == "answered"
    assert (sent_away.outcome.value, sent_away.reason, sent_away.queue) == ("menu", "closed", "complaints")
    assert heard(at_caller, PROMPTS / "zh-CN" / "closed-hours.wav") > ALIKE, "the caller was not told"
    async with hotline.caller() as again:
        await _chooses(again, COMPLAINT)
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")


async def test_a_closed_queue_passes_its_callers_on(hotline: Hotline) -> None:
    """Outside the hours of advice its callers wait for repairs, whose agents answer; nobody is sent away."""
    with closed_today(hotline):
        async with hotline.agent("1007"), hotline.caller() as caller:
            await hotline.asks_for(caller, CONSULTATION)
            await hotline.agent_is("1007", "talking", 20)
            caller.hang_up()
            record = await hotline.record_of(caller)
    assert (record.outcome.value, record.queue, record.service, record.agent) == (
        "answered",
        "repairs",
        "consultation",
        "1007",
    )


async def test_a_closed_queue_takes_messages(hotline: Hotline, tmp_path: Path) -> None:
    """Outside its hours business asks for a message: what was said is in the file, and nobody was promised an answer."""
    tone, at_caller = party_tone(tmp_path / "tone.wav", 1, 30), tmp_path / "at-caller.wav"
    folder = hotline.site.layout.data / "messages"
    before = set(folder.glob("*.wav"))
    with closed_today(hotline):
        async with hotline.caller(play=tone, record=at_caller) as caller:
            await _chooses(caller, BUSINESS)
            await hotline.until_metric(lambda: bool(set(folder.glob("*.wav")) - before), "the recording to begin", 20)
            await asyncio.sleep(2.0)
            caller.hang_up()
            record = await hotline.record_of(caller)
            await caller.phone.wait_for("recorded")
    assert (record.outcome.value, record.reason, record.queue, record.queued_at) == (
        "menu",
        "message",
        "business",
        None,
    )
    assert len(read_wav(folder / f"{record.call}.wav")) > 8000
    assert heard(at_caller, PROMPTS / "zh-CN" / "closed-message.wav") > ALIKE, "the caller was not asked"


async def test_no_callback_while_the_queue_is_closed(hotline: Hotline) -> None:
    """A caller of complaints asks to be called back after closing time: its agent serves others and is not rung for it; at the opening it is."""
    async with hotline.caller() as caller, hotline.customer(after_s=0.5) as customer:
        await hotline.asks_for(caller, COMPLAINT)
        with closed_today(hotline):
            await hotline.until_metric(lambda: "complaints" in _closed_for_the_router(hotline), "the router to be told")
            caller.press("1")
            await asyncio.sleep(0.5)
            caller.press("1")
            await caller.is_over(15)
            async with hotline.agent("1006"):
                async with hotline.caller() as other:
                    await hotline.asks_for_a_person(other)
                    await hotline.agent_is("1006", "talking")
                    other.hang_up()
                    await hotline.record_of(other)
                await hotline.agent_is("1006", "ready")
                assert not hotline.records(caller.number)
                hotline.calendar_file.write_text("", encoding="utf-8")
                await customer.rings(15)
                await customer.phone.wait_for("media")
                customer.phone.hang_up()
                record = await hotline.record_of(caller)
    assert (record.outcome.value, record.reason, record.queue) == ("callback", "kept", "complaints")


def _closed_for_the_router(hotline: Hotline) -> frozenset[str]:
    """Queues that are closed by what the router was told last."""
    prefix = prefix_of(hotline.site.site.hotline.number)
    entries = read_to_end(hotline.site.store_url, prefix, BEGINNING)
    told = [entry.event for entry in entries if isinstance(entry.event, HoursTold)][-1]
    return OpeningTimes(dict(told.queues)).closed_at(told.at)
