"""Events per second of `engine.step`, and how its cost grows with agents and waiting calls.

Run: python -m bench.engine_step. Prints the rate at 1,000 agents x 1,000 waiting on one core, and the cost at 10,000 x 10,000 as a ratio to 100 x 100.
Sizes take turns in each round, so that a noisy machine hits all alike; the figure is the median over rounds.
"""

import argparse
import gc
import statistics
import time

from routing import engine
from routing.actions import RingSeat
from routing.events import (
    AgentReadied,
    AsteriskSynced,
    CallEnded,
    CallQueued,
    LegEnded,
    OfferAnswered,
    OfferRinging,
    SeatChanged,
    SeatState,
)
from routing.model import State
from routing.rules import Rules, Seat, Tier


class Hotline:
    """All agents talking and `waiting` callers in line, a tenth VIP; each turn ends a talk, rings and answers the next, and queues one more."""

    def __init__(self, agents: int, waiting: int) -> None:
        vip = agents // 10
        seats = tuple(Seat(f"1{i:06d}") for i in range(agents - vip)) + tuple(
            Seat(f"9{i:06d}", ("vip",)) for i in range(vip)
        )
        tiers = (Tier("vip", 10, 0.95), Tier("ordinary", 20, 0.9))
        people = tuple(seat.number for seat in seats)
        rules = Rules(
            "hotline",
            tiers,
            "ordinary",
            tuple(Seat(s.number, s.dedicated_to, True) for s in seats),
            people,
            1,
            8,
            10.0,
            10.0,
        )
        self.state = State.of(rules)
        self.now, self.count = 1000.0, 0
        self.rung: list[tuple[str, str]] = []
        self.steps = 0
        self.tell(AsteriskSynced(self.now, self.now, (), ()))
        for number in people:
            self.tell(SeatChanged(self.now, number, SeatState.FREE))
        for _ in range(agents + waiting):
            self.queue()
        self.talking: list[tuple[str, str]] = []
        self.answer_all()

    def tell(self, event: object) -> None:
        """One step; remembers which seats were ordered to ring."""
        actions, _ = engine.step(self.state, event)
        self.steps += 1
        self.rung += [(a.call, a.seat) for a in actions if isinstance(a, RingSeat)]

    def queue(self) -> None:
        """One more caller."""
        self.count += 1
        self.now += 0.001
        call, tier = f"{self.count}.1", "vip" if self.count % 10 == 0 else "ordinary"
        self.tell(
            CallQueued(
                self.now, call, f"PJSIP/t-{call}", "13900000000", "hotline", tier, "person", "zh-CN", "", self.now
            )
        )

    def answer_all(self) -> None:
        """Every ringing seat is answered."""
        rung, self.rung = self.rung, []
        for call, seat in rung:
            leg = f"{call}-leg"
            self.tell(OfferRinging(self.now, call, seat, leg))
            self.tell(OfferAnswered(self.now, call, seat, leg))
            self.talking.append((call, seat))

    def turn(self, number: int) -> None:
        """A talk ends, the agent skips wrap-up, the next caller rings and is answered, a new caller queues: six events."""
        call, seat = self.talking[number]
        self.tell(LegEnded(self.now, call, seat, f"{call}-leg"))
        self.tell(CallEnded(self.now, call, 16))
        self.tell(AgentReadied(self.now, seat))
        self.answer_all()
        self.queue()


def measure(agents: int, waiting: int, turns: int) -> float:
    """Seconds a step over `turns` turns of a hotline of that size."""
    hotline = Hotline(agents, waiting)
    gc.collect()
    before, started = hotline.steps, time.perf_counter()
    for number in range(turns):
        hotline.turn(number)
    return (time.perf_counter() - started) / (hotline.steps - before)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=5000)
    options = parser.parse_args()
    sizes = [(100, 100), (1000, 1000), (10_000, 10_000)]
    costs: dict[tuple[int, int], list[float]] = {size: [] for size in sizes}
    for _ in range(options.rounds):
        for size in sizes:
            costs[size].append(measure(*size, options.turns))
    median = {size: statistics.median(values) for size, values in costs.items()}
    for (agents, waiting), cost in median.items():
        print(f"{agents:6d} agents x {waiting:6d} waiting: {cost * 1e6:6.2f} us a step, {1 / cost:10,.0f} events/s")
    ratios = [big / small for big, small in zip(costs[sizes[2]], costs[sizes[0]], strict=True)]
    print(
        f"cost at 10,000 x 10,000 / cost at 100 x 100: median {statistics.median(ratios):.2f}, rounds {', '.join(f'{r:.2f}' for r in ratios)}"
    )


if __name__ == "__main__":
    main()
