"""The telephone of the test caller: a program of its own, told by JSON lines (softphone/), whose events are awaited.

Owns the child process and the words of its lines. Must not know what is tested, nor import the softphone: its library is GPL.
Rules: every wait has a deadline; the child ends with us, by its own pid.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

START_S = 20.0
QUIT_S = 5.0
OBEY_S = 5.0
RECORDED_S = 5.0
HEAR_S = 60.0
COMPLAINT = 300  # characters of the child's last words that are told
LINE = 1 << 20

Event = dict[str, Any]


class TelephoneFailedError(Exception):
    """The test caller's program is missing, ended, or did not do what it was told: the text says which, and the way out."""


class Telephone:
    """One running telephone; an async context manager, so that it always ends."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._events: list[Event] = []
        self._news = asyncio.Condition()
        self._gone = False
        self._complaints = ""
        self._readers = [asyncio.create_task(self._read_events()), asyncio.create_task(self._read_complaints())]

    @classmethod
    async def start(cls, command: Sequence[str], cwd: Path, host: str) -> Self:
        """Starts `command` with a free port on `host`; raises TelephoneFailedError."""
        try:
            process = await asyncio.create_subprocess_exec(
                *(*command, "--host", host, "--port", "0"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE,
                cwd=cwd,
            )
        except OSError as error:
            raise TelephoneFailedError(
                f"the test caller {command[0]} cannot be started ({error.strerror}): run `make setup-probe`"
            ) from None
        phone = cls(process)
        try:
            await phone.wait_for(("ready",), START_S)
        except BaseException:
            await phone.close()
            raise
        return phone

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the telephone: by the end of its input, else by its pid."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            async with asyncio.timeout(QUIT_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await asyncio.gather(*self._readers)

    async def dial(self, to: str, number: str, record: Path) -> None:
        """Calls the SIP address `to` as `number`; what is heard goes to `record`. Raises TelephoneFailedError."""
        self._tell("dial", to=to, from_number=number, record=str(record))
        told = await self.wait_for(("dialled", "error"), OBEY_S)
        if told["event"] == "error":
            raise TelephoneFailedError(f"the test caller cannot dial: {told.get('text', '')}")

    def press(self, digits: str) -> None:
        """Presses keys."""
        self._tell("press", digits=digits)

    async def hang_up(self) -> None:
        """Ends the call, if there is one, and waits until it and its recording are over."""
        if not self.saw("disconnected"):
            self._tell("hang_up")
            await self.wait_for(("disconnected",), OBEY_S)
        if self.saw("media"):
            await self.wait_for(("recorded",), RECORDED_S)

    async def hear(self, recording: Path, spans: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], float]:
        """For each span (`from_s`, `to_s`, `like`: files): `like`: file -> likeness, and `is_silent`; with the likeness that counts as the same."""
        self._tell("hear", recording=str(recording), spans=list(spans))
        told = await self.wait_for(("heard", "error"), HEAR_S)
        if told["event"] == "error":
            raise TelephoneFailedError(f"the test caller cannot listen: {told.get('text', '')}")
        return told["spans"], float(told["alike"])

    def saw(self, event: str) -> Event | None:
        """The newest event of that name so far."""
        return next((found for found in reversed(self._events) if found["event"] == event), None)

    def first(self, event: str) -> Event | None:
        """The oldest event of that name so far."""
        return next((found for found in self._events if found["event"] == event), None)

    async def wait_for(self, names: tuple[str, ...], within_s: float) -> Event:
        """The newest event of those names, at once if it came already; raises TelephoneFailedError at the deadline or when the telephone is gone."""
        found = await self.wait_until(lambda: self._newest(names), within_s)
        if found is None:
            raise TelephoneFailedError(f"the test caller said no {' or '.join(names)} within {within_s:g} s")
        return found

    async def wait_until(self, look: Callable[[], Event | None], within_s: float) -> Event | None:
        """What `look` finds, as soon as it finds something; None at the deadline. Raises TelephoneFailedError when the telephone is gone."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._news:
                while (found := look()) is None:
                    if self._gone:
                        raise TelephoneFailedError(self._last_words())
                    await self._news.wait()
                return found
        return None

    def _newest(self, names: tuple[str, ...]) -> Event | None:
        return next((found for found in reversed(self._events) if found["event"] in names), None)

    def _last_words(self) -> str:
        error = self.saw("error")
        said = str(error["text"]) if error is not None else self._complaints.strip().rpartition("\n")[2]
        missing = ": run `make setup-probe`" if "No module named" in said else ""
        return f"the test caller ended ({said[:COMPLAINT] or 'without a word'}){missing}"

    def _tell(self, do: str, **fields: Any) -> None:
        stdin = self._process.stdin
        if self._gone or stdin is None or stdin.is_closing():
            raise TelephoneFailedError(self._last_words())
        stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")

    async def _read_events(self) -> None:
        stdout = self._process.stdout
        while stdout is not None and (line := await stdout.readline()):
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                async with self._news:
                    self._events.append(event)
                    self._news.notify_all()
        async with self._news:
            self._gone = True
            self._news.notify_all()

    async def _read_complaints(self) -> None:
        stderr = self._process.stderr
        while stderr is not None and (chunk := await stderr.read(4096)):
            self._complaints = (self._complaints + chunk.decode(errors="replace"))[-4096:]
