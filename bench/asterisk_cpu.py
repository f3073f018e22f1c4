"""Where Asterisk's CPU goes in a handled call, by what its threads are for and by whose code they run: ours beside app_queue and a plain Dial.

Run: python -m bench.asterisk_cpu [--agents 120] [--rate 20] [--seconds 15] [--rounds 1]
The load of bench.cost_per_call. perf tells where Asterisk was when it was looked at, /proc what it used in the same time, and Asterisk's own command line what each
thread is for. Needs root and perf.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.callers import with_load
from bench.cost_per_call import measure as measure_cost
from bench.cost_per_call import refuse_load
from bench.meter import ASTERISK
from bench.pages import Report, command_of, finish, parser_of
from bench.perf_trace import SAMPLES, Perf, Sample
from bench.sides import DIAL, LEASTRECENT, OURS
from bench.stage import Ground, Stage, a_stage
from bench.turns import NoFigure, Turn, in_turns, median_of

SIDES = (OURS, LEASTRECENT, DIAL)
LOOK_S = 0.5  # between two lists of the threads: a call's own live for three seconds
MIN_SAMPLES = 500
UNLISTED = "SIP transport, and what is on no list"
KINDS = {
    "pbx_thread": "callers: dialplan, voice, music",
    "bridge_channel_ind_thread": "agents in a talk",
    "default_tps_processing_function": "tasks: SIP sessions, messages between modules",
    "handle_tcptls_connection": "manager sessions (routers)",
    "do_devstate_changes": "states of devices",
}
OTHERS = "others"
CODE = {
    "kernel": "kernel",
    "asterisk": "Asterisk's core",
    "libasteriskpj.so.2": "SIP stack (pjproject)",
    "app_queue.so": "app_queue",
    "libc.so.6": "C library (memory, locks, text)",
}


@dataclass
class Threads:
    """What each thread of one Asterisk is for: thread -> the function it began in."""

    began_in: dict[int, str] = field(default_factory=dict)

    def hear(self, told: str) -> None:
        """Takes what `core show threads` prints."""
        for line in told.splitlines():
            words = line.split()
            if len(words) > 2 and words[0].startswith("0x") and words[1].isdigit():
                self.began_in[int(words[1])] = words[2]

    def kind(self, thread: int) -> str:
        """In the words of the table."""
        function = self.began_in.get(thread)
        return UNLISTED if function is None else KINDS.get(function, OTHERS)


@asynccontextmanager
async def listed(ground: Ground, threads: Threads) -> AsyncIterator[None]:
    """Lists the threads again and again until the block ends."""

    async def listing() -> None:
        while True:
            threads.hear(await asyncio.to_thread(ground.cli, "core show threads"))
            await asyncio.sleep(LOOK_S)

    task = asyncio.create_task(listing(), name="threads")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def shares_of(samples: Sequence[Sample], process: int, threads: Threads) -> tuple[Counter[str], Counter[str]]:
    """Shares of that process's looks, each set adding up to 1: by what the thread is for, and by whose code it ran.

    raises  NoFigure for fewer than MIN_SAMPLES looks
    """
    own = [sample for sample in samples if sample.process == process]
    if len(own) < MIN_SAMPLES:
        raise NoFigure(f"Asterisk was seen at work {len(own)} times, not {MIN_SAMPLES}: measure for longer")
    kinds: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for sample in own:
        kinds[threads.kind(sample.thread)] += 1
        codes[CODE.get(sample.code, OTHERS)] += 1
    return (
        Counter({kind: count / len(own) for kind, count in kinds.items()}),
        Counter({code: count / len(own) for code, count in codes.items()}),
    )


async def measure(stage: Stage, side: str, number: int, options: argparse.Namespace) -> Turn:
    """One side; figures are CPU ms a call, `all`, `for KIND` and `in CODE`."""
    ground, threads = stage.ground(side), Threads()
    process = next(pid for pid, group in ground.meter.groups.items() if group == ASTERISK)
    with tempfile.TemporaryDirectory(prefix="jt-perf-") as name:
        perf = Perf(Path(name) / "samples.data", SAMPLES)

        @asynccontextmanager
        async def both() -> AsyncIterator[None]:
            async with listed(ground, threads), perf:
                yield

        cost = await measure_cost(stage, side, number, options, both())
        kinds, codes = shares_of(await perf.samples(), process, threads)
    whole_ms = cost.figures[f"{ASTERISK} ms"]
    figures = {"all": whole_ms}
    figures |= {f"for {kind}": share * whole_ms for kind, share in kinds.items()}
    figures |= {f"in {code}": share * whole_ms for code, share in codes.items()}
    music = "no" if options.no_music else "yes"
    return Turn(side, number, figures, [(music, side, number, what, f"{ms:.3f}") for what, ms in figures.items()])


def show(turn: Turn) -> None:
    """One line a phase."""
    print(f"round {turn.round}  {turn.side:22s} Asterisk {turn.figures['all']:.2f} ms a call", flush=True)


def table(turns: Mapping[str, Sequence[Turn]]) -> list[str]:
    """A row for the whole, each kind of thread and each piece of code, the dearest of ours first; a column for each side, without music and with."""
    columns = [(music, side) for music in turns for side in SIDES]
    lines = [
        "| Asterisk's CPU, ms a call | "
        + " | ".join(f"{side}, {'music' if music == 'yes' else 'silent'}" for music, side in columns)
        + " |",
        "|---|" + "---|" * len(columns),
    ]
    whats = dict.fromkeys(what for each in turns.values() for turn in each for what in turn.figures)
    order = {what: max(_ms(each, OURS, what) for each in turns.values()) for what in whats}
    groups = (
        ["all"],
        *(sorted((w for w in whats if w.startswith(p)), key=lambda w: -order[w]) for p in ("for ", "in ")),
    )
    for what in (what for group in groups for what in group):
        cells = [f"{_ms(turns[music], side, what):.2f}" for music, side in columns]
        lines.append(f"| {what} | " + " | ".join(cells) + " |")
    return lines


def _ms(turns: Sequence[Turn], side: str, what: str) -> float:
    """The median over the rounds; what was never seen there is 0."""
    return median_of([Turn(t.side, t.round, {what: t.figures.get(what, 0.0)}) for t in turns], side, what)


def run(options: argparse.Namespace) -> Report:
    """Without music and with it; raises NoFigure."""
    refuse_load(options)
    turns: dict[str, list[Turn]] = {}
    for no_music in (True, False):
        options.no_music = no_music
        with a_stage(options.agents, music=not no_music) as stage:
            turns["no" if no_music else "yes"] = asyncio.run(
                in_turns(SIDES, options.rounds, lambda side, n, s=stage: measure(s, side, n, options), show)
            )
    del options.no_music
    raw = [row for each in turns.values() for turn in each for row in turn.raw]
    header = ("music", "side", "round", "what", "cpu_ms_a_call")
    return Report("asterisk-cpu", command_of(__spec__, options), table(turns), header, raw)


def main(argv: Sequence[str] | None = None) -> int:
    """The command; exit code 2 without a figure."""
    parser = parser_of(__doc__)
    parser.add_argument("--agents", type=int, default=120)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=1)
    with_load(parser)
    return finish(run, parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
