"""Our AGI worker beside the pattern of a thread and a new database connection for each request, on the same fake Asterisk.

Run: python -m bench.agi_pattern [--calls 100] [--rounds 4]. Both sides run the same scripts and the same flows on the same PostgreSQL, each in one process; the
pattern's side is `socketserver.ThreadingTCPServer` whose handler connects, works and closes, as AGI servers of the field do. Sides take turns, flat out: no caller
thinks. Printed for each: calls a second, CPU of the server's process and of PostgreSQL for 1,000 calls. Fails (exit 1) when a call fails.
"""

import argparse
import contextlib
import dataclasses
import json
import signal
import socketserver
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import NullPool, create_engine

from bench.agi_turnaround import Client, Figures
from bench.meter import TICKS_PER_S
from bench.turns import or_no_figure
from ivr.adapters.agi_channel import AgiChannel
from ivr.adapters.customers import Customer, Customers
from jietong.database import POSTGRESQL, migrate, open_engine
from jietong.logs import configure
from jietong.processes.agi import SCRIPTS, context_of
from jietong.running import RunningSite
from routing.adapters.last_agent import LastAgents
from tests.adapters.postgres_server import a_postgres
from tests.agi_site import a_running_site, free_port, workers

OURS, PATTERN = "ours", "thread and connection a request"
HOST = "127.0.0.1"


def serve(var: Path, port: int) -> None:
    """The pattern: each request its thread and its connection, held until the script ends."""
    configure("agi")
    site = RunningSite.load(var)
    context = context_of(site)

    engine = create_engine(site.database_url, poolclass=NullPool, connect_args=POSTGRESQL)  # nothing is kept open
    engine.connect().close()  # what the library asks a database once is not counted
    mine = dataclasses.replace(context, customers=Customers(engine), last_agents=LastAgents(engine))

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            channel = AgiChannel(self.request)
            script = channel.env["agi_network_script"]
            # One connection a request: a script that asks the database makes it by asking
            connection = contextlib.nullcontext() if script == "answer_call" else engine.connect()
            with connection, contextlib.suppress(Exception):
                SCRIPTS[script](channel, mine)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads, request_queue_size = True, True, 512

    with Server((HOST, port), Handler) as server:
        print("ready", flush=True)
        server.serve_forever()


@contextlib.contextmanager
def pattern_server(var: Path) -> Iterator[tuple[int, int]]:
    """Port and process id."""
    port = free_port()
    argv = [sys.executable, "-m", "bench.agi_pattern", "--serve", str(var), "--port", str(port)]
    with (var / "pattern.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n", (var / "pattern.log").read_text()
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, of its children, and of those that have ended."""
    found = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            words = stat.read_text().rpartition(")")[2].split()
            if int(stat.parent.name) == pid:
                found += sum(int(word) for word in words[11:15])
            elif int(words[1]) == pid:
                found += sum(int(word) for word in words[11:13])
    return found / TICKS_PER_S


def measure(calls: int, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Side -> a row for each round."""
    found: dict[str, list[dict[str, float]]] = {OURS: [], PATTERN: []}
    with a_postgres() as postgres, tempfile.TemporaryDirectory(prefix="jt-") as name:
        url = postgres.new_database()
        migrate(url)
        engine = open_engine(url)
        Customers(engine).store([Customer("13900000001", "张伟", "vip", "personal_business", "1901", 1962, "zh-CN")])
        engine.dispose()
        site = a_running_site(Path(name)).model_copy(update={"database_url": url})
        site.save()
        with workers(site, 1) as ours, pattern_server(site.var) as (port, pid):
            sides = {OURS: (site.ports.agi, ours[0].process.pid), PATTERN: (port, pid)}
            for side_port, _ in sides.values():
                Client(side_port, calls, 0.0, False, 0).run()  # first imports are not what is measured
            for turn in range(rounds):
                for side in sides if turn % 2 else reversed(sides):
                    server_port, server_pid = sides[side]
                    before = cpu_of(server_pid), cpu_of(postgres.pid)
                    figures = Client(server_port, calls, 0.0, False, turn).run()
                    after = cpu_of(server_pid), cpu_of(postgres.pid)
                    found[side].append(_row(figures, calls, after[0] - before[0], after[1] - before[1]))
    return found


def _row(figures: Figures, calls: int, server_s: float, database_s: float) -> dict[str, float]:
    return {
        "calls_per_s": calls / figures.span_s,
        "server_cpu_s": server_s * 1000 / calls,
        "database_cpu_s": database_s * 1000 / calls,
        "turnaround_p99_ms": figures.row()["p99_ms"],
        "failed": figures.failed,
    }


def main() -> int:
    """Measures, prints text and one line of JSON, returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve is not None:
        serve(chosen.serve, chosen.port)
    found = measure(chosen.calls, chosen.rounds)
    print(f"AGI, {chosen.calls} calls at once, flat out, {chosen.rounds} rounds; medians")
    medians = {
        side: {name: round(statistics.median(row[name] for row in rows), 2) for name in rows[0]}
        for side, rows in found.items()
    }
    for side, row in medians.items():
        print(f"  {side:32}" + "".join(f"  {name} {value:g}" for name, value in row.items()))
    ratios = {name: [a[name] / b[name] for a, b in zip(found[OURS], found[PATTERN], strict=True) if b[name]]
              for name in ("calls_per_s", "server_cpu_s", "database_cpu_s")}  # fmt: skip
    for name, values in ratios.items():
        if values:
            print(f"  {name}: ours / pattern {statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})")
    print(json.dumps({"bench": "agi_pattern", "calls": chosen.calls, "medians": medians}))
    ok = all(row["failed"] == 0 for rows in found.values() for row in rows)
    print("reached" if ok else "NOT reached: calls failed")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(or_no_figure(main))
