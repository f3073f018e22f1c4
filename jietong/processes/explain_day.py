"""`jietong plan --explain-day`: was a day bad luck or bad staffing.

Owns the way from records, site and shifts to the verdict, the table and the picture. Must not judge: planning/day_verdict.py does.
Rules: docs/simulation.md; levels are answered in time of all callers (F3).
"""

import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from random import Random
from statistics import fmean
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table

from jietong import exit_codes
from jietong.demand_of_history import Known, Learned, forecast_demand, habits_of, learned_from
from jietong.history_file import local_clock, read_history
from jietong.plan_report import clock_of
from jietong.plan_search import formula_plan, seats_of
from jietong.plan_trial import Ground, day_of_calls, levels, seated, tried_with
from jietong.processes.forecast import Refused, day_of, special_days
from jietong.rules_of_site import rules_of
from jietong.shift_file import load_shifts, moment
from jietong.site_file import load_site
from jietong.svg_chart import Chart, Series, clock_ticks, draw, percent
from planning.correction import Cell, Trial
from planning.day_verdict import Judged, judged
from planning.demand import HALF_HOUR_S, SLOTS, Demand, TierDemand
from planning.forecast import day_factor
from planning.history import HistoryError, merged
from planning.past_calls import PastCall, handling_of, histories_of
from planning.presence import agents_there, stretches
from planning.staffing import Goals, Staff
from routing.rules import Rules
from simulation.arrival import Arrival
from simulation.people import Habits
from simulation.shift import Shift

BAND = (0.1, 0.9)
ENOUGH = 3  # calls of a half hour that is drawn


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line; `shifts`: who was there, None: as far as the calls show."""

    site: Path
    history: Path
    day: str
    known: Known
    holidays: str = ""
    shifts: Path | None = None
    days: int = 60
    seed: int = 1
    picture: Path | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """The day as it was and as it was forecast."""

    day: date
    rules: Rules
    forecast: Demand
    came: Demand
    measured: Trial
    agents: tuple[int, ...]
    habits: Habits
    notes: tuple[str, ...]


def explain_day(options: Options) -> int:
    """Prints the verdict of each tier; returns the exit code. Raises what jietong plan raises."""
    if options.days < 10:
        raise Refused(f"--trial-days is {options.days}: at least 10 simulated days tell luck from staffing")
    site = load_site(options.site)
    rules, zone = rules_of(site), ZoneInfo(site.hotline.timezone)
    day = day_of(options.day, "--explain-day")
    known = _day(options, rules, zone, day)
    there = _seats(options, known, zone)
    habits = known.habits
    expected = _tried(Ground(there[0], known.forecast, habits, options.seed), there, options.days)
    came = _tried(Ground(there[0], known.came, habits, options.seed), there, options.days)
    found = {
        tier.name: judged(
            levels(known.measured)[tier.name],
            tier.goal,
            [levels(one)[tier.name] for one in expected],
            [levels(one)[tier.name] for one in came],
        )
        for tier in known.came.tiers
    }
    needed = formula_plan(known.forecast, Goals(), seats_of(rules)).formula
    if options.as_json:
        told = {name: asdict(one) | {"verdict": one.verdict.name} for name, one in found.items()}
        sys.stdout.write(
            json.dumps({"day": day.isoformat(), "tiers": told, "agents": known.agents, "needed": needed}) + "\n"
        )
    else:
        _print(known, found, needed, len(expected))
    if options.picture is not None:
        options.picture.write_text(_picture(known, came, found), encoding="utf-8")
    return exit_codes.DONE


def _day(options: Options, rules: Rules, zone: ZoneInfo, day: date) -> Day:
    """Everything about the day; raises HistoryError when the history has no single calls, or none of that day."""
    past = read_history(options.history, zone)
    learned = learned_from(past, rules, zone, options.known)
    clock = local_clock(zone)
    if not learned.calls:
        raise HistoryError("counts do not tell how long callers waited: --explain-day needs call records or a call log")
    today = [call for call in learned.calls if clock(call.at)[0] == day]
    if not today:
        raise HistoryError(f"there is no call on {day} in {options.history}")
    before = Learned(
        {name: one.before(day) for name, one in learned.counts.items()},
        [call for call in learned.calls if clock(call.at)[0] < day],
    )
    special = special_days(options.holidays, learned.whole)
    _, forecast, notes = forecast_demand(before, rules, day, special, options.known)
    targets = {tier.name: tier.answer_within_s for tier in rules.tiers}
    came = _as_it_came(today, forecast, zone)
    there = agents_there(stretches(today).values(), moment(day, 0, zone))
    habits = habits_of(options.known, before.calls)
    return Day(day, rules, forecast, came, _measured(today, targets, zone), there, habits, (*past.notes, *notes))


def _as_it_came(today: Sequence[PastCall], forecast: Demand, zone: ZoneInfo) -> Demand:
    """The demand with the half hours' real counts and the day's real talk; patience as the history has it."""
    counts, handling = histories_of(today, local_clock(zone)), handling_of(today)
    tiers = []
    for tier in forecast.tiers:
        slots = next(iter(counts[tier.name].days.values())) if tier.name in counts else None
        calls = merged(slots, counts[tier.name].slot_s, HALF_HOUR_S) if slots is not None else (0.0,) * SLOTS
        talk_s = handling[tier.name].talk_s if tier.name in handling and handling[tier.name].talk_s > 0 else tier.talk_s
        tiers.append(replace(tier, calls=calls, talk_s=talk_s, handling_s=talk_s + tier.handling_s - tier.talk_s))
    return Demand(tuple(tiers))


def _measured(today: Sequence[PastCall], targets: dict[str, float], zone: ZoneInfo) -> Trial:
    """What really happened, in the cells of a trial."""
    clock = local_clock(zone)
    cells = {name: [Cell()] * SLOTS for name in targets}
    for call in today:
        slot = min(SLOTS - 1, int(clock(call.at)[1] // HALF_HOUR_S))
        good = call.talk_s is not None and call.wait_s <= targets[call.tier]
        cells[call.tier][slot] += Cell(1, int(good), int(call.talk_s is None))
    return cells


def _seats(options: Options, known: Day, zone: ZoneInfo) -> tuple[Rules, tuple[Shift, ...]]:
    """Who was there: by the plan of shifts on the site's own seats, else plain seats for as many as the calls show."""
    if options.shifts is not None:
        midnight_at = moment(known.day, 0, zone)
        shifts = tuple(
            replace(
                shift,
                starts_at=shift.starts_at - midnight_at,
                ends_at=shift.ends_at - midnight_at,
                breaks=tuple((start - midnight_at, end - midnight_at) for start, end in shift.breaks),
            )
            for shift in load_shifts(options.shifts, known.rules).shifts(known.day, 1, zone)
        )
        if not shifts:
            raise Refused(f"{options.shifts} has no shift on {known.day:%A} {known.day}")
        return known.rules, shifts
    if not any(known.agents):
        raise Refused("the history does not tell which agents answered: name who was there with --shifts FILE.csv")
    first = known.rules.tiers[0].name
    own = sum(first in seat.dedicated_to for seat in known.rules.seats) / max(1, len(known.rules.seats))
    staff = Staff(known.agents, tuple(int(own * count) for count in known.agents))
    return seated(known.rules, known.forecast, staff)


