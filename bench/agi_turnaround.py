"""How long Asterisk waits for our next AGI command, with 100 calls in the menu at once, beside a bare echo server.

Run: python -m bench.agi_turnaround [--calls 100] [--rounds 5]. Real TCP, two worker processes on each side, one client for both; the sides take
turns in each round. Turn-around: from sending an answer until the next command is here. Fails (exit 1) when a call fails or p99 is 50 ms or more.
"""

import argparse
import contextlib
import heapq
import json
import math
import random
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.turns import or_no_figure
from tests.agi_client import Caller, arguments_of, environment
from tests.agi_site import a_running_site, free_port, workers

HOST = "127.0.0.1"
WORKERS = 2
LIMIT_MS = 50.0
PATIENCE_S = 60.0
SCRIPTS = ("answer_call", "choose_service")
KEYS = ("0", "750", "920", "9_910", "__30", "888")  # _ is silence; the last goes to a person after three wrong keys
ECHO_TURNS = 12  # commands of an average call
PACES_S = {"at a caller's pace": 0.1, "flat out": 0.0}  # mean time that Asterisk takes for a command


@dataclass
class Call:
    """One session of one script; `caller` is None on the echo side."""

    script: str
    caller: Caller | None
    turns: int = 0
    sent_at: float = 0.0
    received: bytes = b""
    connection: socket.socket = field(default_factory=socket.socket)


@dataclass
class Figures:
    """Milliseconds of each turn, and calls that did not end as they should."""

    turnaround_ms: list[float] = field(default_factory=list)
    pickup_ms: list[float] = field(default_factory=list)
    failed: int = 0
    span_s: float = 0.0

    def row(self) -> dict[str, float]:
        """What is printed."""
        return {
            "turns": len(self.turnaround_ms),
            "per_s": round(len(self.turnaround_ms) / self.span_s),
            "p50_ms": round(statistics.median(self.turnaround_ms), 3),
            "p99_ms": round(p99(self.turnaround_ms), 3),
            "worst_ms": round(max(self.turnaround_ms), 3),
            "pickup_p50_ms": round(statistics.median(self.pickup_ms), 3),
            "pickup_p99_ms": round(p99(self.pickup_ms), 3),
            "failed": self.failed,
        }


def p99(values: list[float]) -> float:
    """The nearest-rank 99th percentile."""
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]


class Client:
    """Plays `calls` callers at once, in one thread; each goes through its scripts one after the other."""

    def __init__(self, port: int, calls: int, pace_s: float, is_echo: bool, seed: int) -> None:
        self._port, self._pace_s, self._is_echo = port, pace_s, is_echo
        self._random = random.Random(seed)
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int, Call, bytes]] = []
        self._number = 0
        self._open = 0
        self._calls = calls
        self.figures = Figures()

    def run(self) -> Figures:
        """Until every call is over."""
        began = time.perf_counter()
        for n in range(self._calls):
            caller = None if self._is_echo else Caller(["" if key == "_" else key for key in KEYS[n % len(KEYS)]])
            self._dial(SCRIPTS[0], caller)
        while self._open:
            if time.perf_counter() - began > PATIENCE_S:
                self.figures.failed += self._open
                break
            self._turn()
        self.figures.span_s = time.perf_counter() - began
        return self.figures

    def _turn(self) -> None:
        wait_s = max(0.0, self._due[0][0] - time.perf_counter()) if self._due else 1.0
        events = self._selector.select(wait_s)
        at = time.perf_counter()
        for key, _ in events:
            self._read(key.data, at)
        while self._due and self._due[0][0] <= time.perf_counter():
            _, _, call, line = heapq.heappop(self._due)
            call.sent_at = time.perf_counter()
            call.connection.sendall(line)

    def _dial(self, script: str, caller: Caller | None) -> None:
        call = Call(script, caller)
        call.connection = socket.create_connection((HOST, self._port))
        call.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(call.connection, selectors.EVENT_READ, call)
        self._open += 1
        self._later(call, environment(script))

    def _later(self, call: Call, line: bytes) -> None:
        at = time.perf_counter() + (self._random.expovariate(1 / self._pace_s) if self._pace_s else 0.0)
        self._number += 1
        heapq.heappush(self._due, (at, self._number, call, line))

    def _read(self, call: Call, at: float) -> None:
        raw = b""
        with contextlib.suppress(ConnectionError):
            raw = call.connection.recv(4096)
        if not raw:
            self._over(call)
            return
        call.received += raw
        if not call.received.endswith(b"\n"):
            return
        spans = self.figures.turnaround_ms if call.turns else self.figures.pickup_ms
        spans.append((at - call.sent_at) * 1000)
        call.turns += 1
        line, call.received = call.received.decode().rstrip("\n"), b""
        if call.caller is not None:
            self._later(call, call.caller.answer_to(arguments_of(line)).encode() + b"\n")
        elif call.turns < ECHO_TURNS:
            self._later(call, b"200 result=0 endpos=8000\n")
        else:
            self._over(call)

    def _over(self, call: Call) -> None:
        self._selector.unregister(call.connection)
        call.connection.close()
        self._open -= 1
        if call.caller is None:
            return
        if call.script == SCRIPTS[0]:
            self._dial(SCRIPTS[1], call.caller)
        elif call.caller.variables.get("JT_NEXT") != "queue" or call.caller.variables.get("JT_TIER") != "vip":
            self.figures.failed += 1


