"""What a plan of agents looks like: tables on the terminal, JSON, CSV files, a picture.

Owns words, columns and colours. Must not plan. Rules: docs/simulation.md; levels are answered in time of all callers (F3).
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from jietong.plan_search import Planned
from jietong.plan_trial import manned
from jietong.svg_chart import Chart, Series, clock, clock_ticks, draw, percent
from planning.correction import Cell, Trial, day_of
from planning.demand import HALF_HOUR_S, SLOTS, Demand, loads
from planning.staffing import Goals, goal_in
from routing.rules import Rules


def clock_of(slot: int) -> str:
    """When a half hour begins, 24:00 for the end of the day."""
    return "24:00" if slot == SLOTS else clock(slot * HALF_HOUR_S)


def print_plan(planned: Planned, goals: Goals, shrinkage: float) -> None:
    """Half hour by half hour."""
    console, demand = Console(highlight=False), planned.demand
    table = _table("from", *(f"{tier.name}\ncalls" for tier in demand.tiers), "load", "by\nformula", "agents")
    is_first = any(planned.staff.dedicated)
    if shrinkage:
        table.add_column("on\nroster", justify="right", no_wrap=True)
    if is_first:
        table.add_column(f"at {demand.tiers[0].name}\nseats", justify="right", no_wrap=True)
    if planned.trial is not None:
        for tier in demand.tiers:
            table.add_column(f"{tier.name}\nin {tier.within_s:g} s", justify="right", no_wrap=True)
        table.add_column("hung\nup", justify="right", no_wrap=True)
    for slot, load in enumerate(loads(demand)):
        if load is None:
            continue
        agents, own = planned.staff.agents[slot], planned.staff.dedicated[slot]
        cells = [clock_of(slot), *(f"{tier.calls[slot]:.1f}" for tier in demand.tiers), f"{load.erlangs:.1f}"]
        cells += [str(planned.formula[slot]), str(agents)]
        cells += [str(rostered(agents, shrinkage))] if shrinkage else []
        cells += [str(own)] if is_first else []
        if planned.trial is not None:
            cells += [
                _level(planned.trial[tier.name][slot], goal_in(demand, tier, slot, goals)) for tier in demand.tiers
            ]
            cells.append(f"{_gone([planned.trial[tier.name][slot] for tier in demand.tiers]):.1%}")
        table.add_row(*cells)
    console.print(table)


def print_day(planned: Planned, goals: Goals, shrinkage: float) -> None:
    """The whole day: agent-hours, seats, levels, what is missed."""
    console, demand = Console(highlight=False), planned.demand
    hours, most = planned.staff.hours, max(planned.staff.agents)
    on_roster = sum(rostered(count, shrinkage) for count in planned.staff.agents) / 2
    console.print(
        f"{hours:g} agent-hours{f' ({on_roster:g} on the roster)' if shrinkage else ''}, by formula {sum(planned.formula) / 2:g}; {most} seats at the busiest half hour",
        soft_wrap=True,
    )
    if planned.trial is not None:
        peak = demand.peak_slots()
        for tier in demand.tiers:
            whole, busiest = (
                day_of(planned.trial, tier.name),
                sum((planned.trial[tier.name][slot] for slot in peak), Cell()),
            )
            console.print(
                f"{tier.name}: {whole.level:.1%} in {tier.within_s:g} s over the day (goal {tier.goal:.0%}), {busiest.level:.1%} in the peak hour"
                f" {clock_of(peak[0])} (goal {goal_in(demand, tier, peak[0], goals):.0%}); {_gone([whole]):.1%} hang up",
                soft_wrap=True,
            )
        console.print(f"tried on {planned.days} fresh days after {planned.rounds} rounds of correction", soft_wrap=True)
    if any(planned.missing):
        worst = max(range(SLOTS), key=planned.missing.__getitem__)
        short = sum(count > 0 for count in planned.missing)
        console.print(
            f"the site has too few seats: at {clock_of(worst)} {planned.staff.agents[worst]} are needed, {planned.missing[worst]} more than there are"
            f" ({short} half hours): add seats to the site file, offer callbacks, or lower the goal",
            soft_wrap=True,
        )


def print_costs(rows: Sequence[tuple[float, float, float]]) -> None:
    """What each goal of the whole day costs, by formula."""
    table = _table("goal of\nthe day", "agent-\nhours", "hours\nmore", "hours for\none point")
    before: tuple[float, float] | None = None
    for goal, hours, _ in rows:
        more = hours - before[1] if before else 0.0
        point = f"{more / (100 * (goal - before[0])):.1f}" if before else ""
        table.add_row(f"{goal:.0%}", f"{hours:g}", f"{more:g}" if before else "", point)
        before = (goal, hours)
    console = Console(highlight=False)
    console.print("what a point costs: everybody in one class, by formula, agents where they help most", soft_wrap=True)
    console.print(table)


def print_variants(demand: Demand, rows: Sequence[tuple[str, Trial]]) -> None:
    """What dedicated seats and the reserve do."""
    table = _table(
        "the same agents and days", *(f"{tier.name}\nin {tier.within_s:g} s" for tier in demand.tiers), "hung up"
    )
    table.columns[0].justify = "left"
    for name, trial in rows:
        whole = [day_of(trial, tier.name) for tier in demand.tiers]
        table.add_row(name, *(f"{cell.level:.1%}" for cell in whole), f"{_gone(whole):.1%}")
    Console(highlight=False).print(table)


def plain(planned: Planned, shrinkage: float) -> dict[str, Any]:
    """For JSON: half hours with calls, and the day."""
    demand, trial = planned.demand, planned.trial
    rows = []
    for slot, load in enumerate(loads(demand)):
        if load is not None:
            rows.append(
                {
                    "from": clock_of(slot),
                    "calls": {tier.name: tier.calls[slot] for tier in demand.tiers},
                    "erlangs": load.erlangs,
                    "by_formula": planned.formula[slot],
                    "agents": planned.staff.agents[slot],
                    "dedicated": planned.staff.dedicated[slot],
                    "rostered": rostered(planned.staff.agents[slot], shrinkage),
                    "missing_seats": planned.missing[slot],
                    "levels": {tier.name: trial[tier.name][slot].level for tier in demand.tiers} if trial else None,
                }
            )
    levels = {tier.name: day_of(trial, tier.name).level for tier in demand.tiers} if trial else None
    return {"half_hours": rows, "agent_hours": planned.staff.hours, "levels": levels, "trial_days": planned.days}


def write_plan(planned: Planned, shrinkage: float, path: Path) -> None:
    """A line for each half hour with calls."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        names = [tier.name for tier in planned.demand.tiers]
        writer.writerow(
            (
                "from",
                *(f"calls_{name}" for name in names),
                "by_formula",
                "agents",
                "rostered",
                "dedicated",
                "missing_seats",
                *(f"level_{name}" for name in names),
            )
        )
        for row in plain(planned, shrinkage)["half_hours"]:
            levels = row["levels"] or {}
            writer.writerow(
                (
                    row["from"],
                    *(f"{row['calls'][name]:.2f}" for name in names),
                    *(row[key] for key in ("by_formula", "agents", "rostered", "dedicated", "missing_seats")),
                    *(f"{levels[name]:.4f}" if levels else "" for name in names),
                )
            )


