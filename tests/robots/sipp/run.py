"""Runs SIPp: one process, bounded in time, with its own counts at the end.

Owns the process, its folder and its ports; must not know what the hotline should do with the calls.
Rules: asterisk.md and theory.md: -nostdin, at most 1,000 calls a second a process, its own retransmissions are counted first.
"""

import asyncio
import contextlib
import csv
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from jietong.provision.programs import ensure_sipp
from tests.robots.ports import free_block
from tests.robots.sipp.callers import Press, SippCaller, injection, scenario_text

END_S = 5.0
MOST_CALLS_A_SECOND = 1000.0


class SippError(AssertionError):
    """SIPp could not do what it was told. The text carries its own errors."""


@dataclass(frozen=True)
class SippCounts:
    """SIPp's own counts, so far or final."""

    created: int = 0
    current: int = 0
    successful: int = 0
    failed: int = 0
    retransmissions: int = 0
    failed_unexpected_message: int = 0
    failed_no_answer: int = 0  # retransmitted up to the limit, or the answer's time-out


@dataclass(frozen=True)
class SippOutcome:
    """A finished run. `exit_code` is 0 only when every call succeeded."""

    exit_code: int
    counts: SippCounts
    log: tuple[str, ...]  # what scenarios wrote: "answered 138...", "ended_by_hotline 138...", "ended_by_caller 138..."
    errors: str

    def said(self, word: str) -> list[str]:
        """The numbers of all callers of whom the scenario wrote `word`."""
        return [line.split(" ", 1)[1] for line in self.log if line.startswith(word + " ")]

    def check(self) -> Self:
        """Returns itself; raises SippError unless every call succeeded."""
        if self.exit_code != 0 or self.counts.failed:
            raise SippError(f"SIPp: exit code {self.exit_code}, {self.counts}\n{self.errors[:3000]}")
        return self


