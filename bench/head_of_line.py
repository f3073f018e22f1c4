"""Idle agents beside callers whom they could serve, because somebody else stands at the head of the line: ours beside app_queue.

Run: python -m bench.head_of_line [--idle 5] [--heads 5] [--seconds 20] [--rounds 2]
All VIP seats talk, `heads` more VIP callers wait (only VIP seats may serve them), `idle` ordinary agents are idle; then `idle` ordinary callers come. Measured is
the time in which an agent was idle and a caller whom it could serve waited: for the n-th caller and the n-th seat rung, from the caller's coming to its line to the INVITE at the seat,
`seconds` at most, all added up. The sides take turns in one run, in turned order in even rounds. Both sides are on one Asterisk here, for the lines are told by its dialplan.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.pages import Report, command_of, finish, parser_of
from bench.sides import word_of
from bench.sip_agents import SipAgents
from bench.sip_seat import Habit
from bench.stage import refuse
from bench.turns import NoFigure
from bench.two_sides import OURS, add_queues, switch
from jietong.running import RunningSite
from routing.adapters.ami import AmiAddress, connect
from routing.adapters.ami_wire import Message
from tests.adapters.up_fixture import jietong_up
from tests.robots.sipp.callers import SippCaller
from tests.robots.sipp.run import SippRun

PORT_BASE = "18800"
RING_S = 8
VIP_SEATS = ("1901", "1902")
VIP_PREFIX, ORDINARY_PREFIX = "139", "138"
LOOK_EVERY_S = 0.01
IN_LINE = "JtBenchInLine"  # user event of the dialplan: the caller comes to its line in the next step
SETTLE_S = 2.0  # longer than app_queue's own clock of one second: every caller has had its turn before the measurement
BY_DIALPLAN = f'$["${{CALLERID(num):0:3}}" = "{VIP_PREFIX}"]'

ONE, WEIGHTED, APART = "one queue", "two queues, weight", "two queues apart"
SIDES = {
    OURS: "VIP callers need a skill that VIP seats have",
    ONE: "QUEUE_PRIO 10 and QUEUE_MAX_PENALTY 5 for VIP callers, penalty 0 for VIP seats, 10 for the others",
    WEIGHTED: "VIP queue of weight 10 where ordinary seats stand by with penalty 10, ordinary queue beside it",
    APART: "a queue for each, no seat in both: nobody can help anybody",
}


@dataclass(frozen=True)
class Place:
    """The running site, its seats, and who comes to its lines."""

    site: RunningSite
    agents: SipAgents
    lines: "Lines"


@dataclass(frozen=True)
class Phase:
    """One side in one round: seconds that each caller waited while an agent for it was idle."""

    side: str
    round: int
    waits_s: list[float]

    @property
    def idle_s(self) -> float:
        """Seconds of idle-while-servable, all agents together."""
        return sum(self.waits_s)


def write_site(folder: Path, ordinary: Sequence[str]) -> Path:
    """A site whose VIP callers can be served by VIP seats only: their queue requires a skill that nobody else has."""
    seats = [
        f'[[seats]]\nnumber = "{s}"\npassword = "secret-{s}"\nauto_login = true\n' for s in (*VIP_SEATS, *ordinary)
    ]
    skills = [f'[[agents]]\nnumber = "{s}"\nskills = {{ vip_care = 3 }}\n' for s in VIP_SEATS]
    path = folder / "bench.toml"
    path.write_text(
        '[hotline]\nnumber = "10010"\n[[trunks]]\nname = "carrier"\nmatch = ["127.0.0.1"]\n'
        "[tiers.vip]\nanswer_within_s = 10\ngoal = 0.95\n[tiers.ordinary]\nanswer_within_s = 20\ngoal = 0.9\n"
        f"[routing]\nvip_reserve = 0\nring_s = {RING_S}\nwrap_up_s = 0\n[network]\nqualify_s = 0\n"
        '[[queues]]\nname = "vips"\nrequires = { vip_care = 1 }\n' + "".join(seats + skills),
        encoding="utf-8",
    )
    return path


def queues_of(ordinary: Sequence[str]) -> str:
    """app_queue's queues, each with its best settings: autofill, no ringing of busy phones, the shortest pause."""
    common = f"strategy=leastrecent\nautofill=yes\nringinuse=no\nretry=1\ntimeout={RING_S}\nwrapuptime=0\nmusicclass=jietong\n"
    vips = "".join(f"member => PJSIP/{seat},0\n" for seat in VIP_SEATS)
    others = "".join(f"member => PJSIP/{seat},10\n" for seat in ordinary)
    return (
        "[general]\npersistentmembers=no\nautofill=yes\nshared_lastcall=no\n"
        f"[one]\n{common}{vips}{others}"
        f"[weighted-vip]\n{common}weight=10\n{vips}{others}[weighted-ordinary]\n{common}{others}"
        f"[apart-vip]\n{common}{vips}[apart-ordinary]\n{common}{others}"
    )


