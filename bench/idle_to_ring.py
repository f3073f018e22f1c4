"""Time from an agent's hanging up to the next ring at its seat while callers wait: ours beside app_queue with two strategies.

Run: python -m bench.idle_to_ring [--sizes 10x30,50x150] [--talks 2,20] [--seconds 40] [--rounds 2] [--no-music]
A gap is measured at the seat: from its BYE (sent) to its next INVITE (arrived). Same SIPp callers, same UDP seats, talks exponential; sides take turns.
With 20 s of talk the first gaps come late: such a phase lasts three times `seconds`, and any phase until GAPS_DUE gaps should have come.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass

from bench.callers import RETRANSMITTED_AT_MOST, callers_of, clean, with_load
from bench.meter import cpu_times, stolen
from bench.pages import Report, command_of, finish, parser_of
from bench.sides import LEASTRECENT, OURS, RRMEMORY
from bench.sip_agents import SipAgents
from bench.sip_seat import Habit
from bench.stage import Stage, a_stage, refuse
from bench.turns import NoFigure, Turn, in_turns, median_of, quantile, ratio, shown
from tests.robots.sipp.run import SippRun

SIDES = (OURS, LEASTRECENT, RRMEMORY)
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
STOLEN = "stolen by the hypervisor"  # share of the CPU time wanted meanwhile
WARM_UP_S = 5.0
FILL_RATE = 50.0  # calls a second until the line is full; then only as many as leave
MIN_GAPS = 20  # below it a p99 means nothing
GAPS_DUE = 40  # a phase is so long that MIN_GAPS come all but surely
LONG_TALK_S = 10.0
LIMIT_SIZE, LIMIT_P99_MS, LIMIT_P50, LIMIT_P99 = "50x150", 15.0, 100.0, 50.0


@dataclass(frozen=True)
class Case:
    """A hotline: agents, callers waiting, mean length of a talk, and for how long gaps are taken."""

    agents: int
    waiting: int
    talk_s: float
    seconds: float
    retransmitted: float = RETRANSMITTED_AT_MOST

    @property
    def size(self) -> str:
        """As it is written: 50x150."""
        return f"{self.agents}x{self.waiting}"

    @property
    def habit(self) -> Habit:
        """How agents behave: they answer at once and talk exponentially long."""
        return Habit(answer_after_s=0.05, talk_s=self.talk_s, talk_is_exponential=True)


async def measure(
    stage: Stage, case: Case, side: str, number: int, beside: AbstractAsyncContextManager[object] | None = None
) -> Turn:
    """One side: callers fill the line, the warm-up passes, gaps are taken for the time (with `beside` open), then the line runs empty."""
    ground = stage.switch(side)
    at_once = case.agents + case.waiting
    run_s = case.seconds + WARM_UP_S + at_once / FILL_RATE
    calls = at_once + int(run_s * (case.agents / case.talk_s + 5) * 2)
    async with (
        SipAgents(ground.sip, stage.passwords, case.habit) as agents,
        SippRun.callers(
            ground.sip, callers_of(stage.seats), calls=calls, rate=FILL_RATE, at_once=at_once, timeout_s=run_s + 180
        ) as run,
    ):
        await run.until(lambda counts: counts.current >= at_once * 0.95, 90)
        await asyncio.sleep(WARM_UP_S)
        seen, before = len(agents.gaps()), cpu_times()
        async with beside or nullcontext():
            await asyncio.sleep(case.seconds)
        gaps_ms, gone = [gap.gap_ms for gap in agents.gaps()[seen:]], stolen(before, cpu_times())
        run.stop_dialling()
        agents.set_habit(Habit(answer_after_s=0.0, talk_s=0.2))  # the line runs empty quickly
        for seat in agents.seats.values():
            seat.hang_up()
        clean((await run.finished()).counts, f"{case.size}, {side}", case.retransmitted)
    if len(gaps_ms) < MIN_GAPS:
        raise NoFigure(f"{case.size}, {side}, round {number}: only {len(gaps_ms)} gaps: measure for longer")
    await asyncio.sleep(1.0)
    figures = {name: quantile(gaps_ms, share) for name, share in SHARES.items()} | {STOLEN: gone}
    raw = [(case.size, f"{case.talk_s:g}", side, number, f"{gap:.3f}") for gap in gaps_ms]
    return Turn(side, number, figures, raw)


def show(turn: Turn) -> None:
    """One line a phase."""
    print(
        f"round {turn.round}  {turn.side:22s} {len(turn.raw):6d} gaps  "
        + "  ".join(f"{name} {turn.figures[name]:8.1f}" for name in SHARES)
        + f"  {STOLEN} {turn.figures[STOLEN]:4.0%}",
        flush=True,
    )


def rows_of(case: Case, turns: Sequence[Turn]) -> list[str]:
    """The case's rows: a line a side, with the ratio to ours in each peer's line."""
    lines = []
    for side in SIDES:
        cells = [f"{median_of(turns, side, name):.1f}" for name in SHARES]
        if side != OURS:
            cells = [f"{cell} = {ratio(turns, side, OURS, name)} x" for cell, name in zip(cells, SHARES, strict=True)]
        gaps = sum(len(turn.raw) for turn in turns if turn.side == side)
        lines.append(f"| {case.size} | {case.talk_s:g} | {side} | {gaps} | " + " | ".join(cells) + " |")
    return lines


def missed_of(case: Case, turns: Sequence[Turn]) -> list[str]:
    """The limits that do not hold, in words; they are set for 50x150."""
    if case.size != LIMIT_SIZE:
        return []
    name, missed = f"{case.size}, talk {case.talk_s:g} s", []
    p99 = median_of(turns, OURS, "p99")
    if p99 > LIMIT_P99_MS:
        missed.append(f"{name}: p99 {p99:.1f} ms, limit {LIMIT_P99_MS:g} ms")
    for peer in SIDES[1:]:
        for figure, least in (("p50", LIMIT_P50), ("p99", LIMIT_P99)):
            of = ratio(turns, peer, OURS, figure)
            if of.median < least:
                missed.append(f"{name}: {figure} of {peer} is {shown(of.median)} times ours, limit {least:g}")
    return missed


def refuse_case(case: Case, rounds: int) -> None:
    """Raises NoFigure, with the reason, when there would be no line, or as `stage.refuse` does."""
    leave = case.agents / case.talk_s
    if leave >= FILL_RATE:
        raise NoFigure(
            f"{case.size}, talks of {case.talk_s:g} s: the agents take {leave:g} callers a second, "
            f"and {FILL_RATE:g} come: there would be no line; take longer talks"
        )
    refuse(case.agents, case.waiting, rounds, case.seconds)


def run(options: argparse.Namespace) -> Report:
    """All cases, each on a site of its size; raises NoFigure."""
    cases = cases_of(options)
    for case in cases:
        refuse_case(case, options.rounds)
    lines = [
        "| agents x waiting | talk s | side | gaps | p50 ms | p90 ms | p99 ms | max ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    raw: list[Sequence[object]] = []
    missed: list[str] = []
    curves: dict[str, list[tuple[float, float]]] = {}
    for case in cases:
        print(f"{case.size}, talks of {case.talk_s:g} s")
        with a_stage(case.agents, music=not options.no_music) as stage:
            turns = asyncio.run(
                in_turns(SIDES, options.rounds, lambda side, n, s=stage, c=case: measure(s, c, side, n), show)
            )
        lines += rows_of(case, turns)
        missed += missed_of(case, turns)
        raw += [row for turn in turns for row in turn.raw]
        if case is cases[-1] or case.size == LIMIT_SIZE:
            curves = {side: _distribution(turns, side) for side in SIDES}
    name = "idle-to-ring-silent" if options.no_music else "idle-to-ring"
    header = ("agents_x_waiting", "talk_s", "side", "round", "gap_ms")
    return Report(
        name,
        command_of(__spec__, options),
        lines,
        header,
        raw,
        curves,
        ("ms from hanging up to the next ring", "share of gaps"),
        (True, False),
        missed,
    )


def cases_of(options: argparse.Namespace) -> list[Case]:
    """Every size with every length of talk; raises NoFigure for words that are none."""
    try:
        sizes = [tuple(int(part) for part in size.split("x")) for size in options.sizes.split(",")]
        talks = [float(talk) for talk in options.talks.split(",")]
        if not min(talks) > 0:
            raise ValueError
        return [
            Case(
                agents,
                waiting,
                talk_s,
                max(options.seconds * (3 if talk_s >= LONG_TALK_S else 1), GAPS_DUE * talk_s / max(1, agents)),
                getattr(options, "retransmitted", RETRANSMITTED_AT_MOST),
            )
            for agents, waiting in sizes
            for talk_s in talks
        ]
    except ValueError:
        raise NoFigure(f"sizes {options.sizes!r}, talks {options.talks!r}: write 10x30,50x150 and 2,20") from None


def _distribution(turns: Sequence[Turn], side: str) -> list[tuple[float, float]]:
    gaps = sorted(float(row[-1]) for turn in turns if turn.side == side for row in turn.raw)
    shares = [n / 100 for n in range(1, 101)]
    return [(quantile(gaps, share), share) for share in shares]


def main(argv: Sequence[str] | None = None) -> int:
    """The command; exit code 2 without a figure, 1 when a limit does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--sizes", default=LIMIT_SIZE)
    parser.add_argument("--talks", default="5")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument(
        "--no-music",
        action="store_true",
        help="callers hear nothing while they wait: 800 streams take more than two cores on any side",
    )
    with_load(parser)
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
