"""Time from an agent's hanging up to the next ring at its seat, ours beside app_queue, while callers wait.

Run: python -m bench.idle_to_ring [--agents 50] [--waiting 150] [--seconds 60] [--rounds 2]
One Asterisk, the same SIPp callers and the same UDP seats; the sides take turns in each round, ours first in odd rounds. A gap is
measured at the seat: from its BYE (sent) to its next INVITE (arrived). Raw gaps go to --csv.
"""

import argparse
import asyncio
import csv
import os
import platform
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.sip_agents import SipAgents, quantile
from bench.sip_seat import Habit
from bench.two_sides import OURS, QUEUE, add_app_queue, switch, write_site
from jietong.running import RunningSite
from tests.adapters.up_fixture import jietong_up
from tests.robots.sipp.callers import ordinary_callers
from tests.robots.sipp.run import SippRun

WARM_UP_S = 8.0
FILL_RATE = 50.0  # calls a second until the line is full; then only as many as leave
PORT_BASE = "29000"


@dataclass(frozen=True)
class Phase:
    """One side in one round: its gaps in milliseconds, ascending, and what SIPp said."""

    side: str
    round: int
    gaps_ms: list[float]
    calls: int
    failed: int
    retransmissions: int

    def figure(self, share: float) -> float:
        """The gap that `share` of the gaps do not exceed."""
        return quantile(self.gaps_ms, share) or float("nan")


async def run_phase(site: RunningSite, agents: SipAgents, side: str, number: int, options: argparse.Namespace) -> Phase:
    """Callers fill the line, the warm-up passes, gaps are taken for the time, then the line runs empty."""
    switch(site, side)
    at_once = options.agents + options.waiting
    calls = at_once + int(options.seconds * 200)
    run_s = options.seconds + WARM_UP_S + at_once / FILL_RATE
    callers = ordinary_callers(1000, stay_s=3600)
    async with SippRun.callers(
        f"127.0.0.1:{site.ports.sip}", callers, calls=calls, rate=FILL_RATE, at_once=at_once, timeout_s=run_s + 120
    ) as run:
        await run.until(lambda counts: counts.current >= at_once * 0.95, 60)
        await asyncio.sleep(WARM_UP_S)
        seen = len(agents.gaps())
        await asyncio.sleep(options.seconds)
        gaps = [gap.gap_ms for gap in agents.gaps()[seen:]]
        run.stop_dialling()
        agents.set_habit(Habit(answer_after_s=0.0, talk_s=0.2))  # the line runs empty quickly
        outcome = await run.finished()
    agents.set_habit(habit_of(options))
    await asyncio.sleep(2.0)
    counts = outcome.counts
    return Phase(side, number, sorted(gaps), counts.successful, counts.failed, counts.retransmissions)


def habit_of(options: argparse.Namespace) -> Habit:
    """How agents behave: answer at once, talk exponentially long."""
    return Habit(answer_after_s=0.05, talk_s=options.talk, talk_is_exponential=True)


async def measure(site: RunningSite, seats: list[str], options: argparse.Namespace) -> list[Phase]:
    """All rounds."""
    phases = []
    async with SipAgents(
        f"127.0.0.1:{site.ports.sip}", {seat: f"secret-{seat}" for seat in seats}, habit_of(options)
    ) as agents:
        for number in range(1, options.rounds + 1):
            for side in (OURS, QUEUE) if number % 2 else (QUEUE, OURS):
                phase = await run_phase(site, agents, side, number, options)
                show(phase)
                phases.append(phase)
    return phases


def show(phase: Phase) -> None:
    """One line a phase."""
    shown = "  ".join(
        f"{name} {phase.figure(share):8.1f}"
        for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))
    )
    print(
        f"round {phase.round}  {phase.side:10s}  {len(phase.gaps_ms):6d} gaps  {shown} ms"
        f"  ({phase.calls} calls, {phase.failed} failed, {phase.retransmissions} retransmissions)",
        flush=True,
    )


def summary(phases: list[Phase], options: argparse.Namespace) -> str:
    """The table for docs/benchmarks.md."""
    rounds = sorted({phase.round for phase in phases})
    by = {(phase.side, phase.round): phase for phase in phases}
    lines = [
        (
            f"{options.agents} agents, {options.waiting} callers waiting, talk {options.talk:g} s (exponential), {options.seconds:g} s a side, "
            f"{len(rounds)} rounds, {os.cpu_count()} cores, Python {platform.python_version()}"
        ),
        "",
        "| | p50 ms | p90 ms | p99 ms | max ms |",
        "|---|---|---|---|---|",
    ]
    for side in (OURS, QUEUE):
        cells = [
            f"{statistics.median([by[side, r].figure(share) for r in rounds]):.1f}" for share in (0.5, 0.9, 0.99, 1.0)
        ]
        lines.append(f"| {side} | " + " | ".join(cells) + " |")
    cells = []
    for share in (0.5, 0.9, 0.99, 1.0):
        ratios = [by[QUEUE, r].figure(share) / by[OURS, r].figure(share) for r in rounds]
        cells.append(f"{statistics.median(ratios):.0f} ({min(ratios):.0f}-{max(ratios):.0f})")
    lines.append("| app_queue / ours | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Starts the site, measures, prints; exit code 1 when a call failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--waiting", type=int, default=150)
    parser.add_argument("--talk", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--strategy", default="leastrecent")
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    seats = [str(2000 + n) for n in range(options.agents)]
    with tempfile.TemporaryDirectory(prefix="jt-bench-") as name:
        site_file = write_site(Path(name), seats, ring_s=8)
        with jietong_up("--config", str(site_file), "--port-base", PORT_BASE) as up:
            up.wait_ready()
            site = RunningSite.load(up.var)
            add_app_queue(site, seats, ring_s=8, strategy=options.strategy)
            phases = asyncio.run(measure(site, seats, options))
    print(summary(phases, options))
    if options.csv:
        with options.csv.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("side", "round", "gap_ms"))
            writer.writerows((phase.side, phase.round, f"{gap:.3f}") for phase in phases for gap in phase.gaps_ms)
    return 1 if any(phase.failed for phase in phases) else 0


if __name__ == "__main__":
    sys.exit(main())
