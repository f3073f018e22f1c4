"""Stories of a hotline that has few places."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jietong.launch import PROMPTS
from tests.adapters.up_fixture import jietong_up
from tests.live.conftest import PORT_BASE
from tests.live.hotline import SITE, Hotline
from tests.robots.audio import heard

PLACES = 2


@pytest.fixture(scope="module")
def small_hotline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline of its own, with so few places."""
    folder = tmp_path_factory.mktemp("admission")
    (folder / "site.toml").write_text(f"{SITE}\n[admission]\nmax_calls = {PLACES}\n", encoding="utf-8")
    (folder / "days.toml").touch()
    base = str(int(os.environ.get("JIETONG_LIVE_PORT_BASE", PORT_BASE)) + 100)
    with jietong_up("--config", str(folder / "site.toml"), "--port-base", base) as up:
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
