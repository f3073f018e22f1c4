"""A real Asterisk of its own for a test: rendered, started, checked, ended by its pid.

Owns the life of that one process and its folder; must not know what a test does with it.
Ports follow design.md section 5: base+60 SIP, +73 FastAGI, +38 AMI, +1000.. RTP.
"""

import asyncio
import contextlib
import dataclasses
import math
import os
import re
import shutil
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from asterisk_conf.render import conf_file, render
from asterisk_conf.settings import AsteriskSettings, SeatSettings, TrunkSettings
from tests.adapters.asterisk_program import asterisk_program

READY = b"Asterisk Ready."
START_S = 30.0  # usually 0.3; a loaded machine takes longer
STOP_S = 10.0
REPOSITORY = Path(__file__).parents[2]


@dataclass
class PrivateAsterisk:
    """A running Asterisk of a test."""

    settings: AsteriskSettings
    folder: Path
    argv: tuple[str, ...]
    pid: int

    async def cli(self, command: str) -> str:
        """What `asterisk -rx COMMAND` prints."""
        process = await asyncio.create_subprocess_exec(
            *self.argv, "-C", str(conf_file(self.folder)), "-rx", command, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(process.communicate(), 20)
        return out.decode(errors="replace")

    @property
    def log(self) -> str:
        """All that it said: notices, warnings, errors."""
        return (self.folder / "console").read_text(encoding="utf-8", errors="replace")

    def complaints(self) -> list[str]:
        """The warnings and errors in its log."""
        return [line for line in self.log.splitlines() if re.search(r"\] (WARNING|ERROR)\[", line)]


@contextlib.asynccontextmanager
async def private_asterisk(
    port_base: int, folder: Path | None = None, **changes: object
) -> AsyncIterator[PrivateAsterisk]:
    """Starts an Asterisk on the ports of `port_base` and ends it afterwards.

    folder      where it keeps its things; left out: a folder that is removed afterwards
    changes     fields of AsteriskSettings that differ from `test_settings` (seats, trunks, ring_s, ...)
    raises      AssertionError with its output when it does not come up with its SIP port bound
    """
    program = asterisk_program()
    with tempfile.TemporaryDirectory(prefix="jt-") as name:
        folder = folder or Path(name)
        settings = dataclasses.replace(test_settings(port_base, folder), **changes)  # type: ignore[arg-type]
        render(settings, folder)
        _make_music(settings.music_dir)
        output = folder / "console"
        with output.open("wb") as console:
            process = await asyncio.create_subprocess_exec(
                *program.argv, "-C", str(conf_file(folder)), "-f", "-n", stdout=console, stderr=console, cwd=folder
            )
        try:
            site = PrivateAsterisk(settings, folder, program.argv, process.pid)
            await until(
                lambda: READY in output.read_bytes() or process.returncode is not None, START_S, "Asterisk is not ready"
            )
            transports = await site.cli("pjsip show transports")
            assert f":{settings.sip_port}" in transports, f"SIP is not bound: {transports}\n{site.log}"
            yield site
        finally:
            await _end(process)
            shutil.rmtree(settings.run_dir, ignore_errors=True)


def test_settings(port_base: int, folder: Path) -> AsteriskSettings:
    """Hotline 10010 from loopback, ordinary seats 1001-1003, VIP seat 1901; every password is `secret-NUMBER`."""
    program = asterisk_program()
    return AsteriskSettings(
        hotline_number="10010",
        trunks=(TrunkSettings("carrier", ("127.0.0.1",)),),
        seats=tuple(SeatSettings(n, f"secret-{n}") for n in ("1001", "1002", "1003", "1901")),
        sip_port=port_base + 60,
        rtp_start=port_base + 1000,
        rtp_end=port_base + 8999 if port_base + 8999 < 65536 else 65535,
        ami_port=port_base + 38,
        ami_user="router",
        ami_secret="router-secret",
        agi_port=port_base + 73,
        module_dir=program.module_dir,
        data_dir=program.data_dir,
        prompts_dir=REPOSITORY / "ivr" / "prompts",
        music_dir=folder / "music",
        run_dir=Path(tempfile.gettempdir()) / f"jt-run-{os.getpid()}-{port_base}",  # short, whatever the folder is
        ring_s=2,
        qualify_s=0,
        version=program.version,
    )


test_settings.__test__ = False  # type: ignore[attr-defined]  # a settings maker, not a test


def _make_music(folder: Path) -> None:
    """Ten seconds of a 440 Hz tone, so that a test can hear whether the music plays."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = (int(8000 * math.sin(2 * math.pi * 440 * n / 8000)) for n in range(80000))
    with wave.open(str(folder / "tone.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))


async def until(is_true: Callable[[], bool], within_s: float, otherwise: str) -> None:
    """Waits until `is_true()`; raises AssertionError with `otherwise` after `within_s` seconds."""
    deadline = time.monotonic() + within_s
    while not is_true():
        assert time.monotonic() < deadline, otherwise
        await asyncio.sleep(0.02)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()
