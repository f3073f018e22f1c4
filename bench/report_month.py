"""A month of calls made up and written to a database as the records process writes them, and the report of it beside a bare scan of the same rows.

Both sides run in turn, each in a process of its own; counted is the time in which it was at work, so that a busy machine matters less. `report` is the shipped command's way, `scan` reads the same columns of the same rows
with the driver alone and adds nothing up. Told are the ratio, the seconds and the memory of the report.
usage: python -m bench.report_month [--calls 500000] [--rounds 3] [--keep FOLDER]
"""

import argparse
import math
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert

from bench.turns import or_no_figure
from ivr.adapters.service_tables import ratings
from jietong.database import migrate, open_engine, sqlite_url, writing
from jietong.processes.report import _given, no_collector, yardstick_of
from jietong.site import Site
from metrics.adapters.work_tables import agent_time, unanswered_offers
from metrics.report import report_of
from metrics.report_html import html_of
from metrics.spans import Kind, Span
from routing.adapters.tables import call_records

ZONE = ZoneInfo("Asia/Shanghai")
MONTH = datetime(2026, 10, 1, tzinfo=ZONE)
AGENTS = 260
SERVICES = ("consultation", "business", "query", "complaint", "person")
SITE = Site.model_validate({"hotline": {"number": "10010"}, "trunks": [{"name": "carrier", "match": ["127.0.0.1"]}]})
LIMIT_S, LIMIT_MB = 10.0, 500  # docs/reports.md; seconds at work, which other work on the machine stretches less
LIMIT_RATIO = 3.0  # both sides start an interpreter and read 1,000,000 rows
ROWS = 5000


def load_of(at: datetime) -> float:
    """How busy an hour is: two humps, quieter weekends, a bad evening on the 20th."""
    hour = at.hour + at.minute / 60
    humps = math.exp(-((hour - 10.5) ** 2) / 6) + 0.8 * math.exp(-((hour - 15.5) ** 2) / 8) + 0.06
    return humps * (0.6 if at.weekday() >= 5 else 1.0) * (2.2 if at.day == 20 and 18 <= hour < 20 else 1.0)


def calls_of(start: datetime, days: int, calls: int, seed: int) -> Iterator[dict[str, Any]]:
    """About `calls` records of the days from `start`, oldest first: most answered at once, more wait the busier it is."""
    rng = random.Random(seed)
    halves = [start + timedelta(minutes=30 * n) for n in range(days * 48)]
    loads = [load_of(half) for half in halves]
    scale, number = calls / sum(loads), 0
    for half, load in zip(halves, loads, strict=True):
        moments = sorted(rng.random() * 1800 for _ in range(round(load * scale)))
        for moment in moments:
            number += 1
            yield a_call(rng, half.timestamp() + moment, load, f"{seed}-{half.timestamp() + moment:.0f}.{number}")


def a_call(rng: random.Random, at: float, load: float, call: str) -> dict[str, Any]:
    """One record."""
    is_busy = rng.random() < 0.12 + 0.25 * max(0.0, load - 0.7)
    wait_s = rng.expovariate(1 / 25) if is_busy else rng.uniform(1.5, 6)
    gives_up = rng.random() < 0.05 or wait_s > rng.expovariate(1 / 90)
    talk_s = 0.0 if gives_up else rng.lognormvariate(4.8, 0.7)
    missed = rng.random() < 0.03
    is_vip, agent = rng.random() < 0.1, str(1001 + rng.randrange(AGENTS))
    target_s = 10 if is_vip else 20
    return {
        "call": call,
        "segment": 1,
        "caller": f"139{rng.randrange(10**8):08d}",
        "queue": "hotline" if rng.random() < 0.7 else "billing",
        "tier": "vip" if is_vip else "ordinary",
        "service": SERVICES[min(4, int(rng.expovariate(0.7)))],
        "language": "zh-CN",
        "agent": "" if gives_up else agent,
        "seat": "" if gives_up else agent,
        "arrived_at": at - 15,
        "queued_at": at,
        "entered_at": at,
        "answered_at": None if gives_up else at + wait_s,
        "ended_at": at + wait_s + talk_s,
        "wait_s": wait_s,
        "talk_s": talk_s,
        "outcome": "abandoned" if gives_up else "answered",
        "reason": "waiting" if gives_up else "caller",
        "in_target": not gives_up and wait_s <= target_s,
        "offers": 1 + missed,
        "missed": int(missed),
        "ring_s": 3.0,
        "hold_s": talk_s * 0.05 if rng.random() < 0.2 else 0.0,
        "wrap_up_s": None if gives_up else 10.0,
        "is_probe": False,
    }


def fill(url: str, calls: int) -> None:
    """The month, and the one before that it is compared with."""
    migrate(url)
    engine = writing(open_engine(url))
    before = MONTH - timedelta(days=30)
    for start, days, seed in ((before, 30, 1), (MONTH, 31, 2)):
        rows = calls_of(start, days, calls, seed)
        while batch := list(islice(rows, ROWS)):
            with engine.begin() as connection:
                connection.execute(insert(call_records), batch)
                add_work(connection, batch, random.Random(seed))
    with engine.begin() as connection:
        connection.execute(insert(agent_time), list(times_of(before, 61)))
    engine.dispose()


