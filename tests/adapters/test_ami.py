"""The manager connection against a small server that speaks AMI on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from routing.adapters import ami
from routing.adapters.ami import AmiAddress, AmiConnection, AmiError, connect
from routing.adapters.ami_wire import Message

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
Answer = Callable[[dict[str, str]], bytes]


class Asterisk:
    """Answers each action as it is told to; keeps the writer so that a test can send events or cut the line."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seen: list[dict[str, str]] = []
        self.writer: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.writer = writer
        writer.write(BANNER)
        try:
            while block := await reader.readuntil(b"\r\n\r\n"):
                lines = [line.partition(": ") for line in block.decode().strip().split("\r\n")]
                action = {name: value for name, _, value in lines}
                self.seen.append(action)
                writer.write(self.answer(action))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def ok(action: dict[str, str]) -> bytes:
    """Success for everything."""
    return f"Response: Success\r\nActionID: {action['ActionID']}\r\n\r\n".encode()


@pytest.fixture
async def asterisk() -> AsyncIterator[tuple[Asterisk, AmiAddress]]:
    """A server that says yes to everything."""
    fake = Asterisk(ok)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield fake, AmiAddress("127.0.0.1", port, "jietong", "secret")
    server.close()
    if fake.writer is not None:
        fake.writer.close()
        with contextlib.suppress(ConnectionError):
            await fake.writer.wait_closed()


async def test_events_come_in_order_and_answers_to_their_askers(asterisk: tuple[Asterisk, AmiAddress]) -> None:
    """Two questions at once get their own answers, whatever order they come in, and events between them are kept."""
    fake, address = asterisk
    events: list[str] = []
    connection = await connect(address, lambda m: events.append(m.get("Event")))
    held: list[dict[str, str]] = []

    def crossed(action: dict[str, str]) -> bytes:
        held.append(action)
        if len(held) < 2:
            return b"Event: One\r\n\r\n"
        answers = [
            f"Response: Success\r\nActionID: {a['ActionID']}\r\nFor: {a['Action']}\r\n\r\n" for a in reversed(held)
        ]
        return ("".join(answers) + "Event: Two\r\n\r\n").encode()

    fake.answer = crossed
    first, second = await asyncio.gather(connection.request("A", {}), connection.request("B", {}))
    assert (first.get("For"), second.get("For")) == ("A", "B")
    while len(events) < 2:
        await asyncio.sleep(0)
    assert events == ["One", "Two"]
    connection.close()


async def test_a_list_is_gathered(asterisk: tuple[Asterisk, AmiAddress]) -> None:
    """Asking who is there gives every item and none of the frame."""
    fake, address = asterisk
    connection = await connect(address, lambda m: None)

    def listing(action: dict[str, str]) -> bytes:
        aid = action["ActionID"]
        return (
            f"Response: Success\r\nActionID: {aid}\r\nEventList: start\r\n\r\n"
            f"Event: Status\r\nActionID: {aid}\r\nUniqueid: 1\r\n\r\nEvent: Status\r\nActionID: {aid}\r\nUniqueid: 2\r\n\r\n"
            f"Event: StatusComplete\r\nActionID: {aid}\r\nEventList: Complete\r\nListItems: 2\r\n\r\n"
        ).encode()

    fake.answer = listing
    assert [m.get("Uniqueid") for m in await connection.listing("Status", {})] == ["1", "2"]
    connection.close()


async def test_a_refusal_reaches_who_ordered(asterisk: tuple[Asterisk, AmiAddress]) -> None:
    """Asterisk's no to an order is told, with its words."""
    fake, address = asterisk
    connection = await connect(address, lambda m: None)
    fake.answer = lambda a: (
        f"Response: Error\r\nActionID: {a['ActionID']}\r\nMessage: Channel does not exist.\r\n\r\n".encode()
    )
    refused: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    connection.send("Redirect", {"Channel": "PJSIP/x"}, refused.set_result)
    assert await asyncio.wait_for(refused, 5) == "Channel does not exist."
    with pytest.raises(AmiError, match="does not exist"):
        await connection.request("Redirect", {})
    connection.close()


