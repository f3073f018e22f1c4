"""A hotline under load that is struck again and again, and what became of its callers and agents.

Owns the load, the rounds and the counts. Must not know which processes there are (blows.py does).
Rules: issue of survival: no caller lost, nobody rung at two seats, no agent thought busy who is free, each call one record.
"""

import asyncio
import random
import subprocess
import time
import urllib.error
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bench.sip_agents import SipAgents, quantile
from bench.sip_seat import Habit, SipSeat
from routing.facts import CallRecord
from tests.chaos.blows import Blow, is_whole
from tests.live.hotline import Hotline
from tests.robots.sipp.callers import Press, ordinary_callers
from tests.robots.sipp.run import SippRun

AGENTS, CALLERS = 20, 60
HABIT = Habit(answer_after_s=0.2, talk_s=2.0, talk_is_exponential=True)
RUNS_EMPTY = Habit(answer_after_s=0.0, talk_s=0.1)
FILL_RATE = 30.0
RECOVERS_S = 30.0
WATCH_S = 0.05
GHOST_S = 3.0
OUT_OF_CALLS = ("ready", "not_ready", "missed", "wrap_up", "logged_out")


@dataclass
class Outcome:
    """Of one blow, all rounds together. `next_ring_s`: from each blow to the next ring at any seat."""

    blow: Blow
    rounds: int = 0
    calls: int = 0
    lost: int = 0
    double_offers: int = 0
    ghosts: int = 0
    missing: int = 0
    doubled: int = 0
    next_ring_s: list[float] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Nobody noticed."""
        return not (self.lost or self.double_offers or self.ghosts or self.missing or self.doubled or self.trouble)

    def row(self) -> str:
        """A line of the table in docs/survival.md."""
        rings = sorted(self.next_ring_s)
        shown = f"{quantile(rings, 0.5) or 0:.2f} / {rings[-1] if rings else 0:.2f}"
        counts = (self.calls, self.lost, self.double_offers, self.ghosts, self.missing, self.doubled)
        return f"| {self.blow.name} | {self.blow.how} | {self.rounds} | {' | '.join(map(str, counts))} | {shown} |"


HEAD = (
    "| struck | how | rounds | calls | callers lost | rung at two seats | ghost agents | records missing | records doubled"
    " | next ring, median / longest s |\n|---|---|---|---|---|---|---|---|---|---|"
)


async def storm(hotline: Hotline, agents: SipAgents, blow: Blow, rounds: int, dice: random.Random) -> Outcome:
    """Callers come without end; `rounds` blows at random moments; then the line runs empty and everything is counted."""
    found = Outcome(blow)
    before = {record.call for record in hotline.records()}
    agents.set_habit(HABIT)
    watching = asyncio.create_task(_watch_seats(agents, found))
    successful = 0
    try:
        async with AsyncExitStack() as line:
            run = await _busy_line(line, hotline, rounds)
            for number in range(rounds):
                await run.until(lambda counts: counts.current >= CALLERS * 0.9, 60)
                await asyncio.sleep(dice.uniform(0.2, 2.0))
                struck_at = time.monotonic()
                await blow.strike(hotline, dice)
                if blow.ends_calls:
                    _hang_up_dead_lines(agents)
                    successful += _settle(run, found)
                    await line.aclose()
                    run = await _busy_line(line, hotline, rounds)
                await _recovers(hotline, agents, struck_at, found)
                found.rounds = number + 1
            run.stop_dialling()
            agents.set_habit(RUNS_EMPTY)
            await run.finished()
            successful += _settle(run, found)
    finally:
        watching.cancel()
    await _until(lambda: not any(hotline.status()["calls"].values()), "every call to be over", found)
    if found.trouble:
        told = await asyncio.to_thread(hotline.status)
        found.trouble += [str(told["calls"]), str(told["waiting"]), hotline.cli("core show channels concise")]
    await _until(lambda: len(_new(hotline, before)) >= successful, "all records", found)
    _count_records(_new(hotline, before), successful, found)
    return found


async def _busy_line(line: AsyncExitStack, hotline: Hotline, rounds: int) -> SippRun:
    """Callers who are all on the line, and dial anew as calls end."""
    return await line.enter_async_context(
        SippRun.callers(
            hotline.sip,
            ordinary_callers(5000),
            calls=100_000,
            rate=FILL_RATE,
            at_once=CALLERS,
            presses=[Press(0.3)],
            timeout_s=120 + 60 * rounds,
        )
    )


def _hang_up_dead_lines(agents: SipAgents) -> None:
    for seat in agents.seats.values():
        seat.hang_up()


def _settle(run: SippRun, found: Outcome) -> int:
    """Takes a run's counts into what was found; returns the number of calls that their callers ended as they wanted."""
    counts = run.counts()
    found.calls += counts.successful + counts.failed
    found.lost += counts.failed
    return counts.successful


