"""The FastAGI server over real sockets: its limit, its drain, broken clients, and many calls at once."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from ivr.adapters import agi_channel
from ivr.adapters.agi_channel import AgiChannel
from ivr.adapters.fastagi_server import FastAgiServer
from tests.adapters.up_fixture import until
from tests.agi_client import AgiWire, Caller, call, environment

Logs = list[dict[str, object]]


def greet(channel: AgiChannel) -> str:
    """A script of one prompt and one variable."""
    channel.play("welcome", "")
    channel.set_variable("GREETED", "yes")
    return "greeted"


def broken(channel: AgiChannel) -> str:
    """A script with a mistake in it."""
    raise KeyError("13900000001")


def wordy(channel: AgiChannel) -> str:
    """A script that says more than Asterisk reads."""
    channel.set_variable("X", "a" * 5000)
    return "never"


SCRIPTS = {"greet": greet, "broken": broken, "wordy": wordy}


@contextmanager
def serving(max_calls: int = 100) -> Iterator[FastAgiServer]:
    """A server on a free port that is drained afterwards."""
    server = FastAgiServer("127.0.0.1", 0, SCRIPTS, max_calls)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.drain(2)
        thread.join()


def sessions_over(logs: Logs) -> list[tuple[object, object, object]]:
    """Call, script and result of each ended session."""
    return [(line["call"], line["script"], line["result"]) for line in logs if line["event"] == "session over"]


def test_a_script_runs_and_leaves_one_line_in_the_log() -> None:
    """The caller hears the prompt, the variable is set, and the log says what became of the call."""
    with capture_logs() as logs, serving() as server:
        caller = call(server.address, "greet", Caller())
        until(lambda: bool(sessions_over(logs)), 10, "not in time")
    assert caller.heard == ["welcome"]
    assert caller.variables == {"GREETED": "yes"}
    assert sessions_over(logs) == [("1700000000.1", "greet", "greeted")]
    assert next(line for line in logs if line["event"] == "session over").keys() >= {"duration_s", "caller"}


@pytest.mark.parametrize(
    ("script", "result"),
    [
        ("broken", "failed"),
        ("wordy", "failed"),
        ("nobody", "unknown_script"),
        ("", "unknown_script"),
        ("../greet", "unknown_script"),
        ("greet/", "greeted"),
    ],
)
def test_a_script_that_fails_ends_only_itself(script: str, result: str) -> None:
    """A mistake or an unknown name closes that one session, with a clear line; the next call is served."""
    with capture_logs() as logs, serving() as server:
        call(server.address, script, Caller())
        assert call(server.address, "greet", Caller()).variables == {"GREETED": "yes"}
        until(lambda: len(sessions_over(logs)) == 2, 10, "not in time")
    assert [line[2] for line in sessions_over(logs)] == [result, "greeted"]


HOSTILE = {
    "nothing": b"",
    "garbage": b"\xff\xfe\x00" * 50 + b"\n\n",
    "another protocol": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a line without end": b"a" * 100_000,
    "lines without end": b"agi_x: y\n" * 1000,
    "a request that is no URL": environment("x", request="agi://[::1").replace(b"x", b"y"),
    "half an environment": environment("greet")[:60],
}


@pytest.mark.parametrize("title", HOSTILE)
@pytest.mark.parametrize("leave", ["close", "reset"])
def test_broken_clients_end_only_themselves(title: str, leave: str) -> None:
    """Whatever connects and however it leaves, its place is free again and calls are served."""
    with capture_logs() as logs, serving(max_calls=1) as server:
        wire = _raw(server, HOSTILE[title])
        getattr(wire, leave)()
        until(lambda: server.sessions == 0 and bool(sessions_over(logs)), 10, "not in time")
        assert call(server.address, "greet", Caller()).variables == {"GREETED": "yes"}
    assert not [line for line in logs if line["event"] in ("script failed", "session lost")]


def _raw(server: FastAgiServer, raw: bytes) -> AgiWire:
    """A connection that sends just these bytes."""
    wire = AgiWire(socket.create_connection(server.address, 5))
    with contextlib.suppress(OSError):  # refused before it was all said
        wire.send(raw)
    return wire


def test_hanging_up_in_a_prompt_is_quiet() -> None:
    """One line says that the caller is gone; nothing is an error."""
    with capture_logs() as logs, serving() as server:
        wire = AgiWire.dial(server.address, "greet")
        assert wire.command().startswith("STREAM FILE")
        wire.answer("HANGUP")
        wire.close()
        until(lambda: bool(sessions_over(logs)), 10, "not in time")
    assert sessions_over(logs) == [("1700000000.1", "greet", "hung_up")]
    assert {line["log_level"] for line in logs} == {"info"}


def test_one_call_too_many_is_refused_at_once() -> None:
    """With all places taken a call is closed in no time and counted; when one ends the next is served."""
    with capture_logs() as logs, serving(max_calls=2) as server:
        held = [AgiWire.dial(server.address, "greet") for _ in range(2)]
        assert all(wire.command() for wire in held)
        began = time.monotonic()
        assert call(server.address, "greet", Caller()).commands == []
        assert time.monotonic() - began < 2
        assert server.refused == 1
        for wire in held:
            wire.close()
        until(lambda: server.sessions == 0, 10, "not in time")
        assert call(server.address, "greet", Caller()).variables == {"GREETED": "yes"}
    assert any("refused" in str(line["event"]) and line["log_level"] == "error" for line in logs)


def test_no_thread_left_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without a thread to give refuses that call; the server lives and takes the next."""
    with capture_logs(), serving() as server:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", _no_thread)
            wire = AgiWire.dial(server.address, "greet")
            assert wire.command() == ""
            wire.close()
        assert server.refused == 1
        assert call(server.address, "greet", Caller()).variables == {"GREETED": "yes"}