def echo(port: int) -> None:
    """A bare threaded echo server in this process: a line comes, a line of a command's length goes."""
    listener = socket.create_server((HOST, port), backlog=512, reuse_port=True)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_echo, args=(connection,), daemon=True).start()


def _echo(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    command = b'STREAM FILE "' + b"x" * 60 + b'" "0123456789*#"\n'
    with connection, contextlib.suppress(ConnectionError):
        while connection.recv(8192):
            connection.sendall(command)


@contextlib.contextmanager
def echo_servers() -> Iterator[int]:
    """As many processes as there are workers, on one port."""
    port = free_port()
    argv = [sys.executable, "-m", "bench.agi_turnaround", "--echo", str(port)]
    made = [subprocess.Popen(argv, stdout=subprocess.PIPE) for _ in range(WORKERS)]
    try:
        for process in made:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        yield port
    finally:
        for process in made:
            process.kill()
            process.wait()


def measure(calls: int, rounds: int) -> dict[str, dict[str, Figures]]:
    """Pace -> side -> figures of all rounds."""
    found = {pace: {"menu": Figures(), "echo": Figures()} for pace in PACES_S}
    with tempfile.TemporaryDirectory(prefix="jt-") as folder, echo_servers() as echo_port:
        site = a_running_site(Path(folder))
        with workers(site, WORKERS):
            Client(site.ports.agi, calls, 0.0, False, 0).run()  # first imports and connections are not what is measured
            for turn in range(rounds):
                for pace, pace_s in PACES_S.items():
                    sides = [("menu", site.ports.agi), ("echo", echo_port)]
                    for side, port in sides if turn % 2 else reversed(sides):
                        figures = Client(port, calls, pace_s, side == "echo", turn).run()
                        total = found[pace][side]
                        total.turnaround_ms += figures.turnaround_ms
                        total.pickup_ms += figures.pickup_ms
                        total.failed += figures.failed
                        total.span_s += figures.span_s
    return found


def main() -> int:
    """Measures, prints text and one line of JSON, returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--echo", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.echo is not None:
        echo(chosen.echo)
    found = measure(chosen.calls, chosen.rounds)
    rows = {pace: {side: figures.row() for side, figures in sides.items()} for pace, sides in found.items()}
    print(
        f"AGI turn-around, {chosen.calls} calls at once, {WORKERS} workers, {chosen.rounds} rounds (limit: p99 < {LIMIT_MS:g} ms)"
    )
    for pace, sides in rows.items():
        for side, row in sides.items():
            print(f"  {pace:20} {side:5}" + "".join(f"  {name} {value:g}" for name, value in row.items()))
        ratio = sides["menu"]["p50_ms"] / sides["echo"]["p50_ms"], sides["menu"]["p99_ms"] / sides["echo"]["p99_ms"]
        print(f"  {pace:20} ratio  p50 {ratio[0]:.1f}  p99 {ratio[1]:.1f}")
    print(json.dumps({"bench": "agi_turnaround", "calls": chosen.calls, "workers": WORKERS, "figures": rows}))
    ok = all(row["menu"]["failed"] == 0 and row["menu"]["p99_ms"] < LIMIT_MS for row in rows.values())
    print("reached" if ok else "NOT reached")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(or_no_figure(main))
