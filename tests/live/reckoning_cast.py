"""The robots of an reckoning run: they play the script and note what they saw of each call.

Owns the playing and the notes. Must not read what the hotline wrote: the ledger compares.
"""

import asyncio
import contextlib
import itertools
import os
import re
import signal
import time
from dataclasses import dataclass, field

from tests.live.hotline import COMPLAINTS_CODE, Hotline
from tests.live.reckoning_script import ROBOTS_AT_ONCE, SEATS, Guest, Manner, Whim, deaths, guests, manners
from tests.robots.driver import Event, RobotError, Softphone

FOR_EVER_S = 86_400.0
PATIENCE_S = 60.0  # of callers who wait for a person
CALLBACK_KEY_S = 1.0  # between the two presses


@dataclass
class Visit:
    """What a caller's telephone saw of its call. Times are epoch seconds; `ended_by_us`: it hung up itself."""

    guest: Guest
    dialled_at: float
    is_answered: bool = False
    ended_at: float = 0.0
    ended_by_us: bool = False


@dataclass
class Ring:
    """What an agent's telephone saw of one call that came to it: `caller` and how it was treated; seconds talked."""

    seat: str
    caller: str
    manner: str
    at: float
    is_answered: bool = False
    talk_s: float = 0.0
    sent_on: bool = False
    ended_at: float = 0.0
    ended_by_agent: bool = False


@dataclass
class Notes:
    """Everything that robots saw, and how often a router was killed."""

    visits: list[Visit] = field(default_factory=list)
    rings: list[Ring] = field(default_factory=list)
    called_back: list[str] = field(default_factory=list)
    deaths: int = 0


