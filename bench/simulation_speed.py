"""Calls per second of the simulator in plain Python on one core, and how its memory grows with the number of calls.

Run: python -m bench.simulation_speed [--profile]. Three loops on the same hotline (30 Erlang, 15 % VIP, 35 seats of which 7 dedicated, reserve 1):
one queue by the free-server-time recursion, the two-tier rules written out (simulation/lean.py), and the shipped engine with all its facts.
Traffic is made inside the time. Rounds take turns, so that a noisy machine hits all alike; seconds are of the processor, the figure is the median.
"""

import argparse
import cProfile
import gc
import pstats
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice

from bench.turns import or_no_figure
from routing.rules import Rules, Seat, Tier
from simulation import lean
from simulation.chance import Distribution
from simulation.model import Kind, calls, steady
from simulation.run import simulate

HANDLING_S = 180.0
AT_ONCE = {"one queue": 1_000_000, "two tiers": 300_000, "shipped engine": 20_000}


def site(agents: int = 35, vip: int = 7) -> Rules:
    """The hotline of theory.md section 2.6."""
    seats = [Seat(f"1{n:03d}", (), True) for n in range(agents - vip)] + [
        Seat(f"9{n:03d}", ("vip",), True) for n in range(vip)
    ]
    people = tuple(seat.number for seat in seats)
    tiers = (Tier("vip", 10, 0.95), Tier("ordinary", 20, 0.9))
    return Rules("hotline", tiers, "ordinary", tuple(seats), people, 1, 8, 0.0, 10.0)


def bare_calls(count: int, erlangs: float = 30.0, vip: float = 0.15, seed: int = 1) -> Iterator[lean.Call]:
    """Poisson calls, exponential talk and patience, as bare figures."""
    luck = random.Random(seed)
    chance, spread, rate, leave, at = luck.random, luck.expovariate, erlangs / HANDLING_S, 1 / HANDLING_S, 0.0
    for _ in range(count):
        at += spread(rate)
        yield at, chance() >= vip, spread(leave), spread(leave)


def one_queue(count: int) -> None:
    """All callers alike, first come first served."""
    lean.one_queue(bare_calls(count), 35, 20.0)


def two_tiers(count: int) -> None:
    """The shipped rules, written out."""
    lean.tiers(bare_calls(count), site())


def shipped_engine(count: int) -> None:
    """`engine.step` between callers, phones and agents; totals only."""
    talk = Distribution(HANDLING_S)
    model = steady(600, [Kind(0.15, "vip", talk=talk, patience=talk), Kind(0.85, "ordinary", talk=talk, patience=talk)])
    simulate(site(), islice(calls(model, [(day, day * 86400.0) for day in range(1000)], 1), count))


WAYS: dict[str, Callable[[int], None]] = {
    "one queue": one_queue,
    "two tiers": two_tiers,
    "shipped engine": shipped_engine,
}


def seconds(way: str, count: int) -> float:
    """Processor seconds of one run."""
    gc.collect()
    started = time.process_time()
    WAYS[way](count)
    return time.process_time() - started


def peak_kb(way: str, count: int) -> float:
    """The largest memory that a run held beside what was there before."""
    gc.collect()
    tracemalloc.start()
    WAYS[way](count)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1024


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="where the shipped engine's time goes")
    options = parser.parse_args()
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(options.rounds):
        for way, count in AT_ONCE.items():
            rates[way].append(count / seconds(way, count))
    for way, found in rates.items():
        print(f"{way:15} {statistics.median(found):11,.0f} calls/s (rounds {min(found):,.0f} to {max(found):,.0f})")
    ratio = [a / b for a, b in zip(rates["two tiers"], rates["shipped engine"], strict=True)]
    print(f"two tiers / shipped engine: median {statistics.median(ratio):.1f}")
    for way in WAYS:
        few, many = (peak_kb(way, count) for count in (2_000, 20_000))
        print(
            f"{way:15} peak memory {few:,.0f} kB with 2,000 calls, {many:,.0f} kB with 20,000: ratio {many / few:.2f}"
        )
    if options.profile:
        with cProfile.Profile() as profile:
            shipped_engine(20_000)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    return 0


if __name__ == "__main__":
    sys.exit(or_no_figure(main))
