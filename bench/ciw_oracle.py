"""Three hotlines simulated twice: by ciw, an independent library, and by the shipped router in virtual time.

Run: python -m bench.ciw_oracle [--calls N] [--replications N]. Prints each figure of both with its 95 % interval, and whether they agree.
Models: impatient callers on one pool; long-tailed talks with uniform patience; VIPs before everyone else on one pool.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import ciw

from routing.facts import CallRecord, Outcome
from routing.rules import Rules, Seat, Tier
from simulation.chance import Distribution, Shape
from simulation.interval import Interval, interval_of
from simulation.model import Kind, calls, steady
from simulation.run import simulate

TARGET_S = 20.0
Wait = tuple[float, bool]  # seconds, whether answered


@dataclass(frozen=True, slots=True)
class Line:
    """One pool of agents; `shares` of VIPs and of others."""

    name: str
    agents: int
    calls_per_hour: float
    talk: Distribution
    patience: Distribution
    shares: tuple[float, float] = (0.0, 1.0)


LINES = (
    Line("impatient callers", 12, 200.0, Distribution(180), Distribution(120)),
    Line("long-tailed talks", 9, 160.0, Distribution(170, Shape.LOGNORMAL, 1.2), Distribution(150, Shape.UNIFORM, 0.5)),
    Line("VIPs first", 10, 200.0, Distribution(170), Distribution(180), (0.2, 0.8)),
)


def by_ciw(line: Line, count: int, seed: int) -> dict[str, list[Wait]]:
    """The first `count` calls by tier, as ciw has them."""
    ciw.seed(seed)
    tiers = {tier: share for tier, share in zip(("vip", "ordinary"), line.shares, strict=True) if share}
    network = ciw.create_network(
        arrival_distributions={t: [ciw.dists.Exponential(line.calls_per_hour / 3600 * s)] for t, s in tiers.items()},
        service_distributions={t: [_dist(line.talk)] for t in tiers},
        reneging_time_distributions={t: [_dist(line.patience)] for t in tiers},
        number_of_servers=[line.agents],
        priority_classes={tier: number for number, tier in enumerate(tiers)},
    )
    run = ciw.Simulation(network)
    run.simulate_until_max_customers(count, method="Finish")
    found: dict[str, list[Wait]] = {tier: [] for tier in tiers}
    for record in sorted(run.get_all_records(), key=lambda r: r.arrival_date)[:count]:
        found[record.customer_class].append((record.waiting_time, record.record_type == "service"))
    return found


def by_us(line: Line, count: int, seed: int) -> dict[str, list[Wait]]:
    """The same of the shipped router."""
    seats = tuple(Seat(f"1{n:03d}", (), True) for n in range(line.agents))
    tiers = (Tier("vip", TARGET_S, 0.95), Tier("ordinary", TARGET_S, 0.9))
    people = tuple(seat.number for seat in seats)
    rules = Rules("hotline", tiers, "ordinary", seats, people, 1, 8, 0.0, 10.0)
    kinds = [Kind(s, t.name, talk=line.talk, patience=line.patience) for t, s in zip(tiers, line.shares, strict=True)]
    days = calls(steady(line.calls_per_hour, kinds), ((day, day * 86400.0) for day in range(10_000)), seed)
    found: dict[str, list[Wait]] = {"vip": [], "ordinary": []}

    def note(record: CallRecord) -> None:
        found[record.tier].append((record.wait_s, record.outcome is Outcome.ANSWERED))

    simulate(rules, islice(days, count), on_record=note)
    return {tier: waits for tier, waits in found.items() if waits}


def _dist(of: Distribution) -> "ciw.dists.Distribution":
    if of.shape is Shape.EXPONENTIAL:
        return ciw.dists.Exponential(1 / of.mean_s)
    if of.shape is Shape.UNIFORM:
        half = math.sqrt(3) * of.cv * of.mean_s
        return ciw.dists.Uniform(of.mean_s - half, of.mean_s + half)
    variance = math.log1p(of.cv**2)
    return ciw.dists.Lognormal(math.log(of.mean_s) - variance / 2, math.sqrt(variance))


def figures(waits: Sequence[Wait]) -> dict[str, float]:
    """Three figures of some calls."""
    return {
        "abandoned": sum(not answered for _, answered in waits) / len(waits),
        "answered in 20 s": sum(answered and wait_s <= TARGET_S for wait_s, answered in waits) / len(waits),
        "mean wait s": sum(wait_s for wait_s, _ in waits) / len(waits),
    }


def compared(line: Line, count: int, replications: int) -> list[tuple[str, Interval, Interval]]:
    """Tier and figure, with ciw's and our interval over the replications."""
    runs = [[figures_by_tier(way(line, count, 1 + r)) for r in range(replications)] for way in (by_ciw, by_us)]
    return [
        (f"{tier}: {name}", *(interval_of([run[tier][name] for run in side]) for side in runs))
        for tier in runs[0][0]
        for name in runs[0][0][tier]
    ]


def figures_by_tier(waits: dict[str, list[Wait]]) -> dict[str, dict[str, float]]:
    """Figures of each tier."""
    return {tier: figures(of) for tier, of in waits.items()}


def agree(one: Interval, other: Interval, times: float = 1.0) -> bool:
    """Whether the difference is within its own 95 % interval, or so many times that."""
    return abs(one.mean - other.mean) <= times * math.hypot(one.half, other.half)


def main() -> None:
    """Compares and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000, help="of each replication")
    parser.add_argument("--replications", type=int, default=10)
    options = parser.parse_args()
    print("| model | figure | ciw | shipped router | |\n|---|---|---|---|---|")
    for line in LINES:
        for what, ciws, ours in compared(line, options.calls, options.replications):
            cells = [f"{i.mean:.4f} ±{i.half:.4f}" for i in (ciws, ours)]
            print(f"| {line.name} | {what} | {cells[0]} | {cells[1]} | {'agree' if agree(ciws, ours) else 'DIFFER'} |")


if __name__ == "__main__":
    main()
