"""What callers cost while they wait and nobody is free: CPU of Asterisk, of all our processes and of the store, ours beside app_queue.

Run: python -m bench.waiting_cost [--sizes 0,250,500,1000,2000] [--seconds 10] [--rounds 2] [--music]
All agents talk the whole time. The line grows from size to size; at each size CPU time is read before and after `seconds`. Sides take turns.
Without music by default: sending 2,000 streams of music takes more than two cores on either side, and is measured apart, with fewer callers.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bench.callers import Line, clean, hang_up_everybody, talking_agents
from bench.meter import ASTERISK, spent
from bench.pages import Report, command_of, finish, parser_of
from bench.sides import LEASTRECENT, OURS
from bench.stage import Stage, a_stage, refuse
from bench.turns import Turn, in_turns, median_of, ratio, shown

AGENTS = 10
SETTLE_S = 3.0
FILL_RATE = 50.0
SIDES = (OURS, LEASTRECENT)


async def measure(stage: Stage, side: str, number: int, sizes: Sequence[int], seconds: float) -> Turn:
    """One side: the line grows from size to size."""
    ground = stage.switch(side)
    figures: dict[str, float] = {}
    raw = []
    stay_s = len(sizes) * (seconds + 60)
    async with talking_agents(stage, ground) as talkers, Line(stage, ground, FILL_RATE, stay_s) as line:
        empty_mb = ground.meter.read()[ASTERISK].memory_mb
        for size in sizes:
            await line.grow_to(size)
            await asyncio.sleep(SETTLE_S)
            before = ground.meter.read()
            await asyncio.sleep(seconds)
            after = ground.meter.read()
            line.check(size)
            clean(talkers.counts(), "callers who talk")
            used = {group: cpu_s / seconds for group, cpu_s in spent(before, after).items()}
            memory_mb, threads = after[ASTERISK].memory_mb, sum(cost.threads for cost in after.values())
            figures[f"cpu {size}"] = used["all"]
            figures[f"threads {size}"] = threads
            if size:
                figures[f"kb {size}"] = max(0.0, memory_mb - empty_mb) * 1024 / size
            raw.append(
                (
                    side,
                    number,
                    size,
                    *(f"{used[group]:.4f}" for group in ("asterisk", "ours", "store")),
                    f"{memory_mb:.1f}",
                    threads,
                )
            )
            print(
                f"round {number}  {side:22s} {size:5d} waiting: {used['all']:.3f} CPU s/s "
                f"({', '.join(f'{group} {value:.3f}' for group, value in used.items() if group != 'all')}), {threads} threads",
                flush=True,
            )
        await hang_up_everybody(ground, line)
    return Turn(side, number, figures, raw)


def table(turns: Sequence[Turn], sizes: Sequence[int]) -> list[str]:
    """Markdown: a row a size, ours and the peer in each."""
    lines = [
        "| waiting | ours CPU s/s | app_queue CPU s/s | ours / app_queue (rounds) | ours KB a caller | app_queue KB a caller | threads ours / app_queue |",
        "|---|---|---|---|---|---|---|",
    ]
    for size in sizes:
        ours, queue = (median_of(turns, side, f"cpu {size}") for side in SIDES)
        of = str(ratio(turns, OURS, LEASTRECENT, f"cpu {size}")) if queue else "-"
        kb = [shown(median_of(turns, side, f"kb {size}")) if size else "-" for side in SIDES]
        threads = [f"{median_of(turns, side, f'threads {size}'):.0f}" for side in SIDES]
        lines.append(f"| {size:,} | {ours:.3f} | {queue:.3f} | {of} | {kb[0]} | {kb[1]} | {' / '.join(threads)} |")
    return lines


def missed_of(turns: Sequence[Turn], sizes: Sequence[int]) -> list[str]:
    """The limit of issue 7, at each size that is above it: not above app_queue's."""
    found = {
        size: ratio(turns, OURS, LEASTRECENT, f"cpu {size}").median
        for size in sizes
        if median_of(turns, LEASTRECENT, f"cpu {size}")
    }
    return [
        f"{size:,} waiting: {shown(times)} times app_queue's, limit 1" for size, times in found.items() if times > 1
    ]


def run(options: argparse.Namespace) -> Report:
    """Starts the site and measures; raises NoFigure."""
    sizes = sorted({int(size) for size in options.sizes.split(",")})
    refuse(AGENTS, max(sizes), options.rounds, options.seconds)
    name = "waiting-cost-music" if options.music else "waiting-cost"
    with a_stage(AGENTS, music=options.music) as stage:
        turns = asyncio.run(
            in_turns(
                SIDES, options.rounds, lambda side, n: measure(stage, side, n, sizes, options.seconds), lambda _: None
            )
        )

    return Report(
        name,
        command_of(__spec__, options),
        table(turns, sizes),
        ("side", "round", "waiting", "asterisk_cpu", "ours_cpu", "store_cpu", "asterisk_mb", "threads"),
        [row for turn in turns for row in turn.raw],
        {side: [(size, median_of(turns, side, f"cpu {size}")) for size in sizes] for side in SIDES},
        ("callers waiting", "CPU s/s"),
        missed=missed_of(turns, sizes),
    )


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__doc__)
    parser.add_argument("--sizes", default="0,250,500,1000,2000")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--music", action="store_true")
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