class Cast:
    """Plays one run."""

    def __init__(self, hotline: Hotline, seed: int, length_s: float) -> None:
        self.notes = Notes()
        self._hotline, self._seed, self._length_s = hotline, seed, length_s
        self._talking: dict[str, asyncio.Event] = {}
        self._clock = time.time() - time.monotonic()

    async def play(self) -> Notes:
        """New callers come for `length_s`; returns once everybody is gone. Raises RobotError when a robot breaks."""
        async with contextlib.AsyncExitStack() as stack:
            phones = {
                seat: (await stack.enter_async_context(self._hotline.agent(seat, mode="ignore"))).phone
                for seat in SEATS
            }
            customer = await stack.enter_async_context(self._hotline.customer(after_s=0.3))
            async with asyncio.TaskGroup() as group:
                helpers = [
                    *(group.create_task(self._work(seat, phone)) for seat, phone in phones.items()),
                    group.create_task(self._be_called_back(customer.phone)),
                    group.create_task(self._kill_routers()),
                ]
                await self._let_callers_come()
                await self._hotline.until(lambda s: not any(s["calls"].values()), "the last call to be over", 90)
                # An hour leaves many to be called back, by agents who decline and let ring
                await self._hotline.until_metric(
                    lambda: self._hotline.metric("jietong_callbacks_open") == 0,
                    "the last callback",
                    60 + self._length_s / 2,
                )
                await self._hotline.asterisk_shows("core show channels count", "0 active channels", 30)
                for helper in helpers:
                    helper.cancel()
        return self.notes

    async def _let_callers_come(self) -> None:
        until = time.monotonic() + self._length_s
        places = asyncio.Semaphore(ROBOTS_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for guest in guests(self._seed):
                if time.monotonic() > until:
                    break
                await places.acquire()
                group.create_task(self._visit(guest)).add_done_callback(lambda _: places.release())
                await asyncio.sleep(guest.pause_s)

    async def _visit(self, guest: Guest) -> None:
        if guest.number in self._talking:
            return  # that customer is calling already
        talks = self._talking[guest.number] = asyncio.Event()
        visit = Visit(guest, time.time())
        try:
            async with self._hotline.caller(guest.number) as caller:
                visit.dialled_at = caller.dialled_at
                self.notes.visits.append(visit)
                await caller.is_answered(20)
                visit.is_answered = True
                await caller.phone.wait_for("media")
                over = asyncio.create_task(caller.phone.wait_for("disconnected", FOR_EVER_S))
                try:
                    await self._behave(guest, caller.phone, talks, over)
                    if not over.done():
                        caller.hang_up()
                    async with asyncio.timeout(15):
                        ended = await over
                finally:
                    over.cancel()
                visit.ended_at, visit.ended_by_us = self._clock + ended["at"], bool(ended["by_us"])
        finally:
            del self._talking[guest.number]

    async def _behave(self, guest: Guest, phone: Softphone, talks: asyncio.Event, over: "asyncio.Task[Event]") -> None:
        """Returns when the caller is about to hang up, or its call is over."""
        if guest.whim is Whim.LEAVES_MENU:
            await _first(over, within_s=guest.stay_s)
            return
        await _first(over, within_s=0.6)
        if not guest.is_vip and not over.done():
            phone.press("0")
        if guest.whim is Whim.LEAVES_SOON:
            await _first(over, within_s=guest.stay_s)
            return
        if guest.whim is Whim.CALLED_BACK:
            for _ in range(2):
                await _first(over, talks, within_s=CALLBACK_KEY_S + 0.5)
                if not over.done() and not talks.is_set():
                    phone.press("1")
        await _first(over, talks, within_s=PATIENCE_S)
        if talks.is_set():
            await _first(over, within_s=guest.talk_s if guest.whim is Whim.TALKS else PATIENCE_S)

    async def _work(self, seat: str, phone: Softphone) -> None:
        sleeps, before = False, None
        for manner in manners(self._seed, seat):
            talk_s = None if manner.sends_on else manner.talk_s
            try:
                await phone.behave(manner.mode, manner.after_s, talk_s)
            except RobotError:  # it heard only now that a caller whom it wanted to send on was gone
                await phone.behave(manner.mode, manner.after_s, talk_s)
            told_at = phone.seen("behaviour")[-1]["at"]
            if sleeps:  # only now: who waits in the line rings at once
                await self._come_back(seat)
            rang = await phone.wait_for("incoming", FOR_EVER_S, lambda event: not event["second"])
            # A seat is rung again within milliseconds: the phone may not have heard yet how to treat the next call
            shown = before if before is not None and rang["at"] < told_at else manner
            ring = Ring(seat, _number_in(rang), shown.mode, self._clock + rang["at"])
            self.notes.rings.append(ring)
            await self._treat(phone, ring, shown, rang["at"])
            sleeps, before = not ring.is_answered and shown.mode == "ignore", manner

    async def _treat(self, phone: Softphone, ring: Ring, manner: Manner, since: float) -> None:
        def later(event: Event) -> bool:
            return bool(event["at"] >= since)

        met = await phone.wait_for(("answered", "disconnected"), FOR_EVER_S, later)
        if met["event"] == "disconnected":
            return
        ring.is_answered = True
        if ring.caller in self._talking:
            self._talking[ring.caller].set()
        if manner.sends_on:
            await asyncio.sleep(1.0)
            with contextlib.suppress(RobotError):  # the caller may be gone by then
                phone.transfer(f"sip:{COMPLAINTS_CODE}@{self._hotline.sip}")
                told = await phone.wait_for(
                    ("transfer", "disconnected"), 5.0, lambda e: later(e) and e.get("final", True)
                )
                ring.sent_on = told["event"] == "transfer" and told["code"] // 100 == 2
        ended = phone.seen("disconnected")
        over = ended[-1] if ended and ended[-1]["at"] > met["at"] else None
        if manner.sends_on and not ring.sent_on and over is None:
            phone.hang_up()  # a customer who was called back cannot be sent on, and would stay for ever
        over = over or await phone.wait_for("disconnected", FOR_EVER_S, lambda event: event["at"] > met["at"])
        ring.talk_s = over["at"] - met["at"]
        ring.ended_at, ring.ended_by_agent = self._clock + over["at"], bool(over["by_us"])

    async def _come_back(self, seat: str) -> None:
        """A supervisor wakes the agent who let it ring. A router that has just died does not hear it: once more."""
        for _ in itertools.count():
            with contextlib.suppress(AssertionError):
                await self._hotline.tell_agent("ready", seat)
                return
            await asyncio.sleep(0.5)

    async def _be_called_back(self, phone: Softphone) -> None:
        while True:
            rang = await phone.wait_for("incoming", FOR_EVER_S, lambda event: not event["second"])
            self.notes.called_back.append(_number_in(rang, "to"))
            met = await phone.wait_for(("answered", "disconnected"), 30.0, lambda e, at=rang["at"]: e["at"] >= at)
            if met["event"] == "answered":
                await phone.wait_for(
                    "disconnected", FOR_EVER_S, lambda e, at=met["at"]: e["at"] > at and e["was_answered"]
                )

    async def _kill_routers(self) -> None:
        began = time.monotonic()
        for death_s in deaths(self._seed, self._length_s):
            await asyncio.sleep(max(0.0, began + death_s - time.monotonic()))
            os.kill(self._hotline.leader_pid(), signal.SIGKILL)
            self.notes.deaths += 1


async def _first(over: "asyncio.Task[Event]", talks: asyncio.Event | None = None, *, within_s: float) -> None:
    """Waits for the end of the call, or for a person's answer, at most `within_s`."""
    waiting = [asyncio.ensure_future(talks.wait())] if talks is not None else []
    try:
        await asyncio.wait({over, *waiting}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


def _number_in(invite: Event, whose: str = "from") -> str:
    found = re.search(r"sips?:([^@;>]+)@", invite[whose])
    return found[1] if found else ""
