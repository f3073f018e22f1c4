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
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.callers import clean
from bench.pages import Report, command_of, finish, parser_of
from bench.stage import refuse
from bench.turns import NoFigure
from routing.adapters.journal_reader import JournalEntry, read_to_end
from routing.adapters.redis_clients import prefix_of
from routing.events import AsteriskSynced
from tests.adapters.up_fixture import jietong_up
from tests.live.hotline import Hotline, write_site
from tests.robots.sipp.callers import Press, ordinary_callers
from tests.robots.sipp.run import SippRun

PORT_BASE = "14000"
WAYS = {
    "killed (SIGKILL)": signal.SIGKILL,
    "hung (SIGSTOP)": signal.SIGSTOP,
    "ended in order (SIGTERM)": signal.SIGTERM,
}
WITHIN_S = 10.0
STANDBY_WITHIN_S = 60.0  # the supervisor waits the longer the more often a router ended
STANDBY = "another router leads, standing by"
FILL_RATE = 20.0
LIMIT_S = 3.0


def _entries(hotline: Hotline, after: str) -> list[JournalEntry]:
    return list(read_to_end(hotline.site.store_url, prefix_of("10010"), after))


async def _until(is_true: Callable[[], bool], otherwise: str, within_s: float = WITHIN_S) -> None:
    deadline = time.monotonic() + within_s
    while not is_true():
        assert time.monotonic() < deadline, otherwise
        await asyncio.sleep(0.02)


async def _standby_is_there(hotline: Hotline, rounds_done: int) -> None:
    """Each round ends one router, whose successor stands by."""
    logs = hotline.site.layout.logs

    def standing_by() -> int:
        return sum(path.read_text().count(STANDBY) for path in logs.glob("router*.log"))

    await _until(lambda: standing_by() > rounds_done, "no standby came", STANDBY_WITHIN_S)


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


async def measure(hotline: Hotline, rounds: int, waiting: int) -> dict[str, list[float]]:
    """Seconds of each round, ascending, for each way; raises NoFigure when a caller was lost."""
    found: dict[str, list[float]] = {}
    async with SippRun.callers(
        hotline.sip,
        ordinary_callers(1000, stay_s=3600),
        calls=waiting,
        rate=FILL_RATE,
        at_once=waiting,
        presses=[Press(1.0, "0")],
        timeout_s=600,
    ) as run:
        await hotline.until(lambda s: s["calls"]["waiting"] == waiting, f"{waiting} callers to wait", 60)
        for done, (way, number) in enumerate(WAYS.items()):
            times = sorted([await _round(hotline, number, done * rounds + n) for n in range(rounds)])
            shown = " ".join(f"{seconds:.3f}" for seconds in times)
            print(f"{way:26} s: median {times[len(times) // 2]:.3f}, longest {times[-1]:.3f}  ({shown})")
            found[way] = times
        await _standby_is_there(hotline, len(WAYS) * rounds)
        await hotline.until(lambda s: s["calls"]["waiting"] == waiting, f"still {waiting} callers to wait")
        clean(run.counts(), "waiting callers")
    return found


def run(options: argparse.Namespace) -> Report:
    """Starts the site and measures; raises NoFigure when nobody took over, or a caller was lost."""
    refuse(1, options.waiting, options.rounds, port_base=int(PORT_BASE))
    with tempfile.TemporaryDirectory() as folder:
        file = write_site(Path(folder))
        with jietong_up("--config", str(file), "--port-base", PORT_BASE) as up:
            up.wait_ready()
            hotline = Hotline(up.var, Path(folder) / "days.toml")
            try:
                found = asyncio.run(measure(hotline, options.rounds, options.waiting))
            except AssertionError as error:
                raise NoFigure(str(error)) from error
            finally:
                hotline.close()
    lines = ["| the router that leads is | median s | longest s | callers waiting before, after |", "|---|---|---|---|"]
    lines += [
        f"| {way} | {times[len(times) // 2]:.3f} | {times[-1]:.3f} | {options.waiting}, {options.waiting} |"
        for way, times in found.items()
    ]
    missed = [f"{way}: {times[-1]:.2f} s, limit {LIMIT_S:g} s" for way, times in found.items() if times[-1] >= LIMIT_S]
    raw = [(way, f"{seconds:.4f}") for way, times in found.items() for seconds in times]
    return Report("take-over", command_of(__spec__, options), lines, ("way", "seconds"), raw, missed=missed)


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of("How long nobody decides when a router dies.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--waiting", type=int, default=100)
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