def _tried(ground: Ground, there: tuple[Rules, Sequence[Shift]], days: int) -> list[Trial]:
    """Days of the ground's demand, each with a factor of its own where the demand is a forecast."""
    demand = ground.demand

    def calls(seed: int) -> Iterator[Arrival]:
        factor = day_factor(demand.cv, Random(seed).uniform(0.001, 0.999)) if demand.cv else 1.0
        return day_of_calls(demand.busier(factor), seed)

    return tried_with(ground, *there, calls, days=days)[1]


def _print(known: Day, found: dict[str, Judged], needed: Sequence[int], days: int) -> None:
    console = Console(highlight=False)
    for note in known.notes:
        console.print(note, soft_wrap=True, markup=False)
    expected, came = (sum(sum(tier.calls) for tier in one.tiers) for one in (known.forecast, known.came))
    work = [sum(sum(tier.calls) * tier.handling_s for tier in one.tiers) / 3600 for one in (known.forecast, known.came)]
    console.print(
        f"{known.day:%A} {known.day}: {came:.0f} calls came, {expected:.0f} were forecast ({came / expected - 1:+.1%});"
        f" {work[1]:.1f} hours of work, {work[0]:.1f} were forecast ({work[1] / work[0] - 1:+.1%})",
        soft_wrap=True,
    )
    short = [slot for slot in range(SLOTS) if needed[slot] > known.agents[slot]]
    console.print(
        f"agents: {sum(known.agents) / 2:g} hours as far as calls show, {sum(needed) / 2:g} by formula for the forecast"
        + (f"; fewer than needed in {len(short)} half hours, first at {clock_of(short[0])}" if short else ""),
        soft_wrap=True,
    )
    table = Table(box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for title in ("tier", "level", "goal", "expected", "days that\nmeet it", "with calls\nas came", "days no\nbetter"):
        table.add_column(title, justify="left" if title == "tier" else "right", no_wrap=True)
    for name, one in found.items():
        table.add_row(name, f"{one.measured:.1%}", f"{one.goal:.0%}", f"{one.expected:.1%}", f"{one.expected_met:.0%}", f"{one.came:.1%}", f"{one.rank:.0%}")  # fmt: skip
    console.print(table)
    for name, one in found.items():
        load, rest = 100 * (one.came - one.expected), 100 * (one.measured - one.came)
        console.print(
            f"{name}: {one.verdict.value} (points from expected to measured: {load:+.1f} by the calls that came, {rest:+.1f} beside them)",
            soft_wrap=True,
        )
    console.print(f"({days} simulated days of each kind with the agents who were there)", soft_wrap=True)


def _picture(known: Day, came: Sequence[Trial], found: dict[str, Judged]) -> str:
    """For each tier the real half hours beside the simulated ones, and the simulated days with the real one."""
    charts = []
    busy = [slot for slot in range(SLOTS) if known.came.calls(slot) >= ENOUGH] or known.came.open_slots()
    first, last = busy[0], busy[-1]
    ticks = clock_ticks(first * HALF_HOUR_S, (last + 1) * HALF_HOUR_S)
    for tier in known.came.tiers:
        charts.append(_over_day(known, came, tier, (first, last), ticks))
        charts.append(_days(tier, came, found[tier.name]))
    return draw(*charts)


def _over_day(
    known: Day, came: Sequence[Trial], tier: TierDemand, span: tuple[int, int], ticks: list[tuple[float, str]]
) -> Chart:
    nothing = float("nan")
    sorted_levels = [sorted(one[tier.name][slot].level for one in came) for slot in range(SLOTS)]
    real = [cell.level if cell.offered else nothing for cell in known.measured[tier.name]]

    def steps(values: Sequence[float]) -> list[tuple[float, float]]:
        return [(slot * HALF_HOUR_S, values[min(slot, span[1])]) for slot in range(span[0], span[1] + 2)]

    low, high = ([row[min(len(row) - 1, int(share * len(row)))] for row in sorted_levels] for share in BAND)
    return Chart(
        f"{tier.name}, {known.day:%A} {known.day}: answered in {tier.within_s:g} s",
        "time of day",
        "share of callers",
        [
            Series("as it was", steps(real), "step"),
            Series("simulated: 1 of 10 below", steps(low), "step", is_dashed=True),
            Series("1 of 10 above", steps(high), "step", is_dashed=True),
        ],
        x_ticks=ticks,
        y_range=(0.0, 1.0),
        y_label=percent,
        marks=[(tier.goal, f"goal {percent(tier.goal)}")],
    )


def _days(tier: TierDemand, came: Sequence[Trial], one: Judged) -> Chart:
    """A bar for each level that simulated days had, and where the real day lies."""
    width = 0.01
    days = [levels(trial)[tier.name] for trial in came]
    bins: dict[float, int] = {}
    for level in days:
        place = round(int(level / width) * width + width / 2, 4)
        bins[place] = bins.get(place, 0) + 1
    most = max(bins.values())
    ends = [one.measured, one.goal, *days]
    low, high = max(0.0, min(ends) - 0.03), min(1.0, max(ends) + 0.03)
    every = 0.05 if high - low < 0.4 else 0.1
    ticks = [
        (n * every, percent(round(n * every, 2))) for n in range(math.ceil(low / every), math.floor(high / every) + 1)
    ]
    return Chart(
        f"{tier.name}: {len(days)} simulated days with these agents and calls, mean {fmean(days):.1%}",
        "share answered in time over the day",
        "days",
        [
            Series(
                "simulated days",
                sorted((place, float(count)) for place, count in bins.items()),
                "bars",
                bar_width=0.8 * width,
            ),
            Series(f"the real day: {one.measured:.1%}", [(one.measured, 0.0), (one.measured, float(most))]),
            Series(f"goal {one.goal:.0%}", [(one.goal, 0.0), (one.goal, float(most))], is_dashed=True),
        ],
        x_ticks=ticks,
        x_range=(low, high),
    )
