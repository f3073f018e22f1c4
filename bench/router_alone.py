"""The router alone, from 100 to 100,000 agents and as many waiting calls: cost of an event, memory, and how both grow.

Run: python -m bench.router_alone [--sizes 100,1000,10000,100000] [--turns 3000] [--rounds 3]
Each size runs in a process of its own, sizes take turns in each round. Time is CPU time of the process: it does nothing but decide. Memory is what the hotline added to the process (resident). The growth exponent k is that of
cost = c * size^k: 0 is constant, 1 is linear. The peer is the same code at the smallest size: nothing else decides alone.
"""

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.engine_step import Hotline
from bench.pages import Report, command_of, finish, parser_of
from bench.turns import NoFigure, Turn, growth_exponent, in_turns, median_of, ratio, shown

LARGEST = 200_000
LIMIT_EVENTS_S, LIMIT_AT = 50_000, 1000


def resident_mb() -> float:
    """Of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def measure_here(size: int, turns: int) -> dict[str, float]:
    """Microseconds a step, events a second, MB, and seconds to fill the hotline, at that size in this process."""
    gc.collect()
    empty_mb, began = resident_mb(), time.process_time()
    hotline = Hotline(size, size)
    filled_s = time.process_time() - began
    gc.collect()
    full_mb = resident_mb()
    gc.freeze()  # as the router's process does
    before, began = hotline.steps, time.process_time()
    for number in range(turns):
        hotline.turn(number % len(hotline.talking))
    step_us = (time.process_time() - began) / (hotline.steps - before) * 1e6
    return {"us": step_us, "events_s": 1e6 / step_us, "mb": full_mb - empty_mb, "filled_s": filled_s}


async def measure(size: int, number: int, turns: int) -> Turn:
    """The same in a process of its own."""
    argv = [sys.executable, "-m", "bench.router_alone", "--here", str(size), "--turns", str(min(turns, size))]
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise NoFigure(f"{size:,} agents, round {number}: {done.stderr[-500:]}")
    figures = json.loads(done.stdout)
    return Turn(
        str(size),
        number,
        figures,
        [(size, number, *(f"{figures[name]:.3f}" for name in ("us", "events_s", "mb", "filled_s")))],
    )


def run(options: argparse.Namespace) -> Report:
    """All sizes in turns; raises NoFigure."""
    try:
        sizes = [int(size) for size in options.sizes.split(",")]
    except ValueError:
        raise NoFigure(f"sizes {options.sizes!r}: write 100,1000") from None
    if len(sizes) < 2 or sorted(set(sizes)) != sizes or not 10 <= sizes[0] <= sizes[-1] <= LARGEST:
        raise NoFigure(f"sizes {options.sizes!r}: two or more, rising, from 10 to {LARGEST:,}")
    if options.turns < 10 or options.rounds < 1:
        raise NoFigure("turns must be 10 or more, rounds 1 or more")
    words = [str(size) for size in sizes]
    turns = asyncio.run(in_turns(words, options.rounds, lambda side, n: measure(int(side), n, options.turns), show))
    lines = [
        "| agents and waiting calls, each | µs an event | events/s | cost / cost at the smallest (rounds) | memory MB | KB an agent and a call |",
        "|---|---|---|---|---|---|",
    ]
    for size in words:
        us, events, mb = (median_of(turns, size, name) for name in ("us", "events_s", "mb"))
        lines.append(
            f"| {int(size):,} | {us:.1f} | {events:,.0f} | {ratio(turns, size, words[0], 'us')} | {mb:,.1f} | {mb * 1024 / int(size):.1f} |"
        )
    cost = growth_exponent(sizes, [median_of(turns, size, "us") for size in words])
    memory = (
        growth_exponent(sizes[1:], [max(median_of(turns, size, "mb"), 0.1) for size in words[1:]])
        if len(sizes) > 2
        else None
    )
    lines += [
        "",
        f"Growth exponent of the cost of an event: {cost:.2f}"
        + (f"; of memory from {sizes[1]:,} on: {memory:.2f}." if memory is not None else "."),
    ]
    missed = [
        f"{LIMIT_AT:,} agents: {median_of(turns, size, 'events_s'):,.0f} events/s, limit {LIMIT_EVENTS_S:,}"
        for size in words
        if int(size) == LIMIT_AT and median_of(turns, size, "events_s") < LIMIT_EVENTS_S
    ]
    curve = [(float(size), median_of(turns, size, "us")) for size in words]
    header = ("size", "round", "us_an_event", "events_s", "mb", "filled_s")
    return Report(
        "router-alone", command_of(__spec__, options), lines, header, [row for turn in turns for row in turn.raw],
        {"engine.step": curve}, ("agents and waiting calls, each", "µs an event"), (True, False), missed,
    )  # fmt: skip


def show(turn: Turn) -> None:
    """One line a phase."""
    print(
        f"round {turn.round}  {int(turn.side):7,d}  "
        + "  ".join(f"{name} {shown(value)}" for name, value in turn.figures.items()),
        flush=True,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__doc__)
    parser.add_argument("--sizes", default="100,1000,10000,100000")
    parser.add_argument("--turns", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--here", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.here is not None:
        print(json.dumps(measure_here(options.here, options.turns)))
        return 0
    return finish(run, options)


if __name__ == "__main__":
    sys.exit(main())
