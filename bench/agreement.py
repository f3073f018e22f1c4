"""A scripted time with robots through Asterisk, and the same callers in virtual time: the same agent for every call, the same waits?

Run: python -m bench.agreement [--minutes 30] [--write FOLDER]. Eight seats (two for VIPs), a line nearly all the time, one agent who lets calls
ring for a while, one who has a break, and callers who give up. The simulator is told what no router decides: when each caller entered the queue,
how long it would wait and talk, when agents sat down and had a break, and how long the agent whom a call is offered to takes to answer, or that it
does not; all else it finds by itself: who is rung for whom and when, what becomes of a call that rings in vain, and when an agent is ready again.
"""

import argparse
import asyncio
import csv
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.sip_agents import SipAgents
from bench.sip_seat import Habit
from jietong.database import open_engine
from jietong.processes import agent_command
from jietong.processes.customers_import import import_into
from jietong.rules_of_site import rules_of
from jietong.running import RunningSite
from jietong.svg_chart import Chart, Series, draw
from routing.adapters.journal_reader import JournalEntry, read_to_end
from routing.adapters.records import recent_calls
from routing.adapters.redis_clients import prefix_of
from routing.events import AgentPaused, AgentReadied
from routing.facts import AgentChanged, AgentState, CallOffered, CallRecord, Decision, OfferClosed, Outcome
from routing.model import Call
from simulation.arrival import Arrival
from simulation.people import Habits
from simulation.run import simulate
from simulation.shift import Shift
from tests.adapters.up_fixture import jietong_up
from tests.robots.sipp.callers import Press, SippCaller
from tests.robots.sipp.run import SippRun

PORT_BASE = "29300"
ANSWER_S = 1.0
RETURNS_AFTER_S = 0.02  # from a seat's failure until the caller is back in the line: benchmarks.md
WITHIN_S = 0.1
SHARED, VIP = [f"100{n}" for n in range(1, 7)], ["1901", "1902"]
SLEEPY, BREAK = "1003", "1004"  # the agent who lets calls ring for a while, and the one who has a break
SITE = """
[hotline]
number = "10010"
[[trunks]]
name = "carrier"
match = ["127.0.0.1"]
[tiers.vip]
answer_within_s = 10
goal = 0.95
[tiers.ordinary]
answer_within_s = 20
goal = 0.90
[routing]
vip_reserve = 1
ring_s = 3
wrap_up_s = 2
missed_pause_s = 5
representative_s = 0
[network]
qualify_s = 0
""" + "".join(
    f'[[seats]]\nnumber = "{seat}"\npassword = "secret-{seat}"\nauto_login = true\n{more}\n'
    for seats, more in ((SHARED, ""), (VIP, 'dedicated_to = ["vip"]'))
    for seat in seats
)


@dataclass(frozen=True, slots=True)
class Script:
    """What the robots do. `sleeps`, `rests`: spans in seconds from the beginning, of the sleepy agent and of the break."""

    seconds: float
    ordinary_a_second: float = 0.4
    vip_a_second: float = 0.08
    talk_s: float = 12.0  # exponential
    patience_s: float = 9.0  # of every fifth caller; it hangs up in the line, or in a talk

    @property
    def sleeps(self) -> tuple[float, float]:
        """When the sleepy agent lets calls ring."""
        return 0.2 * self.seconds, 0.35 * self.seconds

    @property
    def rests(self) -> tuple[float, float]:
        """When the other one has its break."""
        return 0.5 * self.seconds, 0.65 * self.seconds


@dataclass(frozen=True, slots=True)
class Played:
    """What the live site has on record."""

    records: list[CallRecord]
    entries: list[JournalEntry]


@dataclass(frozen=True, slots=True)
class Pair:
    """One call, live and in virtual time."""

    live: CallRecord
    virtual: CallRecord

    @property
    def is_same(self) -> bool:
        """Whether outcome and agent are the same."""
        return (self.live.outcome, self.live.agent) == (self.virtual.outcome, self.virtual.agent)

    @property
    def apart_s(self) -> float:
        """Virtual wait minus live wait."""
        return self.virtual.wait_s - self.live.wait_s


def vip_numbers(count: int) -> list[str]:
    """Customers of the VIP tier."""
    return [f"139{n:08d}" for n in range(1, count + 1)]