def plan_of() -> dict[str, str]:
    """For each side, the dialplan applications that an answered caller meets."""
    is_vip = BY_DIALPLAN
    told = f"UserEvent({IN_LINE})"
    limited = f"ExecIf({is_vip}?Set(QUEUE_MAX_PENALTY=5))"
    return {
        ONE: f"ExecIf({is_vip}?Set(QUEUE_PRIO=10));{limited};{told};Queue(one)",
        WEIGHTED: f"{limited};{told};Queue(weighted-${{IF({is_vip}?vip:ordinary)}})",
        APART: f"{told};Queue(apart-${{IF({is_vip}?vip:ordinary)}})",
    }


def ours_of() -> str:
    """The same for our side: tier and queue as the menu would choose them."""
    return f"ExecIf({BY_DIALPLAN}?Set(JT_TIER=vip));ExecIf({BY_DIALPLAN}?Set(JT_QUEUE=vips));UserEvent({IN_LINE})"


def callers(prefix: str, first: int, count: int, stay_s: float) -> list[SippCaller]:
    """Callers of one kind who give up `stay_s` after the answer."""
    return [SippCaller(f"{prefix}{first + n:08d}", stay_s=stay_s) for n in range(count)]


def dial(site: RunningSite, who: list[SippCaller], stay_s: float) -> SippRun:
    """These callers dial the hotline, each once."""
    return SippRun.callers(f"127.0.0.1:{site.ports.sip}", who, rate=50.0, timeout_s=stay_s + 60)


class Lines:
    """Who came to which side's line when, as the dialplan says in the step before: answering takes Asterisk up to half a second, the same for all sides."""

    def __init__(self) -> None:
        self._came: list[tuple[str, float]] = []

    def on_event(self, message: Message) -> None:
        """Takes one event of Asterisk's."""
        if message.get("UserEvent") == IN_LINE:
            self._came.append((message.get("CallerIDNum"), time.monotonic()))

    def clear(self) -> None:
        """Nobody has come yet."""
        self._came.clear()

    async def until(self, prefix: str, count: int) -> list[float]:
        """When each of the first `count` callers with that prefix came, in order."""
        await until(lambda: len(self._of(prefix)) >= count, f"{count} callers {prefix}... in line")
        return self._of(prefix)

    def _of(self, prefix: str) -> list[float]:
        return [at for number, at in self._came if number.startswith(prefix)]


async def run_phase(place: Place, side: str, number: int, options: argparse.Namespace) -> Phase:
    """VIP seats are taken, VIP callers wait, ordinary callers come; after the time everybody hangs up."""
    site, agents, lines = place.site, place.agents, place.lines
    lines.clear()
    switch(site, word_of(side))
    stay_s = options.seconds + 3 * SETTLE_S + 4
    ordinary = [seat for number, seat in agents.seats.items() if number not in VIP_SEATS]
    before = sum(len(seat.rung_at) for seat in ordinary)
    async with dial(site, callers(VIP_PREFIX, 1, len(VIP_SEATS), stay_s), stay_s) as talking:
        await until(lambda: all(not agents.seats[seat].is_free for seat in VIP_SEATS), "VIP seats to talk")
        async with dial(site, callers(VIP_PREFIX, 100, options.heads, stay_s), stay_s) as heads:
            await lines.until(VIP_PREFIX, len(VIP_SEATS) + options.heads)
            await asyncio.sleep(SETTLE_S)
            if sum(len(seat.rung_at) for seat in ordinary) != before:
                raise RuntimeError(f"{side}: an ordinary seat was rung for a VIP caller: this is not the scenario")
            marks = {seat.number: len(seat.rung_at) for seat in ordinary}
            async with dial(site, callers(ORDINARY_PREFIX, 1, options.idle, stay_s), stay_s) as behind:
                began = await lines.until(ORDINARY_PREFIX, options.idle)
                end = began[-1] + options.seconds
                await asyncio.sleep(max(0.0, end - time.monotonic()))
                rung = sorted(at for seat in ordinary for at in seat.rung_at[marks[seat.number] :][:1])
                await behind.finished()
            await heads.finished()
        await talking.finished()
    await until(lambda: all(seat.is_free for seat in agents.seats.values()), "all seats to be free")
    await asyncio.sleep(SETTLE_S)
    ends = [*rung, *[end] * (options.idle - len(rung))]
    waits = [min(max(0.0, at - start), options.seconds) for start, at in zip(began, ends, strict=True)]
    return Phase(side, number, waits)


