"""Stories told in numbers: SIPp, records and metrics must agree on every call."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

from tests.live.hotline import Hotline
from tests.robots.sipp.callers import Press, impatient_callers, ordinary_callers
from tests.robots.sipp.run import SippRun, run_callers

OFFERED = "jietong_calls_offered_total"
ANSWERED = "jietong_calls_answered_total"
ABANDONED = "jietong_calls_abandoned_total"


async def test_every_call_has_exactly_one_outcome(hotline: Hotline) -> None:
    """Sixty callers, four agents, some who give up: SIPp's counts, the records and the metrics are the same numbers."""
    before = {name: hotline.metric(name) for name in (OFFERED, ANSWERED, ABANDONED, "jietong_ivr_calls_total")}
    old = {record.call for record in hotline.records()}
    async with AsyncExitStack() as seats:
        for number in range(1001, 1005):
            await seats.enter_async_context(hotline.agent(str(number), after_s=0.1, talk_s=0.7))
        staying = run_callers(hotline.sip, ordinary_callers(45, stay_s=60), presses=[Press(0.4)], rate=6, timeout_s=120)
        leaving = run_callers(
            hotline.sip, impatient_callers(15, mean_stay_s=0.5, seed=7), presses=[Press(0.4)], rate=2, timeout_s=120
        )
        outcomes = await asyncio.gather(staying, leaving)
    for outcome in outcomes:
        outcome.check()
    await hotline.is_quiet()
    new = [record for record in hotline.records() if record.call not in old]
    deadline = 100
    while len(new) < 60 and deadline:
        await asyncio.sleep(0.05)
        new, deadline = [record for record in hotline.records() if record.call not in old], deadline - 1
    kinds = Counter(record.outcome.value for record in new)
    assert len(new) == sum(outcome.counts.successful for outcome in outcomes) == 60
    assert len({record.call for record in new}) == 60
    grown = {name: hotline.metric(name) - before[name] for name in before}
    assert grown[OFFERED] == kinds["answered"] + kinds["abandoned"]
    assert grown[ANSWERED] == kinds["answered"]
    assert grown[ABANDONED] == kinds["abandoned"]
    assert grown["jietong_ivr_calls_total"] == kinds["menu"]
    assert kinds["answered"] >= 45


async def test_a_hundred_callers_in_the_menu_at_once(hotline: Hotline) -> None:
    """A hundred calls stand in the menu at the same time, press 0 and none of them fails."""
    callers = ordinary_callers(100, stay_s=2)
    async with SippRun.callers(hotline.sip, callers, rate=50, presses=[Press(4.0)], timeout_s=90) as run:
        await hotline.until(lambda s: s["calls"]["menu"] >= 90, "ninety callers in the menu", 20)
        outcome = await run.finished()
    outcome.check()
    assert outcome.counts.successful == 100


async def test_intruders_get_nothing(hotline: Hotline) -> None:
    """A phone with the wrong password, or of no seat, is refused, and nobody is ready because of it."""
    async with SippRun.intruders(hotline.sip, ["1001", "1901", "7777"]) as run:
        outcome = await run.finished()
    outcome.check()
    assert all(agent["state"] == "logged_out" for agent in hotline.status()["agents"])
