"""Who calls in an reckoning run and what each does, all from one seed.

Owns the script: callers with their whims, agents with their manners, when routers die. Must not play it.
Rules: issue of the answer rate: answers, abandons at every point, seats that ring in vain, callbacks, transfers, restarts of the router in between.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

SEATS = ("1001", "1002", "1006", "1901")
TRANSFERS_AT = ("1001", "1002")  # agents who send some callers on; 1006 is the one for complaints
VIPS = tuple(f"1390000000{n}" for n in range(2, 10))
ROBOTS_AT_ONCE = 10
PAUSE_MEAN_S = 2.2
# Of so many callers the last so many come within seconds: there is a line, with time to ask in it
RUSH_EACH, RUSH_CALLERS = 30, 10
RUSH_PAUSE_MEAN_S = 0.2


class Whim(Enum):
    """What a caller is about to do."""

    LEAVES_MENU = "leaves_menu"  # hangs up before any key
    LEAVES_SOON = (
        "leaves_soon"  # asks for a person, and hangs up after `stay_s` wherever it is: waiting, ringing or talking
    )
    TALKS = "talks"  # waits for a person, talks, hangs up itself after `talk_s`
    LISTENS = "listens"  # waits for a person, stays until the agent ends the talk
    CALLED_BACK = "called_back"  # while it waits, asks to be called back


# Whims in the proportion in which a deck of them is dealt again and again: a short run has each kind too
DECK = (
    *(Whim.TALKS, Whim.LISTENS, Whim.LEAVES_SOON) * 3,
    *(Whim.TALKS, Whim.LISTENS, Whim.LEAVES_MENU, Whim.CALLED_BACK),
)
MANNERS = (*("answer",) * 4, "ignore", *("answer",) * 3, "reject", *("answer",) * 2, "busy")


@dataclass(frozen=True)
class Guest:
    """One caller of the script. `pause_s` until the next one dials; `stay_s` and `talk_s` see Whim."""

    number: str
    whim: Whim
    pause_s: float
    stay_s: float
    talk_s: float

    @property
    def is_vip(self) -> bool:
        """Whether it is a customer of the VIP tier, who meets no menu."""
        return self.number in VIPS


@dataclass(frozen=True)
class Manner:
    """How an agent treats one call; `sends_on`: transfers it to complaints after a second."""

    mode: str
    after_s: float
    talk_s: float
    sends_on: bool


def guests(seed: int) -> Iterator[Guest]:
    """Callers without end; ordinary numbers never come twice."""
    chance, deck = random.Random(f"guests {seed}"), _dealt(DECK, random.Random(f"whims {seed}"))
    vips = itertools.cycle(VIPS)
    for count, whim in enumerate(deck):
        is_vip = whim in (Whim.TALKS, Whim.LISTENS) and chance.random() < 0.25
        mean_s = RUSH_PAUSE_MEAN_S if count % RUSH_EACH >= RUSH_EACH - RUSH_CALLERS else PAUSE_MEAN_S
        number = next(vips) if is_vip else f"136{seed % 100:02d}{count:06d}"
        yield Guest(
            number,
            whim,
            min(chance.expovariate(1 / mean_s), 3 * mean_s),
            chance.uniform(0.2, 7.0) if whim is Whim.LEAVES_SOON else chance.uniform(0.2, 2.0),
            chance.uniform(1.0, 5.0),
        )


def manners(seed: int, seat: str) -> Iterator[Manner]:
    """How the agent at `seat` treats its calls, without end."""
    chance = random.Random(f"manners {seed} {seat}")
    for mode in _dealt(MANNERS, chance):
        sends_on = seat in TRANSFERS_AT and mode == "answer" and chance.random() < 0.2
        yield Manner(mode, chance.uniform(0.1, 1.2), chance.uniform(1.0, 4.0), sends_on)


def deaths(seed: int, length_s: float, every_s: float = 40.0) -> list[float]:
    """Seconds of the run at which the leading router is killed: once in each `every_s`, none in the last ten seconds."""
    chance = random.Random(f"deaths {seed}")
    starts = [n * every_s for n in range(max(1, int(length_s / every_s)))]
    return [start + chance.uniform(0.3, 0.8) * min(every_s, length_s - 10.0) for start in starts]


def _dealt(cards: tuple[object, ...], chance: random.Random) -> Iterator:  # type: ignore[type-arg]  # of whims or of modes
    while True:
        hand = list(cards)
        chance.shuffle(hand)
        yield from hand
