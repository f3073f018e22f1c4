"""What a handled call costs: CPU of Asterisk, of all our processes and of the store, ours beside app_queue and a plain Dial.

Run: python -m bench.cost_per_call [--agents 120] [--rate 20] [--seconds 30] [--rounds 3]
Callers come at a steady rate and agents are free, as a plain Dial has no line to wait in: it rings the seat that the caller's number names. Seats ring for 1 s,
talks last 2 s. With music the caller hears it while the seat rings. Calls are counted at the seats; everything that ran in the time counts.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from bench.callers import callers_of, clean, with_load
from bench.meter import ASTERISK, STORE, spent
from bench.meter import OURS as OUR_PROCESSES
from bench.pages import Report, command_of, finish, parser_of
from bench.sides import DIAL, LEASTRECENT, OURS, RRMEMORY
from bench.sip_agents import SipAgents
from bench.sip_seat import Habit
from bench.stage import Stage, a_stage, refuse
from bench.turns import NoFigure, Turn, in_turns, median_of, ratio
from tests.robots.sipp.run import SippRun

SIDES = (OURS, LEASTRECENT, RRMEMORY, DIAL)
HABIT = Habit(answer_after_s=1.0, talk_s=2.0)
WARM_UP_S = 6.0
GROUPS = (ASTERISK, OUR_PROCESSES, STORE)
PROCESS = "process "
LIMITS = {LEASTRECENT: 1.0, DIAL: 1.5}


async def measure(
    stage: Stage,
    side: str,
    number: int,
    options: argparse.Namespace,
    beside: AbstractAsyncContextManager[object] | None = None,
) -> Turn:
    """One side for the time, with `beside` open."""
    ground = stage.switch(side)
    calls = int(options.rate * (options.seconds + WARM_UP_S))
    async with (
        SipAgents(ground.sip, stage.passwords, HABIT) as agents,
        SippRun.callers(
            ground.sip,
            callers_of(stage.seats, 40 * len(stage.seats)),
            calls=calls,
            rate=options.rate,
            timeout_s=options.seconds + 120,
        ) as run,
    ):
        await asyncio.sleep(WARM_UP_S)
        before, done, of_each = ground.meter.read(), agents.counts()["own_bye"], ground.meter.cpu_by_process()
        async with beside or nullcontext():
            await asyncio.sleep(options.seconds)
        after, handled = ground.meter.read(), agents.counts()["own_bye"] - done
        used_by = _by_name(of_each, ground.meter.cpu_by_process())
        clean((await run.finished()).counts, side, options.retransmitted)
    await asyncio.sleep(1.0)
    if handled < options.rate * options.seconds * 0.9:
        raise NoFigure(
            f"{side}, round {number}: {handled} calls handled, {options.rate * options.seconds:.0f} were due"
        )
    used = spent(before, after)
    figures = {f"{group} ms": used[group] * 1000 / handled for group in (*GROUPS, "all")}
    figures |= {f"{PROCESS}{name}": cpu_s * 1000 / handled for name, cpu_s in used_by.items()}
    music = "no" if options.no_music else "yes"
    return Turn(side, number, figures, [(music, side, number, handled, *(f"{used[group]:.3f}" for group in GROUPS))])


def _by_name(before: Mapping[tuple[str, int], float], after: Mapping[tuple[str, int], float]) -> dict[str, float]:
    """CPU seconds by process; of several of a name, such as the router that leads and its standby, the busiest first."""
    used: dict[str, list[float]] = {}
    for (name, pid), cpu_s in after.items():
        used.setdefault(name, []).append(cpu_s - before[name, pid])
    return {
        name if number == 0 else f"{name} {number + 1}": cpu_s
        for name, each in used.items()
        for number, cpu_s in enumerate(sorted(each, reverse=True))
    }


def show(turn: Turn) -> None:
    """One line a phase."""
    print(
        f"round {turn.round}  {turn.side:22s} "
        + "  ".join(f"{name.removeprefix(PROCESS)} {value:.2f}" for name, value in turn.figures.items()),
        flush=True,
    )


def table(turns: Sequence[Turn], music: str) -> list[str]:
    """A row a side."""
    lines = []
    for side in SIDES:
        cells = [f"{median_of(turns, side, f'{group} ms'):.2f}" for group in (*GROUPS, "all")]
        of = "" if side == OURS else str(ratio(turns, OURS, side, "all ms"))
        lines.append(f"| {music} | {side} | " + " | ".join(cells) + f" | {of} |")
    return lines


def shares(turns: Sequence[Turn], music: str) -> str:
    """One line: what each process of ours takes of a call."""
    names = next(turn.figures for turn in turns if turn.side == OURS)
    each = {name.removeprefix(PROCESS): median_of(turns, OURS, name) for name in names if name.startswith(PROCESS)}
    told = ", ".join(f"{name} {ms:.2f}" for name, ms in sorted(each.items(), key=lambda item: -item[1]))
    return f"Music {music}, ours by process, ms a call: {told}."


def refuse_load(options: argparse.Namespace) -> None:
    """Raises NoFigure, with the reason, for a rate that its agents cannot serve without a line, or as `stage.refuse` does."""
    if not 0 < options.rate <= 500:
        raise NoFigure(f"rate {options.rate:g}: from 0 to 500 calls a second")
    needed = options.rate * 3.5
    if options.agents < needed:
        raise NoFigure(
            f"{options.agents} agents cannot serve {options.rate:g} calls a second without a line: {needed:.0f} can"
        )
    refuse(options.agents, 0, options.rounds, options.seconds)


def run(options: argparse.Namespace) -> Report:
    """With and without music; raises NoFigure."""
    refuse_load(options)
    lines = [
        "| music | side | Asterisk ms | our processes ms | store ms | all ms a call | ours / side (rounds) |",
        "|---|---|---|---|---|---|---|",
    ]
    raw, missed, bars, by_process = [], [], {}, []
    for no_music in (True, False):
        options.no_music = no_music
        with a_stage(options.agents, music=not no_music) as stage:
            turns = asyncio.run(
                in_turns(SIDES, options.rounds, lambda side, n, s=stage: measure(s, side, n, options), show)
            )
        music = "no" if no_music else "yes"
        lines += table(turns, music)
        by_process += ["", shares(turns, music)]
        raw += [row for turn in turns for row in turn.raw]
        for side, limit in LIMITS.items():
            of = ratio(turns, OURS, side, "all ms")
            if of.median > limit:
                missed.append(f"music {music}: {of.median:.2f} times {side}, limit {limit:g}")
        for side in SIDES:
            bars.setdefault(side, []).append((0.0 if no_music else 1.0, median_of(turns, side, "all ms")))
    del options.no_music
    header = ("music", "side", "round", "calls", "asterisk_s", "ours_s", "store_s")
    return Report(
        "cost-per-call",
        command_of(__spec__, options),
        lines + by_process,
        header,
        raw,
        bars,
        ("music: 0 without, 1 with", "CPU ms a call"),
        missed=missed,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = parser_of(__doc__)
    parser.add_argument("--agents", type=int, default=120)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=3)
    with_load(parser)
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
