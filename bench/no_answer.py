"""An agent lets a call ring in vain: time from the end of the ringing until the caller's next seat rings. Ours beside app_queue.

Run: python -m bench.no_answer [--callers 15] [--rounds 2]
Twice as many seats as callers are idle and no seat answers; after the first ringing time (8 s) each caller's next ring is awaited. Measured at the seats: from CANCEL at the first
to INVITE at the next, for the same caller. app_queue is shown with the shortest pause (retry=1) and with the one it is installed with (retry=5).
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from bench.callers import callers_of
from bench.pages import Report, command_of, finish, parser_of
from bench.sides import LEASTRECENT, OURS, RETRY_5
from bench.sip_agents import SipAgents
from bench.sip_seat import Habit, Ring
from bench.stage import RING_S, Stage, a_stage, refuse
from bench.turns import NoFigure, Turn, in_turns, median_of, quantile, ratio
from tests.robots.sipp.run import SippRun

SIDES = (OURS, LEASTRECENT, RETRY_5)
IGNORES = Habit("ignore")
WITHIN_S = 4 * RING_S + 20.0  # with a pause of 5 s before a first ring that was refused, and after it


async def measure(stage: Stage, side: str, number: int, callers: int) -> Turn:
    """One side: every caller's first two rings."""
    ground = stage.switch(side)
    async with (
        SipAgents(ground.sip, stage.passwords, IGNORES) as agents,
        SippRun.callers(ground.sip, callers_of(stage.seats, callers), rate=30.0, timeout_s=WITHIN_S + 60) as run,
    ):
        deadline = time.monotonic() + WITHIN_S
        while min(len(rings) for rings in rings_of(agents, callers)) < 2:
            if time.monotonic() > deadline:
                raise NoFigure(f"{side}, round {number}: a caller was not rung twice within {WITHIN_S:g} s")
            await asyncio.sleep(0.05)
        found = [rings[:2] for rings in rings_of(agents, callers)]
        for seat in agents.seats.values():
            seat.habit = Habit(answer_after_s=0.0, talk_s=0.1)
        await asyncio.to_thread(ground.cli, "channel request hangup all")
        await run.finished()
    await asyncio.sleep(1.0)
    gaps_ms = [(second.rung_at - first.ended_at) * 1000 for first, second in found]
    if not all(first.ended_by == "cancel" for first, _ in found):
        raise NoFigure(f"{side}, round {number}: a first ring did not end by itself")
    figures = {"p50": quantile(gaps_ms, 0.5), "max": max(gaps_ms)}
    return Turn(side, number, figures, [(side, number, f"{gap:.1f}") for gap in gaps_ms])


def rings_of(agents: SipAgents, callers: int) -> list[list[Ring]]:
    """The rings of each caller in order; an empty list for each caller who was not rung yet."""
    by_caller: dict[str, list[Ring]] = {}
    for ring in sorted((ring for seat in agents.seats.values() for ring in seat.rings), key=lambda ring: ring.rung_at):
        by_caller.setdefault(ring.caller, []).append(ring)
    return [*by_caller.values(), *([[]] * (callers - len(by_caller)))]


def show(turn: Turn) -> None:
    """One line a phase."""
    print(
        f"round {turn.round}  {turn.side:32s} p50 {turn.figures['p50']:8.1f} ms  max {turn.figures['max']:8.1f} ms",
        flush=True,
    )


def run(options: argparse.Namespace) -> Report:
    """All rounds; raises NoFigure."""
    if not 1 <= options.callers <= 200:
        raise NoFigure(f"callers {options.callers}: from 1 to 200")
    refuse(2 * options.callers, options.callers, options.rounds)
    with a_stage(2 * options.callers) as stage:
        turns = asyncio.run(
            in_turns(SIDES, options.rounds, lambda side, n: measure(stage, side, n, options.callers), show)
        )
    lines = ["| side | p50 ms | max ms | side / ours, p50 (rounds) |", "|---|---|---|---|"]
    for side in SIDES:
        of = "" if side == OURS else str(ratio(turns, side, OURS, "p50"))
        lines.append(f"| {side} | {median_of(turns, side, 'p50'):.1f} | {median_of(turns, side, 'max'):.1f} | {of} |")
    raw = [row for turn in turns for row in turn.raw]
    return Report("no-answer", command_of(__spec__, options), lines, ("side", "round", "gap_ms"), raw)


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__doc__)
    parser.add_argument("--callers", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=2)
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
