"""One child process: started in a session of its own, watched until it is ready, ended for certain.

Owns one process and its output; must not decide when to start it again (supervisor.py does).
Rules: a terminal's Ctrl-C reaches the supervisor only; a child never outlives its supervisor, not even after kill -9.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from jietong.life import VARIABLE, LifePipe
from jietong.log_file import LogFile

PR_SET_PDEATHSIG = 1  # linux/prctl.h
SHOWN_LINES = 15  # of the log, when a child could not start
CHUNK = 65536
PROBE_EVERY_S = 0.05
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class ChildPlan:
    """How to run one child.

    name             of its log file and in messages
    ready_line       text that its standard output shows once it can work
    answers          a further proof that is asked again until it is true, such as an open port
    after            names of the children that must be ready first
    ready_within_s   longer is a failed start
    stop_within_s    from SIGTERM to SIGKILL
    kept_line        a line of its output as it goes into the log, or None: left out; left out itself: as it comes
    silent_s         a child that gives no sign of life (life.py) for so long hangs; None: it gives none
    """

    name: str
    argv: tuple[str, ...]
    ready_line: str = "ready"
    answers: Callable[[], Awaitable[bool]] | None = None
    after: tuple[str, ...] = ()
    ready_within_s: float = 20
    stop_within_s: float = 3
    kept_line: Callable[[bytes], bytes | None] | None = None
    silent_s: float | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


class ChildFailedError(Exception):
    """A child ended or stayed silent before it was ready. `tail` holds its last log lines: they say why."""

    def __init__(self, name: str, reason: str, tail: list[str]) -> None:
        super().__init__(f"{name} {reason}")
        self.tail = tail


class Child:
    """A running child. Make it with `Child.start`."""

    def __init__(
        self, plan: ChildPlan, running: asyncio.subprocess.Process, log: LogFile, life: LifePipe | None = None
    ) -> None:
        self.plan = plan
        self._life = life
        self.pid = running.pid
        self._running = running
        self._log = log
        self._tail: deque[bytes] = deque(maxlen=SHOWN_LINES)
        self._said_ready = asyncio.Event()
        self._readers = [
            asyncio.ensure_future(self._read(running.stdout, watched=True)),
            asyncio.ensure_future(self._read(running.stderr, watched=False)),
        ]

    @classmethod
    async def start(cls, plan: ChildPlan, log: LogFile) -> "Child":
        """Starts the program of `plan`; raises ChildFailedError when it cannot be run at all."""
        parent = os.getpid()

        def die_with_parent() -> None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # the supervisor died between fork and prctl
                os._exit(1)

        life = LifePipe(plan.silent_s) if plan.silent_s is not None else None
        pipes = (life.child_end,) if life is not None else ()
        environment = {**os.environ, **plan.environment}
        if life is not None:
            environment[VARIABLE] = life.for_child
        try:
            running = await asyncio.create_subprocess_exec(
                *plan.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
                pass_fds=pipes,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        except OSError as error:
            if life is not None:
                life.close()
            raise ChildFailedError(plan.name, f"cannot be run: {plan.argv[0]}: {error.strerror}", []) from error
        finally:
            for end in pipes:
                os.close(end)
        return cls(plan, running, log, life)

    async def wait_ready(self) -> None:
        """Returns once the child said that it is ready and answers; raises ChildFailedError when it ends or is late."""
        ready = asyncio.ensure_future(self._is_ready())
        ended = asyncio.ensure_future(self.wait_ended())
        try:
            await asyncio.wait({ready, ended}, timeout=self.plan.ready_within_s, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise ChildFailedError(
                    self.plan.name, f"ended before it was ready ({describe_end(ended.result())})", self.tail()
                )
            if not ready.done():
                raise ChildFailedError(
                    self.plan.name, f"was not ready within {self.plan.ready_within_s:g} s", self.tail()
                )
            ready.result()
        finally:
            for task in (ready, ended):
                task.cancel()
            await asyncio.gather(ready, ended, return_exceptions=True)

    async def wait_over(self) -> str:
        """Returns how the child ended: by itself, or by us because it hung."""
        ended = asyncio.ensure_future(self.wait_ended())
        if self._life is None:
            return f"ended ({describe_end(await ended)})"
        silent = asyncio.ensure_future(self._life.until_silent())
        try:
            await asyncio.wait({ended, silent}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return f"ended ({describe_end(ended.result())})"
            self.kill()
            await ended
            return f"gave no sign of life for {self.plan.silent_s:g} s and was ended"
        finally:
            silent.cancel()
            ended.cancel()
            await asyncio.gather(silent, ended, return_exceptions=True)
            self._life.close()

    async def wait_ended(self) -> int:
        """Returns the exit code (negative: the signal) once the child has ended and all of its output is in the log."""
        code = await self._running.wait()
        # a grandchild may hold the pipes open: what it says later is not waited for
        await asyncio.wait(self._readers, timeout=0.5)
        return code

    async def stop(self, within_s: float) -> None:
        """Ends the child: SIGTERM, after `within_s` SIGKILL, and SIGKILL to whatever it left in its session."""
        if self._running.returncode is None and within_s > 0:
            with contextlib.suppress(ProcessLookupError):
                self._running.send_signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._running.wait()
        self.kill()
        await self._running.wait()
        await asyncio.wait(self._readers, timeout=0.5)
        for reader in self._readers:
            reader.cancel()
        if self._life is not None:
            self._life.close()

    def kill(self) -> None:
        """Sends SIGKILL to the child's whole session; harmless when nothing is left of it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def tail(self) -> list[str]:
        """The last lines that the child wrote."""
        return [line.decode("utf-8", "replace") for line in self._tail]

    async def _is_ready(self) -> None:
        await self._said_ready.wait()
        while self.plan.answers and not await self.plan.answers():  # noqa: ASYNC110  # a port has no event to wait for
            await asyncio.sleep(PROBE_EVERY_S)

    async def _read(self, stream: asyncio.StreamReader | None, watched: bool) -> None:
        assert stream is not None
        wanted = self.plan.ready_line.encode()
        rest = b""
        while chunk := await stream.read(CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[-CHUNK:]
            if self.plan.kept_line is None:
                self._log.write(chunk)
            else:
                lines = self._write_lines(lines, self.plan.kept_line)
            self._tail.extend(line for line in lines if line.strip())
            if watched and any(wanted in line for line in lines):
                self._said_ready.set()
        if rest.strip():
            self._tail.extend(self._write_lines([rest], self.plan.kept_line) if self.plan.kept_line else [rest])

    def _write_lines(self, lines: list[bytes], kept_line: Callable[[bytes], bytes | None]) -> list[bytes]:
        """Writes what is kept of whole lines, and returns it."""
        kept = [shown for line in lines if (shown := kept_line(line)) is not None]
        for line in kept:
            self._log.write(line + b"\n")
        return kept


def describe_end(code: int) -> str:
    """Says an exit code in words: `exit code 1`, `SIGKILL`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
