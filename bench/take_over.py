"""How long a hotline is without a router that decides: killed, hung, or ended in order, while callers wait.

Run: python -m bench.take_over [--rounds 10] [--waiting 100]
Measured from the signal to the new leader's agreement with Asterisk (its first decision can be in the same millisecond), both on
this machine's clock. Each round waits until a standby is there again; the callers must all still be there at the end.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from routing.adapters.journal_reader import JournalEntry, read_to_end
from routing.adapters.redis_clients import prefix_of
from routing.events import AsteriskSynced
from tests.adapters.up_fixture import jietong_up
from tests.live.hotline import SITE, Hotline
from tests.robots.sipp.callers import ordinary_callers
from tests.robots.sipp.run import SippRun

PORT_BASE = "14000"
WAYS = {
    "killed (SIGKILL)": signal.SIGKILL,
    "hung (SIGSTOP)": signal.SIGSTOP,
    "ended in order (SIGTERM)": signal.SIGTERM,
}
WITHIN_S = 10.0
FILL_RATE = 20.0


def _entries(hotline: Hotline, after: str) -> list[JournalEntry]:
    return list(read_to_end(hotline.site.store_url, prefix_of("10010"), after))


async def _until(is_true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not is_true():
        assert time.monotonic() < deadline, otherwise
        await asyncio.sleep(0.02)


async def _standby_is_there(hotline: Hotline, rounds_done: int) -> None:
    """Each round ends one router, whose successor stands by."""
    logs = hotline.site.layout.logs

    def standing_by() -> int:
        return sum(path.read_text().count("standing by") for path in logs.glob("router*.log"))

    await _until(lambda: standing_by() > rounds_done, "no standby came")


async def _round(hotline: Hotline, number: signal.Signals, rounds_done: int) -> float:
    await _standby_is_there(hotline, rounds_done)
    last, leader, at = _entries(hotline, "0-0")[-1].id, hotline.leader_pid(), time.time()
    os.kill(leader, number)
    synced: list[float] = []

    def is_led() -> bool:
        synced.extend(e.event.at for e in _entries(hotline, last) if isinstance(e.event, AsteriskSynced))
        return bool(synced)

    await _until(is_led, "nobody took over")
    if number is signal.SIGSTOP:
        os.kill(leader, signal.SIGCONT)
        await _until(lambda: hotline.leader_pid() != leader, "the new leader did not sign")
    return synced[0] - at


async def measure(hotline: Hotline, rounds: int, waiting: int) -> bool:
    """Prints a line for each way; returns whether no caller was lost and none took over 3 s."""
    is_good = True
    async with SippRun.callers(
        hotline.sip, ordinary_callers(1000, stay_s=3600), calls=waiting, rate=FILL_RATE, at_once=waiting, timeout_s=600
    ) as run:
        await hotline.until(lambda s: s["calls"]["waiting"] == waiting, f"{waiting} callers to wait", 60)
        for done, (way, number) in enumerate(WAYS.items()):
            times = sorted([await _round(hotline, number, done * rounds + n) for n in range(rounds)])
            shown = " ".join(f"{seconds:.3f}" for seconds in times)
            print(f"{way:26} s: median {times[len(times) // 2]:.3f}, longest {times[-1]:.3f}  ({shown})")
            is_good &= times[-1] < 3.0
        await _standby_is_there(hotline, len(WAYS) * rounds)
        await hotline.until(lambda s: s["calls"]["waiting"] == waiting, f"still {waiting} callers to wait")
        print(f"callers waiting before and after: {waiting}, {waiting}; SIPp failed calls: {run.counts().failed}")
    return is_good


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="How long nobody decides when a router dies.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--waiting", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "site.toml"
        file.write_text(SITE, encoding="utf-8")
        (Path(folder) / "days.toml").touch()
        with jietong_up("--config", str(file), "--port-base", PORT_BASE) as up:
            up.wait_ready()
            hotline = Hotline(up.var, Path(folder) / "days.toml")
            try:
                return 0 if asyncio.run(measure(hotline, options.rounds, options.waiting)) else 1
            finally:
                hotline.close()


if __name__ == "__main__":
    sys.exit(main())