async def play_live(site: RunningSite, script: Script, seats: Sequence[str]) -> Played:
    """Robots call and answer for the time; returns when the last call is on record."""
    began_at = time.time()
    counts = [round(rate * script.seconds) for rate in (script.ordinary_a_second, script.vip_a_second)]
    stays = [script.patience_s if n % 5 == 4 else 3600.0 for n in range(counts[0])]
    ordinary = [SippCaller(str(13_800_000_000 + n), stay_s=stay) for n, stay in enumerate(stays)]
    vips = [SippCaller(number) for number in vip_numbers(counts[1])]
    server, limit_s = f"127.0.0.1:{site.ports.sip}", script.seconds + 180
    habit = Habit(answer_after_s=ANSWER_S, talk_s=script.talk_s, talk_is_exponential=True)
    async with (
        SipAgents(server, {seat: f"secret-{seat}" for seat in seats}, habit, seed=5) as agents,
        SippRun.callers(
            server, ordinary, rate=script.ordinary_a_second, presses=[Press(1.0, "0")], timeout_s=limit_s
        ) as one,
        SippRun.callers(server, vips, rate=script.vip_a_second, timeout_s=limit_s) as other,
    ):
        people = asyncio.create_task(_behave(site, script, agents, began_at))
        await asyncio.gather(one.finished(), other.finished())
        await people
        entries = await _all_over(site, sum(counts), began_at)
    engine = open_engine(site.database_url)
    try:
        records = [r for r in recent_calls(engine, 100_000) if r.arrived_at >= began_at and r.queued_at is not None]
    finally:
        engine.dispose()
    return Played(records, entries)


async def _behave(site: RunningSite, script: Script, agents: SipAgents, began_at: float) -> None:
    """Sleep and break of the two agents, if they are there."""
    if SLEEPY in agents.seats:
        awake = agents.seats[SLEEPY].habit
        await _until(began_at + script.sleeps[0])
        agents.seats[SLEEPY].habit = Habit("ignore")
        await _until(began_at + script.sleeps[1])
        agents.seats[SLEEPY].habit = awake
    if BREAK in agents.seats:
        for span_at, word in zip(script.rests, ("pause", "ready"), strict=True):
            await _until(began_at + span_at)
            await asyncio.to_thread(agent_command.main, site.var, word, BREAK)


async def _until(at: float) -> None:
    await asyncio.sleep(max(0.0, at - time.time()))


async def _all_over(site: RunningSite, calls: int, since: float) -> list[JournalEntry]:
    """The journal, once it has the end of every call, and the records have followed it."""
    engine, deadline = open_engine(site.database_url), time.monotonic() + 30
    try:
        while True:
            written = [r for r in recent_calls(engine, 100_000) if r.arrived_at >= since]
            if len(written) >= calls or time.monotonic() > deadline:
                break
            await asyncio.sleep(0.2)
    finally:
        engine.dispose()
    prefix = prefix_of(site.site.hotline.number)
    return [entry for entry in read_to_end(site.store_url, prefix, "0-0") if entry.event and entry.event.at >= since]


def play_virtual(site: RunningSite, played: Played) -> list[CallRecord]:
    """The same callers and agents in virtual time."""
    arrivals = [
        Arrival(
            record.entered_at or 0.0,
            record.talk_s,
            math.inf if record.outcome is Outcome.ANSWERED else record.wait_s,
            record.queue,
            record.tier,
            caller=record.caller,
        )
        for record in sorted(played.records, key=lambda r: r.entered_at or 0.0)
    ]
    shifts = _shifts(played.entries)
    taken = _answers(played.entries)

    def answers(call: Call, seat: str, at: float) -> float | None:
        return taken.get((call.caller, call.offers), ANSWER_S)

    habits = Habits(returns_after_s=RETURNS_AFTER_S)
    records: list[CallRecord] = []
    simulate(
        rules_of(site.site),
        arrivals,
        shifts,
        habits,
        starts_at=min(shift.starts_at for shift in shifts) - 1.0,
        answers=answers,
        on_record=records.append,
    )
    return records


def _answers(entries: Sequence[JournalEntry]) -> dict[tuple[str, int], float | None]:
    """(caller, number of the offer) -> seconds from the order to ring until the answer; None for a seat that rang in vain."""
    callers: dict[str, str] = {}
    offered: dict[str, list[float]] = {}
    found: dict[tuple[str, int], float | None] = {}
    for entry in entries:
        for fact in entry.facts:
            if isinstance(fact, CallOffered):
                callers[fact.call] = fact.caller
            elif isinstance(fact, Decision):
                offered.setdefault(fact.call, []).append(fact.at)
            elif isinstance(fact, OfferClosed) and fact.call in callers:
                key = (callers[fact.call], len(offered[fact.call]))
                found[key] = fact.at - offered[fact.call][-1] if fact.result == "answered" else None
    return found


