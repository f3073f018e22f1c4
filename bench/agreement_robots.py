"""Robots who call, answer, fall asleep and have a break on a live site, by a script: the live side of the agreement.

Owns the robots' script and what is read of the site afterwards. Must not simulate: agreement.py does.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.sip_agents import SipAgents
from bench.sip_seat import Habit
from jietong.database import open_engine
from jietong.processes import agent_command
from jietong.running import RunningSite
from routing.adapters.journal_reader import JournalEntry, read_to_end
from routing.adapters.records import recent_calls
from routing.adapters.redis_clients import prefix_of
from routing.facts import CallRecord
from tests.robots.sipp.callers import Press, SippCaller
from tests.robots.sipp.run import SippRun

ANSWER_S = 1.0
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
