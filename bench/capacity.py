"""The highest call rate that each side carries: 0 failed calls and p99 of a menu step under 150 ms. Ours, app_queue and a plain Dial, each behind a menu.

Run: python -m bench.capacity [--agents 300] [--first 10] [--probe 10] [--hold 180]
Callers hear the main menu, press 0 after 1 s and are put through; a talk lasts 2 s. A menu step is from the key (SIPp sends it) to the ring of the seat that answers it (INVITE arrived), so that
everything between counts: on our side the script, the router and the order to ring. Each side is probed for `probe` seconds at rising rates (by a quarter) until one fails, then
between the last two; the highest rate that held is confirmed for `hold` seconds, and lowered by a tenth while it does not hold. A try that can hold no more, whatever comes, is given up.
Sides take turns in each step.
SIPp and the seats run on the same machine: the figure is the machine's, the ratio counts.
"""

import argparse
import asyncio
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.callers import RETRANSMITTED_AT_MOST, callers_of
from bench.meter import spent
from bench.pages import Report, command_of, finish, parser_of
from bench.sides import MENU_DIAL, MENU_OURS, MENU_QUEUE
from bench.sip_agents import SipAgents
from bench.sip_seat import Habit
from bench.stage import Stage, a_stage, refuse
from bench.turns import NoFigure, quantile
from tests.robots.sipp.callers import Press
from tests.robots.sipp.run import SippCounts, SippError, SippRun

SIDES = (MENU_OURS, MENU_QUEUE, MENU_DIAL)
HABIT = Habit(answer_after_s=0.05, talk_s=2.0)
PRESS_S = 1.0
STEP_MS = 150.0
RISE, FALL = 1.25, 0.9
CLOSE = 1.08  # the search ends when what held and what failed are this close
MOST_RATE = 400.0
WARM_UP_S = 3.0
LOOK_S = 10.0  # so often is looked whether a try can still hold


@dataclass
class Probe:
    """One side at one rate for a time."""

    side: str
    rate: float
    seconds: float
    calls: int
    failed: int
    retransmissions: int
    p99_ms: float
    cpu: float
    why: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing was wrong."""
        return not self.why


@dataclass
class Search:
    """How far a side is: the highest rate that held, the lowest that did not."""

    side: str
    rate: float
    held: float = 0.0
    broke: float = math.inf
    probes: list[Probe] = field(default_factory=list)

    def take(self, probe: Probe) -> None:
        """What was found, and the rate to try next."""
        self.probes.append(probe)
        if probe.holds:
            self.held = max(self.held, probe.rate)
            self.rate = probe.rate * RISE if self.broke == math.inf else (self.held + self.broke) / 2
        else:
            self.broke = min(self.broke, probe.rate)
            self.rate = (self.held + self.broke) / 2
        self.rate = min(self.rate, MOST_RATE)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing between what held and what broke."""
        return self.broke <= max(self.held, 0.5) * CLOSE or self.held >= MOST_RATE or self.broke < 1


async def probe(stage: Stage, side: str, rate: float, seconds: float) -> Probe:
    """Callers at that rate for the time; everything that went wrong is in `why`."""
    ground = stage.switch(side)
    calls = int(rate * (seconds + WARM_UP_S))
    trouble = ""
    async with (
        SipAgents(ground.sip, stage.passwords, HABIT) as agents,
        SippRun.callers(
            ground.sip,
            callers_of(stage.seats, min(calls, 900 * len(stage.seats))),
            calls=calls,
            rate=rate,
            presses=[Press(PRESS_S)],
            timeout_s=seconds + 60,
        ) as run,
    ):
        await asyncio.sleep(WARM_UP_S)
        before, began = ground.meter.read(), time.monotonic()
        while not trouble and (left_s := began + seconds - time.monotonic()) > 0:
            await asyncio.sleep(min(LOOK_S, left_s))
            if left_s > LOOK_S:
                trouble = lost_to(calls, run.counts(), steps_ms(run.said(), agents))
        cpu = spent(before, ground.meter.read())["all"] / (time.monotonic() - began)
        if trouble:
            trouble += f", given up after {time.monotonic() - began:.0f} s"
            run.stop_dialling()
        try:
            counts = (await run.finished()).counts
        except SippError as error:
            counts, trouble = run.counts(), trouble or str(error)[:100]
        took_ms = steps_ms(run.said(), agents)
    p99_ms = quantile(took_ms, 0.99)
    trouble = trouble or verdict(calls, counts, p99_ms)
    await asyncio.sleep(2.0)
    return Probe(side, rate, seconds, counts.created, counts.failed, counts.retransmissions, p99_ms, cpu, trouble)


def steps_ms(said: Sequence[str], agents: SipAgents) -> list[float]:
    """From each key of which SIPp wrote to the ring that answered it; a key without a ring has taken until now."""
    to_wall, now = time.time() - time.monotonic(), time.time()
    rings = {ring.caller: ring.rung_at + to_wall for seat in agents.seats.values() for ring in reversed(seat.rings)}
    keys = dict(pressed_of(line.split(" ", 1)[1]) for line in said if line.startswith("pressed "))
    return [(rings.get(number, now) - at) * 1000 for number, at in keys.items()]


