"""Stories of callers who need somebody who can help them."""

from tests.live.hotline import MINISTRY, Hotline


async def test_a_complaint_reaches_who_is_trained_for_it(hotline: Hotline) -> None:
    """With untrained agents idle, the caller who pressed 5 waits for the trained one; the caller behind is not held up."""
    async with hotline.agent("1001") as untrained, hotline.caller() as complaining:
        await complaining.is_answered()
        await complaining.phone.wait_for("media")
        complaining.press("50")
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait")
        async with hotline.caller() as other:
            await hotline.asks_for_a_person(other)
            await untrained.talks()
            async with hotline.agent("1006") as trained:
                await trained.talks()
                complaining.hang_up()
                record = await hotline.record_of(complaining)
            other.hang_up()
            assert (await hotline.record_of(other)).agent == "1001"
    assert (record.agent, record.queue, record.service) == ("1006", "complaints", "complaint")


async def test_a_ministry_reaches_who_knows_its_contracts(hotline: Hotline) -> None:
    """A customer of a class that needs a skill waits for the agent who has it, though another is idle."""
    async with hotline.agent("1001"), hotline.caller(MINISTRY) as ministry:
        await hotline.asks_for_a_person(ministry)
        async with hotline.agent("1005") as knowing:
            await knowing.talks()
            await hotline.agent_is("1005", "talking")  # Asterisk hears of the answer a little after the phone
            ministry.hang_up()
            assert (await hotline.record_of(ministry)).agent == "1005"