def _count_records(records: list[CallRecord], successful: int, found: Outcome) -> None:
    """A call that ended with its Asterisk is not lost to the router: its record says so."""
    times = Counter(record.call for record in records)
    for record in records:
        if record.outcome.value != "answered" and record.reason != "asterisk":
            found.lost += 1
            found.trouble.append(f"lost: {record}")
    found.missing = max(0, successful - len(times))
    found.doubled = sum(count - 1 for count in times.values())


async def _recovers(hotline: Hotline, agents: SipAgents, struck_at: float, found: Outcome) -> None:
    await _until(lambda: _next_ring(agents, struck_at) is not None, "a seat to ring again", found)
    rung_at = _next_ring(agents, struck_at)
    if rung_at is not None:
        found.next_ring_s.append(rung_at - struck_at)
    await _until(lambda: hotline.health() == "", "health to be good again", found)
    await _until(lambda: is_whole(hotline), "every process to be back", found)
    ghosts = await _ghosts(hotline, agents)
    found.ghosts += len(ghosts)
    if ghosts:
        found.trouble += await asyncio.to_thread(_described, hotline, agents, ghosts)


def _next_ring(agents: SipAgents, after: float) -> float | None:
    return min((at for seat in agents.seats.values() for at in seat.rung_at[-5:] if at > after), default=None)


async def _watch_seats(agents: SipAgents, found: Outcome) -> None:
    """Counts callers who are at two seats in two looks that follow each other: a CANCEL may be on its way in one."""
    before: set[str] = set()
    while True:
        at_seats = Counter(seat.caller for seat in agents.seats.values() if seat.caller)
        twice = {caller for caller, count in at_seats.items() if count > 1}
        found.double_offers += len(twice & before)
        before = twice - before
        await asyncio.sleep(WATCH_S)


async def _ghosts(hotline: Hotline, agents: SipAgents) -> set[str]:
    """Agents of whom the router thinks otherwise than the seat, all the time for GHOST_S."""
    wrong, until = await _mismatched(hotline, agents), time.monotonic() + GHOST_S
    while wrong and time.monotonic() < until:
        await asyncio.sleep(0.1)
        wrong &= await _mismatched(hotline, agents)
    return wrong


async def _mismatched(hotline: Hotline, agents: SipAgents) -> set[str]:
    told = await asyncio.to_thread(hotline.status)
    return {
        row["agent"]
        for row in told["agents"]
        if row["seat"] in agents.seats and (row["state"] in OUT_OF_CALLS) != agents.seats[row["seat"]].is_free
    }


def _last_rung(seat: SipSeat) -> str:
    return f"rung {time.monotonic() - seat.rung_at[-1]:.1f} s ago" if seat.rung_at else "never rung"


def _described(hotline: Hotline, agents: SipAgents, ghosts: set[str]) -> list[str]:
    """What the router and the seat of each ghost think, then every channel."""
    rows = [row for row in hotline.status()["agents"] if row["agent"] in ghosts]
    seats = [agents.seats[row["seat"]] for row in rows]
    told = [
        f"ghost: {row}, at the seat: {seat.caller or 'nobody'}, {_last_rung(seat)}"
        for row, seat in zip(rows, seats, strict=True)
    ]
    return [*told, hotline.cli("core show channels concise")]


def _new(hotline: Hotline, before: set[str]) -> list[CallRecord]:
    return [record for record in hotline.records() if record.call not in before]


async def _until(is_true: Callable[[], bool], what: str, found: Outcome) -> None:
    deadline = time.monotonic() + RECOVERS_S
    while time.monotonic() < deadline:
        try:
            if await asyncio.to_thread(is_true):
                return
        except (urllib.error.URLError, OSError, StopIteration, ValueError, subprocess.CalledProcessError):
            pass  # metrics, Valkey or Asterisk are away: that is what we wait for
        await asyncio.sleep(0.02)
    found.trouble.append(f"waited {RECOVERS_S:g} s for {what}")
