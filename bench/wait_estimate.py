"""Back-test of the announced waits, ours beside app_queue's moving average: on simulated days, and on a bank's real calls.

Run: python -m bench.wait_estimate [--bank FILE.tsv.gz] [--write FOLDER]. The bank's file is a call log of the Anonymous Bank's format.
Every waiting caller is told at entry and every 30 s; one in ten never hangs up, and these are measured (simulation/estimate_backtest.py).
"""

import argparse
import csv
import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.simulation_speed import site
from jietong.bank_log import read_bank_log
from jietong.bank_trace import arrivals, filled_handling, with_tiers
from jietong.svg_chart import Chart, Series, draw
from routing.rules import Rules
from simulation.arrival import Arrival
from simulation.chance import Distribution, Shape
from simulation.estimate_backtest import Backtest, backtest
from simulation.model import Kind, Model, calls

TALK = Distribution(170, Shape.LOGNORMAL, 1.2)
PATIENCE = Distribution(180)
ZONE = ZoneInfo("Asia/Jerusalem")  # the bank's
NEAR_S = 60.0


def kinds() -> tuple[Kind, ...]:
    """15 % VIP, long-tailed talks."""
    return (Kind(0.15, "vip", talk=TALK, patience=PATIENCE), Kind(0.85, "ordinary", talk=TALK, patience=PATIENCE))


def days(profile: tuple[tuple[float, float], ...], count: int) -> Iterator[Arrival]:
    """Days of one profile, good ones and bad ones."""
    model = Model(profile, kinds(), day_cv=0.1)
    return calls(model, ((day, day * 86400.0) for day in range(count)), seed=3)


def cases(bank: Path | None) -> Iterator[tuple[str, Rules, Iterator[Arrival]]]:
    """Name, rules and calls of each case."""
    hotline = replace(site(34, 7), wrap_up_s=10.0, age_ratio=3.0)
    steady = ((0.0, 660.0),)
    morning = ((8 * 3600.0, 300.0), (9 * 3600.0, 600.0), (10 * 3600.0, 850.0), (12 * 3600.0, 500.0), (18 * 3600.0, 0.0))
    yield "steady, 33 Erlang on 34 seats", hotline, days(steady, 1)
    yield "a morning with too few seats", hotline, days(morning, 2)
    if bank is not None:
        with gzip.open(bank, "rt", encoding="utf-8") as file:
            log, _ = read_bank_log(file.read(), bank.name, ZONE)
        filled = with_tiers(log, 1)
        small = replace(site(8, 2), wrap_up_s=10.0, age_ratio=3.0)
        yield f"the bank's {len(log):,} real calls on 8 seats", small, arrivals(filled, filled_handling(filled), 1)


def row(name: str, found: Backtest) -> list[str]:
    """One line of the table."""
    ours, theirs = found.mean_error_s()
    near, near_theirs = found.share_near(NEAR_S)
    waited = sum(told.was_s for told in found.told) / max(1, len(found.told))
    figures = [f"{len(found.told):,}", f"{waited:.0f} s", f"{ours:.1f} s", f"{theirs:.1f} s", f"{ours / theirs:.2f}"]
    return [name, *figures, f"{found.share_inside():.1%}", f"{near:.1%}", f"{near_theirs:.1%}"]


HEADER = (
    "calls",
    "announcements measured",
    "mean wait left",
    "mean error, ours",
    "mean error, app_queue",
    "ratio",
    "inside our interval (made for 80 %)",
    "at most a minute off, ours",
    "app_queue",
)


def picture(name: str, found: Backtest) -> str:
    """What came over what was told, in bins of what was told."""
    ways = (("ours", lambda told: told.mean_s), ("app_queue", lambda told: told.average_s))
    lines = []
    for way, told_s in ways:
        bins: dict[int, list[float]] = {}
        for told in found.told:
            bins.setdefault(int(told_s(told) // 20), []).append(told.was_s)
        points = [(20.0 * b + 10, sum(v) / len(v)) for b, v in sorted(bins.items()) if len(v) >= 10]
        lines.append(Series(way, points))
    most = max(x for line in lines for x, _ in line.points)
    lines.append(Series("true", [(0.0, 0.0), (most, most)], is_dashed=True))
    return draw(Chart(f"What callers then waited: {name}", "told, seconds", "waited, seconds (mean)", lines))


def main() -> None:
    """Back-tests and prints; writes table and pictures if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bank", type=Path, metavar="FILE", help="call log of the bank's format, gzipped")
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    rows, pictures = [], []
    for name, rules, arriving in cases(options.bank):
        found = backtest(rules, arriving)
        rows.append(row(name, found))
        pictures.append((name, found))
    print("| " + " | ".join(HEADER) + " |\n|" + "---|" * len(HEADER))
    for cells in rows:
        print("| " + " | ".join(cells) + " |")
    if options.write:
        options.write.mkdir(parents=True, exist_ok=True)
        with (options.write / "wait-estimate.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEADER, *rows])
        (options.write / "wait-estimate.svg").write_text(picture(*pictures[-1]), encoding="utf-8")


if __name__ == "__main__":
    main()
