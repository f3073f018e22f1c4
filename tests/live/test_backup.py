"""A story of an operator who backs up a busy hotline and brings it up on another machine."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.adapters.up_fixture import jietong_up
from tests.live.conftest import PORT_BASE
from tests.live.hotline import Hotline


def jietong(*words: str) -> str:
    """What the command prints; it has to end with 0."""
    done = subprocess.run([sys.executable, "-m", "jietong", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def calls_of(var: Path) -> list[dict[str, Any]]:
    """What `jietong calls --json` prints."""
    found: list[dict[str, Any]] = json.loads(jietong("calls", "--json", "--var", str(var)))
    return found


async def test_a_hotline_is_backed_up_while_it_is_busy_and_runs_elsewhere(hotline: Hotline, tmp_path: Path) -> None:
    """Callers come and go while the backup is written; what it has is what had happened by then, and the restored
    hotline serves.
    """
    archive, var = tmp_path / "b.tar.gz", tmp_path / "new"
    is_written = asyncio.Event()

    async def callers_come_and_go() -> None:
        while not is_written.is_set():
            async with hotline.caller() as passer_by:
                await passer_by.is_answered()
                passer_by.hang_up()
                await passer_by.is_over(15)

    async with hotline.agent("1001") as agent, hotline.caller() as talker:
        await hotline.asks_for_a_person(talker)
        await agent.talks()
        before = await asyncio.to_thread(calls_of, hotline.var)
        coming = [asyncio.create_task(callers_come_and_go()) for _ in range(3)]
        await asyncio.to_thread(jietong, "backup", str(archive), "--recordings", "--var", str(hotline.var))
        is_written.set()
        await asyncio.gather(*coming)
        await hotline.agent_is("1001", "talking")
        talker.hang_up()
        await hotline.record_of(talker)
    await hotline.is_quiet()
    later = await asyncio.to_thread(calls_of, hotline.var)
    await asyncio.to_thread(jietong, "restore", str(archive), "--var", str(var))
    base = str(int(PORT_BASE) + 200)
    with jietong_up("--config", str(var / "config" / "site.toml"), "--port-base", base, var=var) as up:
        await asyncio.to_thread(up.wait_ready)
        restored = await asyncio.to_thread(calls_of, var)
        assert restored == later[: len(restored)]
        assert len(before) <= len(restored) < len(later)
        there = Hotline(var, var / "config" / "days.toml")
        async with there.agent("1901") as agent, there.vip() as vip:
            await there.asks_for_a_person(vip, "vip")
            await agent.talks()
            vip.hang_up()
            assert (await there.record_of(vip)).agent == "1901"
        there.close()
