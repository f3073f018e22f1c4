"""Stories of test calls of ours: the hotline calls itself, hears what a customer would hear, and nobody's figures move."""

import sys
from pathlib import Path

import pytest

from jietong.database import writing
from jietong.processes.probe import probed, show
from probing.adapters.results import keep, last_results
from probing.statistics import ProbeResult
from probing.words import Condition, Reason, Result
from tests.live.hotline import PROBE, Hotline
from tests.robots.audio import party_tone

COUNTERS = (
    "jietong_calls_offered_total",
    "jietong_calls_answered_total",
    "jietong_ivr_calls_total",
    "jietong_offers_total",
)


async def _test(hotline: Hotline, condition: Condition) -> ProbeResult:
    """One test call by the operator's command, with its own telephone, and no counter of the hotline moves by it."""
    before = [hotline.metric(name) for name in COUNTERS]
    result = await probed(hotline.site, condition, "tester")
    await hotline.until(lambda s: not s["test_calls"], "the test call to be over")
    assert [hotline.metric(name) for name in COUNTERS] == before, "a test call moved a figure"
    return result


async def test_a_random_test_reaches_a_person_and_hears_it(
    hotline: Hotline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The test caller hears the greeting, presses 0, is answered in time and hears the agent; the result is listed, the record marked."""
    voice = party_tone(tmp_path / "agent.wav", 2)
    async with hotline.agent("1001", play=voice):
        result = await _test(hotline, Condition.RANDOM)
    assert (result.result, result.reason) == (Result.PASSED, Reason.NONE), result.remark
    assert "1 prompts heard, agent 1001 answered after" in result.remark
    [record] = hotline.records(PROBE)
    assert record.is_probe and (record.call, record.agent) == (result.call, "1001")
    keep(writing(hotline.engine), result)
    assert last_results(hotline.engine)[Condition.RANDOM] == result
    assert show(hotline.var, as_json=False, days=1) == 0
    assert "tester  random  passed" in capsys.readouterr().out


async def test_a_transfer_test_reaches_a_second_person(hotline: Hotline, tmp_path: Path) -> None:
    """After the first agent the test call is sent on to complaints, and the agent there is heard too."""
    first, second = party_tone(tmp_path / "first.wav", 2), party_tone(tmp_path / "second.wav", 5)
    async with hotline.agent("1001", play=first), hotline.agent("1006", play=second, mode="answer") as trained:
        await hotline.tell_agent("pause", "1006")
        await hotline.agent_is("1006", "not_ready")
        await hotline.tell_agent("ready", "1006")
        result = await _test(hotline, Condition.TRANSFER)
        assert trained.phone.seen("answered"), result.remark
    assert (result.result, result.reason) == (Result.PASSED, Reason.NONE), result.remark
    segments = [record for record in hotline.records(PROBE) if record.call == result.call]
    assert [(record.agent, record.is_probe) for record in segments] == [("1001", True), ("1006", True)]


async def test_an_agent_who_is_not_heard_fails_the_test(hotline: Hotline) -> None:
    """Somebody answers and nothing is heard, as with a broken headset: the test says so."""
    async with hotline.agent("1001"):
        result = await _test(hotline, Condition.RANDOM)
    assert (result.result, result.reason) == (Result.FAILED, Reason.NO_VOICE)
    assert "agent 1001 answered, and nothing was heard" in result.remark


async def test_a_missing_test_caller_is_told(hotline: Hotline) -> None:
    """Without its program no test is made: the result says so and how to get it, and is not called a failure of the hotline."""
    probe = hotline.site.site.probe
    assert probe is not None
    without = probe.model_copy(update={"program": [sys.executable, "-m", "no_such_softphone"]})
    site = hotline.site.model_copy(update={"site": hotline.site.site.model_copy(update={"probe": without})})
    result = await probed(site, Condition.RANDOM, "tester")
    assert (result.result, result.reason) == (Result.NOT_MADE, Reason.NO_TEST_CALLER)
    assert "make setup-probe" in result.remark
