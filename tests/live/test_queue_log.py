"""Our queue_log beside that of a real app_queue: the same callers and agents do the same on both, and both tell the same story.

Each story is played once on our hotline and once on a plain app_queue in an Asterisk of its own; then the lines are compared one by one.
docs/queue-log.md names every difference that is let pass here.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select

from metrics.adapters.queue_log_file import line_of
from metrics.adapters.work_tables import queue_log
from tests.live.conftest import PORT_BASE
from tests.live.hotline import COMPLAINTS_CODE, RING_S, Hotline
from tests.live.plain_queue import QUEUES, PlainQueue, plain_queue
from tests.robots.people import Agent, Caller

PLAIN_PORTS = int(PORT_BASE) + 400
TALK_S = 2.5
TOLERANCE_S, TOLERANCE_MS = (
    4.0,
    1000.0,
)  # the story goes on when a line is read, ours up to 2 s after it happened; whole seconds, and robots that share the machine
# What differs on purpose, word by word: docs/queue-log.md, "Beside app_queue"
SAME_WORDS = {COMPLAINTS_CODE: "complaints", "Auto-Pause": "no_answer", "CLI": "MANAGER"}
SECONDS = {
    "CONNECT": (0, 2),
    "COMPLETECALLER": (0, 1),
    "COMPLETEAGENT": (0, 1),
    "BLINDTRANSFER": (2, 3),
    "ABANDON": (2,),
}
MILLISECONDS = {"RINGNOANSWER": (0,), "RINGCANCELED": (0,)}
A_CHANNEL = {"CONNECT": (1,)}
PAUSES = ("PAUSE", "PAUSEALL", "UNPAUSE", "UNPAUSEALL")
_numbers = itertools.count(1)


class OurSide:
    """Our hotline, with the words that a story uses."""

    def __init__(self, hotline: Hotline) -> None:
        self._hotline = hotline
        self.sip = hotline.sip
        self._last = max((row.id for row in self._rows(0)), default=0)

    @asynccontextmanager
    async def agent(self, seat: str, queues: Sequence[str] = (), **how: Any) -> AsyncIterator[Agent]:
        """A softphone at `seat`, its agent logged in; which queues it serves follows from the site file."""
        async with self._hotline.agent(seat, **how) as agent:
            yield agent
        await logged(self, "REMOVEMEMBER", by=f"Agent/{seat}")

    def caller(self, number: str) -> Caller:
        """Somebody who dials the hotline now."""
        return self._hotline.caller(number)

    async def asks_for_a_person(self, caller: Caller) -> None:
        """The caller leaves the menu for the queue."""
        await self._hotline.asks_for_a_person(caller)

    async def pause(self, seat: str) -> None:
        """The agent is not ready."""
        await self._hotline.tell_agent("pause", seat)

    async def ready(self, seat: str) -> None:
        """The agent is ready again."""
        await self._hotline.tell_agent("ready", seat)

    def lines(self) -> list[list[str]]:
        """Our lines since the story began: time, call, queue, agent, event, data."""
        found = []
        for row in self._rows(self._last):
            found.append(line_of(row, lambda number: number).rstrip("\n").split("|"))
        return found

    def _rows(self, after: int) -> Any:
        with self._hotline.engine.connect() as connection:
            return connection.execute(select(queue_log).where(queue_log.c.id > after).order_by(queue_log.c.id)).all()


Side = OurSide | PlainQueue


async def logged(side: Side, event: str, count: int = 1, by: str = "") -> None:
    """Waits until that many lines of that event, by that agent if one is named, are in the side's log."""
    deadline = time.monotonic() + 10
    while sum(line[4] == event and by in line[3] for line in side.lines()) < count:
        assert time.monotonic() < deadline, f"no {count} lines {event}: {side.lines()}"
        await asyncio.sleep(0.05)


async def talk_ended_by_the_caller(side: Side) -> None:
    async with side.agent("1001") as agent, side.caller(NUMBERS[0]) as caller:
        await side.asks_for_a_person(caller)
        await agent.talks()
        await asyncio.sleep(TALK_S)  # a talk that lasts
        caller.hang_up()
        await logged(side, "COMPLETECALLER")


async def talk_ended_by_the_agent(side: Side) -> None:
    async with side.agent("1001") as agent, side.caller(NUMBERS[0]) as caller:
        await side.asks_for_a_person(caller)
        await agent.talks()
        await logged(side, "CONNECT")
        agent.phone.hang_up()
        await logged(side, "COMPLETEAGENT")


async def callers_give_up_waiting(side: Side) -> None:
    async with side.caller(NUMBERS[0]) as first:
        await side.asks_for_a_person(first)
        await logged(side, "ENTERQUEUE", 1)
        async with side.caller(NUMBERS[1]) as second:
            await side.asks_for_a_person(second)
            await logged(side, "ENTERQUEUE", 2)
            await asyncio.sleep(TALK_S)  # a wait that lasts
            first.hang_up()
            await logged(side, "ABANDON", 1)
            second.hang_up()
            await logged(side, "ABANDON", 2)


async def talks_and_hangs_up(side: Side, caller: Caller, connects: int = 1) -> None:
    await logged(side, "CONNECT", connects)
    caller.hang_up()
    await logged(side, "COMPLETECALLER")


