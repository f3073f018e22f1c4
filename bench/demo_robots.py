"""The people of the demonstration: callers with their keys and patience, agents with their manners.

Owns what each robot does and when, all from one seed; must not know how it is shown or counted.
Rules: domain.md (callers leave in the menu, give up, stay); talks are exponential, cut to 3-8 s so that a minute shows many.
"""

import asyncio
import contextlib
import itertools
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jietong.masking import mask_number
from tests.robots.driver import Event, RobotError, Softphone
from tests.robots.people import Agent, Caller

VIP_NUMBERS = tuple(f"1390000000{n}" for n in range(1, 10))  # customers of the demo site
TALK_MEAN_S, TALK_LEAST_S, TALK_MOST_S = 5.0, 3.0, 8.0
KINDS = ("stays",) * 8 + ("leaves in the menu", "gives up soon")
KEYS = ("0", "0", "0", "10", "50", "90")
TIERS = ("vip",) * 3 + ("ordinary",) * 7
SLEEPY = ("ignore", "answer", "answer", "reject", "answer")  # the one agent who lets it ring, in turn
BACK_AFTER_S = 3.0  # until that agent notices and dials the code for ready
FOR_EVER_S = 86400.0
Note = Callable[[str], None]


@dataclass
class Visit:
    """One call. `keys` empty: leaves in the menu after `patience_s`; else `patience_s` is how long it waits for an agent.

    hangs_up_s   the caller ends the talk after that; None: the agent does
    dialled_at   epoch seconds; None until the phone has dialled
    refused      what the site said when it did not even answer
    """

    number: str
    keys: str
    patience_s: float
    hangs_up_s: float | None
    dialled_at: float | None = None
    ended_at: float = 0.0
    refused: str = ""
    talks: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Hotline:
    """Where robots call and sit."""

    server: str
    number: str
    ready_code: str
    passwords: dict[str, str] = field(repr=False)


class Callers:
    """Who calls: `visits` are all calls so far, in the order of dialling."""

    def __init__(self, hotline: Hotline, seed: int, note: Note) -> None:
        self.visits: list[Visit] = []
        self._hotline, self._note = hotline, note
        self._random = random.Random(seed)
        self._kinds, self._keys, self._tiers = (self._deck(cards) for cards in (KINDS, KEYS, TIERS))
        self._here: dict[str, Visit] = {}

    def pause_s(self, mean_s: float) -> float:
        """How long until the next call."""
        return min(self._random.expovariate(1 / mean_s), 3 * mean_s)

    async def call(self) -> None:
        """One whole call of the next caller. A robot that fails is told of, and its visit shows how far it came."""
        visit = self._next_visit()
        self._here[visit.number] = visit
        self.visits.append(visit)
        called_at = time.time()
        try:
            async with Caller(self._hotline.server, visit.number, to=self._hotline.number) as caller:
                visit.dialled_at = called_at
                await self._visit(visit, caller)
        except (RobotError, OSError) as error:
            self._note(f"a robot failed: {str(error).splitlines()[0]}")
        finally:
            visit.ended_at = time.time()
            del self._here[visit.number]

    def is_answered(self, number: str) -> None:
        """An agent has picked up for that caller, who stays now."""
        if number in self._here:
            self._here[number].talks.set()

    async def _visit(self, visit: Visit, caller: Caller) -> None:
        name, phone = mask_number(visit.number), caller.phone
        first = await phone.wait_for(("answered", "disconnected"), 20)
        if first["event"] == "disconnected":
            visit.refused = f"{first['code']} {first['reason']}"
            self._note(f"{name} is refused: {visit.refused}")
            return
        await phone.wait_for("media")
        for position, key in enumerate(visit.keys):
            await asyncio.sleep(1.5 if position else self._random.uniform(0.5, 2.0))
            caller.press(key)
        if visit.keys:
            self._note(f"{name} pressed {', '.join(visit.keys)}")
        over = asyncio.create_task(phone.wait_for("disconnected", FOR_EVER_S))
        talks = asyncio.create_task(visit.talks.wait())
        try:
            await asyncio.wait({over, talks}, timeout=visit.patience_s, return_when=asyncio.FIRST_COMPLETED)
            if visit.talks.is_set() and not over.done():
                await asyncio.wait({over}, timeout=visit.hangs_up_s or TALK_MOST_S + 5)
            elif not over.done():
                self._note(f"{name} {'gave up waiting' if visit.keys else 'hung up in the menu'}")
            caller.hang_up()
            await asyncio.wait({over}, timeout=5)
        finally:
            over.cancel()
            talks.cancel()

    def _next_visit(self) -> Visit:
        kind, keys = next(self._kinds), next(self._keys)
        talk_s = talk_time_s(self._random)
        patience_s = 12 + min(self._random.expovariate(1 / 8), 13)
        if kind == "leaves in the menu":
            keys, patience_s = "", self._random.uniform(1, 4)
        elif kind == "gives up soon":
            patience_s = self._random.uniform(2, 6)
        hangs_up_s = talk_s / 2 if self._random.random() < 0.3 else None
        return Visit(self._number(next(self._tiers)), keys, patience_s, hangs_up_s)

    def _number(self, tier: str) -> str:
        """A number that nobody calls from at this moment; ordinary ones are never used twice."""
        absent = [number for number in VIP_NUMBERS if number not in self._here]
        if tier == "vip" and absent:
            return self._random.choice(absent)
        used = {visit.number for visit in self.visits}
        return next(n for n in (f"136{self._random.randrange(10**8):08d}" for _ in itertools.count()) if n not in used)

    def _deck(self, cards: Iterable[str]) -> Iterator[str]:
        """Shuffled again and again: even a short demonstration shows every kind."""
        cards = list(cards)
        while True:
            self._random.shuffle(cards)
            yield from cards


