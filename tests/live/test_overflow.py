"""Stories of callers whose queue does more for them the longer they wait, through real calls."""

import asyncio

import pytest

from jietong.processes.status import explain
from routing.facts import CallRecord
from tests.live.hotline import Hotline

ADVICE, BUSINESS, QUERY, CANCEL = "1", "2", "3", "4"


async def test_a_required_level_is_lowered(hotline: Hotline, capsys: pytest.CaptureFixture[str]) -> None:
    """Level 3 is required and the idle agent has 2: after a second it rings there, and `jietong explain` says why."""
    record = await _waits_then_talks(hotline, QUERY, "1003")
    assert explain(hotline.var, record.call) == 0
    story = capsys.readouterr().out
    step = "required level lowered by queries 1 after 1 s"
    assert f"of waiting: {step}" in story and f"made possible by the step: {step}" in story


async def test_agents_of_another_queue_help(hotline: Hotline) -> None:
    """The idle agent serves repairs only: after a second it serves a business caller too."""
    await _waits_then_talks(hotline, BUSINESS, "1007")


async def test_a_supervisor_helps(hotline: Hotline) -> None:
    """The supervisor serves nobody until 19 s are left to the target; then it rings there."""
    await _waits_then_talks(hotline, CANCEL, "1008")


async def _waits_then_talks(hotline: Hotline, key: str, seat: str) -> CallRecord:
    async with hotline.agent(seat) as agent, hotline.caller() as caller:
        await hotline.asks_for(caller, key)
        await agent.talks()
        await hotline.agent_is(seat, "talking")
        caller.hang_up()
        record = await hotline.record_of(caller)
    assert record.agent == seat and record.offers == 1
    assert 0.95 < record.wait_s < 3.0, f"waited {record.wait_s} s"
    return record


async def test_two_seats_ring_and_the_first_has_the_call(hotline: Hotline) -> None:
    """Both ring at once; when one answers the other stops within a second and its agent is ready, not punished."""
    async with hotline.agent("1001", mode="ignore") as slow, hotline.agent("1002", after_s=1.0) as quick:
        async with hotline.caller() as caller:
            await hotline.asks_for(caller, ADVICE)
            rang = [await agent.rings() for agent in (slow, quick)]
            assert abs(rang[0]["at"] - rang[1]["at"]) < 0.5, "they did not ring at once"
            answered = await quick.talks()
            stopped = await slow.phone.wait_for("disconnected", 5)
            assert stopped["at"] - answered["at"] < 1.0 and not stopped["was_answered"]
            await hotline.agent_is("1001", "ready")
            await hotline.agent_is("1002", "talking")
            caller.hang_up()
            record = await hotline.record_of(caller)
        assert (record.agent, record.offers) == ("1002", 2)


async def test_two_agents_answer_at_once(hotline: Hotline) -> None:
    """However close together two agents pick up, one talks to the caller and the other is ready again."""
    async with hotline.agent("1001", after_s=0.5) as one, hotline.agent("1002", after_s=0.5) as other:
        async with hotline.caller() as caller:
            await hotline.asks_for(caller, ADVICE)
            await asyncio.gather(*(agent.rings() for agent in (one, other)))
            await hotline.until(lambda s: s["calls"]["talking"] == 1, "the call to be answered")
            await hotline.until(lambda _: sorted(_now(hotline, "1001", "1002")) == ["ready", "talking"], "one to talk")
            loser = one if _now(hotline, "1001") == ["ready"] else other
            await loser.phone.wait_for("disconnected", 5)
            caller.hang_up()
            record = await hotline.record_of(caller)
        assert record.outcome.value == "answered" and record.agent != loser.number


async def test_one_of_two_declines_and_the_other_answers(hotline: Hotline) -> None:
    """The caller goes on ringing at the second seat while the first has said no."""
    async with hotline.agent("1001", mode="reject") as busy, hotline.agent("1002", after_s=1.5) as other:
        async with hotline.caller() as caller:
            await hotline.asks_for(caller, ADVICE)
            await asyncio.gather(*(agent.rings() for agent in (busy, other)))
            await hotline.agent_is("1001", "not_ready")
            await other.talks()
            await hotline.agent_is("1002", "talking")
            caller.hang_up()
            record = await hotline.record_of(caller)
        assert (record.agent, record.offers) == ("1002", 2)


async def test_a_phone_that_shall_answer_by_itself_does(hotline: Hotline) -> None:
    """A phone that answers only if a header asks for it: the seat with `auto_answer` talks, another one rings on."""
    async with hotline.agent("1010", mode="obey") as by_itself, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        ringing = await by_itself.rings()
        assert sorted(ringing["answer_headers"]) == ["Alert-Info", "Call-Info"]
        await by_itself.talks(2)
        await hotline.agent_is("1010", "talking")
        caller.hang_up()
        await hotline.record_of(caller)
    async with hotline.agent("1001", mode="obey") as by_hand, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        assert (await by_hand.rings())["answer_headers"] == []
        await by_hand.phone.expect_no("answered", 0.5)
        caller.hang_up()
        await hotline.record_of(caller)


def _now(hotline: Hotline, *seats: str) -> list[str]:
    return [row["state"] for row in hotline.status()["agents"] if row["agent"] in seats]
