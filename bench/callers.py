"""Callers and agents as the measurements need them: a line of people who wait, a stream of people who are served.

Owns how SIPp and the seats are driven for a stage; must not measure. Rule: a stream that is not clean (failed calls, lost messages) gives no figure.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self

from bench.sip_agents import SipAgents
from bench.sip_seat import Habit
from bench.stage import Ground, Stage
from bench.turns import NoFigure
from tests.robots.sipp.callers import FOR_EVER_S, SippCaller
from tests.robots.sipp.run import SippCounts, SippRun

TALKS_ON = Habit(answer_after_s=0.0, talk_s=None)
DRAIN_S = 30.0
RETRANSMITTED_AT_MOST = 0.01  # of the calls; above it SIPp or the machine was too slow for the load


def callers_of(
    seats: Sequence[str], count: int = 1000, keys: str = "0", stay_s: float = FOR_EVER_S
) -> list[SippCaller]:
    """Callers whose last four digits are a seat's number, each seat in turn."""
    return [
        SippCaller(f"1380{n // len(seats):03d}{seats[n % len(seats)]}", keys=keys, stay_s=stay_s) for n in range(count)
    ]


def clean(counts: SippCounts, what: str, retransmitted: float = RETRANSMITTED_AT_MOST) -> SippCounts:
    """The same counts; raises NoFigure when a call failed, or when more than that share of the calls was retransmitted (five always may)."""
    if counts.failed:
        raise NoFigure(f"{what}: {counts.failed} of {counts.created} calls failed")
    if counts.retransmissions > max(5, counts.created * retransmitted):
        raise NoFigure(f"{what}: {counts.retransmissions} retransmissions in {counts.created} calls")
    return counts


def with_load(parser: argparse.ArgumentParser) -> None:
    """Adds the option by which a loaded machine is allowed to be slow: it stands in the command that is told beside the table."""
    parser.add_argument(
        "--retransmitted",
        type=float,
        default=RETRANSMITTED_AT_MOST,
        help="share of calls whose messages SIPp may repeat (0.5 s without an answer)",
    )


@asynccontextmanager
async def talking_agents(stage: Stage, ground: Ground) -> AsyncIterator[SippRun]:
    """Every seat registered, each talking with a caller of its own for the whole time: those callers' run."""
    async with (
        SipAgents(ground.sip, stage.passwords, TALKS_ON) as agents,
        SippRun.callers(ground.sip, callers_of(stage.seats, len(stage.seats)), rate=20.0, timeout_s=3600) as run,
    ):
        async with asyncio.timeout(30):
            while any(seat.is_free for seat in agents.seats.values()):
                await asyncio.sleep(0.05)
        yield run


class Line:
    """Callers who wait: grows on demand by further SIPp runs, each of which stays."""

    def __init__(self, stage: Stage, ground: Ground, rate: float, stay_s: float) -> None:
        self._seats, self._ground, self._rate, self._stay_s = stage.seats, ground, rate, stay_s
        self._runs: list[tuple[int, SippRun]] = []

    @property
    def size(self) -> int:
        """Callers who should be there."""
        return sum(count for count, _ in self._runs)

    async def grow_to(self, size: int) -> None:
        """Further callers dial until there are `size`; returns when all are there and Asterisk has their channels."""
        more = size - self.size
        if more <= 0:
            return
        run = SippRun.callers(
            self._ground.sip, callers_of(self._seats), calls=more, rate=self._rate, at_once=more, timeout_s=self._stay_s
        )
        await run.__aenter__()
        self._runs.append((more, run))
        await run.until(lambda counts: counts.current >= more, more / self._rate + 30)
        async with asyncio.timeout(30):
            while len([line for line in run.said() if line.startswith("answered")]) < more:
                await asyncio.sleep(0.1)

    def check(self, size: int) -> None:
        """Raises NoFigure unless so many are still there, none failed."""
        there = sum(clean(run.counts(), "waiting callers").current for _, run in self._runs)
        if there != size:
            raise NoFigure(f"{there} callers wait, not {size}: somebody was served or lost")

    async def ended(self) -> None:
        """Waits until every call is over."""
        for _, run in self._runs:
            async with asyncio.timeout(DRAIN_S):
                while run.counts().current:
                    await asyncio.sleep(0.2)

    async def close(self) -> None:
        """Ends the SIPp processes."""
        for _, run in self._runs:
            await run.__aexit__(None, None, None)
        self._runs.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def hang_up_everybody(ground: Ground, line: Line) -> None:
    """Asterisk ends every call; returns when the callers know."""
    await asyncio.to_thread(ground.cli, "channel request hangup all")
    await line.ended()
    await asyncio.sleep(2.0)
