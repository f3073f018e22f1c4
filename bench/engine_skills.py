"""Events per second of `engine.step` with queues and skills: 5 queues, 20 skills, 1,000 agents, 1,000 waiting.

Run: python -m bench.engine_skills. Prints the rate and its ratio to the same hotline without queues and skills; both take turns in each round.
"""

import argparse
import random
import statistics
import time

from bench.engine_step import Hotline
from routing.events import AsteriskSynced, CallQueued, SeatChanged, SeatState
from routing.model import State
from routing.rules import Queue, Rules, Seat, Talent, Tier

QUEUES, SKILLS, AGENTS, WAITING = 5, 20, 1000, 1000


class SkilledHotline(Hotline):
    """As Hotline, but each agent has three of the skills at random levels, and each queue requires one of its four at level 2."""

    def __init__(self, agents: int, waiting: int, seed: int) -> None:
        self.random = random.Random(seed)
        numbers = [f"1{i:06d}" for i in range(agents)]
        skills = [f"s{i}" for i in range(SKILLS)]
        talents = {
            number: Talent(tuple(sorted((s, self.random.randint(1, 5)) for s in self.random.sample(skills, 3))))
            for number in numbers
        }
        queues = tuple(Queue(f"q{i}", 1.0 + i / 4, ((skills[i * 4], 2),)) for i in range(QUEUES))
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

    def queue(self) -> None:
        """One more caller, in a random queue."""
        self.count += 1
        self.now += 0.001
        call, tier = f"{self.count}.1", "vip" if self.count % 10 == 0 else "ordinary"
        queue = f"q{self.random.randrange(QUEUES)}" if self.count % 3 else "hotline"
        self.tell(
            CallQueued(self.now, call, f"PJSIP/t-{call}", "13900000000", queue, tier, "person", "zh-CN", "", self.now)
        )


def measure(hotline: Hotline, turns: int) -> float:
    """Seconds a step."""
    before, started = hotline.steps, time.perf_counter()
    for number in range(turns):
        hotline.turn(number)
    return (time.perf_counter() - started) / (hotline.steps - before)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=3000)
    options = parser.parse_args()
    plain, skilled = [], []
    for number in range(options.rounds):
        plain.append(measure(Hotline(AGENTS, WAITING), options.turns))
        skilled.append(measure(SkilledHotline(AGENTS, WAITING, number), options.turns))
    ratios = [much / little for much, little in zip(skilled, plain, strict=True)]
    cost = statistics.median(skilled)
    print(
        f"{QUEUES} queues, {SKILLS} skills, {AGENTS} agents, {WAITING} waiting: {cost * 1e6:.2f} us a step, {1 / cost:,.0f} events/s"
    )
    print(
        f"cost with queues and skills / without: median {statistics.median(ratios):.2f}, rounds {', '.join(f'{r:.2f}' for r in ratios)}"
    )


if __name__ == "__main__":
    main()
