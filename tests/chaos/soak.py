"""An hour of a busy hotline: memory, file descriptors, threads and the store's keys must stay where they were.

Run: python -m tests.chaos.soak [--minutes 60] [--write FILE]. Exit code 0 when nothing grew.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import redis

from routing.adapters.redis_clients import key, prefix_of
from tests.adapters.up_fixture import processes_of
from tests.chaos.page import written
from tests.chaos.site import PORT_BASE, a_struck_site, its_agents
from tests.chaos.storm import AGENTS, CALLERS, FILL_RATE, HABIT
from tests.live.hotline import Hotline
from tests.robots.sipp.callers import Press, impatient_callers, ordinary_callers
from tests.robots.sipp.run import SippRun

LOOK_EVERY_S = 2.0
IMPATIENT_A_S, PATIENCE_S = 1.0, 3.0
GROWS_MB, GROWS_SHARE = 4.0, 0.04  # allocators settle for some minutes; a leak of 100 bytes a call is 4 MB an hour here
GROWS_FDS = 3  # connections that come and go, such as that of `jietong status`
STORE, JOURNAL = "Valkey", "Valkey's journal"
HEAD = "| process | memory MB | file descriptors | threads |\n|---|---|---|---|"


@dataclass(frozen=True)
class Look:
    """What one process holds at one moment."""

    memory_mb: float
    fds: int
    threads: int


@dataclass(frozen=True)
class Growth:
    """Of one measure of one process: the median of the second quarter of the time, and of the last."""

    before: float
    after: float

    def is_flat(self, share: float, by: float) -> bool:
        """Grown by no more than `by`, or by no more than that share."""
        return self.after - self.before <= max(by, share * self.before)

    def __str__(self) -> str:
        return f"{self.before:.4g} → {self.after:.4g}"


def growth(values: list[float]) -> Growth:
    """The first quarter is for warming up; raises ValueError for fewer than eight values."""
    quarter = len(values) // 4
    if quarter < 2:
        raise ValueError(f"{len(values)} looks are too few")
    return Growth(median(values[quarter : 2 * quarter]), median(values[-quarter:]))


async def soak(hotline: Hotline, minutes: float) -> tuple[str, list[str]]:
    """Callers without end for so long; returns the table, and what grew."""
    looks: dict[str, list[Look]] = defaultdict(list)
    store: dict[str, list[float]] = defaultdict(list)
    names = _named(hotline.var)
    until = time.monotonic() + minutes * 60
    timeout_s = minutes * 60 + 120
    async with (
        its_agents(hotline) as agents,
        SippRun.callers(
            hotline.sip,
            ordinary_callers(5000),
            calls=1_000_000,
            rate=FILL_RATE,
            at_once=CALLERS,
            presses=[Press(0.3)],
            timeout_s=timeout_s,
        ) as patient,
        SippRun.callers(
            hotline.sip,
            impatient_callers(5000, PATIENCE_S, seed=1),
            calls=1_000_000,
            rate=IMPATIENT_A_S,
            presses=[Press(0.3)],
            timeout_s=timeout_s,
        ) as impatient,
    ):
        agents.set_habit(HABIT)
        while time.monotonic() < until:
            await asyncio.sleep(min(LOOK_EVERY_S, minutes * 60 / 30))
            for pid, name in names.items():
                looks[name].append(_look(pid))
            for name, value in _store(hotline).items():
                store[name].append(value)
        counts = [run.counts() for run in (patient, impatient)]
    calls, failed = sum(c.successful for c in counts), sum(c.failed for c in counts)
    return _judged(looks, store, f"{minutes:g} minutes, {calls} calls, {failed} failed", failed)


def _judged(
    looks: dict[str, list[Look]], store: dict[str, list[float]], what: str, failed: int
) -> tuple[str, list[str]]:
    rows, grown = [], [f"{failed} calls failed"] * bool(failed)
    for name, seen in sorted(looks.items()):
        memory, fds, threads = (
            growth([float(getattr(look, field)) for look in seen]) for field in ("memory_mb", "fds", "threads")
        )
        rows.append(f"| {name} | {memory} | {fds} | {threads} |")
        # the store keeps the journal in memory, up to its bound: what it holds is told beside it
        flat = (
            name == STORE or memory.is_flat(GROWS_SHARE, GROWS_MB),
            fds.is_flat(0, GROWS_FDS),
            threads.is_flat(0, 1),
        )
        grown += [f"{name} grows: {rows[-1]}"] * (not all(flat))
    told = {name: growth(values) for name, values in store.items()}
    keys = told["keys"]
    grown += [f"the store's keys grow: {keys}"] * (not keys.is_flat(0, 2))
    table = "\n".join(
        [
            f"{what}; {CALLERS} callers, {AGENTS} agents; before → after are medians of the second and the last quarter:",
            "",
            HEAD,
            *rows,
        ]
    )
    return f"{table}\n\nStore: {', '.join(f'{name} {value}' for name, value in told.items())}.", grown


def _named(var: Path) -> dict[int, str]:
    """Process id -> name; two of a kind are numbered."""
    found: dict[int, str] = {}
    for pid, line in sorted(processes_of(var).items()):
        kinds = [word for word in ("router", "agi", "records", "metrics", "up") if f" -m jietong {word} " in line]
        kind = kinds[0] if kinds else STORE if "valkey-server" in line else "Asterisk" if "asterisk" in line else ""
        if kind:
            twins = sum(name.startswith(kind) for name in found.values())
            found[pid] = f"{kind} {twins + 1}" if twins else kind
    return found


def _look(pid: int) -> Look:
    """Raises FileNotFoundError when the process has died: nothing may, here."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    fds = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Look(int(status["VmRSS"].split()[0]) / 1024, fds, int(status["Threads"]))


def _store(hotline: Hotline) -> dict[str, float]:
    with redis.Redis.from_url(hotline.site.store_url, protocol=2) as client:
        prefix = prefix_of(hotline.site.site.hotline.number)
        return {"keys": float(client.dbsize()), "journal entries": float(client.xlen(key(prefix, "journal")))}


def main() -> int:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--write", type=Path, help="page whose table is replaced")
    options = parser.parse_args()
    if not 0.5 <= options.minutes <= 24 * 60:
        parser.error("between half a minute and a day")
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, a_struck_site(Path(folder), PORT_BASE) as hotline:
        table, grown = asyncio.run(soak(hotline, options.minutes))
    print(table, *grown, sep="\n")
    if options.write:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(written(page, "soak", table), encoding="utf-8")
    return 1 if grown else 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
