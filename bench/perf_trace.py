"""What the kernel's profiler saw while it looked: samples of who ran where, or who was woken and when it got a core.

Owns the running of perf and the reading of its lines; must not know any program. Needs root, and Debian's package linux-perf.
Sources: perf-record(1), perf-script(1) for the options; the kernel's include/trace/events/sched.h for the words of its events.
"""

import asyncio
import re
import shutil
import signal
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.turns import NoFigure
from tests.adapters.up_fixture import ENDS_WITH_US

SAMPLES_A_SECOND = 997  # a prime: no beat with what wakes up every 20 ms
SAMPLES = ("-F", str(SAMPLES_A_SECOND), "-e", "cpu-clock")
WAKES = ("-e", "sched:sched_switch,sched:sched_wakeup,sched:sched_wakeup_new")
READ_WITHIN_S = 300.0
BEGIN_WITHIN_S = 20.0
IDLE = 0  # the thread that runs when nobody wants to
_SAMPLE = re.compile(r"^\s*(-?\d+)/(-?\d+)\s+[0-9a-f]+\s+(.*?)\s+\((.*)\)\s*$")
_EVENT = re.compile(r"^\s*(-?\d+)/(-?\d+)\s+\[(\d+)\]\s+(\d+\.\d+):\s+sched:(\w+):\s+(.*)$")
_NEXT = re.compile(r"next_pid=(\d+)")
_WOKEN = re.compile(r"\bpid=(\d+)")


@dataclass(frozen=True)
class Sample:
    """One look at a core: which thread of which process ran there, in which file (`kernel` for the kernel itself) and function."""

    process: int
    thread: int
    code: str
    function: str


@dataclass(frozen=True)
class Wait:
    """A thread that was woken and stood in line: for how long, and which processes had the core meanwhile (process -> seconds)."""

    process: int
    seconds: float
    behind: tuple[tuple[int, float], ...]


class Perf:
    """`async with Perf(file, SAMPLES) as perf: ...; await perf.lines(...)`: looks at the whole machine until the block ends.

    recording   perf itself while it looks
    raises      NoFigure where there is no perf, or it may not look
    """

    def __init__(self, file: Path, events: Iterable[str]) -> None:
        program = shutil.which("perf")
        if program is None:
            raise NoFigure("no perf (Debian package linux-perf): there is no profile without it")
        self._program, self._file, self._events = program, file, tuple(events)
        self.recording: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        with self._file.with_suffix(".err").open("wb") as said:
            self.recording = await asyncio.create_subprocess_exec(
                *ENDS_WITH_US, self._program, "record", "-a", *self._events, "-m", "1024", "-o", str(self._file),
                stdin=asyncio.subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        async with asyncio.timeout(BEGIN_WITHIN_S):
            while self.recording.returncode is None and not self._file.exists():
                await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.recording is not None
        refused = self.recording.returncode is not None  # it looks until it is told to stop
        if not refused:
            self.recording.send_signal(signal.SIGINT)
        async with asyncio.timeout(READ_WITHIN_S):
            await self.recording.wait()
        if refused or not self._file.exists():
            said = self._file.with_suffix(".err").read_text(errors="replace")
            raise NoFigure(f"perf cannot look here (it takes root): {' '.join(said.split())[:160]}")

    async def lines(self, fields: str) -> list[str]:
        """What `perf script` tells of each look, in the order of time."""
        reading = await asyncio.create_subprocess_exec(
            *ENDS_WITH_US, self._program, "script", "--ns", "-i", str(self._file), "-F", fields,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                text, _ = await reading.communicate()
        except TimeoutError:
            raise NoFigure(f"perf does not tell what it saw within {READ_WITHIN_S:g} s: measure for less") from None
        finally:
            if reading.returncode is None:
                reading.kill()
        return text.decode(errors="replace").splitlines()

    async def samples(self) -> list[Sample]:
        """Every look, after SAMPLES."""
        return list(samples_in(await self.lines("pid,tid,ip,sym,dso")))

    async def waits(self) -> list[Wait]:
        """Every wake-up that led to a run, after WAKES."""
        return waits_in(await self.lines("pid,tid,cpu,time,event,trace"))


def samples_in(lines: Iterable[str]) -> Iterator[Sample]:
    """Reads lines of `perf script -F pid,tid,ip,sym,dso`; idle cores, and what is no such line, are left out."""
    for line in lines:
        if (found := _SAMPLE.match(line)) is None or int(found[1]) <= IDLE:
            continue
        code = "kernel" if found[4].startswith("[kernel") or found[4] == "[unknown]" else found[4].rpartition("/")[2]
        yield Sample(int(found[1]), int(found[2]), code, found[3])


def waits_in(lines: Iterable[str]) -> list[Wait]:
    """Reads lines of `perf script -F pid,tid,cpu,time,event,trace`: from each thread's waking to its first run.

    A thread's process is told by the lines in which it runs itself; one that never does so stands for itself.
    """
    process: dict[int, int] = {}
    woken: dict[int, float] = {}
    ran: dict[int, list[tuple[float, int]]] = {}  # core -> (since when, thread), oldest first
    found: list[tuple[int, int, float, float]] = []
    for line in lines:
        if (event := _EVENT.match(line)) is None:
            continue
        process[int(event[2])] = int(event[1])
        core, at = int(event[3]), float(event[4])
        if event[5] == "sched_switch" and (after := _NEXT.search(event[6])):
            thread = int(after[1])
            if thread in woken:
                found.append((thread, core, woken.pop(thread), at))
            ran.setdefault(core, []).append((at, thread))
        elif event[5] != "sched_switch" and (sleeper := _WOKEN.search(event[6])):
            woken.setdefault(int(sleeper[1]), at)
    return [
        Wait(process.get(thread, thread), until - since, _in_front(ran[core], since, until, process))
        for thread, core, since, until in found
        if thread != IDLE
    ]


def _in_front(
    ran: list[tuple[float, int]], since: float, until: float, process: dict[int, int]
) -> tuple[tuple[int, float], ...]:
    """Which processes had that core between two moments; the idle one counts as process 0."""
    last = bisect_right(ran, until, key=lambda entry: entry[0]) - 1
    had: dict[int, float] = {}
    for place in range(last, -1, -1):
        began, thread = ran[place]
        ended = ran[place + 1][0] if place + 1 < len(ran) else until
        span = min(ended, until) - max(began, since)
        if span > 0:
            owner = process.get(thread, thread)
            had[owner] = had.get(owner, 0.0) + span
        if began <= since:
            break
    return tuple(sorted(had.items()))