def _shifts(entries: Sequence[JournalEntry]) -> list[Shift]:
    """When each agent sat down, and the break, as journalled."""
    began: dict[str, AgentChanged] = {}
    paused_at = ready_at = math.inf
    for entry in entries:
        for fact in entry.facts:
            if isinstance(fact, AgentChanged) and fact.state is AgentState.READY:
                began.setdefault(fact.agent, fact)
        if isinstance(entry.event, AgentPaused):
            paused_at = entry.event.at
        elif isinstance(entry.event, AgentReadied):
            ready_at = entry.event.at
    return [
        Shift(
            agent,
            fact.seat,
            fact.at,
            math.inf,
            ((paused_at, ready_at),) if agent == BREAK and ready_at < math.inf else (),
        )
        for agent, fact in began.items()
    ]


def compare(live: Sequence[CallRecord], virtual: Sequence[CallRecord]) -> list[Pair]:
    """Call by call, by the caller's number, in order of entry; raises ValueError when one side has a call that the other has not."""
    by_caller = {record.caller: record for record in virtual}
    if sorted(by_caller) != sorted(record.caller for record in live):
        raise ValueError(f"{len(live)} live calls, {len(virtual)} virtual ones")
    return [Pair(record, by_caller[record.caller]) for record in sorted(live, key=lambda r: r.entered_at or 0.0)]


def told(pairs: Sequence[Pair]) -> str:
    """The agreement in a few lines."""
    apart = sorted(abs(pair.apart_s) for pair in pairs)
    outcomes = ", ".join(
        f"{sum(p.live.outcome is o for p in pairs)} {o.value}"
        for o in Outcome
        if any(p.live.outcome is o for p in pairs)
    )
    waited = sum(pair.live.wait_s > ANSWER_S + 0.5 for pair in pairs)
    missed = sum(pair.live.missed for pair in pairs)
    lines = [
        f"{len(pairs)} calls ({outcomes}); {waited} waited in the line, {missed} seats rang in vain",
        f"same outcome and agent: {sum(pair.is_same for pair in pairs)} of {len(pairs)}",
        f"waits apart: median {1000 * statistics.median(apart):.0f} ms, 99 % {1000 * apart[int(0.99 * len(apart))]:.0f} ms, largest {1000 * apart[-1]:.0f} ms",
    ]
    lines += [
        f"  {p.live.caller}: live {p.live.outcome.value} {p.live.agent} {p.live.wait_s:.3f} s, virtual {p.virtual.outcome.value} {p.virtual.agent} {p.virtual.wait_s:.3f} s"
        for p in pairs
        if not p.is_same or abs(p.apart_s) > WITHIN_S
    ]
    return "\n".join(lines)


def write(pairs: Sequence[Pair], folder: Path) -> None:
    """Every call as CSV, and a picture; numbers are of robots."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "agreement.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("tier", "outcome", "agent live", "agent virtual", "wait live s", "wait virtual s"))
        for p in pairs:
            waits = (f"{p.live.wait_s:.3f}", f"{p.virtual.wait_s:.3f}")
            rows.writerow((p.live.tier, p.live.outcome.value, p.live.agent, p.virtual.agent, *waits))
    points = [
        Series(t, [(p.live.wait_s, 1000 * p.apart_s) for p in pairs if p.live.tier == t], "points")
        for t in ("ordinary", "vip")
    ]
    marks = [(100.0, "100 ms"), (-100.0, "-100 ms")]
    title = "Virtual minus live wait of each call"
    chart = Chart(title, "live wait, seconds", "apart, ms", points, None, (-120.0, 120.0), marks=marks)
    (folder / "agreement.svg").write_text(draw(chart), encoding="utf-8")


def main() -> int:
    """Plays both, prints; exit code 1 unless every call had the same agent and all waits are within 100 ms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    script = Script(options.minutes * 60)
    with tempfile.TemporaryDirectory(prefix="jt-bench-") as name:
        folder = Path(name)
        (folder / "site.toml").write_text(SITE, encoding="utf-8")
        lines = "".join(f"{number},,vip,,,,\n" for number in vip_numbers(1000))
        (folder / "vips.csv").write_text(
            "phone,name,tier,class,representative,birth_year,language\n" + lines, encoding="utf-8"
        )
        with jietong_up("--config", str(folder / "site.toml"), "--port-base", PORT_BASE) as up:
            up.wait_ready()
            site = RunningSite.load(up.var)
            import_into(site, folder / "vips.csv", quiet=True)
            played = asyncio.run(play_live(site, script, [*SHARED, *VIP]))
            pairs = compare(played.records, play_virtual(site, played))
    print(told(pairs))
    if options.write:
        write(pairs, options.write)
    return 0 if all(pair.is_same and abs(pair.apart_s) <= WITHIN_S for pair in pairs) else 1


if __name__ == "__main__":
    sys.exit(main())
