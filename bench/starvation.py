"""The longest wait of the lowest tier while VIP callers never stop coming: ours beside app_queue's priority.

Run: python -m bench.starvation [--seconds 45] [--rounds 2]
Five agents with talks of 1 s; eight VIP callers always wait. Ten ordinary callers come at the start. Ours: the ordinary target is 5 s, so that such a caller competes by deadline
after 15 s (age_ratio 3). app_queue: QUEUE_PRIO 10 for VIP callers. Waited is from dialling until a seat rings; who is not rung in the time has waited at least as long.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence

from bench.callers import callers_of
from bench.pages import Report, command_of, finish, parser_of
from bench.sides import LEASTRECENT, OURS, VIP_PREFIX
from bench.sip_agents import SipAgents
from bench.sip_seat import Habit
from bench.stage import NOT_ANNOUNCED, Stage, a_stage, refuse
from bench.turns import Turn, in_turns, median_of
from tests.robots.sipp.callers import SippCaller
from tests.robots.sipp.run import SippRun

SIDES = (OURS, LEASTRECENT)
AGENTS, VIPS_WAITING, ORDINARY = 5, 8, 10
HABIT = Habit(answer_after_s=0.02, talk_s=1.0)
TIERS = "[tiers.vip]\nanswer_within_s = 5\ngoal = 0.95\n[tiers.ordinary]\nanswer_within_s = 5\ngoal = 0.9\n"
VIP_RATE = 20.0  # more than five agents serve: those who find the line full come when somebody leaves


async def measure(stage: Stage, side: str, number: int, seconds: float) -> Turn:
    """One side: VIP callers fill the line, ordinary callers come, the time passes."""
    ground = stage.switch(side)
    vips = [SippCaller(f"{VIP_PREFIX}{n:08d}") for n in range(1000)]
    async with (
        SipAgents(ground.sip, stage.passwords, HABIT) as agents,
        SippRun.callers(
            ground.sip, vips, calls=100_000, rate=VIP_RATE, at_once=AGENTS + VIPS_WAITING, timeout_s=seconds + 60
        ) as vip_run,
    ):
        await vip_run.until(lambda counts: counts.current >= AGENTS + VIPS_WAITING, 20)
        await asyncio.sleep(1.0)
        ordinary = callers_of(stage.seats, ORDINARY, stay_s=seconds + 5)
        async with SippRun.callers(ground.sip, ordinary, rate=50.0, timeout_s=seconds + 60):
            began = time.monotonic()
            await asyncio.sleep(seconds)
            rung = {
                ring.caller: ring.rung_at - began for seat in agents.seats.values() for ring in reversed(seat.rings)
            }
            served = sum(seat.counts["answered"] for seat in agents.seats.values())
            await asyncio.to_thread(ground.cli, "channel request hangup all")
    await asyncio.sleep(2.0)
    waits = [min(rung.get(caller.number, seconds), seconds) for caller in ordinary]
    figures = {
        "longest": max(waits),
        "rung": float(sum(caller.number in rung for caller in ordinary)),
        "served": float(served),
    }
    return Turn(side, number, figures, [(side, number, f"{wait:.2f}", int(wait < seconds)) for wait in waits])


def show(turn: Turn) -> None:
    """One line a phase."""
    print(
        f"round {turn.round}  {turn.side:22s} longest wait {turn.figures['longest']:6.1f} s, {turn.figures['rung']:.0f} of {ORDINARY} rung",
        flush=True,
    )


def run(options: argparse.Namespace) -> Report:
    """All rounds; raises NoFigure."""
    refuse(AGENTS, VIPS_WAITING + ORDINARY, options.rounds, options.seconds)
    with a_stage(AGENTS, more=NOT_ANNOUNCED + TIERS, tiers=True) as stage:
        turns = asyncio.run(
            in_turns(SIDES, options.rounds, lambda side, n: measure(stage, side, n, options.seconds), show)
        )
    lines = [
        "| side | longest wait of an ordinary caller s | ordinary callers rung | calls answered in all |",
        "|---|---|---|---|",
    ]
    for side in SIDES:
        longest, rung = median_of(turns, side, "longest"), median_of(turns, side, "rung")
        least = "more than " if rung < ORDINARY else ""
        lines.append(
            f"| {side} | {least}{longest:.1f} | {rung:.0f} of {ORDINARY} | {median_of(turns, side, 'served'):.0f} |"
        )
    raw = [row for turn in turns for row in turn.raw]
    return Report("starvation", command_of(__spec__, options), lines, ("side", "round", "wait_s", "rung"), raw)


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__doc__)
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--rounds", type=int, default=2)
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