async def until(is_true: Callable[[], bool], what: str, within_s: float = 30.0) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + within_s
    while not is_true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {within_s:g} s for {what}")
        await asyncio.sleep(LOOK_EVERY_S)


async def measure(site: RunningSite, seats: Sequence[str], options: argparse.Namespace) -> list[Phase]:
    """All rounds."""
    phases = []
    habit = Habit(answer_after_s=0.05, talk_s=None)
    passwords = {seat: f"secret-{seat}" for seat in seats}
    lines = Lines()
    address = AmiAddress("127.0.0.1", site.ports.ami, site.ami_user, site.ami_secret)
    ami = await connect(address, lines.on_event)
    async with SipAgents(f"127.0.0.1:{site.ports.sip}", passwords, habit) as agents:
        place = Place(site, agents, lines)
        for number in range(1, options.rounds + 1):
            for side in list(SIDES) if number % 2 else list(reversed(SIDES)):
                phase = await run_phase(place, side, number, options)
                print(
                    f"round {number}  {side:20s} idle-while-servable {phase.idle_s:8.3f} s"
                    f"  (longest wait {max(phase.waits_s):7.3f} s)",
                    flush=True,
                )
                phases.append(phase)
    ami.close()
    return phases


def table(phases: list[Phase]) -> list[str]:
    """The table for docs/benchmarks.md."""
    lines = [
        "| side | set up as | idle-while-servable s (rounds) | longest wait s |",
        "|---|---|---|---|",
    ]
    for side, how in SIDES.items():
        mine = [phase for phase in phases if phase.side == side]
        idle = [phase.idle_s for phase in mine]
        rounds = ", ".join(f"{value:.3f}" for value in idle)
        longest = max(max(phase.waits_s) for phase in mine)
        name = side if side == OURS else f"app_queue, {side}"
        lines.append(f"| {name} | {how} | {statistics.median(idle):.3f} ({rounds}) | {longest:.3f} |")
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """Starts the site, measures, prints; exit code 1 when ours kept an agent idle for longer than --limit seconds."""
    parser = parser_of(__doc__)
    parser.add_argument("--idle", type=int, default=5)
    parser.add_argument("--heads", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--limit", type=float, default=0.5)
    return finish(run, parser.parse_args(argv))


def run(options: argparse.Namespace) -> Report:
    """Starts the site and measures; raises NoFigure when a side fails."""
    refuse(options.idle, options.heads, options.rounds, options.seconds, int(PORT_BASE))
    ordinary = [str(2000 + n) for n in range(options.idle)]
    with tempfile.TemporaryDirectory(prefix="jt-bench-") as name:
        site_file = write_site(Path(name), ordinary)
        with jietong_up("--config", str(site_file), "--port-base", PORT_BASE) as up:
            up.wait_ready()
            site = RunningSite.load(up.var)
            sides = {word_of(side): steps for side, steps in plan_of().items()}
            add_queues(site, queues_of(ordinary), sides, ours_of())
            try:
                phases = asyncio.run(measure(site, [*VIP_SEATS, *ordinary], options))
            except (RuntimeError, TimeoutError, OSError) as error:
                raise NoFigure(f"{type(error).__name__}: {error}") from error
    idle_s = max(phase.idle_s for phase in phases if phase.side == OURS)
    missed = [f"ours kept agents idle for {idle_s:.3f} s, limit {options.limit:g} s"] if idle_s > options.limit else []
    raw = [(phase.side, phase.round, f"{wait:.3f}") for phase in phases for wait in phase.waits_s]
    return Report(
        "head-of-line", command_of(__spec__, options), table(phases), ("side", "round", "wait_s"), raw, missed=missed
    )


if __name__ == "__main__":
    sys.exit(main())
