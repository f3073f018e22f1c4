"""Stories of callers whose menu dies or stands still."""

import asyncio
import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import pytest

from tests.adapters.up_fixture import processes_of
from tests.live.hotline import Hotline
from tests.robots.audio import longest_silence_s

NOTHING_HEARD_S = 3.0


def workers_of(hotline: Hotline) -> list[int]:
    """Process ids of the workers that play menus."""
    return [pid for pid, line in processes_of(hotline.var).items() if " agi " in line]


def a_worker_listens(hotline: Hotline, old: list[int]) -> bool:
    """The old workers are replaced, and whoever connects is heard."""
    if len(set(workers_of(hotline)) - set(old)) < len(old):
        return False
    with closing(socket.socket()) as line:
        return line.connect_ex(("127.0.0.1", hotline.site.ports.agi)) == 0


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
async def test_a_menu_that_dies_costs_nobody_the_call(hotline: Hotline, tmp_path: Path, number: signal.Signals) -> None:
    """All workers hang, or are killed, while one caller is in the menu and another one comes: nobody hears nothing for long, both are served, and the next caller has a menu."""
    at_one, at_other = tmp_path / "one.wav", tmp_path / "other.wav"
    async with hotline.caller(record=at_one) as one:
        await one.is_answered()
        await one.phone.wait_for("media")
        old = workers_of(hotline)
        for pid in old:
            os.kill(pid, number)
        async with hotline.caller(record=at_other) as other:
            await hotline.until(lambda s: s["calls"]["waiting"] == 2, "both callers to wait", 15)
            await asyncio.sleep(2.0)  # the music must last to be heard
            async with hotline.agent("1001") as agent:
                await agent.talks()
                await hotline.agent_is("1001", "talking")
                for caller in (one, other):
                    caller.hang_up()
                    await caller.phone.wait_for("recorded")
                records = [await hotline.record_of(caller) for caller in (one, other)]
    assert {record.queue for record in records} == {"hotline"}
    silences = [longest_silence_s(at) for at in (at_one, at_other)]
    assert max(silences) < NOTHING_HEARD_S, silences
    await hotline.until_metric(lambda: a_worker_listens(hotline, old), "new workers", 15)
    async with hotline.caller() as next_one:
        await hotline.asks_for(next_one, "5")
        await hotline.until(lambda s: s["calls"]["waiting"] == 1, "the caller who chose by key")
        next_one.hang_up()
        assert (await hotline.record_of(next_one)).service == "complaint"
