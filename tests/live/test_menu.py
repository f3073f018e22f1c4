"""Stories of callers in the menu: keys, wrong keys, none, and hostile ones."""

import asyncio

import pytest

from tests.live.hotline import ELDERLY, Hotline
from tests.robots.sipp.callers import hostile_callers
from tests.robots.sipp.run import run_callers


@pytest.mark.parametrize(
    ("keys", "service"),
    [
        ("10", "consultation"),
        ("1#*50", "complaint"),
        ("24", "business"),
        ("9", ""),
        ("777", "person"),
        ("7777777777", "person"),
        ("*0", "person"),
    ],
)
async def test_what_a_key_means(hotline: Hotline, keys: str, service: str) -> None:
    """Each key leads where the menu says; three wrong ones, or ten, lead to a person; nobody is dropped."""
    async with hotline.caller() as caller:
        await caller.is_answered()
        await caller.phone.wait_for("media")
        caller.press(keys)
        if not service:  # the other language: the same menu again
            caller.press("0")
            service = "person"
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait", 20)
        caller.hang_up()
        record = await hotline.record_of(caller)
    assert record.service == service
    assert record.language == ("en" if keys == "9" else "zh-CN")


async def test_who_presses_nothing_reaches_a_person(hotline: Hotline) -> None:
    """A caller who never touches a key is asked three times and then waits for a person."""
    async with hotline.caller() as caller:
        await caller.is_answered()
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait", 120)
        caller.hang_up()
        assert (await hotline.record_of(caller)).service == "person"


async def test_hostile_callers_are_callers_like_others(hotline: Hotline) -> None:
    """Quotes, commas, dollar signs, 4 KB names, bytes of no script, a seat's number as From: each is served, nothing is executed."""
    callers = hostile_callers("1001", stay_s=1.0, keys="0")
    before = len(hotline.records())
    outcome = await run_callers(hotline.sip, callers, rate=10, timeout_s=60)
    assert outcome.counts.successful + outcome.counts.failed == len(callers)
    await hotline.is_quiet()
    for _ in range(100):
        if len(hotline.records()) - before >= outcome.counts.successful:
            break
        await asyncio.sleep(0.05)
    new = hotline.records()[before:]
    assert len(new) == outcome.counts.successful, "a call was lost or counted twice"
    assert all(set(record.caller) <= set("0123456789+*#") for record in new), "a caller's number holds more than digits"


async def test_an_elderly_caller_presses_no_key(hotline: Hotline) -> None:
    """Somebody of 65 or more, by the customer table, is told that a person comes, and is in the queue without a key."""
    async with hotline.caller(ELDERLY) as caller:
        await caller.is_answered()
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller to wait", 15)
        caller.hang_up()
        assert (await hotline.record_of(caller)).service == "person"


async def test_a_vip_presses_no_key(hotline: Hotline) -> None:
    """A VIP reaches its dedicated seat after a short greeting."""
    async with hotline.agent("1901") as dedicated, hotline.vip() as vip:
        await dedicated.talks(15)
        vip.hang_up()
        record = await hotline.record_of(vip)
    assert (record.service, record.tier, record.agent) == ("person", "vip", "1901")
