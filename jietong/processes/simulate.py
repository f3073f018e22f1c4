"""`jietong simulate` and `jietong whatif`: the shipped router in virtual time, on a site file and a traffic file.

Owns the way from options to tables and exit codes. Must not simulate: scenario.py does. Rules: docs/simulation.md.
"""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from rich import box
from rich.table import Table

from jietong import exit_codes
from jietong import simulation_report as report
from jietong.database import DatabaseError
from jietong.recorded_traffic import load_any
from jietong.records_sink import RecordsRefused, records_to
from jietong.rules_of_site import rules_of
from jietong.scenario import FIRST_DAY, Outcome, Scenario, certain_overload, replicate, with_seats
from jietong.shift_file import load_shifts
from jietong.simulation_pool import Ran, run_all
from jietong.site_file import SiteFileError, load_site
from jietong.traffic_file import TrafficFileError
from routing.adapters.redis_clients import StoreAway
from simulation.arrival import TrafficError


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    traffic: Path
    shifts: Path | None = None
    seats: str = ""
    seed: int = 1
    days: int = 1
    first: str = ""
    replications: int = 1
    records: Path | None = None
    as_json: bool = False


def simulate(site: Path, options: Options) -> int:
    """Prints what callers meet; returns the exit code."""
    return _guarded(lambda: _simulate(site, options))


def whatif(one: Path, other: Path, options: Options) -> int:
    """Prints what another site file changes, on the same calls; returns the exit code."""
    return _guarded(lambda: _whatif(one, other, options))


def _guarded(run: Callable[[], int]) -> int:
    try:
        return run()
    except (SiteFileError, TrafficFileError, TrafficError, RecordsRefused, DatabaseError, StoreAway) as error:
        sys.stderr.write(f"{error}\n")
        return exit_codes.WRONG_CONFIGURATION


def scenario_of(site_file: Path, options: Options) -> Scenario:
    """What is to be simulated; raises SiteFileError, TrafficFileError and TrafficError with everything that is wrong."""
    site = load_site(site_file)
    rules, zone = rules_of(site), ZoneInfo(site.hotline.timezone)
    if options.seats:
        rules = with_seats(rules, seat_counts(options.seats))
    plan = load_shifts(options.shifts, rules) if options.shifts else None
    try:
        first = date.fromisoformat(options.first) if options.first else FIRST_DAY
    except ValueError:
        raise TrafficError(f"--from: {options.first!r} is no day such as 2026-01-05") from None
    scenario = Scenario(
        rules, load_any(options.traffic, rules, zone, options.seed), zone, plan, first, options.days, options.seed
    )
    if why := certain_overload(scenario):
        raise TrafficError(why)
    return scenario


def seat_counts(text: str) -> dict[str, int]:
    """`shared=28,vip=7`: seats by the tier that they are dedicated to."""
    counts: dict[str, int] = {}
    for part in text.split(","):
        name, is_pair, number = part.partition("=")
        if not is_pair or not number.isdecimal() or len(number) > 5 or name.strip() in counts:
            raise TrafficError(f"--seats: {part!r} is no count of seats such as shared=28 or vip=7")
        counts[name.strip()] = int(number)
    return counts


def _simulate(site_file: Path, options: Options) -> int:
    scenario = scenario_of(site_file, options)
    with ExitStack() as files:
        write = files.enter_context(records_to(options.records))

        def run(number: int, go_on: Callable[[float], bool]) -> Outcome:
            return replicate(scenario, number, go_on, write if number == 0 else None)

        ran = run_all(run, options.replications)
    if options.as_json:
        report.print_json(report.as_json(ran.outcomes, scenario) | {"stopped": ran.stopped})
    else:
        report.print_tables(ran.outcomes, scenario)
    return _ending(ran, options)


def _ending(ran: Ran[Outcome], options: Options) -> int:
    if not ran.stopped:
        return exit_codes.DONE
    whole = f"{len(ran.outcomes)} of {options.replications} replications" if options.replications > 1 else "a part"
    sys.stderr.write(f"jietong: stopped: these are the figures of {whole}\n")
    return exit_codes.INTERRUPTED


def _whatif(one: Path, other: Path, options: Options) -> int:
    before = scenario_of(one, options)
    after = replace(scenario_of(other, options), traffic=before.traffic)

    def run(number: int, go_on: Callable[[float], bool]) -> tuple[Outcome, Outcome]:
        first = replicate(before, number, lambda share: go_on(share / 2))
        return first, replicate(after, number, lambda share: go_on((1 + share) / 2))

    ran = run_all(run, options.replications)
    pairs = ran.outcomes
    sides = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if options.as_json:
        told = [report.as_json(side, scenario) for side, scenario in zip(sides, (before, after), strict=True)]
        changed = {tier: report.plain(row) for tier, row in report.differences(*sides, before).items()}
        report.print_json({"before": told[0], "after": told[1], "difference": changed, "stopped": ran.stopped})
    else:
        _print_comparison(sides, (before, after), (one, other))
    if ran.stopped:
        sys.stderr.write("jietong: stopped: the two sides have not met the same calls, the difference says nothing\n")
        return exit_codes.INTERRUPTED
    return exit_codes.DONE


def _print_comparison(
    sides: tuple[list[Outcome], list[Outcome]], scenarios: tuple[Scenario, Scenario], names: tuple[Path, Path]
) -> None:
    console = report.wide_console()
    tables = [report.figures(side, scenario) for side, scenario in zip(sides, scenarios, strict=True)]
    changes = report.differences(*sides, scenarios[0])
    table = Table(box=box.SIMPLE)
    for title, side in (("tier", "left"), ("figure", "left"), (str(names[0]), "right"), (str(names[1]), "right")):
        table.add_column(title, justify="left" if side == "left" else "right")
    table.add_column("difference", justify="right")
    for tier, row in changes.items():
        for name, difference in row.items():
            if name == "calls":
                continue
            times, unit = (100.0, "%") if name in report.SHARES else (1.0, " s")
            cells = [report.shown(table_[tier][name], times, unit) for table_ in tables if tier in table_]
            table.add_row(
                tier,
                name.removesuffix("_s").replace("_", " "),
                *cells,
                report.shown(difference, times, unit.replace("%", " points")),
            )
        table.add_section()
    console.print(table)
    busy = [report.remarks(side).split("\n", 1)[0] for side in sides]
    console.print("\n".join(f"{name}: {text}" for name, text in zip(names, busy, strict=True)), soft_wrap=True)
    count = len(sides[0])
    console.print(
        f"Mean of {count} replications, each on the same calls for both; ± 95 % interval."
        if count > 1
        else "One replication: --replications tells how sure this is."
    )