def write_shifts(planned: Planned, rules: Rules, path: Path) -> int:
    """Who sits where (seat,agent,from,to): the site's seats in order, a file that `jietong simulate --shifts` takes. Returns how many shifts found no seat."""
    first = planned.demand.tiers[0].name
    own = [seat.number for seat in rules.seats if first in seat.dedicated_to]
    others = [seat.number for seat in rules.seats if first not in seat.dedicated_to]
    shared = [total - mine for total, mine in zip(planned.staff.agents, planned.staff.dedicated, strict=True)]
    unseated = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("seat", "agent", "from", "to"))
        for numbers, counts in ((own, planned.staff.dedicated), (others, shared)):
            beyond = [""] * max(0, max(counts) - len(numbers))
            for number, start_s, end_s in manned([*numbers, *beyond], counts):
                if number:
                    writer.writerow(
                        (number, number, clock_of(int(start_s) // HALF_HOUR_S), clock_of(int(end_s) // HALF_HOUR_S))
                    )
                else:
                    unseated += 1
    return unseated


def picture(planned: Planned, title: str) -> str:
    """Agents and load over the day; levels of the trial."""
    demand, open_slots = planned.demand, planned.demand.open_slots()
    first, last = open_slots[0], open_slots[-1]
    erlangs = [load.erlangs if load else 0.0 for load in loads(demand)]
    ticks = clock_ticks(first * HALF_HOUR_S, (last + 1) * HALF_HOUR_S)

    def steps(values: Sequence[float]) -> list[tuple[float, float]]:
        return [(slot * HALF_HOUR_S, float(values[min(slot, last)])) for slot in range(first, last + 2)]

    staff = [
        Series("agents", steps(planned.staff.agents), "step"),
        Series("by formula", steps(planned.formula), "step", is_dashed=True),
        Series("erlangs", steps(erlangs), "step"),
    ]
    if any(planned.staff.dedicated):
        staff.append(Series(f"at {demand.tiers[0].name} seats", steps(planned.staff.dedicated), "step", is_dashed=True))
    charts = [Chart(f"Agents, {title}", "time of day", "agents", staff, x_ticks=ticks)]
    if planned.trial is not None:
        trial, nothing = planned.trial, float("nan")
        series = [
            Series(
                f"{tier.name} in {tier.within_s:g} s",
                steps([cell.level if cell.offered else nothing for cell in trial[tier.name]]),
                "step",
                is_dashed=number == 0 and len(demand.tiers) > 1,
            )
            for number, tier in enumerate(demand.tiers)
        ]
        low = min([0.7, *(y for one in series for _, y in one.points if y == y)])  # noqa: PLR0124  # NaN is not itself
        goals = {tier.goal: [one.name for one in demand.tiers if one.goal == tier.goal] for tier in demand.tiers}
        marks = [(goal, f"goal {' and '.join(names)} {percent(goal)}") for goal, names in goals.items()]
        charts.append(Chart(f"Answered in time, {planned.days} simulated days", "time of day", "share of callers", series, x_ticks=ticks, y_range=(int(low * 20) / 20, 1.0), y_label=lambda y: percent(round(y, 4)), marks=marks))  # fmt: skip
    return draw(*charts)


def rostered(agents: int, shrinkage: float) -> int:
    """Agents to put on the roster so that `agents` are at their seats when the share `shrinkage` is on breaks, training or ill."""
    return -int(-agents // (1 - shrinkage)) if agents else 0


def _level(cell: Cell, goal: float) -> str:
    return f"{cell.level:.1%}{'' if cell.misses(goal) <= 0 else ' !'}" if cell.offered else ""


def _gone(cells: Sequence[Cell]) -> float:
    whole = sum(cells, Cell())
    return whole.abandoned / whole.offered if whole.offered else 0.0


def _table(*titles: str) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    return table
