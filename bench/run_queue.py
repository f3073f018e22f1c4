"""How long Asterisk's threads stand in line for a core once they are woken, and behind whom, while callers wait: with music and in silence.

Run: python -m bench.run_queue [--size 50x150] [--talk 5] [--seconds 5] [--rounds 1]
The load of bench.idle_to_ring; the kernel's own events of waking and switching tell. Needs root and perf.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bench.callers import with_load
from bench.idle_to_ring import Case, cases_of, refuse_case
from bench.idle_to_ring import measure as measure_gaps
from bench.meter import ASTERISK
from bench.meter import OURS as OUR_PROCESSES
from bench.pages import Report, command_of, finish, parser_of
from bench.perf_trace import WAKES, Perf, Wait
from bench.sides import LEASTRECENT, OURS
from bench.stage import Stage, a_stage
from bench.turns import NoFigure, Turn, in_turns, median_of, quantile

SIDES = (OURS, LEASTRECENT)
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
AGENTS, CALLERS, NOBODY, OTHERS = "the seats' phones", "callers (SIPp)", "nobody", "others"
FRONT = (ASTERISK, OUR_PROCESSES, AGENTS, CALLERS, OTHERS, NOBODY)
MIN_WAITS = 1000
WAKE_UPS, GAP = "wake-ups a second", "gap p50"


def in_front(waits: Sequence[Wait], owner: Mapping[int, str]) -> dict[str, float]:
    """Share of all time in the line that each group had the core, adding up to 1; `nobody`: the core was free, its waking took that long."""
    had: Counter[str] = Counter()
    for wait in waits:
        for process, seconds in wait.behind:
            had[NOBODY if process == 0 else owner.get(process, OTHERS)] += seconds
    whole = sum(had.values()) or 1.0
    return {group: had[group] / whole for group in FRONT}


def children_of(parent: int) -> list[int]:
    """The processes that `parent` has started and that are there now. Source: proc(5), stat field 4."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text(errors="replace").rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


async def measure(stage: Stage, case: Case, music: str, side: str, number: int) -> Turn:
    """One side; figures in ms, wake-ups a second and shares."""
    groups = stage.ground(side).meter.groups
    asterisk = next(pid for pid, group in groups.items() if group == ASTERISK)
    started: set[int] = set()
    with tempfile.TemporaryDirectory(prefix="jt-perf-") as name:
        perf = Perf(Path(name) / "wakes.data", WAKES)

        @asynccontextmanager
        async def looking() -> AsyncIterator[None]:
            started.update(children_of(os.getpid()))
            async with perf:
                yield

        gaps = await measure_gaps(stage, case, side, number, looking())
        waits = [wait for wait in await perf.waits() if wait.process == asterisk]
    if len(waits) < MIN_WAITS:
        raise NoFigure(f"{side}, round {number}: Asterisk was woken {len(waits)} times, not {MIN_WAITS}")
    owner = dict.fromkeys(started, CALLERS) | {os.getpid(): AGENTS} | groups
    figures = {name: quantile([1000 * wait.seconds for wait in waits], share) for name, share in SHARES.items()}
    figures |= {WAKE_UPS: len(waits) / case.seconds, GAP: gaps.figures["p50"]} | in_front(waits, owner)
    return Turn(side, number, figures, [(music, side, number, what, f"{value:.4f}") for what, value in figures.items()])


def show(turn: Turn) -> None:
    """One line a phase."""
    print(
        f"round {turn.round}  {turn.side:22s} "
        + "  ".join(f"{name} {value:.2f}" for name, value in turn.figures.items()),
        flush=True,
    )


def table(turns: Mapping[str, Sequence[Turn]]) -> list[str]:
    """A row for each side in silence and with music."""
    lines = [
        "| callers hear | side | wake-ups a second | "
        + " | ".join(f"in line {name} ms" for name in SHARES)
        + " | from hanging up to the next ring p50 ms | had the core meanwhile |",
        "|---|---|---|" + "---|" * len(SHARES) + "---|---|",
    ]
    for music, each in turns.items():
        for side in SIDES:
            cells = [
                f"{median_of(each, side, WAKE_UPS):,.0f}",
                *(f"{median_of(each, side, name):.2f}" for name in SHARES),
                f"{median_of(each, side, GAP):.1f}",
            ]
            had = ", ".join(f"{group} {median_of(each, side, group):.0%}" for group in FRONT)
            lines.append(f"| {music} | {side} | " + " | ".join(cells) + f" | {had} |")
    return lines


def run(options: argparse.Namespace) -> Report:
    """In silence and with music; raises NoFigure."""
    cases = cases_of(
        argparse.Namespace(
            sizes=options.size, talks=f"{options.talk:g}", seconds=options.seconds, retransmitted=options.retransmitted
        )
    )
    if len(cases) != 1:
        raise NoFigure(f"size {options.size!r}: one, such as 50x150")
    [case] = cases
    refuse_case(case, options.rounds)
    turns: dict[str, list[Turn]] = {}
    for music in ("nothing", "music"):
        with a_stage(case.agents, music=music == "music") as stage:
            turns[music] = asyncio.run(
                in_turns(SIDES, options.rounds, lambda side, n, s=stage, m=music: measure(s, case, m, side, n), show)
            )
    raw = [row for each in turns.values() for turn in each for row in turn.raw]
    return Report(
        "run-queue",
        command_of(__spec__, options),
        table(turns),
        ("callers_hear", "side", "round", "what", "value"),
        raw,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """The command; exit code 2 without a figure."""
    parser = parser_of(__doc__)
    parser.add_argument("--size", default="50x150")
    parser.add_argument("--talk", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=1)
    with_load(parser)
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
