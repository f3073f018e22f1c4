"""The rules of other routers on the same calls as ours: what each makes of 30 Erlang, and how many seats each needs for both goals.

Run: python -m bench.peers [--calls N] [--write FOLDER]. Common random numbers: every rule meets the very same callers, talks and patience.
Goals: VIP 95 % in 10 s, ordinary 90 % in 20 s, callers who hang up within the target left out (as theory.md section 2.6 reckons). No ring time.
The rules are in peer_rules.py.
"""

import argparse
import csv
import math
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.peer_rules import GOALS, RULES
from bench.simulation_speed import bare_calls
from jietong.svg_chart import Chart, Series, draw
from simulation.totals import Count

SHORT = dict(
    zip(
        RULES,
        ("Jietong", "VIPs first", "head start", "FCFS", "callcenter", "app_queue", "never help", "silos"),
        strict=True,
    )
)


def levels(counts: list[Count]) -> tuple[float, float]:
    """VIP and ordinary level."""
    vip, ordinary = (c.in_target / max(1, c.offered - c.abandoned_in_target) for c in counts)
    return vip, ordinary


def dedicated(erlangs: float, vip: float) -> int:
    """Square-root staffing of the VIPs' own load: what a planner would set beforehand."""
    return math.ceil(erlangs * vip + math.sqrt(erlangs * vip))


def tried(task: tuple[str, int, int, int, float, float]) -> tuple[float, float, float, float]:
    """Levels and shares of callers who hung up, of one rule with so many seats."""
    rule, seats, vip_seats, count, erlangs, vip = task
    counts = RULES[rule](bare_calls(count, erlangs, vip, seed=7), (seats - vip_seats, vip_seats))
    return (*levels(counts), *(c.abandoned / c.offered for c in counts))


def best_split(
    rule: str, seats: int, count: int, erlangs: float, vip: float
) -> tuple[int, tuple[float, float, float, float]]:
    """Dedicated seats as square-root staffing has them; silos get whatever split serves both best."""
    apriori = dedicated(erlangs, vip)
    splits = range(apriori - 2, apriori + 4) if rule == "silos" else [apriori]
    found = {split: tried((rule, seats, split, count, erlangs, vip)) for split in splits}
    split = max(found, key=lambda s: min(level - goal for level, goal in zip(found[s], GOALS, strict=False)))
    return split, found[split]


def fewest(task: tuple[str, int, float, float]) -> tuple[str, int, dict[int, tuple[float, ...]]]:
    """The rule, the fewest seats that reach both goals, and what each number of seats gave."""
    rule, count, erlangs, vip = task
    seats, found = math.ceil(erlangs) + 2, dict[int, tuple[float, ...]]()
    while True:
        found[seats] = best_split(rule, seats, count, erlangs, vip)[1]
        if all(level >= goal for level, goal in zip(found[seats], GOALS, strict=False)):
            return rule, seats, found
        seats += 1


def main() -> None:
    """Compares and prints; writes table and picture if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--erlangs", type=float, default=30.0)
    parser.add_argument("--vip", type=float, default=0.15)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    tasks = [(rule, options.calls, options.erlangs, options.vip) for rule in RULES]
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(fewest, tasks))
    at = max(seats for rule, seats, _ in results if rule.startswith("Jietong"))
    rows = []
    for rule, seats, found in results:
        vip, ordinary, vip_gone, gone = found.get(at) or best_split(rule, at, *tasks[0][1:])[1]
        rows.append([rule, seats, f"{vip:.4f}", f"{ordinary:.4f}", f"{vip_gone:.4f}", f"{gone:.4f}"])
    header = [
        "rule",
        "fewest seats",
        f"VIP in 10 s on {at}",
        f"ordinary in 20 s on {at}",
        "VIP hung up",
        "ordinary hung up",
    ]
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    if options.write:
        options.write.mkdir(parents=True, exist_ok=True)
        with (options.write / "peers.csv").open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        (options.write / "peers.svg").write_text(picture(results, options.erlangs))


def picture(results: list[tuple[str, int, dict[int, tuple[float, ...]]]], erlangs: float) -> str:
    """Fewest seats of each rule, the fewest first."""
    ranked = sorted(results, key=lambda result: result[1])
    bars = [(float(number), float(seats)) for number, (_, seats, _) in enumerate(ranked)]
    ticks = [(float(number), f"{SHORT[rule]}: {seats}") for number, (rule, seats, _) in enumerate(ranked)]
    title = f"Fewest seats for both goals, {erlangs:g} Erlang"
    low = ranked[0][1] - 3.0
    return draw(Chart(title, "rule", "seats", [Series("seats", bars, "bars")], ticks, (low, ranked[-1][1] + 1.0)))


if __name__ == "__main__":
    main()
