"""Commands from the AGI scripts to the router, and the router's answers.

Owns the router's side of the `inbox` stream. Must not know what a command does.
Rules: fields `e` (JSON of an agent event) and `reply` (key of a list that the script waits on for JSON {"ok", "text"}).
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from routing.adapters import codec, redis_clients
from routing.events import AgentExtended, AgentLoggedIn, AgentLoggedOut, AgentPaused, AgentReadied, CallbackCancelled

Command = AgentLoggedIn | AgentLoggedOut | AgentPaused | AgentReadied | AgentExtended | CallbackCancelled
ALLOWED = (AgentLoggedIn, AgentLoggedOut, AgentPaused, AgentReadied, AgentExtended, CallbackCancelled)
STALE_S = 3.0  # older commands are not obeyed at start: whoever sent them has heard "try later" by now
REPLY_KEPT_S = 10
log = structlog.get_logger("inbox")


@dataclass(frozen=True, slots=True)
class InboxCommand:
    """One command and the key on which its answer is awaited. Its `at` is the sender's clock: set your own."""

    event: Command
    reply: str


class Inbox:
    """The router's end. Commands are read once, in order; those from before this router are left out when older than
    `STALE_S`.
    """

    def __init__(self, url: str, prefix: str) -> None:
        self._blocking = redis_clients.open_async_blocking(url)
        self._store = redis_clients.open_async(url)
        self._key = redis_clients.key(prefix, "inbox")
        self._after = ""

    async def read(self, block_s: float = 1.0, count: int = 100) -> list[InboxCommand]:
        """The next commands, none after `block_s`. What is no command is answered with a refusal, logged and passed
        over. Raises StoreAway.
        """
        try:
            async with asyncio.timeout(block_s + 1):
                if not self._after:
                    self._after = await self._start()
                answer: Any = await self._blocking.xread(
                    {self._key: self._after}, count=count, block=max(1, int(block_s * 1000))
                )
        except redis_clients.AWAY as error:
            raise redis_clients.StoreAway(f"inbox not read: {error!r}") from error
        commands = []
        for entry_id, values in answer[0][1] if answer else []:
            self._after = entry_id.decode()
            command = await self._command(values)
            if command is not None:
                commands.append(command)
        return commands

    async def reply(self, reply: str, ok: bool, text: str) -> None:
        """Answers the command that named `reply`; a reply that cannot be sent is logged, the script's own time limit
        covers it.
        """
        if not reply:
            return
        try:
            async with self._store.pipeline(transaction=True) as pipe:
                pipe.lpush(reply, msgspec.json.encode({"ok": ok, "text": text}))
                pipe.expire(reply, REPLY_KEPT_S)
                await pipe.execute()
        except redis_clients.AWAY as error:
            log.warning("reply not sent", error=repr(error))

    async def close(self) -> None:
        """Ends both connections."""
        await self._blocking.aclose()
        await self._store.aclose()

    async def _start(self) -> str:
        seconds, micros = await self._store.time()  # the store's clock, which gave the entries their ids
        return f"{int((seconds + micros / 1e6 - STALE_S) * 1000)}-0"

    async def _command(self, values: dict[bytes, bytes]) -> InboxCommand | None:
        reply = values.get(b"reply", b"").decode("utf-8", "replace")
        try:
            event = codec.event_from(values.get(b"e", b""))
        except codec.CodecError as error:
            log.warning("command not understood", error=str(error))
            await self.reply(reply, False, "not understood")
            return None
        if not isinstance(event, ALLOWED):
            log.warning("command not allowed", type=type(event).__name__)
            await self.reply(reply, False, "not allowed")
            return None
        return InboxCommand(event, reply)
