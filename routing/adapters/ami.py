"""One connection to Asterisk's manager port: actions out with their answers matched, events in, reconnect.

Owns the socket, ActionIDs, time limits and back-off. Must not know what an event means: it hands each one on in order, at once.
Rules: style.md section 5.3 (match by ActionID, a limit on every wait, never block the reader).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from routing.adapters.ami_wire import AmiParser, AmiProtocolError, Message, encode

log = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 5.0
PING_EVERY_S = 5.0  # a dead Asterisk with an open socket is noticed within PING_EVERY_S + REQUEST_TIMEOUT_S
MUCH_BYTES = 64 << 10  # so much in one read: more is there, and no rest is due
BACK_OFF_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


class AmiError(Exception):
    """Asterisk refused an action, or the connection is gone."""


@dataclass
class _Pending:
    answer: "asyncio.Future[list[Message]] | None"
    on_refused: Callable[[str], None] | None
    listed: list[Message] = field(default_factory=list)
    is_list: bool = False


class AmiConnection(asyncio.Protocol):
    """A logged-in connection. `on_event` is called for each event message in the order of arrival, inside the read; another
    may be set at any time.
    """

    def __init__(self, on_event: Callable[[Message], None]) -> None:
        self.on_event = on_event
        self._parser = AmiParser()
        self._transport: asyncio.Transport | None = None
        self._pending: dict[str, _Pending] = {}
        self._count = 0
        self._rest_s = 0.0
        self._rest: asyncio.TimerHandle | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # another loop's transport need not be of that class

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._parser.feed(data):
                self._take(message)
        except AmiProtocolError as error:
            log.error("AMI stream is broken, reconnecting: %s", error)
            self.close()
        if self._rest_s and len(data) < MUCH_BYTES and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._rest = asyncio.get_running_loop().call_later(self._rest_s, self._read_on)

    def rest_between_reads(self, seconds: float) -> None:
        """From now on waits so long after each read, as waking up costs more than an event does; 0, as at the beginning: reads whatever comes at once."""
        self._rest_s = seconds
        if not seconds and self._rest is not None:
            self._read_on()

    def _read_on(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if self._rest is not None:
            self._rest.cancel()
        pending, self._pending = self._pending, {}
        for waiting in pending.values():
            if waiting.answer is not None and not waiting.answer.done():
                waiting.answer.set_exception(AmiError("the connection to Asterisk is gone"))
        if not self.closed.done():
            self.closed.set_result(None)

    def close(self) -> None:
        """Ends the connection; everything that waits for an answer gets an AmiError."""
        if self._transport is not None:
            self._transport.abort()

    def send(
        self, action: str, fields: Mapping[str, str | list[str]], on_refused: Callable[[str], None] | None = None
    ) -> None:
        """Sends an action without waiting. `on_refused` gets Asterisk's message if it says no. Raises AmiInjection."""
        self._write(action, fields, _Pending(None, on_refused))

    async def request(self, action: str, fields: Mapping[str, str | list[str]]) -> Message:
        """Sends an action and returns its answer; raises AmiError when refused, lost or late."""
        return (await self._ask(action, fields, is_list=False))[0]

    async def listing(self, action: str, fields: Mapping[str, str | list[str]]) -> list[Message]:
        """Sends an action that answers with a list; returns the list's items."""
        return await self._ask(action, fields, is_list=True)

    async def _ask(self, action: str, fields: Mapping[str, str | list[str]], *, is_list: bool) -> list[Message]:
        answer: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()
        action_id = self._write(action, fields, _Pending(answer, None, is_list=is_list))
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                return await answer
        except TimeoutError:
            raise AmiError(f"no answer to {action} within {REQUEST_TIMEOUT_S:g} s") from None
        finally:
            self._pending.pop(action_id, None)

    def _write(self, action: str, fields: Mapping[str, str | list[str]], pending: _Pending) -> str:
        if self._transport is None or self._transport.is_closing():
            raise AmiError("the connection to Asterisk is gone")
        self._count += 1
        action_id = str(self._count)
        block = encode(action, fields, action_id)
        self._pending[action_id] = pending
        self._transport.write(block)
        return action_id

    def _take(self, message: Message) -> None:
        if message.is_unasked:
            self.on_event(message)
            return
        action_id = message.get("ActionID")
        pending = self._pending.get(action_id) if action_id else None
        if pending is None:
            if message.get("Event"):
                self.on_event(message)
            return
        if message.get("Event"):
            if message.get("EventList") in ("Complete", "cancelled"):
                self._answer(action_id, pending, pending.listed)
            else:
                pending.listed.append(message)
        elif message.get("Response") == "Error":
            self._refuse(action_id, pending, message.get("Message"))
        elif not pending.is_list:
            self._answer(action_id, pending, [message])

    def _answer(self, action_id: str, pending: _Pending, messages: list[Message]) -> None:
        self._pending.pop(action_id, None)
        if pending.answer is not None and not pending.answer.done():
            pending.answer.set_result(messages)

    def _refuse(self, action_id: str, pending: _Pending, why: str) -> None:
        self._pending.pop(action_id, None)
        if pending.answer is not None and not pending.answer.done():
            pending.answer.set_exception(AmiError(why))
        if pending.on_refused is not None:
            pending.on_refused(why)


@dataclass(frozen=True)
class AmiAddress:
    """Where and as whom to log in."""

    host: str
    port: int
    user: str
    secret: str = field(repr=False)


async def connect(address: AmiAddress, on_event: Callable[[Message], None]) -> AmiConnection:
    """Opens a connection and logs in; raises OSError, AmiError or TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(REQUEST_TIMEOUT_S):
        _, connection = await loop.create_connection(lambda: AmiConnection(on_event), address.host, address.port)
    try:
        await connection.request("Login", {"Username": address.user, "Secret": address.secret})
    except BaseException:
        connection.close()
        raise
    return connection


async def watch(connection: AmiConnection) -> None:
    """Returns when the connection is gone; ends it itself when Asterisk stops answering pings."""
    while not connection.closed.done():
        await asyncio.wait([connection.closed], timeout=PING_EVERY_S)
        if connection.closed.done():
            return
        try:
            await connection.request("Ping", {})
        except AmiError as error:
            log.warning("Asterisk does not answer on AMI, reconnecting: %s", error)
            connection.close()
            await connection.closed
