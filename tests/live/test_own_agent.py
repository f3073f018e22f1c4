"""Stories of callers who have an agent of their own."""

from tests.live.hotline import REPRESENTED, Hotline


async def test_named_representative_is_tried_first(hotline: Hotline) -> None:
    """The customer's representative rings, though another VIP seat has been idle for longer."""
    async with hotline.agent("1901") as other, hotline.agent("1902") as own, hotline.caller(REPRESENTED) as caller:
        await hotline.asks_for_a_person(caller, "vip")
        await own.talks()
        assert other.phone.seen("incoming") == []
        before = len(hotline.records(REPRESENTED))
        caller.hang_up()
        await hotline.until_metric(lambda: len(hotline.records(REPRESENTED)) > before, "the record")
        assert hotline.records(REPRESENTED)[-1].agent == "1902"


async def test_busy_representative_is_waited_for_a_little(hotline: Hotline) -> None:
    """The representative talks: the caller waits for it at most `representative_s`, then an idle agent answers."""
    async with hotline.agent("1902") as own, hotline.vip() as first:
        await hotline.asks_for_a_person(first, "vip")
        await own.talks()
        async with hotline.agent("1001") as other, hotline.caller(REPRESENTED) as caller:
            await hotline.asks_for_a_person(caller, "vip")
            await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait for its own agent")
            assert other.phone.seen("incoming") == []
            await other.talks(10)
            before = len(hotline.records(REPRESENTED))
            caller.hang_up()
            await hotline.until_metric(lambda: len(hotline.records(REPRESENTED)) > before, "the record")
            record = hotline.records(REPRESENTED)[-1]
            assert record.agent == "1001" and 2.5 < record.wait_s < 5.5
        first.hang_up()
