"""`jietong simulate` and `jietong whatif`: the shipped router in virtual time, on a site file and a traffic file.

Owns the way from options to tables and exit codes. Must not simulate: scenario.py does. Rules: docs/simulation.md.
"""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from rich import box
from rich.table import Table

from jietong import exit_codes
from jietong import simulation_report as report
from jietong.database import DatabaseError
from jietong.recorded_traffic import load_any
from jietong.records_sink import RecordsRefused, records_to
from jietong.rules_of_site import rules_of
from jietong.running import NoRunningSite
from jietong.scenario import FIRST_DAY, Outcome, Scenario, certain_overload, replicate, with_seats
from jietong.shift_file import load_shifts
from jietong.simulation_pool import Ran, run_all
from jietong.site import Site
from jietong.site_file import SiteFileError, load_site
from jietong.traffic_file import TrafficFileError
from routing.adapters.redis_clients import StoreAway
from simulation.arrival import TrafficError

T = TypeVar("T")
WRONG = (SiteFileError, TrafficFileError, TrafficError, RecordsRefused, DatabaseError, StoreAway)


class NotAsAsked(Exception):
    """Files or options cannot be simulated: the text has every mistake, each on its line."""


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
    except (NotAsAsked, *WRONG) as error:
        sys.stderr.write(f"{error}\n")
        return exit_codes.WRONG_CONFIGURATION


def scenarios_of(site_files: tuple[Path, ...], options: Options) -> list[Scenario]:
    """What is to be simulated, one for each site file; raises NotAsAsked with all that is wrong in any file or option.

    Traffic and shifts are judged by every site that can be read. Without any it is still told that they are not there.
    """
    told = _Mistakes()
    first = told.tried(lambda: first_day(options.first))
    counts = told.tried(lambda: seat_counts(options.seats) if options.seats else {})
    sites = [site for file in site_files if (site := told.tried(partial(load_site, file))) is not None]
    scenarios = [_scenario_of(site, options, first or FIRST_DAY, counts or {}, told) for site in sites]
    if not sites:
        for kind, path in (("traffic file", options.traffic), ("plan of shifts", options.shifts)):
            if path is not None and not path.exists():
                told.add(f"{path}: no such file: name a {kind} (see docs/simulation.md)")
    told.raise_if_any()
    return [scenario for scenario in scenarios if scenario is not None]


def _scenario_of(
    site: Site, options: Options, first: date, counts: dict[str, int], told: "_Mistakes"
) -> Scenario | None:
    zone, shared = ZoneInfo(site.hotline.timezone), rules_of(site)
    rules = told.tried(lambda: with_seats(shared, counts) if counts else shared) or shared
    plan = told.tried(lambda: load_shifts(options.shifts, rules) if options.shifts else None)
    traffic = told.tried(lambda: load_any(options.traffic, rules, zone, options.seed))
    if traffic is None:
        return None
    scenario = Scenario(rules, traffic, zone, plan, first, options.days, options.seed)
    if why := certain_overload(scenario):
        told.add(why)
    return scenario


class _Mistakes:
    """All that is wrong, in order and each once: two sites may refuse the same calls."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}
        self._away: NoRunningSite | None = None  # no mistake of a file: alone it is what every command says of it

    def tried(self, work: Callable[[], T]) -> T | None:
        """What `work` gives; nothing when it is refused, which is noted."""
        try:
            return work()
        except NoRunningSite as error:
            self._away = error
            self.add(str(error))
        except WRONG as error:
            self.add(str(error))
        return None

    def add(self, text: str) -> None:
        """One more."""
        self._texts[text] = None

    def raise_if_any(self) -> None:
        """Raises NotAsAsked with all of them, NoRunningSite when that is all."""
        if self._away is not None and len(self._texts) == 1:
            raise self._away
        if self._texts:
            raise NotAsAsked("\n".join(self._texts))


def first_day(text: str) -> date:
    """The day that --from names, FIRST_DAY for nothing."""
    try:
        return date.fromisoformat(text) if text else FIRST_DAY
    except ValueError:
        raise TrafficError(f"--from: {text!r} is no day such as 2026-01-05") from None


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
    (scenario,) = scenarios_of((site_file,), options)
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
    before, after = scenarios_of((one, other), options)
    after = replace(after, traffic=before.traffic)

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
