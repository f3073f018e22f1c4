"""Stories of agents who send their caller on."""

import asyncio
from pathlib import Path

from tests.live.hotline import COMPLAINTS_CODE, Hotline
from tests.robots.audio import ALIKE, heard, party_tone


async def test_a_caller_sent_on_to_a_queue_is_offered_there_again(hotline: Hotline, tmp_path: Path) -> None:
    """The agent transfers the caller to complaints: the trained agent rings at once and hears the caller; both talks are on record."""
    voice, at_second = party_tone(tmp_path / "caller.wav", 0), tmp_path / "second.wav"
    before = hotline.metric("jietong_calls_offered_total")
    async with hotline.agent("1001") as first, hotline.caller(play=voice) as caller:
        await hotline.asks_for_a_person(caller)
        await first.talks()
        await hotline.agent_is("1001", "talking")
        async with hotline.agent("1006", record=at_second) as second:
            first.phone.transfer(f"sip:{COMPLAINTS_CODE}@{hotline.sip}")
            await second.talks()
            await hotline.agent_is("1006", "talking")
            await first.phone.wait_for("disconnected")
            await hotline.agent_is("1001", "ready")  # its after-call work is over
            await asyncio.sleep(3.0)  # what is said must last to be heard
            caller.hang_up()
            await second.phone.wait_for("recorded")
            await hotline.until(lambda _: len(hotline.records(caller.number)) == 2, "both records")
    assert heard(at_second, voice) > ALIKE, "the second agent did not hear the caller"
    one, two = sorted(hotline.records(caller.number), key=lambda record: record.segment)
    assert (one.call, one.queued_at) == (two.call, two.queued_at), "the call lost its identity or its first entry"
    assert (one.queue, one.agent, one.outcome.value, one.reason) == ("hotline", "1001", "answered", "transferred")
    assert (two.queue, two.agent, two.outcome.value, two.reason) == ("complaints", "1006", "answered", "caller")
    assert one.answered_at is not None and two.entered_at is not None and two.entered_at > one.answered_at
    assert two.in_target and two.wait_s < 2, "the second wait was counted from the first entry"
    assert hotline.metric("jietong_calls_offered_total") == before + 2


async def test_a_transfer_to_a_strange_number_is_refused(hotline: Hotline) -> None:
    """An agent cannot send a caller out of the house: the conversation goes on."""
    async with hotline.agent("1001") as agent, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await agent.talks()
        await hotline.agent_is("1001", "talking")
        for target in ("0085212345678", "*71", "s", "again"):
            agent.phone.transfer(f"sip:{target}@{hotline.sip}")
            refused = await agent.phone.wait_for("transfer", where=lambda event: event["final"])
            assert refused["code"] >= 400, (target, agent.phone.story())
        async with hotline.agent("1002"):  # something else happens meanwhile
            pass
        await hotline.agent_is("1001", "talking")
        assert not caller.phone.seen("disconnected") and not agent.phone.seen("disconnected")
        caller.hang_up()
        assert (await hotline.record_of(caller)).segment == 1


async def test_a_caller_sent_on_to_a_colleague_talks_to_that_one(hotline: Hotline) -> None:
    """The agent transfers to another seat: that phone rings, nobody else's."""
    async with hotline.agent("1001") as first, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await first.talks()
        await hotline.agent_is("1001", "talking")
        async with hotline.agent("1002") as second:
            first.phone.transfer(f"sip:1002@{hotline.sip}")
            await second.talks()
            await first.phone.wait_for("disconnected")
            caller.hang_up()
            record = await hotline.record_of(caller)
    assert (record.segment, record.agent) == (1, "1001")


async def test_a_colleague_who_does_not_answer_costs_the_caller_nothing(hotline: Hotline) -> None:
    """The agent transfers to a seat where it rings in vain: the caller is in the line again, and somebody answers."""
    async with hotline.agent("1001") as first, hotline.caller() as caller:
        await hotline.asks_for_a_person(caller)
        await first.talks()
        await hotline.agent_is("1001", "talking")
        async with hotline.agent("1901", mode="ignore") as away:
            first.phone.transfer(f"sip:1901@{hotline.sip}")
            await away.rings()
            await hotline.agent_is("1001", "ready")
            await hotline.agent_is("1001", "talking", 15)
            caller.hang_up()
            await hotline.until(lambda _: len(hotline.records(caller.number)) == 2, "both records")
    one, two = sorted(hotline.records(caller.number), key=lambda record: record.segment)
    assert (one.agent, one.reason) == ("1001", "transferred")
    assert (two.queue, two.agent, two.outcome.value) == (one.queue, "1001", "answered")
