"""The published figures that hold our formulas, simulated: does each lie in the simulation's interval?

Run: python -m bench.simulated_rows [--calls N] [--write FOLDER]. The rows are tests/sim/erlang_reference_rows.csv; ten replications a row after a
warm-up of a fifth, by the free-server-time recursion (simulation/lean.py). One row in twenty lies outside its 95 % interval by chance.
"""

import argparse
import csv
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from simulation import lean
from simulation.interval import Interval, interval_of

ROWS = Path(__file__).parent.parent / "tests" / "sim" / "erlang_reference_rows.csv"
REPLICATIONS = 10
WARM_UP = 0.2
BLOCKED_S = 1e-9  # patience of a caller who is lost when all are busy
LEAST_SHARE = 1e-6  # rarer things never happen in a simulation


@dataclass(frozen=True, slots=True)
class System:
    """One line: agents, arrivals a second, mean talk and patience in seconds."""

    agents: int
    per_s: float
    talk_s: float
    patience_s: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of calls that came in `span_s` seconds: (virtual wait, patience, talk) of each."""

    calls: list[tuple[float, float, float]]
    agents: int
    span_s: float

    def share(
        self, holds: Callable[[float, float], bool], of: Callable[[float, float], bool] = lambda v, p: True
    ) -> float:
        """Share of calls of which `holds` is true, by virtual wait and patience, among those of which `of` is."""
        base = [(v, p) for v, p, _ in self.calls if of(v, p)]
        return sum(holds(v, p) for v, p in base) / len(base)

    def wait_s(self, *, answered_only: bool = False) -> float:
        """Mean wait."""
        waits = [min(v, p) for v, p, _ in self.calls if v < p or not answered_only]
        return sum(waits) / len(waits)

    def busy_s(self) -> float:
        """Talk of all who were answered."""
        return sum(talk_s for v, p, talk_s in self.calls if v < p)


FIGURES: dict[str, Callable[[Seen, float], float]] = {
    "P(block)": lambda s, t: s.share(lambda v, p: v >= p),
    "P(wait)": lambda s, t: s.share(lambda v, p: v > 0),
    "P(ab)": lambda s, t: s.share(lambda v, p: v >= p),
    "SL": lambda s, t: s.share(lambda v, p: v <= t and v < p),
    "SL served/offered": lambda s, t: s.share(lambda v, p: v <= t and v < p),
    "SL served/served": lambda s, t: s.share(lambda v, p: v <= t, lambda v, p: v < p),
    "SL served/(offered-short ab)": lambda s, t: s.share(lambda v, p: v <= t, lambda v, p: v < p or p > t),
    "P(virtual wait<=t)": lambda s, t: s.share(lambda v, p: v <= t),
    "occupancy": lambda s, t: s.busy_s() / s.span_s / s.agents,
    "ASA s": lambda s, t: s.wait_s(answered_only=True),
    "E[W] all s": lambda s, t: s.wait_s(),
    "Lq": lambda s, t: s.wait_s() * len(s.calls) / s.span_s,
    "sojourn s": lambda s, t: s.wait_s() + s.busy_s() / sum(v < p for v, p, _ in s.calls),
}


def played(task: tuple[System, int, int, list[tuple[str, str, float]]]) -> dict[str, float]:
    """Row's id -> its figure in one replication."""
    system, many, seed, rows = task
    luck, patient = random.Random(seed), system.patience_s == float("inf")
    calls: list[lean.Call] = []

    def coming() -> Iterator[lean.Call]:
        at = 0.0
        for _ in range(many):
            at += luck.expovariate(system.per_s)
            patience = (
                system.patience_s
                if patient or system.patience_s == BLOCKED_S
                else luck.expovariate(1 / system.patience_s)
            )
            call = (at, 0, luck.expovariate(1 / system.talk_s), patience)
            calls.append(call)
            yield call

    waits = list(lean.virtual_waits(coming(), system.agents))
    first = int(WARM_UP * many)
    told = [(wait_s, call[3], call[2]) for wait_s, call in zip(waits[first:], calls[first:], strict=True)]
    seen = Seen(told, system.agents, calls[-1][0] - calls[first][0])
    return {row: FIGURES[metric](seen, target_s) for row, metric, target_s in rows}


def main() -> int:
    """Simulates, prints; exit code 1 when a row lies outside twice its interval and outside its tolerance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=60_000, help="of each replication")
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    published = list(csv.DictReader(ROWS.read_text(encoding="utf-8").splitlines()))
    rows: dict[System, list[tuple[str, str, float]]] = defaultdict(list)
    for row in published:
        if float(row["published"]) >= LEAST_SHARE:
            patience = BLOCKED_S if row["model"] == "Erlang-B" else float(row["patience_s"])
            system = System(int(row["servers"]), float(row["arrivals_per_s"]), float(row["aht_s"]), patience)
            rows[system].append((row["id"], row["metric"], float(row["target_s"] or 20)))
    tasks = [
        (system, max(options.calls, 20 * system.agents), 1 + r, wanted)
        for system, wanted in rows.items()
        for r in range(REPLICATIONS)
    ]
    found: dict[str, list[float]] = defaultdict(list)
    with ProcessPoolExecutor(2) as pool:
        for figures in pool.map(played, tasks):
            for row_id, figure in figures.items():
                found[row_id].append(figure)
    told = [_told(row, interval_of(found[row["id"]])) for row in published if row["id"] in found]
    for cells in told:
        print("| " + " | ".join(cells) + " |")
    inside, wrong = (sum(cells[-1] == word for cells in told) for word in ("inside", "WRONG"))
    print(
        f"{inside} of {len(told)} rows lie inside their 95 % interval; {wrong} outside twice the interval and outside their tolerance"
    )
    if options.write:
        with (options.write / "simulated-rows.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(
                [("id", "figure", "published", "simulated", "half of the interval", "verdict"), *told]
            )
    return 1 if wrong else 0


def _told(row: dict[str, str], simulated: Interval) -> list[str]:
    value, off = float(row["published"]), abs(float(row["published"]) - simulated.mean)
    is_near = off <= max(2 * simulated.half, float(row["tolerance"]))
    verdict = "inside" if off <= simulated.half else "near" if is_near else "WRONG"
    return [row["id"], row["metric"], f"{value:.6g}", f"{simulated.mean:.6g}", f"{simulated.half:.2g}", verdict]


if __name__ == "__main__":
    raise SystemExit(main())
