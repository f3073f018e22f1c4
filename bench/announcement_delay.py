"""What announcements add to a connection: time from an agent's hanging up to the next ring, with callers who are being told something and without.

Run: python -m bench.announcement_delay [--size 20x40] [--seconds 30] [--rounds 2]
Each side is its own peer: ours with and without place and wait every 5 s, app_queue with and without a sentence of the same kind every 5 s. On either side the sentence is played to the
caller who waits; app_queue's caller plays it itself and cannot be offered to an agent meanwhile.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bench.idle_to_ring import Case, cases_of, measure, show
from bench.pages import Report, command_of, finish, parser_of
from bench.sides import ANNOUNCING, LEASTRECENT, OURS
from bench.stage import PORT_BASE, a_stage, ports_of, refuse
from bench.turns import Turn, in_turns, median_of, ratio

OURS_TOLD = "ours, announcing"
SIDES = (OURS, OURS_TOLD, LEASTRECENT, ANNOUNCING)
PAIRS = ((OURS, OURS_TOLD), (LEASTRECENT, ANNOUNCING))
TOLD = "[announcements]\nevery_s = 5\n"
VOICE = 3000  # ports for each side of each stage
SECOND_BASE = PORT_BASE + 8000


def run(options: argparse.Namespace) -> Report:
    """Two stages at once, one of which announces; raises NoFigure."""
    (case,) = cases_of(argparse.Namespace(sizes=options.size, talks="2", seconds=options.seconds))
    refuse(case.agents, case.waiting, options.rounds, case.seconds)
    refuse(case.agents, port_base=SECOND_BASE)
    with (
        a_stage(case.agents, ports=ports_of(PORT_BASE, VOICE)) as plain,
        a_stage(case.agents, more=TOLD, ports=ports_of(SECOND_BASE, VOICE)) as telling,
    ):

        async def one(side: str, number: int) -> Turn:
            turn = await measure(
                telling if side == OURS_TOLD else plain, case, OURS if side == OURS_TOLD else side, number
            )
            return Turn(side, number, turn.figures, [(side, number, row[-1]) for row in turn.raw])

        turns = asyncio.run(in_turns(SIDES, options.rounds, one, show))
    return Report(
        "announcement-delay",
        command_of(__spec__, options),
        table(case, turns),
        ("side", "round", "gap_ms"),
        [row for turn in turns for row in turn.raw],
    )


def table(case: Case, turns: Sequence[Turn]) -> list[str]:
    """A row a side, and what the announcements added to p50 and p99."""
    lines = [
        "| agents x waiting | side | p50 ms | p99 ms | added to p50 ms | p99 with / without (rounds) |",
        "|---|---|---|---|---|---|",
    ]
    for without, told in PAIRS:
        for side in (without, told):
            p50, p99 = median_of(turns, side, "p50"), median_of(turns, side, "p99")
            more = (
                ("", "")
                if side == without
                else (f"{p50 - median_of(turns, without, 'p50'):.1f}", str(ratio(turns, told, without, "p99")))
            )
            lines.append(f"| {case.size} | {side} | {p50:.1f} | {p99:.1f} | {more[0]} | {more[1]} |")
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__doc__)
    parser.add_argument("--size", default="20x40")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=2)
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
