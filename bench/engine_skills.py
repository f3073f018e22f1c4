"""Events per second of `engine.step` with queues and skills: 5 queues, 20 skills, 1,000 agents, 1,000 waiting.

Run: python -m bench.engine_skills. Prints the rate and its ratio to the same hotline without queues and skills, then the rate when each queue has a recipe
of four steps that most waiting callers have gone through, then when each caller is told its place and wait too; all take turns in each round.
"""

import argparse
import random
import statistics
import sys
import time

from bench.engine_step import Hotline
from bench.turns import or_no_figure
from routing import engine
from routing.events import AsteriskSynced, CallQueued, SeatChanged, SeatState, Tick
from routing.model import State
from routing.rules import Queue, Rules, Seat, Talent, Tier
from routing.steps import SUPERVISORS, Step, When

QUEUES, SKILLS, AGENTS, WAITING = 5, 20, 1000, 1000


class SkilledHotline(Hotline):
    """As Hotline, but each agent has three of the skills at random levels, and each queue requires one of its four at level 2."""

    announce_every_s = 0.0

    def __init__(self, agents: int, waiting: int, seed: int) -> None:
        self.random = random.Random(seed)
        numbers = [f"1{i:06d}" for i in range(agents)]
        skills = [f"s{i}" for i in range(SKILLS)]
        talents = {
            number: Talent(tuple(sorted((s, self.random.randint(1, 5)) for s in self.random.sample(skills, 3))))
            for number in numbers
        }
        queues = tuple(self.queue_of(f"q{i}", 1.0 + i / 4, skills[i * 4]) for i in range(QUEUES))
        tiers = (Tier("vip", 10, 0.95), Tier("ordinary", 20, 0.9))
        seats = tuple(Seat(number, (), True) for number in numbers)
        rules = Rules(
            "hotline",
            tiers,
            "ordinary",
            seats,
            tuple(numbers),
            1,
            8,
            10.0,
            10.0,
            age_ratio=3.0,
            queues=queues,
            talents=talents,
            announce_every_s=self.announce_every_s,
        )
        self.state = State.of(rules)
        self.now, self.count, self.steps = 1000.0, 0, 0
        self.rung: list[tuple[str, str]] = []
        self.talking: list[tuple[str, str]] = []
        self.tell(AsteriskSynced(self.now, self.now, (), ()))
        for number in numbers:
            self.tell(SeatChanged(self.now, number, SeatState.FREE))
        while len(self.rung) < agents * 0.6:  # as many talk as have a skill that some queue requires
            self.queue()
        for _ in range(waiting):
            self.queue()
        self.answer_all()

    def queue_of(self, name: str, weight: float, skill: str) -> Queue:
        """A queue that requires one skill."""
        return Queue(name, weight, ((skill, 2),))

    def queue(self) -> None:
        """One more caller, in a random queue."""
        self.count += 1
        self.now += 0.001
        call, tier = f"{self.count}.1", "vip" if self.count % 10 == 0 else "ordinary"
        queue = f"q{self.random.randrange(QUEUES)}" if self.count % 3 else "hotline"
        self.tell(
            CallQueued(self.now, call, f"PJSIP/t-{call}", "13900000000", queue, tier, "person", "zh-CN", "", self.now)
        )


class RecipeHotline(SkilledHotline):
    """As SkilledHotline, and each caller who waits takes a step after 0.5, 1, 1.5 and 2 s (1,000 callers come in each second)."""

    def queue_of(self, name: str, weight: float, skill: str) -> Queue:
        """A queue with a recipe."""
        steps = (
            Step(When.AFTER, 0.5, relax=((skill, 1),)),
            Step(When.AFTER, 1.0, add_queue="q0" if name != "q0" else "q1"),
            Step(When.AFTER, 1.5, ring_seats=2),
            Step(When.LEFT, 8.0, ("vip",), add_queue=SUPERVISORS),
        )
        return Queue(name, weight, ((skill, 2),), steps)

    def turn(self, number: int) -> None:
        """A turn, and the clock's part of it."""
        super().turn(number)
        if (due := engine.next_deadline(self.state)) is not None and due <= self.now:
            self.tell(Tick(self.now))


class ToldHotline(RecipeHotline):
    """As RecipeHotline, and each caller hears its place and wait at entry and every second."""

    announce_every_s = 1.0


def measure(hotline: Hotline, turns: int) -> float:
    """Seconds a step."""
    before, started = hotline.steps, time.perf_counter()
    for number in range(turns):
        hotline.turn(number)
    return (time.perf_counter() - started) / (hotline.steps - before)


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=3000)
    options = parser.parse_args()
    plain, skilled, widened, told = [], [], [], []
    for number in range(options.rounds):
        plain.append(measure(Hotline(AGENTS, WAITING), options.turns))
        skilled.append(measure(SkilledHotline(AGENTS, WAITING, number), options.turns))
        widened.append(measure(RecipeHotline(AGENTS, WAITING, number), options.turns))
        told.append(measure(ToldHotline(AGENTS, WAITING, number), options.turns))
    ratios = [much / little for much, little in zip(skilled, plain, strict=True)]
    cost = statistics.median(skilled)
    print(
        f"{QUEUES} queues, {SKILLS} skills, {AGENTS} agents, {WAITING} waiting: {cost * 1e6:.2f} us a step, {1 / cost:,.0f} events/s"
    )
    print(
        f"cost with queues and skills / without: median {statistics.median(ratios):.2f}, rounds {', '.join(f'{r:.2f}' for r in ratios)}"
    )
    cost = statistics.median(widened)
    print(f"with a recipe of four steps in each queue: {cost * 1e6:.2f} us a step, {1 / cost:,.0f} events/s")
    cost = statistics.median(told)
    print(f"and each caller told its place and wait: {cost * 1e6:.2f} us a step, {1 / cost:,.0f} events/s")
    return 0


if __name__ == "__main__":
    sys.exit(or_no_figure(main))
