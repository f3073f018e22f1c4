"""Stories of callers who are helped by keys, and of what stays behind for the people at the desk."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jietong.database import open_engine
from jietong.launch import PROMPTS
from jietong.processes.announce import switch_off, switch_on
from jietong.processes.cases import show_cases
from jietong.processes.ratings import show_ratings
from jietong.processes.subscriptions import show_subscriptions
from jietong.processes.subscriptions_import import import_products_into, import_subscriptions_into
from jietong.reload import reload
from tests.adapters.up_fixture import jietong_up
from tests.live.conftest import PORT_BASE
from tests.live.hotline import CARRIER_PORT, LISTED, Hotline
from tests.robots.audio import ALIKE, heard, heard_s, heard_whole, party_tone
from tests.robots.ear import Ear
from tests.robots.people import Caller

ZH = PROMPTS / "zh-CN"
SITE = f"""
[hotline]
number = "10010"
survey = true
flows = "menus"
[[trunks]]
name = "carrier"
match = ["127.0.0.1"]
host = "127.0.0.1:{CARRIER_PORT}"
[outside]
numbers = {{ desk = "{LISTED}" }}
[callback]
offer_above_s = 3600
[tiers.vip]
answer_within_s = 10
goal = 0.95
[tiers.ordinary]
answer_within_s = 20
goal = 0.90
[routing]
ring_s = 5
wrap_up_s = 0.5
[[seats]]
number = "1001"
password = "secret-1001"
auto_login = true
"""
# An operator's own menu over the shipped one: two keys, and a question in the evening.
BUSINESS = """
[flow]
person = "business"
[which]
menu = "business-menu"
1 = "person"
3 = "call-me"
4 = "outside"
5 = "message"
7 = "read-back"
[call-me]
callback = "business"
[outside]
transfer = "02112345678"
[message]
message = "business"
[read-back]
digits = "enter-phone-number"
into = "phone"
check = "phone"
next = "told"
[told]
say = [{ phone = "phone" }]
next = "end"
"""


@pytest.fixture(scope="module")
def self_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotline]:
    """A hotline with a survey and a menu of its operator's own."""
    folder = tmp_path_factory.mktemp("self-service")
    (folder / "menus").mkdir()
    (folder / "menus" / "business.toml").write_text(BUSINESS, encoding="utf-8")
    (folder / "site.toml").write_text(SITE, encoding="utf-8")
    base = str(int(os.environ.get("JIETONG_LIVE_PORT_BASE", PORT_BASE)) + 300)
    with jietong_up("--config", str(folder / "site.toml"), "--port-base", base) as up:
        up.wait_ready()
        hotline = Hotline(up.var, folder / "days.toml")
        yield hotline
        hotline.close()


async def _goes(caller: Caller, recording: Path, *way: tuple[str, str]) -> Ear:
    """The caller presses each key when it hears the prompt that asks for it; returns its ear, which listens on."""
    await caller.is_answered()
    ear = Ear(recording)
    for prompt, keys in way:
        await ear.hears(ZH / f"{prompt}.wav")
        caller.press(keys)
    return ear


def _shown(capsys: pytest.CaptureFixture[str], command: Callable[[], int]) -> Any:
    assert command() == 0
    return json.loads(capsys.readouterr().out)


def _fours_of_1001(hotline: Hotline, capsys: pytest.CaptureFixture[str]) -> int:
    rows = _shown(capsys, lambda: show_ratings(hotline.var, True, None))
    return sum(row["counts"]["4"] for row in rows if row["agent"] == "1001")