async def rings_in_vain_then_answered(side: Side) -> None:
    async with side.agent("1001", mode="ignore") as sleeper, side.caller(NUMBERS[0]) as caller:
        await side.asks_for_a_person(caller)
        await sleeper.rings()
        await logged(side, "PAUSEALL")
        async with side.agent("1002") as awake:
            await awake.talks()
            await talks_and_hangs_up(side, caller)


async def gives_up_while_a_seat_rings(side: Side) -> None:
    async with side.agent("1001", mode="ignore") as agent, side.caller(NUMBERS[0]) as caller:
        await side.asks_for_a_person(caller)
        await agent.rings()
        await asyncio.sleep(RING_S / 2)  # a ringing that lasts
        caller.hang_up()
        await logged(side, "ABANDON")


async def sent_on_to_a_queue(side: Side) -> None:
    async with side.agent("1001") as first, side.caller(NUMBERS[0]) as caller:
        await side.asks_for_a_person(caller)
        await first.talks()
        await logged(side, "CONNECT")
        async with side.agent("1006", QUEUES) as second:
            await asyncio.sleep(TALK_S)  # a talk that lasts
            first.phone.transfer(f"sip:{COMPLAINTS_CODE}@{side.sip}")
            await second.talks()
            await talks_and_hangs_up(side, caller, 2)


async def an_agent_pauses(side: Side) -> None:
    async with side.agent("1001") as agent:
        await side.pause("1001")
        await logged(side, "PAUSEALL")
        async with side.caller(NUMBERS[0]) as caller:
            await side.asks_for_a_person(caller)
            await logged(side, "ENTERQUEUE")
            await side.ready("1001")
            await agent.talks()
            await talks_and_hangs_up(side, caller)


async def declined_then_answered(side: Side) -> None:
    async with side.agent("1001", mode="reject") as agent, side.caller(NUMBERS[0]) as caller:
        await side.asks_for_a_person(caller)
        await agent.rings()
        await agent.phone.behave("answer")
        await agent.talks()
        await talks_and_hangs_up(side, caller)


NUMBERS = ("13511110001", "13511110002")
STORIES: list[tuple[Callable[[Side], Awaitable[None]], str]] = [
    (talk_ended_by_the_caller, "all"),
    (talk_ended_by_the_agent, "all"),
    (callers_give_up_waiting, "all"),
    (rings_in_vain_then_answered, "all"),
    (gives_up_while_a_seat_rings, "all"),
    (sent_on_to_a_queue, "all"),
    (an_agent_pauses, "all"),
    (declined_then_answered, "no"),  # ours pauses for a second whoever declines, app_queue never or for ever
]


class Told(NamedTuple):
    """A line without what names differ by: the call as its number in the story, words as ours, seconds and milliseconds apart."""

    who: tuple[str, ...]
    data: tuple[str, ...]
    spans: tuple[float, ...]


def told(lines: list[list[str]], without: Sequence[str]) -> list[Told]:
    """The story's lines but for the events `without`. Agents are looked at in the hotline's queue only: elsewhere the site file decides who serves it."""
    calls: dict[str, str] = {}
    found = []
    for _, call, queue, agent, event, *data in lines:
        if event in ("ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE") and queue != "hotline":
            continue
        if event in without:
            continue
        words = [SAME_WORDS.get(word, word) for word in data]
        apart = SECONDS.get(event, ()) + MILLISECONDS.get(event, ())
        spans = tuple(float(words[n]) for n in apart)
        for n in (*apart, *A_CHANNEL.get(event, ())):
            words[n] = "..." if words[n] else ""
        known = SAME_WORDS.get(call, call)
        name = known if known in ("NONE", "MANAGER") else calls.setdefault(call, f"call {len(calls) + 1}")
        found.append(Told((name, queue, agent, event), tuple(words), spans))
    return found


@pytest.mark.parametrize(("story", "autopause"), STORIES, ids=[story.__name__ for story, _ in STORIES])
async def test_tools_read_the_same_story_from_us_as_from_app_queue(
    hotline: Hotline, tmp_path: Path, story: Callable[[Side], Awaitable[None]], autopause: str
) -> None:
    """The same calls on our hotline and on app_queue: the same events in the same order, of the same queues, agents and numbers, with the same seconds."""
    ours = OurSide(hotline)
    await story(ours)
    await hotline.is_quiet()
    async with plain_queue(PLAIN_PORTS, tmp_path / "plain", autopause) as plain:
        await story(plain)
        theirs = plain.lines()
    without = ("CONFIGRELOAD", *(PAUSES if autopause == "no" else ()))
    mine, real = told(ours.lines(), without), told(theirs, without)
    shown = "\n".join(
        ["ours:", *("|".join(line) for line in ours.lines()), "app_queue:", *("|".join(line) for line in theirs)]
    )
    assert [(line.who, line.data) for line in mine] == [(line.who, line.data) for line in real], shown
    for one, other in zip(mine, real, strict=True):
        tolerance = TOLERANCE_MS if one.who[3] in MILLISECONDS else TOLERANCE_S
        assert all(abs(a - b) <= tolerance for a, b in zip(one.spans, other.spans, strict=True)), (one, other, shown)
