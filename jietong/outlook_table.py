"""`jietong erlang`: what a staff means for callers, as a table around the number asked for, as waits over time, and as a picture.

Owns the tables and the picture; must not know a formula (planning/erlang.py does).
Rules: theory.md section 2.1; percentages for people, shares 0..1 in JSON.
"""

import dataclasses
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from jietong import exit_codes
from jietong.svg_chart import Chart, Series, draw, percent
from metrics.service_level import Variant
from planning.erlang import Outlook, blocking, fewest_agents, fewest_lines, level, levels_of, outlook
from planning.load import Load, LoadError
from planning.waits import Waits, waits_of

AROUND = 3  # rows before and after
HOUR_S = 3600.0
SHARES = (0.5, 0.8, 0.9, 0.95, 0.99)
STEPS = 120  # points of a curve


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator asked for: rates an hour, seconds, shares 0..1.

    patience_s   None: nobody hangs up          agents    None: as many as the goal needs
    variant      F1 to F5, the formula of the goal
    is_waits     with the waits over time       picture   SVG file to write
    """

    calls_per_hour: float
    handling_s: float
    patience_s: float | None
    within_s: float
    goal: float
    variant: str = "F3"
    agents: int | None = None
    is_waits: bool = False
    picture: Path | None = None


def show_outlook(asked: Asked, as_json: bool) -> int:
    """Prints the outlooks around `agents`, or around the smallest staff that reaches the goal; returns the exit code."""
    try:
        load, variant = _load_of(asked), _variant_of(asked.variant)
        if asked.agents is None:
            middle = fewest_agents(load, asked.goal, asked.within_s, variant)
        else:
            middle = outlook(asked.agents, load, asked.within_s)
    except LoadError as error:
        sys.stderr.write(f"jietong: {error}\n")
        return exit_codes.WRONG_CONFIGURATION
    least = math.floor(load.erlangs) + 1 if math.isinf(load.patience_s) else 1
    staffs = range(max(least, middle.agents - AROUND), middle.agents + AROUND + 1)
    rows = [(outlook(staff, load, asked.within_s), waits_of(staff, load)) for staff in staffs]
    found = waits_of(middle.agents, load)
    if as_json:
        told = [_plain(row, waits, asked.within_s) for row, waits in rows]
        sys.stdout.write(json.dumps({"erlangs": load.erlangs, "agents": middle.agents, "rows": told}) + "\n")
    else:
        _print(rows, load, asked, variant)
        if asked.is_waits:
            _print_waits(found, asked.within_s)
    if asked.picture is not None:
        asked.picture.write_text(_picture(found, load, asked, variant), encoding="utf-8")
    return exit_codes.DONE


def show_blocking(calls_per_hour: float, handling_s: float, most_blocked: float, as_json: bool) -> int:
    """Prints by Erlang-B how many lines let at most the share `most_blocked` of callers find every line busy; returns the exit code."""
    try:
        load = _load_of(Asked(calls_per_hour, handling_s, None, 0, 0))
        lines = fewest_lines(load.erlangs, most_blocked)
        rows = [(n, blocking(n, load.erlangs)) for n in range(max(1, lines - AROUND), lines + AROUND + 1)]
    except LoadError as error:
        sys.stderr.write(f"jietong: {error}\n")
        return exit_codes.WRONG_CONFIGURATION
    if as_json:
        told = [{"lines": n, "blocked": share} for n, share in rows]
        sys.stdout.write(json.dumps({"erlangs": load.erlangs, "lines": lines, "rows": told}) + "\n")
        return exit_codes.DONE
    console = Console(highlight=False)
    console.print(
        f"{calls_per_hour:g} calls an hour of {handling_s:g} s: {load.erlangs:.2f} erlangs; nobody waits for a line"
    )
    table = _table("lines", "busy for", "")
    for n, share in rows:
        table.add_row(str(n), f"{share:.3%}", "enough" if share <= most_blocked else "")
    console.print(table)
    return exit_codes.DONE


def _load_of(asked: Asked) -> Load:
    if not asked.calls_per_hour > 0:
        raise LoadError(f"--calls-per-hour is {asked.calls_per_hour:g}: it must be a number above 0")
    return Load(
        asked.calls_per_hour / HOUR_S, asked.handling_s, math.inf if asked.patience_s is None else asked.patience_s
    )


def _variant_of(name: str) -> Variant:
    try:
        return Variant(name.upper())
    except ValueError:
        raise LoadError(f"--variant is {name!r:.20}: it must be one of F1, F2, F3, F4, F5") from None


def _plain(row: Outlook, waits: Waits, within_s: float) -> dict[str, Any]:
    levels = {variant.value: share for variant, share in levels_of(waits, within_s).items()}
    return dataclasses.asdict(row) | {"levels": levels, "waits_s": {str(s): waits.answered_by(s) for s in SHARES}}


def _table(*titles: str) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    return table


def _print(rows: list[tuple[Outlook, Waits]], load: Load, asked: Asked, variant: Variant) -> None:
    console = Console(highlight=False)
    patience = "nobody hangs up" if math.isinf(load.patience_s) else f"patience {load.patience_s:g} s"
    console.print(
        f"{load.arrivals_per_s * HOUR_S:g} calls an hour of {load.handling_s:g} s: {load.erlangs:.2f} erlangs; {patience};"
        f" target {asked.within_s:g} s, goal {100 * asked.goal:g}%{'' if variant is Variant.OF_OFFERED else f' by {variant.value}'}",
        soft_wrap=True,
    )
    is_other = variant in (Variant.ABANDONED_IN_TIME_COUNT_AS_GOOD, Variant.SHORT_ABANDONS_LEFT_OUT)
    own = [f"by {variant.value}"] if is_other else []
    table = _table(
        "agents",
        f"in {asked.within_s:g} s",
        *own,
        "",
        "of\nanswered",
        "without\nshort",
        "hung\nup",
        "wait",
        "must\nwait",
        "busy",
    )
    for row, waits in rows:
        reached = level(waits, asked.within_s, variant)
        table.add_row(
            str(row.agents),
            f"{row.answered_in_target:.1%}",
            *([f"{reached:.1%}"] if own else []),
            "goal" if reached >= asked.goal else "",
            f"{row.of_answered:.1%}",
            f"{row.without_short:.1%}",
            f"{row.abandoned:.1%}",
            f"{row.mean_wait_s:.1f} s",
            f"{row.waiting:.1%}",
            f"{row.occupancy:.1%}",
        )
    console.print(table)


def _print_waits(waits: Waits, within_s: float) -> None:
    """What has become of callers after so many seconds, and when so many have been answered."""
    console = Console(highlight=False)
    console.print(f"with {waits.agents} agents:")
    table = _table("after", "answered", "hung up", "still wait")
    for seconds in sorted({0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, within_s}):
        moment = waits.at(seconds)
        table.add_row(f"{seconds:g} s", f"{moment.answered:.2%}", f"{moment.abandoned:.2%}", f"{moment.waiting:.2%}")
    console.print(table)
    quantiles = ", ".join(f"{100 * share:g}% within {waits.answered_by(share):.1f} s" for share in SHARES)
    console.print(f"of answered callers {quantiles}", soft_wrap=True)


def _picture(waits: Waits, load: Load, asked: Asked, variant: Variant) -> str:
    """Level by staff, and what becomes of callers over time."""
    least = math.floor(load.erlangs) + 1 if math.isinf(load.patience_s) else 1
    staffs = range(max(least, waits.agents - 4 * AROUND), waits.agents + 4 * AROUND + 1)
    levels = [(float(n), level(waits_of(n, load), asked.within_s, variant)) for n in staffs]
    abandoned = [(float(n), waits_of(n, load).abandoned) for n in staffs]
    until = max(3 * asked.within_s, 60.0)
    moments = [(until * n / STEPS, waits.at(until * n / STEPS)) for n in range(STEPS + 1)]
    by_staff = Chart(
        f"{load.erlangs:.1f} erlangs: callers answered within {asked.within_s:g} s ({variant.value})",
        "agents",
        "share of callers",
        [Series(f"within {asked.within_s:g} s", levels), Series("hung up", abandoned, is_dashed=True)],
        y_range=(0.0, 1.0),
        y_label=percent,
        marks=[(asked.goal, f"goal {percent(asked.goal)}")],
    )
    over_time = Chart(
        f"{waits.agents} agents: what has become of callers",
        "seconds since they asked for a person",
        "share of callers",
        [
            Series("answered", [(t, moment.answered) for t, moment in moments]),
            Series("still wait", [(t, moment.waiting) for t, moment in moments]),
            Series("hung up", [(t, moment.abandoned) for t, moment in moments], is_dashed=True),
        ],
        y_range=(0.0, 1.0),
        y_label=percent,
    )
    return draw(by_staff, over_time)