async def test_the_talk_is_rated_and_the_agent_is_free_meanwhile(
    self_service: Hotline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The agent hangs up first and takes the next caller while this one is asked; its key counts for that agent."""
    hotline, at_caller = self_service, tmp_path / "caller.wav"
    async with hotline.agent("1001") as agent, hotline.caller(record=at_caller) as first:
        await hotline.asks_for_a_person(first)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        await _is_connected(hotline)
        agent.phone.hang_up()
        async with hotline.caller() as second:
            await hotline.asks_for_a_person(second)
            await agent.talks()
            first.press("4")
            await first.is_over(20)
            assert (await hotline.record_of(first)).agent == "1001"
            second.hang_up()
    await first.phone.wait_for("recorded")
    assert heard(at_caller, ZH / "survey-ask.wav") > 0.5
    await hotline.until_metric(lambda: _fours_of_1001(hotline, capsys) == 1, "the rating to be on record")


async def _is_connected(hotline: Hotline) -> None:
    """Both have been told what they are told, and talk."""
    await hotline.asterisk_shows("bridge show all", " basic ", 10)


async def test_each_side_is_told_its_own_before_they_talk(self_service: Hotline, tmp_path: Path) -> None:
    """The agent hears that it is about a complaint, in English, the caller who serves it; neither hears the other's sentence, and then they hear each other."""
    hotline, at_caller, at_agent = self_service, tmp_path / "caller.wav", tmp_path / "agent.wav"
    voices = [party_tone(tmp_path / f"{n}.wav", n, 60) for n in (1, 2)]
    spoken = hotline.site.layout.run / "spoken"
    to_caller, to_agent = (
        spoken / "agent" / "en" / "1001.wav",
        spoken / "whisper" / "ordinary+hotline+complaint+en.wav",
    )
    async with (
        hotline.agent("1001", play=voices[0], record=at_agent) as agent,
        hotline.caller(play=voices[1], record=at_caller) as caller,
    ):
        await hotline.asks_for(caller, "95")
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        await _is_connected(hotline)
        await Ear(at_caller).hears(voices[0])
        await Ear(at_agent).hears(voices[1])
        caller.hang_up()
        await caller.phone.wait_for("recorded")
        await agent.phone.wait_for("recorded")
        record = await hotline.record_of(caller)
    assert record.reason == "caller"
    assert heard_whole(at_caller, to_caller) > 0.5 > heard_whole(at_agent, to_caller)
    assert heard_whole(at_agent, to_agent) > 0.5 > heard_whole(at_caller, to_agent)
    assert heard(at_caller, voices[0]) > ALIKE and heard(at_agent, voices[1]) > ALIKE
    assert heard_s(at_caller, voices[0]) < 4  # not while it was told who serves it


async def test_who_hangs_up_after_the_talk_is_asked_nothing(self_service: Hotline) -> None:
    """A caller who is gone is gone: nobody is asked, and the agent is free."""
    hotline = self_service
    async with hotline.agent("1001") as agent, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await agent.talks()
        caller.hang_up()
        assert (await hotline.record_of(caller)).reason == "caller"
        await hotline.agent_is("1001", "ready")


async def test_a_complaint_by_voice_is_kept_and_told(
    self_service: Hotline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The caller speaks after the tone and ends with the pound key: it hears a number, the desk has the case and its sound, and the number tells its state."""
    hotline, tone, at_caller = self_service, party_tone(tmp_path / "tone.wav", 1, 60), tmp_path / "caller.wav"
    async with hotline.caller(play=tone, record=at_caller) as caller:
        await _goes(caller, at_caller, ("main-menu", "5"), ("complaint-intro", "1"))
        folder = hotline.site.layout.data / "messages"
        await hotline.until_metric(
            lambda: any(file.stat().st_size > 50_000 for file in folder.glob("*.wav")), "three seconds of speech", 30
        )
        caller.press("#")
        await caller.is_over(40)
        await caller.phone.wait_for("recorded")
    assert heard(at_caller, ZH / "complaint-number-is.wav") > ALIKE
    (case,) = _shown(capsys, lambda: show_cases(hotline.var, True, "", False, False))
    assert (case["state"], case["type"]) == ("open", "complaint")
    assert (folder / case["recording"]).stat().st_size > 50_000
    async with hotline.caller(caller.number, record=(again := tmp_path / "again.wav")) as asking:
        number = f"{case['number']}#"
        ear = await _goes(asking, again, ("main-menu", "5"), ("complaint-intro", "2"), ("case-enter-number", number))
        await ear.hears(ZH / "case-status-open.wav")
        asking.hang_up()


async def test_an_operators_own_menu(self_service: Hotline, tmp_path: Path) -> None:
    """A key that only the operator's file has asks for a telephone number and reads it back."""
    hotline, at_caller = self_service, tmp_path / "caller.wav"
    async with hotline.caller(record=at_caller) as caller:
        way = (("main-menu", "2"), ("business-menu", "7"), ("enter-phone-number", "13912345678#"))
        ear = await _goes(caller, at_caller, *way)
        await ear.hears(ZH / "goodbye.wav", 60)
        await caller.is_over(60)


SUBSCRIBER = "13600000001"


async def test_a_subscription_is_told_and_cancelled(
    self_service: Hotline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The caller hears what its number has ordered, then chooses and confirms: it is cancelled, and on record with the call."""
    hotline = self_service
    (tmp_path / "products.csv").write_text(
        "code,name_zh,name_en,prompt,monthly_fee_fen\nnews,手机报,News,product-news,300\n", encoding="utf-8"
    )
    (tmp_path / "had.csv").write_text(f"phone,product,since\n{SUBSCRIBER},news,2026-01-05\n", encoding="utf-8")
    assert import_products_into(hotline.site, tmp_path / "products.csv") == 0
    assert import_subscriptions_into(hotline.site, tmp_path / "had.csv") == 0
    capsys.readouterr()
    async with hotline.caller(SUBSCRIBER, record=tmp_path / "told.wav") as caller:
        ear = await _goes(caller, tmp_path / "told.wav", ("main-menu", "3"))
        await ear.hears(ZH / "monthly-fee-is.wav")
        caller.hang_up()
    async with hotline.caller(SUBSCRIBER, record=tmp_path / "cancelled.wav") as caller:
        way = (("main-menu", "4"), ("cancel-which", "1"), ("cancel-confirm", "1"))
        ear = await _goes(caller, tmp_path / "cancelled.wav", *way)
        await hotline.until_metric(
            lambda: _shown(capsys, lambda: show_subscriptions(hotline.var, True, SUBSCRIBER, True, False)) != [],
            "the cancellation to be on record",
        )
        await ear.hears(ZH / "cancelled-done.wav")
        caller.hang_up()


async def test_a_withheld_number_asks_for_no_subscriptions(self_service: Hotline, tmp_path: Path) -> None:
    """What belongs to a number is not told to a caller without one: it hears why, and a person comes."""
    hotline = self_service
    async with hotline.caller("anonymous", record=tmp_path / "caller.wav") as caller:
        ear = await _goes(caller, tmp_path / "caller.wav", ("main-menu", "3"))
        await ear.hears(ZH / "number-withheld.wav")
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait for a person", 20)
        caller.hang_up()


async def test_hanging_up_while_recording_is_a_complaint_too(
    self_service: Hotline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who has spoken and hangs up has complained."""
    hotline, tone = self_service, party_tone(tmp_path / "tone.wav", 1, 60)
    before = len(_shown(capsys, lambda: show_cases(hotline.var, True, "", False, False)))
    async with hotline.caller(play=tone, record=(at_caller := tmp_path / "caller.wav")) as caller:
        await _goes(caller, at_caller, ("main-menu", "5"), ("complaint-intro", "1"))
        folder = hotline.site.layout.data / "messages"
        known = set(folder.glob("*.wav"))
        await hotline.until_metric(
            lambda: any(file.stat().st_size > 50_000 for file in set(folder.glob("*.wav")) - known),
            "three seconds of speech",
            30,
        )
        caller.hang_up()
        await hotline.until_metric(
            lambda: len(_shown(capsys, lambda: show_cases(hotline.var, True, "", False, False))) == before + 1,
            "the case",
        )


async def test_a_callback_is_asked_for_in_the_menu(self_service: Hotline, tmp_path: Path) -> None:
    """The caller presses a key and hangs up: an agent who comes is rung, then the caller's telephone."""
    hotline, at_caller = self_service, tmp_path / "caller.wav"
    async with hotline.caller(record=at_caller) as caller, hotline.customer(after_s=0.5) as customer:
        await _goes(caller, at_caller, ("main-menu", "2"), ("business-menu", "3"))
        await caller.is_over(20)
        async with hotline.agent("1001"):
            assert caller.number in (await customer.rings(15))["to"]
            await customer.phone.wait_for("media")
            await hotline.agent_is("1001", "talking")
            customer.phone.hang_up()
            record = await hotline.record_of(caller)
    assert (record.outcome.value, record.reason, record.service) == ("callback", "kept", "business")


@pytest.mark.parametrize("mode", ["answer", "busy"])
async def test_a_key_leads_outside(self_service: Hotline, tmp_path: Path, mode: str) -> None:
    """A listed number is rung; when it is busy there is a person."""
    hotline, at_caller = self_service, tmp_path / "caller.wav"
    async with hotline.customer(mode=mode) as outside, hotline.caller(record=at_caller) as caller:
        await _goes(caller, at_caller, ("main-menu", "2"), ("business-menu", "4"))
        assert LISTED in (await outside.rings(15))["to"]
        if mode == "answer":
            await outside.phone.wait_for("media")
        else:
            await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait for a person", 15)
        caller.hang_up()
        assert (await hotline.record_of(caller)).outcome.value == ("menu" if mode == "answer" else "abandoned")


async def test_a_key_leads_to_a_message(self_service: Hotline, tmp_path: Path) -> None:
    """Who would rather not wait says so, speaks, and hangs up."""
    hotline, tone = self_service, party_tone(tmp_path / "tone.wav", 1, 60)
    async with hotline.caller(play=tone, record=(at_caller := tmp_path / "caller.wav")) as caller:
        await _goes(caller, at_caller, ("main-menu", "2"), ("business-menu", "5"))
        folder = hotline.site.layout.data / "messages"
        known = set(folder.glob("*.wav"))
        await hotline.until_metric(
            lambda: any(file.stat().st_size > 50_000 for file in set(folder.glob("*.wav")) - known), "a message", 30
        )
        caller.hang_up()
        record = await hotline.record_of(caller)
    assert (record.outcome.value, record.reason) == ("menu", "message")


async def test_a_changed_menu_is_met_after_a_reload(
    self_service: Hotline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator changes a key while the hotline runs; a file with a mistake changes nothing."""
    hotline = self_service
    menu = Path(hotline.site.site.hotline.flows or "") / "business.toml"
    menu.write_text(BUSINESS.replace('7 = "read-back"', '7 = "raed-back"'), encoding="utf-8")
    assert await asyncio.to_thread(reload, hotline.var, None) == 2
    assert "there is no node 'raed-back'; did you mean read-back?" in capsys.readouterr().err
    menu.write_text(BUSINESS.replace('7 = "read-back"', '8 = "outside"\n7 = "read-back"'), encoding="utf-8")
    assert await asyncio.to_thread(reload, hotline.var, None) == 0
    at_caller = tmp_path / "caller.wav"
    async with hotline.customer(mode="answer") as outside, hotline.caller(record=at_caller) as caller:
        await _goes(caller, at_caller, ("main-menu", "2"), ("business-menu", "8"))
        await outside.rings(15)
        caller.hang_up()


def test_the_database_of_self_service_is_the_sites(self_service: Hotline) -> None:
    """Whatever callers left is in the site's own database, as backups have it."""
    engine = open_engine(self_service.site.database_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM cases").scalar_one() >= 1
    engine.dispose()


async def test_an_announcement_is_switched_on_and_off(self_service: Hotline, tmp_path: Path) -> None:
    """A supervisor tells everybody of a fault: the next caller hears it before the menu; switched off, the one after that does not."""
    hotline, sentence = self_service, ZH / "announcement-emergency.wav"
    heard_by: list[float] = []
    for is_on in (True, False):
        var = hotline.var
        assert (switch_on(var, "announcement-emergency", "", "", "") if is_on else switch_off(var, "")) == 0
        recording = tmp_path / f"{is_on}.wav"
        async with hotline.caller(record=recording) as caller:
            await _goes(caller, recording, ("main-menu", "*"))
            caller.hang_up()
            await caller.phone.wait_for("recorded")
        heard_by.append(heard_whole(recording, sentence))  # one second of it is like some second of the menu
    assert heard_by[0] > 0.5 > heard_by[1]