class SippRun:
    """One running SIPp. `async with SippRun.callers(...) as run: outcome = await run.finished()`."""

    def __init__(
        self, server: str, scenario: str, lines: bytes, calls: int, rate: float, at_once: int, timeout_s: float
    ) -> None:
        if rate > MOST_CALLS_A_SECOND:
            raise ValueError(
                f"{rate:g} calls a second: above {MOST_CALLS_A_SECOND:g} SIPp loses its own messages; start several"
            )
        self._server, self._scenario, self._lines = server, scenario, lines
        self._calls, self._rate, self._at_once, self._timeout_s = calls, rate, at_once, timeout_s
        self._process: asyncio.subprocess.Process | None = None
        self._folder_kept = tempfile.TemporaryDirectory(prefix="sipp-")
        self._folder = Path(self._folder_kept.name)

    @classmethod
    def callers(
        cls,
        server: str,
        callers: Sequence[SippCaller],
        calls: int | None = None,
        rate: float = 10.0,
        at_once: int = 10_000,
        presses: Sequence[Press] = (),
        method: str = "info",
        scenario: str = "caller",
        answer_timeout_s: float = 20.0,
        timeout_s: float = 120.0,
    ) -> Self:
        """Callers who dial `server` (host:port), `rate` a second, at most `at_once` at a time, `calls` in all (None: each once).

        presses    when which keys are pressed; method info or rfc2833 (needs root), see scenario_text
        timeout_s  the whole run ends then, with an exit code other than 0
        """
        if method == "rfc2833" and presses:
            _need_raw_socket()
        text = scenario_text(scenario, presses, method, answer_timeout_s)
        return cls(server, text, injection(callers), len(callers) if calls is None else calls, rate, at_once, timeout_s)

    @classmethod
    def intruders(cls, server: str, seats: Sequence[str], password: str = "wrong", timeout_s: float = 30.0) -> Self:
        """Devices that try to register as `seats` with a wrong password; a call "succeeds" when it is refused."""
        lines = b"SEQUENTIAL\n" + b"".join(
            f"{seat};[authentication username={seat} password={password}]\n".encode() for seat in seats
        )
        return cls(server, scenario_text("refused_register"), lines, len(seats), 50.0, 1000, timeout_s)

    async def __aenter__(self) -> Self:
        scenario, lines = self._folder / "scenario.xml", self._folder / "callers.csv"
        scenario.write_text(self._scenario, encoding="utf-8")
        lines.write_bytes(self._lines)
        port = free_block(20)
        command = ensure_sipp().command(
            *(self._server, "-sf", str(scenario), "-inf", str(lines), "-nostdin", "-aa"),
            *("-m", str(self._calls), "-r", f"{self._rate:g}", "-l", str(self._at_once)),
            *("-i", "127.0.0.1", "-p", str(port), "-mp", str(port + 4)),
            *("-timeout", f"{self._timeout_s:g}", "-timeout_error", "-max_retrans", "8"),
            *("-trace_err", "-error_file", "errors.log", "-trace_logs", "-log_file", "said.log"),
            *("-trace_stat", "-stf", "counts.csv", "-fd", "1"),
        )
        with (self._folder / "screen.txt").open("wb") as screen:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self._folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                env={"TERM": "dumb"},
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self._need_process()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(END_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        self._folder_kept.cleanup()

    async def finished(self) -> SippOutcome:
        """Waits for the end of the run. Never longer than its time-out and some seconds.

        raises  SippError when it does not end, even so
        """
        process = self._need_process()
        try:
            async with asyncio.timeout(self._timeout_s + 2 * END_S):
                code = await process.wait()
        except TimeoutError:
            raise SippError(f"SIPp did not end {2 * END_S:g} s after its time-out\n{self._errors()}") from None
        return SippOutcome(code, self.counts(), self.said(), self._errors())

    def stop_dialling(self) -> None:
        """No new calls; those that are there run on to their end, then the run is finished."""
        self._need_process().send_signal(signal.SIGUSR1)

    def counts(self) -> SippCounts:
        """Its counts now: a second old at most while it runs, final when it has ended."""
        return counts_of(self._read("counts.csv"))

    def said(self) -> tuple[str, ...]:
        """The lines that its scenario has written so far."""
        return tuple(self._read("said.log").splitlines())

    async def until(self, is_true: Callable[[SippCounts], bool], timeout_s: float = 30.0) -> SippCounts:
        """Waits until its counts are as wanted, such as 150 calls at once.

        raises  SippError at the deadline, or when the run ended before
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not is_true(self.counts()):
                    if self._need_process().returncode is not None:
                        if is_true(self.counts()):
                            break
                        raise SippError(f"SIPp ended before: {self.counts()}\n{self._errors()[:3000]}")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise SippError(f"not within {timeout_s:g} s: {self.counts()}\n{self._errors()[:3000]}") from None
        return self.counts()

    def _need_process(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise SippError("SIPp is not started: use `async with`")
        return self._process

    def _read(self, name: str) -> str:
        path = self._folder / name
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def _errors(self) -> str:
        failed = self._need_process().returncode not in (None, 0)
        return self._read("errors.log") or (self._read("screen.txt")[-2000:] if failed else "")


def counts_of(table: str) -> SippCounts:
    """The last whole line of SIPp's -trace_stat table (semicolons, one header line); zeros while there is none."""
    header, *lines = table.splitlines() or [""]
    names = header.split(";")
    whole = [row for row in csv.reader(lines, delimiter=";") if len(row) >= len(names) - 1]
    if not whole:
        return SippCounts()
    row = dict(zip(names, whole[-1], strict=False))
    return SippCounts(
        created=int(row["TotalCallCreated"]),
        current=int(row["CurrentCall"]),
        successful=int(row["SuccessfulCall(C)"]),
        failed=int(row["FailedCall(C)"]),
        retransmissions=int(row["Retransmissions(C)"]),
        failed_unexpected_message=int(row["FailedUnexpectedMessage(C)"]),
        failed_no_answer=int(row["FailedMaxUDPRetrans(C)"]) + int(row["FailedTimeoutOnRecv(C)"]),
    )


async def run_callers(server: str, callers: Sequence[SippCaller], **options: object) -> SippOutcome:
    """Runs `SippRun.callers` to its end and returns the outcome."""
    make: Callable[..., SippRun] = SippRun.callers
    async with make(server, callers, **options) as run:
        finished: Awaitable[SippOutcome] = run.finished()
        return await finished


def _need_raw_socket() -> None:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).close()
    except PermissionError:
        raise SippError(
            "keys by rfc2833 need a raw socket in SIPp, which only root may open: use method='info'"
        ) from None