def add_work(connection: Connection, batch: list[dict[str, Any]], rng: random.Random) -> None:
    """Offers in vain, and what one caller of twelve presses after the talk."""
    missed = [
        {name: row[name] for name in ("call", "queue", "tier")}
        | {
            "at": row["entered_at"],
            "seat": "1001",
            "agent": "1001",
            "result": "no_answer",
            "rang_s": 8.0,
            "is_probe": False,
        }
        for row in batch
        if row["missed"]
    ]
    pressed = [
        {name: row[name] for name in ("call", "agent", "queue", "tier")}
        | {
            "rating": min(5, max(1, round(rng.gauss(4.2 + (int(row["agent"]) % 7 - 3) * 0.06, 0.9)))),
            "at": row["ended_at"],
        }
        for row in batch
        if row["agent"] and rng.random() < 0.08
    ]
    for table, rows in ((unanswered_offers, missed), (ratings, pressed)):
        if rows:
            connection.execute(insert(table), rows)


def times_of(start: datetime, days: int) -> Iterator[dict[str, Any]]:
    """Everybody works eight hours a day."""
    for day in range(days):
        for agent in range(AGENTS):
            first = start + timedelta(days=day, hours=8 + agent % 3 * 2)
            for half in range(16):
                yield {
                    "agent": str(1001 + agent), "slot_at": (first + timedelta(minutes=30 * half)).timestamp(),
                    "ready_s": 500.0, "ringing_s": 60.0, "talking_s": 900.0, "wrap_up_s": 240.0, "missed_s": 20.0, "not_ready_s": 80.0,
                }  # fmt: skip


def report(path: Path) -> None:
    """What `jietong report month` does with an open database."""
    engine = open_engine(sqlite_url(path))
    span = Span.around(Kind.MONTH, MONTH.date(), ZONE)
    with no_collector():
        given = _given(engine, SITE, span, (MONTH + timedelta(days=50)).timestamp())
    assert given.ledger.yardstick == yardstick_of(SITE)
    text = html_of(report_of(given))
    path.with_suffix(".html").write_text(text, encoding="utf-8")
    print(sum(sums.offered for sums in given.ledger.cells.values()))


def scan(path: Path) -> None:
    """The same columns of the same rows, in the order in which they lie."""
    database = sqlite3.connect(path)
    columns = "entered_at, call, segment, caller, queue, tier, service, agent, outcome, reason, wait_s, talk_s, hold_s, wrap_up_s, in_target, offers, missed"
    count = sum(1 for _ in database.execute(f"SELECT {columns} FROM call_records"))
    print(count)


@dataclass(frozen=True)
class Turn:
    """One side once: seconds on the clock, of which the process was at work, its memory, and the calls that it saw."""

    clock_s: float
    cpu_s: float
    memory_mb: float
    calls: int


def run(side: str, path: Path) -> Turn:
    """Runs one side in a process of its own."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "bench.report_month", "--side", side, str(path)]
    child = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE)
    clock_s = time.perf_counter() - begin
    calls, cpu_s, memory_kb = child.stdout.split()
    return Turn(clock_s, float(cpu_s), int(memory_kb) / 1024, int(calls))


def main() -> int:
    """Fills, runs both sides in turn, prints; returns 1 when a limit does not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--side", nargs=2)
    options = parser.parse_args()
    if options.side:
        {"report": report, "scan": scan}[options.side[0]](Path(options.side[1]))
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(used.ru_utime + used.ru_stime, used.ru_maxrss)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = (options.keep or Path(folder)) / "month.db"
        if path.exists():
            migrate(sqlite_url(path))
        else:
            fill(sqlite_url(path), options.calls)
        rounds = [(run("report", path), run("scan", path)) for _ in range(options.rounds)]
    return show([ours for ours, _ in rounds], [bare for _, bare in rounds])


def show(ours: list[Turn], bare: list[Turn]) -> int:
    """Figures of all rounds."""
    ratios = sorted(mine.cpu_s / other.cpu_s for mine, other in zip(ours, bare, strict=True))
    cpu_s, memory_mb = min(turn.cpu_s for turn in ours), max(turn.memory_mb for turn in ours)
    print(f"calls of the month {ours[0].calls:,}, of both months {bare[0].calls:,}")
    print(f"report: {cpu_s:.1f} s at work, {min(t.clock_s for t in ours):.1f} s on the clock, {memory_mb:.0f} MB")
    print(f"bare scan: {min(t.cpu_s for t in bare):.1f} s at work, {min(t.clock_s for t in bare):.1f} s on the clock")
    print(f"report / scan, at work: {statistics.median(ratios):.1f} ({ratios[0]:.1f}-{ratios[-1]:.1f})")
    is_kept = cpu_s <= LIMIT_S and memory_mb <= LIMIT_MB and statistics.median(ratios) <= LIMIT_RATIO
    print(
        f"limits: {LIMIT_S:g} s at work, {LIMIT_MB} MB, {LIMIT_RATIO:g} times the scan: {'kept' if is_kept else 'NOT KEPT'}"
    )
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(or_no_figure(main))
