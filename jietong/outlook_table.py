"""`jietong erlang`: what a staff means for callers, as a table around the number asked for.

Owns the table; must not know a formula (planning/erlang.py does).
Rules: theory.md section 2.1; percentages for people, shares 0..1 in JSON.
"""

import dataclasses
import json
import math
import sys

from rich import box
from rich.console import Console
from rich.table import Table

from jietong import exit_codes
from planning.erlang import Load, LoadError, Outlook, fewest_agents, outlook

AROUND = 3  # rows before and after
HOUR_S = 3600.0


def show_outlook(
    load_of: tuple[float, float, float | None], target: tuple[float, float], agents: int | None, as_json: bool
) -> int:
    """Prints the outlooks around `agents`, or around the smallest staff that reaches the goal; returns the exit code.

    load_of   calls per hour, seconds of handling, mean patience in seconds (None: nobody hangs up)
    target    seconds, goal as a share 0..1
    """
    per_hour, handling_s, patience_s = load_of
    within_s, goal = target
    try:
        if not per_hour > 0:
            raise LoadError(f"--calls-per-hour is {per_hour:g}: it must be a number above 0")
        load = Load(per_hour / HOUR_S, handling_s, math.inf if patience_s is None else patience_s)
        middle = fewest_agents(load, goal, within_s) if agents is None else outlook(agents, load, within_s)
    except LoadError as error:
        sys.stderr.write(f"jietong: {error}\n")
        return exit_codes.WRONG_CONFIGURATION
    least = math.floor(load.erlangs) + 1 if math.isinf(load.patience_s) else 1
    staffs = range(max(least, middle.agents - AROUND), middle.agents + AROUND + 1)
    rows = [outlook(staff, load, within_s) for staff in staffs]
    if as_json:
        sys.stdout.write(
            json.dumps({"erlangs": load.erlangs, "rows": [dataclasses.asdict(row) for row in rows]}) + "\n"
        )
    else:
        _print(rows, load, within_s, goal)
    return exit_codes.DONE


def _print(rows: list[Outlook], load: Load, within_s: float, goal: float) -> None:
    console = Console(highlight=False)
    patience = "nobody hangs up" if math.isinf(load.patience_s) else f"patience {load.patience_s:g} s"
    console.print(
        f"{load.arrivals_per_s * HOUR_S:g} calls an hour of {load.handling_s:g} s: {load.erlangs:.2f} erlangs; {patience};"
        f" target {within_s:g} s, goal {100 * goal:g}%",
        soft_wrap=True,
    )
    table = Table(box=box.SIMPLE)
    for title in ("agents", f"in {within_s:g} s", "", "of answered", "abandoned", "wait", "must wait", "busy"):
        table.add_column(title, justify="right")
    for row in rows:
        table.add_row(
            str(row.agents),
            f"{row.answered_in_target:.1%}",
            "goal" if row.answered_in_target >= goal else "",
            f"{row.of_answered:.1%}",
            f"{row.abandoned:.1%}",
            f"{row.mean_wait_s:.1f} s",
            f"{row.waiting:.1%}",
            f"{row.occupancy:.1%}",
        )
    console.print(table)
