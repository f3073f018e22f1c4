"""A plain AMI connection for tests: everything that comes is kept, nothing is interpreted.

Owns login, actions and a list of events; must not stand in for the product's own client.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

Block = dict[str, str]


@dataclass
class AmiTap:
    """One logged-in connection; `events` in the order they came."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    events: list[Block] = field(default_factory=list)
    answers: list[Block] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def listen(self) -> None:
        """Reads blocks until the connection ends."""
        block: Block = {}
        while line := await self.reader.readline():
            self.raw += line
            text = line.decode(errors="replace").rstrip("\r\n")
            if text:
                key, _, value = text.partition(": ")
                block[key] = value
                continue
            if block:
                (self.answers if "Response" in block else self.events).append(block)
                async with self.news:
                    self.news.notify_all()
            block = {}

    async def action(self, **headers: str) -> Block:
        """Sends one action and returns its response. One at a time."""
        self.answers.clear()
        self.writer.write("".join(f"{k}: {v}\r\n" for k, v in headers.items()).encode() + b"\r\n")
        return await self._wait(
            lambda: self.answers.pop(0) if self.answers else None, 8, f"no answer to {headers['Action']}"
        )

    async def event(self, name: str, within_s: float = 8, **wanted: str) -> Block:
        """The next event of that name (and these headers), taken from the list."""

        def pick() -> Block | None:
            for block in self.events:
                if block.get("Event") == name and all(block.get(k) == v for k, v in wanted.items()):
                    self.events.remove(block)
                    return block
            return None

        return await self._wait(pick, within_s, f"no {name} {wanted} among {[e.get('Event') for e in self.events]}")

    async def _wait(self, pick: Callable[[], Block | None], within_s: float, otherwise: str) -> Block:
        async def loop() -> Block:
            async with self.news:
                while (found := pick()) is None:
                    await self.news.wait()
                return found

        try:
            return await asyncio.wait_for(loop(), within_s)
        except TimeoutError:
            raise AssertionError(otherwise) from None


@contextlib.asynccontextmanager
async def ami_tap(port: int, user: str = "router", secret: str = "router-secret") -> AsyncIterator[AmiTap]:
    """Connects and logs in."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    tap = AmiTap(reader, writer)
    task = asyncio.create_task(tap.listen())
    try:
        answer = await tap.action(Action="Login", Username=user, Secret=secret)
        assert answer["Response"] == "Success", answer
        yield tap
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await task
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