async def test_a_wrong_secret_is_said(asterisk: tuple[Asterisk, AmiAddress]) -> None:
    """A refused log-in raises and closes the connection."""
    fake, address = asterisk
    fake.answer = lambda a: (
        f"Response: Error\r\nActionID: {a['ActionID']}\r\nMessage: Authentication failed\r\n\r\n".encode()
    )
    with pytest.raises(AmiError, match="Authentication failed"):
        await connect(address, lambda m: None)


async def test_silence_is_noticed(asterisk: tuple[Asterisk, AmiAddress], monkeypatch: pytest.MonkeyPatch) -> None:
    """An Asterisk that stops answering is given up: the watch ends the connection."""
    fake, address = asterisk
    connection = await connect(address, lambda m: None)
    monkeypatch.setattr(ami, "PING_EVERY_S", 0.02)
    monkeypatch.setattr(ami, "REQUEST_TIMEOUT_S", 0.05)
    fake.answer = lambda a: b""
    await asyncio.wait_for(ami.watch(connection), 5)
    assert connection.closed.done()


async def test_a_cut_line_wakes_everyone_who_waits(asterisk: tuple[Asterisk, AmiAddress]) -> None:
    """When Asterisk dies, a pending question fails at once instead of hanging."""
    fake, address = asterisk
    connection = await connect(address, lambda m: None)
    fake.answer = lambda a: b""
    question = asyncio.ensure_future(connection.request("Ping", {}))
    while len(fake.seen) < 2:
        await asyncio.sleep(0)
    assert fake.writer is not None
    fake.writer.transport.abort()
    with pytest.raises(AmiError, match="gone"):
        await question
    await asyncio.wait_for(connection.closed, 5)
    with pytest.raises(AmiError, match="gone"):
        connection.send("Ping", {})


async def test_garbage_ends_the_connection(asterisk: tuple[Asterisk, AmiAddress]) -> None:
    """A stream that is no longer AMI is dropped, not guessed at."""
    fake, address = asterisk
    got: list[Message] = []
    connection: AmiConnection = await connect(address, got.append)
    assert fake.writer is not None
    fake.writer.write(b"x" * (2 << 20))
    await asyncio.wait_for(connection.closed, 5)
    assert got == []


async def test_a_listener_in_no_hurry_reads_many_events_at_a_time(asterisk: tuple[Asterisk, AmiAddress]) -> None:
    """A standby lets events gather, misses none, and once it shall lead hears what has come without another rest."""
    fake, address = asterisk
    heard: list[str] = []
    first, last = asyncio.Event(), asyncio.Event()

    def hear(message: Message) -> None:
        heard.append(message.get("N"))
        first.set()
        if len(heard) == 50:
            last.set()

    connection = await connect(address, hear)
    to_listener, other = fake.writer, await connect(address, lambda m: None)
    assert to_listener is not None
    connection.rest_between_reads(3600.0)
    to_listener.write(b"Event: E\r\nN: 0\r\n\r\n")
    async with asyncio.timeout(5):
        await first.wait()
        for number in range(1, 50):
            to_listener.write(f"Event: E\r\nN: {number}\r\n\r\n".encode())
            await other.request("Ping", {})  # what was sent before its answer has come as well
        assert heard == ["0"]
        connection.rest_between_reads(0.0)
        await last.wait()
    assert heard == [str(number) for number in range(50)]
    connection.close()
    other.close()
    to_listener.close()


async def test_a_listener_that_rests_sees_the_line_cut(asterisk: tuple[Asterisk, AmiAddress]) -> None:
    """Asterisk ends while a standby rests: it knows after the rest, and connects again."""
    fake, address = asterisk
    connection = await connect(address, lambda m: None)
    connection.rest_between_reads(0.01)
    assert fake.writer is not None
    fake.writer.write(b"Event: E\r\n\r\n")
    fake.writer.close()
    async with asyncio.timeout(5):
        await connection.closed
