"""Stories of a hotline that has few places."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jietong.launch import PROMPTS
from tests.adapters.up_fixture import jietong_up
from tests.live.conftest import PORT_BASE
from tests.live.hotline import Hotline, write_site
from tests.robots.audio import heard, heard_s, longest_silence_s, party_tone
from tests.robots.sipp.callers import ordinary_callers
from tests.robots.sipp.run import SippRun

PLACES = 2
BURST, BURST_RATE = 300, 60.0
GAP_S = 0.6  # of the rhythm in which a party's own tone pulses


@pytest.fixture(scope="module")
def small_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline of its own, with so few places."""
    folder = tmp_path_factory.mktemp("admission")
    config = write_site(folder, f"[admission]\nmax_calls = {PLACES}\n")
    base = str(int(os.environ.get("JIETONG_LIVE_PORT_BASE", PORT_BASE)) + 100)
    with jietong_up("--config", str(config), "--port-base", base) as up:
        up.wait_ready()
        hotline = Hotline(up.var, folder / "days.toml")
        yield hotline
        hotline.close()


async def test_a_full_hotline_says_so_and_serves_who_is_in(small_hotline: Hotline, tmp_path: Path) -> None:
    """Two are in; the third hears in both languages that all lines are busy and gets busy; the two are served, and then there is room again."""
    hotline, recording = small_hotline, tmp_path / "refused.wav"
    async with hotline.caller() as one, hotline.caller() as other:
        for caller in (one, other):
            await hotline.asks_for_a_person(caller)
        async with hotline.caller(record=recording) as refused:
            over = await refused.is_over(20)
            assert over["code"] == 486, over
            await refused.phone.wait_for("recorded")
            record = await hotline.record_of(refused)
        assert (record.outcome.value, record.reason) == ("menu", "full")
        for language in ("zh-CN", "en"):
            assert heard(recording, PROMPTS / language / "callers-busy.wav") > 0.6, language
        await hotline.until_metric(
            lambda: hotline.metric("jietong_calls_refused_total", reason="full") == 1, "the refused call to be counted"
        )
        async with hotline.agent("1001") as agent:
            await agent.talks()
            await hotline.agent_is("1001", "talking")
            for caller in (one, other):
                caller.hang_up()
            records = [await hotline.record_of(caller) for caller in (one, other)]
            assert sorted(r.outcome.value for r in records) == ["abandoned", "answered"]
    await hotline.is_quiet()
    await hotline.asterisk_shows("group show channels", "0 active", 10)
    async with hotline.caller() as next_one:
        await hotline.asks_for_a_person(next_one)
        next_one.hang_up()
        assert (await hotline.record_of(next_one)).outcome.value == "abandoned"


async def test_a_storm_at_the_door_harms_nobody_inside(small_hotline: Hotline, tmp_path: Path) -> None:
    """Three hundred call within five seconds while two talk: each of them is turned away and on record, health says why, the two hear each other all the time, and then there is room again."""
    hotline = small_hotline
    tones = [party_tone(tmp_path / f"tone{n}.wav", n) for n in range(2)]
    at_caller, at_agent = tmp_path / "caller.wav", tmp_path / "agent.wav"
    refused_before = hotline.metric("jietong_calls_refused_total")
    async with (
        hotline.agent("1001", play=tones[1], record=at_agent) as agent,
        hotline.caller(play=tones[0], record=at_caller) as talking,
        hotline.caller() as waiting,
    ):
        await hotline.asks_for_a_person(talking)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        await hotline.asks_for_a_person(waiting)
        callers = ordinary_callers(BURST, stay_s=1.0)
        async with SippRun.callers(hotline.sip, callers, rate=BURST_RATE, timeout_s=60) as run:
            counts = (await run.finished()).counts
        assert (counts.created, counts.failed) == (BURST, BURST), counts
        assert "callers are refused" in hotline.warnings()
        assert hotline.status()["calls"]["talking"] == 1 and hotline.status()["calls"]["waiting"] == 1
        waiting.hang_up()
        talking.hang_up()
        await talking.phone.wait_for("recorded")
        await agent.phone.wait_for("recorded")
        records = [await hotline.record_of(caller) for caller in (talking, waiting)]
    assert [record.outcome.value for record in records] == ["answered", "abandoned"]
    for recording, tone in ((at_caller, tones[1]), (at_agent, tones[0])):
        assert heard_s(recording, tone) > BURST / BURST_RATE, recording.name
    assert longest_silence_s(at_agent) < GAP_S
    await hotline.until_metric(
        lambda: hotline.metric("jietong_calls_refused_total") - refused_before == BURST, "all to be counted", 20
    )
    await hotline.is_quiet()
    await hotline.asterisk_shows("group show channels", "0 active", 10)
    numbers = [caller.number for caller in callers]
    turned_away = [record for record in hotline.records() if record.caller in numbers]
    assert sorted(record.caller for record in turned_away) == numbers
    assert {(record.outcome.value, record.reason) for record in turned_away} <= {("menu", "full"), ("menu", "rate")}