def _no_thread(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_silent_asterisk_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that stops answering is given up after the command's limit."""
    monkeypatch.setattr(agi_channel, "MARGIN_S", 0.2)
    monkeypatch.setattr("ivr.agi_command.PROMPT_S", 0.1)
    with capture_logs() as logs, serving(max_calls=1) as server:
        wire = AgiWire.dial(server.address, "greet")
        assert wire.command()
        assert wire.command() == ""
        wire.close()
        until(lambda: server.sessions == 0 and bool(sessions_over(logs)), 10, "not in time")
        assert call(server.address, "greet", Caller()).variables == {"GREETED": "yes"}
    assert sessions_over(logs)[0][2] == "timeout"


def test_draining_lets_calls_end_and_takes_no_new_ones() -> None:
    """A worker that is told to stop finishes the menu that runs; a new call is not taken."""
    with capture_logs():
        server = FastAgiServer("127.0.0.1", 0, SCRIPTS, 10)
        accepting = threading.Thread(target=server.serve)
        accepting.start()
        wire = AgiWire.dial(server.address, "greet")
        assert wire.command()
        address = server.address
        with ThreadPoolExecutor(1) as pool:
            draining = pool.submit(server.drain, 10)
            accepting.join(5)
            with pytest.raises(ConnectionError):
                AgiWire.dial(address, "greet")
            assert not draining.done()
            assert Caller().talk(_answered(wire)).variables == {"GREETED": "yes"}
            assert draining.result(5) == 0


def _answered(wire: AgiWire) -> AgiWire:
    wire.answer("200 result=0 endpos=1")
    return wire


def test_draining_does_not_wait_for_ever() -> None:
    """A call that does not end in time is left behind and counted."""
    with capture_logs():
        server = FastAgiServer("127.0.0.1", 0, SCRIPTS, 10)
        accepting = threading.Thread(target=server.serve)
        accepting.start()
        wire = AgiWire.dial(server.address, "greet")
        assert wire.command()
        began = time.monotonic()
        assert server.drain(0.5) == 1
        assert time.monotonic() - began < 3
        wire.close()
        accepting.join()


def test_two_workers_share_one_port() -> None:
    """Calls spread over the workers of a site; when one stops, the other takes them all."""
    ran: dict[str, int] = {"a": 0, "b": 0}
    lock = threading.Lock()

    def counting(name: str) -> Callable[[AgiChannel], str]:
        def script(channel: AgiChannel) -> str:
            with lock:
                ran[name] += 1
            return "counted"

        return script

    with capture_logs():
        first = FastAgiServer("127.0.0.1", 0, {"count": counting("a")}, 100)
        second = FastAgiServer("127.0.0.1", first.address[1], {"count": counting("b")}, 100)
        threads = [threading.Thread(target=server.serve) for server in (first, second)]
        for thread in threads:
            thread.start()
        for _ in range(200):
            call(first.address, "count", Caller())
        assert min(ran.values()) > 20
        first.drain(5)
        before = ran["b"]
        for _ in range(20):
            call(second.address, "count", Caller())
        until(lambda: ran["b"] == before + 20, 10, "not in time")
        second.drain(5)
        for thread in threads:
            thread.join()


def test_a_hundred_calls_at_once() -> None:
    """All are served, none waits for another."""
    together = threading.Barrier(100)

    def one(number: int) -> dict[str, str]:
        caller = Caller(on_command=lambda line: together.wait(30) if "STREAM" in line else None)
        return call(server.address, "greet", caller).variables

    with capture_logs() as logs, serving() as server, ThreadPoolExecutor(100) as pool:
        assert list(pool.map(one, range(100))) == [{"GREETED": "yes"}] * 100
        assert server.refused == 0
        until(lambda: len(sessions_over(logs)) == 100, 10, "not in time")


def test_digits_and_numbers_stay_out_of_the_log() -> None:
    """What a script raises may hold a number: the line names the kind of error only, the caller is under a key that the log masks."""
    with capture_logs() as logs, serving() as server:
        call(server.address, "broken", Caller())
        until(lambda: bool(sessions_over(logs)), 10, "not in time")
    failed = next(line for line in logs if line["event"] == "script failed")
    assert failed["error"] == "KeyError"
    assert "test_agi_server.py" in str(failed["where"])
    assert {key for line in logs for key, value in line.items() if "13900000001" in str(value)} == {"caller"}