def lost_to(calls: int, so_far: SippCounts, took_ms: Sequence[float]) -> str:
    """Why a try of so many calls can hold no more, whatever comes; nothing while it can."""
    if so_far.failed:
        return f"{so_far.failed} failed"
    if so_far.retransmissions > most_retransmissions(calls):
        return f"{so_far.retransmissions} retransmissions"
    late = sum(took > STEP_MS for took in took_ms)
    return f"{late} menu steps over {STEP_MS:g} ms" if late > calls * 0.01 else ""


def pressed_of(line: str) -> tuple[str, float]:
    """Number and wall-clock seconds of a line that SIPp wrote at the key: `13800002000 2026-01-31 12:00:00.123456 1769860800.123456`."""
    words = line.split()
    return words[0], float(words[-1])


def most_retransmissions(calls: int) -> float:
    """So many messages may be sent again among that many calls."""
    return max(5, calls * RETRANSMITTED_AT_MOST)


def verdict(calls: int, counts: SippCounts, p99_ms: float) -> str:
    """Why a rate did not hold, or nothing."""
    if counts.failed or counts.successful < calls:
        return f"{counts.failed} failed, {calls - counts.failed - counts.successful} unfinished"
    if counts.retransmissions > most_retransmissions(calls):
        return f"{counts.retransmissions} retransmissions"
    if not p99_ms < STEP_MS:
        return f"menu step p99 {p99_ms:.0f} ms"
    return ""


async def search(stage: Stage, options: argparse.Namespace) -> list[Search]:
    """Probes in turns until each side's limit is found, then the long confirmation."""
    searches = [Search(side, options.first) for side in SIDES]
    while not all(one.is_over for one in searches):
        for one in searches:
            if not one.is_over:
                one.take(show(await probe(stage, one.side, one.rate, options.probe)))
    for one in searches:
        rate = one.held
        while rate >= 1:
            held = show(await probe(stage, one.side, rate, options.hold))
            one.probes.append(held)
            if held.holds:
                one.held = rate
                break
            rate *= FALL
        else:
            raise NoFigure(f"{one.side}: no rate held for {options.hold:g} s")
    return searches


def show(found: Probe) -> Probe:
    """One line a probe."""
    print(
        f"{found.side:22s} {found.rate:6.1f} calls/s for {found.seconds:4.0f} s: step p99 {found.p99_ms:6.1f} ms, CPU {found.cpu:.2f} s/s  {found.why or 'holds'}",
        flush=True,
    )
    return found


def run(options: argparse.Namespace) -> Report:
    """The search; raises NoFigure."""
    if options.first < 1 or options.first > MOST_RATE:
        raise NoFigure(f"first rate {options.first:g}: from 1 to {MOST_RATE:g} calls a second")
    refuse(options.agents, 0, 1, min(options.probe, options.hold))
    with a_stage(options.agents) as stage:
        searches = asyncio.run(search(stage, options))
    lines = [
        "| side | calls/s | menu step p99 ms | CPU s/s of the side | held for s | what the next rate broke on |",
        "|---|---|---|---|---|---|",
    ]
    for one in searches:
        held, broke = one.probes[-1], next((p for p in reversed(one.probes) if not p.holds), None)
        why = f"{broke.rate:.1f}: {broke.why}" if broke else "-"
        lines.append(f"| {one.side} | {one.held:.1f} | {held.p99_ms:.0f} | {held.cpu:.2f} | {held.seconds:g} | {why} |")
    ours, queue, dial = (one.held for one in searches)
    lines += ["", f"Ours / app_queue: {ours / queue:.2f}; ours / plain Dial: {ours / dial:.2f}."]
    missed = [f"capacity is {ours / queue:.2f} of app_queue's, limit 1.0"] if ours < queue else []
    raw = [
        (
            p.side,
            f"{p.rate:.2f}",
            p.seconds,
            p.calls,
            p.failed,
            p.retransmissions,
            f"{p.p99_ms:.1f}",
            f"{p.cpu:.3f}",
            p.why,
        )
        for one in searches
        for p in one.probes
    ]
    series = {
        one.side: sorted((p.rate, min(p.p99_ms, 1000.0)) for p in one.probes if p.seconds == options.probe)
        for one in searches
    }
    header = ("side", "rate", "seconds", "calls", "failed", "retransmissions", "step_p99_ms", "cpu", "why")
    return Report(
        "capacity",
        command_of(__spec__, options),
        lines,
        header,
        raw,
        series,
        ("calls/s", "menu step p99 ms"),
        missed=missed,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__doc__)
    parser.add_argument("--agents", type=int, default=300)
    parser.add_argument("--first", type=float, default=10.0)
    parser.add_argument("--probe", type=float, default=10.0)
    parser.add_argument("--hold", type=float, default=180.0)
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
