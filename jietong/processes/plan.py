"""`jietong plan`: how many agents each half hour of a day needs, so that the site's goals are met.

Owns the way from options to a plan and exit codes. Must not plan: plan_search.py does. Rules: docs/simulation.md.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from jietong import exit_codes
from jietong import plan_report as report
from jietong.demand_file import Prospect, prospect_of
from jietong.demand_of_history import Known
from jietong.history_file import HistoryFileError
from jietong.plan_search import Planned, corrected_plan, formula_plan, seats_of, variants
from jietong.plan_trial import Ground
from jietong.processes import explain_day
from jietong.processes.forecast import Refused, day_of, special_days
from jietong.rules_of_site import rules_of
from jietong.site_file import SiteFileError, load_site
from jietong.traffic_file import TrafficFileError
from planning.forecast import day_factor
from planning.history import HistoryError
from planning.load import LoadError
from planning.staffing import Goals, cost_of_goals
from routing.rules import Rules
from simulation.arrival import TrafficError

GOALS = (0.80, 0.85, 0.88, 0.90, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98)
MOST_AGENTS_TRIED = 1500  # more are planned by formula: large shifts need no correction, and trials would take hours


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line; shares are 0..1, `calls` of each trial."""

    site: Path
    traffic: Path
    known: Known
    day: str = ""
    holidays: str = ""
    sure: float = 0.8
    peak_goal: float = 0.85
    shrinkage: float = 0.0
    formula_only: bool = False
    effects: bool = False
    calls: int = 20_000
    seed: int = 1
    out: Path | None = None
    shifts: Path | None = None
    picture: Path | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """Options that have been read: the rules, the day, its demand as forecast and as planned for."""

    rules: Rules
    prospect: Prospect
    ground: Ground
    factor: float


def plan(options: Options) -> int:
    """Prints the plan and writes what was asked for; returns the exit code."""
    return guarded(lambda: _plan(options, asked_of(options)))


def explain(options: explain_day.Options) -> int:
    """Prints whether a day was bad luck or bad staffing; returns the exit code."""
    return guarded(lambda: explain_day.explain_day(options))


def guarded(run: Callable[[], int]) -> int:
    """What `run` returns, or one line and the exit code for what an operator can do something about."""
    try:
        return run()
    except (SiteFileError, TrafficFileError) as error:
        sys.stderr.write(f"{error}\n")
    except (HistoryFileError, HistoryError, LoadError, TrafficError, Refused) as error:
        sys.stderr.write(f"jietong: {error}\n")
    except KeyboardInterrupt:
        sys.stderr.write("jietong: stopped: no plan\n")
        return exit_codes.INTERRUPTED
    return exit_codes.WRONG_CONFIGURATION


def asked_of(options: Options) -> Asked:
    """Reads site and traffic; raises the errors of each."""
    for name, share, least in (
        ("--sure", options.sure, 0.05),
        ("--peak-goal", options.peak_goal, 0.05),
        ("--shrinkage", options.shrinkage, 0.0),
    ):
        if not least <= share < 1:
            raise Refused(f"{name} is {share:g}: it must be a share from {least:g} to below 1")
    site = load_site(options.site)
    rules, zone = rules_of(site), ZoneInfo(site.hotline.timezone)
    day = day_of(options.day, "--day") if options.day else None
    prospect = prospect_of(
        options.traffic, rules, zone, day, lambda history: special_days(options.holidays, history), options.known
    )
    factor = day_factor(prospect.demand.cv, options.sure) if prospect.demand.cv else 1.0
    ground = Ground(rules, prospect.demand.busier(factor), prospect.habits, options.seed, options.calls)
    return Asked(rules, prospect, ground, factor)


def _plan(options: Options, asked: Asked) -> int:
    ground, goals, seats = asked.ground, Goals(options.peak_goal), seats_of(asked.rules)
    planned = formula_plan(ground.demand, goals, seats)
    is_tried = not options.formula_only and max(planned.formula) <= MOST_AGENTS_TRIED
    if is_tried:
        planned = corrected_plan(ground, goals, seats)
    rows = list(variants(ground, planned)) if options.effects and is_tried and len(ground.demand.tiers) > 1 else []
    costs = cost_of_goals(ground.demand, GOALS)
    if options.as_json:
        told = {
            "day": asked.prospect.day.isoformat() if asked.prospect.day else None,
            "factor": asked.factor,
            "notes": asked.prospect.notes,
            **report.plain(planned, options.shrinkage),
            "costs": [{"goal": goal, "agent_hours": hours, "level": level} for goal, hours, level in costs],
        }
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        _print(options, asked, planned, goals)
        if rows:
            report.print_variants(ground.demand, rows)
        report.print_costs(costs)
    return _write(options, asked, planned)


def _print(options: Options, asked: Asked, planned: Planned, goals: Goals) -> None:
    console = Console(highlight=False)
    for note in asked.prospect.notes:
        console.print(note, soft_wrap=True, markup=False)
    calls = sum(sum(tier.calls) for tier in asked.prospect.demand.tiers)
    name = f"{asked.prospect.day:%A} {asked.prospect.day}" if asked.prospect.day else "the mean day"
    spread = (
        f"; planned for {asked.factor:.3f} times that, enough on {options.sure:.0%} of such days"
        if asked.factor != 1.0
        else ""
    )
    console.print(f"{name}: {calls:.0f} calls expected{spread}", soft_wrap=True)
    for tier in planned.demand.tiers:
        patience = "never hang up" if tier.patience_s == float("inf") else f"patience {tier.patience_s:.0f} s"
        console.print(
            f"{tier.name}: handling {tier.handling_s:.0f} s, {patience}, {tier.goal:.0%} in {tier.within_s:g} s",
            soft_wrap=True,
        )
    if planned.trial is None and not options.formula_only:
        console.print(
            f"more than {MOST_AGENTS_TRIED} agents: by formula only, a trial would take hours", soft_wrap=True
        )
    report.print_plan(planned, goals, options.shrinkage)
    report.print_day(planned, goals, options.shrinkage)


def _write(options: Options, asked: Asked, planned: Planned) -> int:
    if options.out is not None:
        report.write_plan(planned, options.shrinkage, options.out)
    if options.shifts is not None and (unseated := report.write_shifts(planned, asked.rules, options.shifts)):
        sys.stderr.write(f"jietong: {unseated} shifts found no seat of the site and are not in {options.shifts}\n")
    if options.picture is not None:
        name = f"{asked.prospect.day:%A} {asked.prospect.day}" if asked.prospect.day else "the mean day"
        options.picture.write_text(report.picture(planned, name), encoding="utf-8")
    return exit_codes.DONE