class Desk:
    """One agent at one seat, from sitting down until cancelled. A sleepy one lets calls ring or declines now and then."""

    def __init__(
        self, hotline: Hotline, seat: str, is_sleepy: bool, seed: int, note: Note, on_answered: Callable[[str], None]
    ) -> None:
        self.seat = seat
        self.seated = asyncio.Event()
        self._hotline, self._note, self._on_answered = hotline, note, on_answered
        self._random = random.Random(f"{seed} {seat}")
        self._manners = itertools.cycle(SLEEPY if is_sleepy else ("answer",))

    async def work(self, state_of: Callable[[str], str]) -> None:
        """Registers and takes calls; `state_of` tells the agent's state as the site sees it. Raises RobotError when refused."""
        habit = self._next_habit()
        async with Agent(self._hotline.server, self.seat, self._hotline.passwords[self.seat], **habit) as agent:
            self.seated.set()
            while True:
                mode = habit["mode"]
                await self._one_call(agent.phone, mode)
                habit = self._next_habit()  # before coming back: who is ready is rung within milliseconds
                await agent.phone.behave(**habit)
                if mode == "ignore":
                    await self._come_back(agent.phone, state_of)

    async def _one_call(self, phone: Softphone, mode: str) -> None:
        rang = await phone.wait_for("incoming", FOR_EVER_S, lambda event: not event["second"])
        number = _number_in(rang)
        caller = mask_number(number)
        if mode == "ignore":
            self._note(f"agent {self.seat} lets {caller} ring")
        met = await phone.wait_for(("answered", "disconnected"), FOR_EVER_S, _from(rang["at"]))
        if met["event"] == "disconnected":
            agent = f"agent {self.seat}"
            untold = f"{caller} hung up before {agent} answered"
            self._note({"reject": f"{agent} declined {caller}", "ignore": f"{agent} did not answer"}.get(mode, untold))
            return
        self._on_answered(number)
        self._note(f"agent {self.seat} answered {caller}")
        await phone.wait_for("disconnected", FOR_EVER_S, _from(rang["at"]))

    async def _come_back(self, phone: Softphone, state_of: Callable[[str], str]) -> None:
        """Dials the code for ready, as an agent does who was set not ready for letting a call ring."""
        await asyncio.sleep(BACK_AFTER_S)
        if await asyncio.to_thread(state_of, self.seat) not in ("missed", "not_ready"):
            return
        with contextlib.suppress(RobotError):
            asked_at = time.monotonic()
            await phone.dial(f"sip:{self._hotline.ready_code}@{self._hotline.server}")
            await phone.wait_for("disconnected", 20, _from(asked_at))
            self._note(f"agent {self.seat} dialled {self._hotline.ready_code} and is ready again")

    def _next_habit(self) -> dict[str, Any]:
        after_s = self._random.uniform(0.5, 1.5)
        return {"mode": next(self._manners), "after_s": after_s, "talk_s": talk_time_s(self._random)}


def talk_time_s(chance: random.Random) -> float:
    """Exponential with the mean TALK_MEAN_S, cut to what a demonstration has time for."""
    return min(max(chance.expovariate(1 / TALK_MEAN_S), TALK_LEAST_S), TALK_MOST_S)


def _number_in(invite: Event) -> str:
    found = re.search(r"sips?:([^@;>]+)@", invite["from"])
    return found[1] if found else ""


def _from(at: float) -> Callable[[Event], bool]:
    return lambda event: bool(event["at"] >= at)
