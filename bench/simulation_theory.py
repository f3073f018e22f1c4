"""What theory says of the shipped rules, simulated: fewest seats at 6, 30 and 120 Erlang, and the effect of the number of dedicated seats.

Run: python -m bench.simulation_theory [--calls N] [--write FOLDER]. Replications with their 95 % intervals; levels leave out callers who hung up
within the target, as theory.md section 2.6 reckons (its figures are printed beside ours). simulation/lean.py plays the rules; that these are the
shipped ones, call by call, is tests/sim/test_lean.py.
"""

import argparse
import csv
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from bench.peer_rules import GOALS
from bench.peers import dedicated, levels
from bench.simulation_speed import bare_calls, site
from jietong.svg_chart import Chart, Series, draw, percent
from planning.erlang import Load, outlook
from simulation import lean
from simulation.interval import Interval, interval_of

REPLICATIONS = 8
PEAK_GOAL = 0.85
HANDLING_S = 180.0


@dataclass(frozen=True, slots=True)
class Case:
    """A load, and the fewest seats that theory.md found for 90 % and for 85 %; `dedicated` seats a priori."""

    erlangs: float
    vip: float
    theory: tuple[int, int]

    @property
    def bound(self) -> int:
        """Of one class without a VIP target, by Erlang-A; level as theory.md has it, short abandons left out."""
        load = Load(self.erlangs / HANDLING_S, HANDLING_S, HANDLING_S)
        return next(n for n in count(1) if outlook(n, load, 20.0).without_short >= GOALS[1])


CASES = (Case(6, 0.15, (10, 9)), Case(30, 0.15, (35, 34)), Case(30, 0.30, (36, 34)), Case(120, 0.15, (124, 121)))
Task = tuple[float, float, int, int, int, int, int]  # erlangs, vip, seats, dedicated, reserve, calls, seed


def one(task: Task) -> tuple[float, float]:
    """Levels of one replication."""
    erlangs, vip, seats, vip_seats, reserve, many, seed = task
    rules = replace(site(seats, vip_seats), reserve=reserve)
    return levels(lean.tiers(bare_calls(many, erlangs, vip, seed), rules))


def both(
    pool: ProcessPoolExecutor, erlangs: float, vip: float, seats: int, kept: tuple[int, int], many: int
) -> list[Interval]:
    """VIP and ordinary level with `kept` (dedicated seats, reserve), over the replications."""
    tasks: list[Task] = [(erlangs, vip, seats, *kept, many, 100 + r) for r in range(REPLICATIONS)]
    found = list(pool.map(one, tasks))
    return [interval_of(side) for side in zip(*found, strict=True)]


def cell(interval: Interval) -> str:
    """`.910 ±.003`."""
    return f"{interval.mean:.4f} ±{interval.half:.4f}"


def fewest(pool: ProcessPoolExecutor, case: Case, many: int) -> list[list[str]]:
    """Rows from the bound on until both goals are met."""
    rows, seats, kept = [], case.theory[1] - 1, dedicated(case.erlangs, case.vip)
    while True:
        vip, ordinary = both(pool, case.erlangs, case.vip, seats, (kept, 1), many)
        is_vip = vip.mean >= GOALS[0]
        reaches = (
            "90 %" if is_vip and ordinary.mean >= GOALS[1] else "85 %" if is_vip and ordinary.mean >= PEAK_GOAL else ""
        )
        rows.append([f"{case.erlangs:g}", f"{case.vip:.0%}", str(seats), str(kept), cell(vip), cell(ordinary), reaches])
        if reaches == "90 %":
            return rows
        seats += 1


def sensitivity(pool: ProcessPoolExecutor, many: int) -> dict[int, list[tuple[int, list[Interval]]]]:
    """Reserve -> (dedicated seats of 35, levels) at 30 Erlang, 15 % VIP."""
    return {
        reserve: [(kept, both(pool, 30, 0.15, 35, (kept, reserve), many)) for kept in range(1, 13)]
        for reserve in (0, 1, 2)
    }


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """As Markdown."""
    print("| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def main() -> None:
    """Simulates, prints; writes tables and picture if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200_000, help="of each replication")
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        rows = [row for case in CASES for row in fewest(pool, case, options.calls)]
        by_reserve = sensitivity(pool, options.calls)
    header = ["Erlang", "VIP", "seats", "dedicated", "VIP in 10 s", "ordinary in 20 s", "reaches"]
    table(header, rows)
    for case in CASES:
        print(
            f"{case.erlangs:g} Erlang, {case.vip:.0%} VIP: theory.md 2.6 has {case.theory[0]} seats (90 %) and {case.theory[1]} (85 %); the bound, Erlang-A of one class without a VIP goal: {case.bound}"
        )
    print()
    seat_rows = [
        [str(kept), *(cell(level) for reserve in by_reserve for level in by_reserve[reserve][kept - 1][1])]
        for kept in range(1, 13)
    ]
    seat_header = ["dedicated of 35", *(f"{who}, reserve {r}" for r in by_reserve for who in ("VIP", "ordinary"))]
    table(seat_header, seat_rows)
    means = [level[1].mean for _, level in by_reserve[1]]
    print(
        f"ordinary level with the reserve of 1, from 1 to 12 dedicated seats: {min(means):.4f} to {max(means):.4f}: {100 * (max(means) - min(means)):.1f} points"
    )
    if options.write:
        options.write.mkdir(parents=True, exist_ok=True)
        for name, head, body in (("theory.csv", header, rows), ("dedicated.csv", seat_header, seat_rows)):
            with (options.write / name).open("w", newline="") as file:
                csv.writer(file).writerows([head, *body])
        (options.write / "dedicated.svg").write_text(picture(by_reserve))


def picture(by_reserve: dict[int, list[tuple[int, list[Interval]]]]) -> str:
    """The level of each tier over the number of dedicated seats, for each reserve."""
    charts = []
    for side, (who, goal, lowest) in enumerate(
        (("VIP callers in 10 s", GOALS[0], 0.94), ("Ordinary callers in 20 s", GOALS[1], 0.86))
    ):
        lines = [
            Series(f"reserve {reserve}", [(float(kept), found_[side].mean) for kept, found_ in found])
            for reserve, found in by_reserve.items()
        ]
        title = f"{who}, by dedicated seats of 35 (30 Erlang, 15 % VIP)"
        charts.append(
            Chart(
                title,
                "dedicated seats",
                "level",
                lines,
                None,
                (lowest, lowest + 0.06 if side == 0 else 0.94),
                percent,
                [(goal, "goal")],
            )
        )
    return draw(*charts)


if __name__ == "__main__":
    main()
