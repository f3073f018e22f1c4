"""Drives one softphone from an asyncio test: commands as methods, events awaited by condition.

Owns the child process and the list of its events; must not know pjsua2 (GPL, only ever in the child).
Rules: every wait has a deadline and its failure shows all events so far; only the child's own pid is ended.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.robots.ports import free_block

REPOSITORY = Path(__file__).parents[2]
START_S = 20.0  # usually 0.5; a loaded machine takes longer
QUIT_S = 5.0
SHOWN_EVENTS = 60
PORT_TAKEN = "Address already in use"  # by the robot of another run on this machine, after it was found free
TRIES = 3

Event = dict[str, Any]


class RobotError(AssertionError):
    """A robot did not do or see what the test waited for. The text lists the events it had seen."""


class Softphone:
    """One running softphone. Use as an async context manager, so that it always ends."""

    def __init__(self, name: str, port: int, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.port = port
        self.events: list[Event] = []
        self._process = process
        self._seen: set[int] = set()
        self._news = asyncio.Condition()
        self._gone = False
        self._complaints: list[str] = []
        self._readers = [asyncio.create_task(self._read_events()), asyncio.create_task(self._read_complaints())]

    @classmethod
    async def start(cls, port: int = 0, name: str = "phone", log_file: str = "") -> Self:
        """Starts a softphone on SIP `port` (0 = a free one; RTP follows right above it) and waits until it is ready."""
        for _ in range(0 if port else TRIES - 1):
            try:
                return await cls._start_on(free_block(), name, log_file)
            except RobotError as error:
                if PORT_TAKEN not in str(error):
                    raise
        return await cls._start_on(port or free_block(), name, log_file)

    @classmethod
    async def _start_on(cls, port: int, name: str, log_file: str) -> Self:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "softphone", "--port", str(port), "--log-file", log_file),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1 << 20,
            cwd=REPOSITORY,
        )
        phone = cls(name, port, process)
        try:
            await phone.wait_for("ready", START_S)
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
        """Ends the phone: politely (BYE, un-REGISTER) by end of stdin, else by its pid."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            async with asyncio.timeout(QUIT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await asyncio.gather(*self._readers)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def tell(self, do: str, **fields: Any) -> None:
        """Sends one command; what comes of it are events.

        raises  RobotError when the phone is gone
        """
        stdin = self._process.stdin
        if self._gone or stdin is None or stdin.is_closing():
            raise RobotError(f"{self.name} is gone: cannot {do}\n{self.story()}")
        stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")

    async def register(
        self, server: str, user: str, password: str, expires: int = 300, timeout_s: float = 10.0
    ) -> Event:
        """Registers at `server` (host:port) and waits for the outcome.

        raises  RobotError when refused, with the code in its text
        """
        asked_at = time.monotonic()
        self.tell("register", server=server, user=user, password=password, expires=expires)
        outcome = await self.wait_for(("registered", "registration_failed"), timeout_s, _since(asked_at))
        if outcome["event"] != "registered":
            raise RobotError(f"{self.name} is refused: {outcome['code']} {outcome['reason']}\n{self.story()}")
        return outcome

    async def unregister(self, timeout_s: float = 10.0) -> Event:
        """Takes the phone off the registrar."""
        asked_at = time.monotonic()
        self.tell("unregister")
        return await self.wait_for("unregistered", timeout_s, _since(asked_at))

    async def behave(
        self,
        mode: str,
        after_s: float = 0.0,
        talk_s: float | None = None,
        play: Path | None = None,
        record: Path | None = None,
    ) -> None:
        """How the next incoming calls are treated: answer, obey (answer if a header asks for it), ignore (rings on), reject (603) or busy (486), after `after_s`."""
        asked_at = time.monotonic()
        self.tell("behave", mode=mode, after_s=after_s, talk_s=talk_s, play=_text(play), record=_text(record))
        outcome = await self.wait_for(("behaviour", "error"), 5.0, _since(asked_at))
        if outcome["event"] == "error":
            raise RobotError(f"{self.name} cannot behave so: {outcome['text']}")

    async def dial(
        self,
        to: str,
        from_number: str | None = None,
        display_name: str | None = None,
        play: Path | None = None,
        record: Path | None = None,
    ) -> None:
        """Calls the SIP address `to`; with `from_number` as an unregistered caller of that number."""
        asked_at = time.monotonic()
        self.tell(
            "dial", to=to, from_number=from_number, display_name=display_name, play=_text(play), record=_text(record)
        )
        outcome = await self.wait_for(("dialled", "error"), 5.0, _since(asked_at))
        if outcome["event"] == "error":
            raise RobotError(f"{self.name} cannot dial {to}: {outcome['text']}")

    def press(self, digits: str, method: str = "rfc2833") -> None:
        """Presses keys in the running call; method rfc2833 (in the audio stream) or info (SIP INFO)."""
        self.tell("press", digits=digits, method=method)

    def play(self, file: Path | None) -> None:
        """Changes what the other party hears; None = silence."""
        self.tell("play", file=_text(file))

    def answer(self) -> None:
        """Answers the ringing call now."""
        self.tell("answer")

    def transfer(self, to: str) -> None:
        """Sends the other party of the running call on to the SIP address `to`."""
        self.tell("transfer", to=to)

    async def hold(self) -> None:
        """Holds the other party of the running call, as the button of a phone does, and waits until it is held."""
        await self._changes_media("hold", is_active=False)

    async def unhold(self) -> None:
        """Takes the other party back and waits until both may talk again."""
        await self._changes_media("unhold", is_active=True)

    def hang_up(self) -> None:
        """Ends, cancels or refuses the call."""
        self.tell("hang_up")

    async def wait_for(
        self, event: str | tuple[str, ...], timeout_s: float = 10.0, where: Callable[[Event], bool] = lambda event: True
    ) -> Event:
        """The earliest event of that name (or of one of those names) that no `wait_for` has returned yet.

        where   an extra condition; events that fail it stay unreturned
        raises  RobotError at the deadline, or at once when the phone is gone; its text lists all events so far
        """
        names = (event,) if isinstance(event, str) else event
        try:
            async with asyncio.timeout(timeout_s), self._news:
                while True:
                    found = self._unseen(names, where)
                    if found is not None:
                        return found
                    if self._gone:
                        raise RobotError(f"{self.name} ended while {' or '.join(names)} was awaited\n{self.story()}")
                    await self._news.wait()
        except TimeoutError:
            raise RobotError(f"{self.name}: no {' or '.join(names)} within {timeout_s:g} s\n{self.story()}") from None

    async def expect_no(self, event: str, within_s: float) -> None:
        """Makes sure that no such event comes within `within_s` seconds.

        raises  RobotError as soon as one comes
        """
        try:
            surprise = await self.wait_for(event, within_s)
        except RobotError:
            if self._gone:
                raise
            return
        raise RobotError(f"{self.name}: unexpected {surprise}\n{self.story()}")

    def seen(self, event: str) -> list[Event]:
        """All events of that name so far, returned by a wait or not."""
        return [entry for entry in self.events if entry["event"] == event]

    def story(self) -> str:
        """All events so far, one a line, with times from the first; then what the child wrote on stderr."""
        start = self.events[0]["at"] if self.events else 0.0
        lines = [f"  {entry['at'] - start:8.3f} {_rest(entry)}" for entry in self.events[-SHOWN_EVENTS:]]
        return "\n".join([f"events of {self.name} (port {self.port}):", *lines, *self._complaints[-10:]])

    async def _changes_media(self, command: str, is_active: bool) -> None:
        asked_at = time.monotonic()
        self.tell(command)
        told = await self.wait_for(
            ("media", "error"),
            5.0,
            lambda event: event["at"] >= asked_at and event.get("active", is_active) == is_active,
        )
        if told["event"] == "error":
            raise RobotError(f"{self.name} cannot {command}: {told['text']}")

    def _unseen(self, names: tuple[str, ...], where: Callable[[Event], bool]) -> Event | None:
        for index, entry in enumerate(self.events):
            if index not in self._seen and entry["event"] in names and where(entry):
                self._seen.add(index)
                return entry
        return None

    async def _read_events(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._news:
                self.events.append(json.loads(line))
                self._news.notify_all()
        async with self._news:
            self._gone = True
            self._news.notify_all()

    async def _read_complaints(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._complaints.append("  stderr: " + line.decode(errors="replace").rstrip())


def _since(asked_at: float) -> Callable[[Event], bool]:
    return lambda event: bool(event["at"] >= asked_at)  # one monotonic clock serves all processes of a machine


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _rest(entry: Event) -> str:
    return " ".join(
        [entry["event"], *(f"{name}={value!r}" for name, value in entry.items() if name not in ("event", "at"))]
    )
