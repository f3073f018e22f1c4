"""The demonstration that a newcomer runs, as it is run: a process of its own, watched from outside."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from jietong.processes import agent_command
from tests.live.hotline import Hotline

STOPS_WITHIN_S = 3.0  # promised for Ctrl-C on a site that goes on running


@contextlib.contextmanager
def demo(mark: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A running demonstration in a process group of its own, as a shell starts it; all that it starts has `mark` as TMPDIR."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
        env=os.environ | {"TMPDIR": str(mark)},
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def left_by(mark: Path) -> dict[int, str]:
    """Process id -> command line of what the demonstration started and what still runs."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if f"TMPDIR={mark}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


async def test_robots_show_the_hotline() -> None:
    """Without a running site one is started, robots call and answer, every call is on record, the rate moves, nothing stays."""
    with tempfile.TemporaryDirectory(prefix="jt-") as folder:
        mark = Path(folder)
        with demo(mark, "--var", str(mark / "none"), "--seconds", "15") as process:
            text, _ = await asyncio.to_thread(process.communicate, timeout=150)
        assert process.returncode == 0, text
        made = re.search(r"^(\d+) calls were made, and each is on record once", text, re.MULTILINE)
        row = re.search(r"^ all +(\d+) +(\d+) +(\d+) +(\d+) ", text, re.MULTILINE)
        assert made, text
        assert row, text
        calls, answered, abandoned, menu = map(int, row.groups())
        assert calls == int(made[1]) == answered + abandoned + menu, text
        assert answered >= 2, text
        rate = f"{answered / (answered + abandoned):.1%}"
        hour_is_over = f"none before, {rate} now" not in text and time.gmtime().tm_min < 3
        assert f"none before, {rate} now" in text or hour_is_over, text
        assert "jietong explain" in text and " over: " in text, text
        assert left_by(mark) == {}, text
        assert list(mark.iterdir()) == [], text


async def test_ctrl_c_leaves_the_site_as_it_was(hotline: Hotline) -> None:
    """On a running site robots move the counts and keep off seats with phones, logged in or not; Ctrl-C ends them within three seconds."""
    answered = hotline.metric("jietong_calls_answered_total")
    with tempfile.TemporaryDirectory(prefix="jt-") as folder:
        async with hotline.agent("1001", after_s=0.2, talk_s=1) as agent, hotline.agent("1002") as away:
            assert await asyncio.to_thread(agent_command.main, hotline.var, "log-out", "1002") == 0
            await hotline.agent_is("1002", "logged_out")
            with demo(Path(folder), "--var", str(hotline.var), "--seconds", "100") as process:
                await hotline.until_metric(
                    lambda: hotline.metric("jietong_calls_answered_total") >= answered + 2, "two answered calls", 60
                )
                began = time.monotonic()
                os.killpg(process.pid, signal.SIGINT)
                text, _ = await asyncio.to_thread(process.communicate, timeout=60)
                took_s = time.monotonic() - began
            assert left_by(Path(folder)) == {}, text
            assert process.returncode == 130, text
            assert took_s < STOPS_WITHIN_S, f"{took_s:.1f} s\n{text}"
            assert "agents sit down at 1003, 1004" in text, text
            await hotline.until(
                lambda s: all((a["state"] == "logged_out") == (a["agent"] != "1001") for a in s["agents"]),
                "only 1001 to be there",
            )
            await hotline.agent_is("1001", "ready")
            for phone in (agent.phone, away.phone):
                assert not phone.seen("unregistered"), phone.story()
            assert not away.phone.seen("incoming"), away.phone.story()
