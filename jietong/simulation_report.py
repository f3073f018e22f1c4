"""What simulated callers met, as a table for people and as JSON: means over replications with their intervals.

Owns rows and columns. Must not simulate. Rules: percentages for people, shares 0..1 in JSON; the formulas are those of metrics/service_level.py.
"""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from jietong.scenario import Outcome, Scenario
from metrics.service_level import Variant, abandonment_rate, service_level
from simulation.interval import Interval, interval_of
from simulation.totals import Count

Figure = Callable[[Count], float | None]
FIGURES: dict[str, Figure] = {
    "calls": lambda count: count.offered,
    "answered": lambda count: count.answered / count.offered if count.offered else None,
    "in_target": lambda count: service_level(count.levels, Variant.OF_OFFERED),
    "without_short": lambda count: service_level(count.levels, Variant.ABANDONED_IN_TIME_LEFT_OUT),
    "abandoned": lambda count: abandonment_rate(count.levels, without_short=False),
    "answer_wait_s": lambda count: count.answer_wait_s / count.answered if count.answered else None,
    "longest_s": lambda count: count.longest_s,
}
SHARES = ("answered", "in_target", "without_short", "abandoned")
EVERYBODY = "everybody"
PIPE_WIDTH = 140
ENOUGH = 10  # replications that tell how much they differ
MIDDLE = "8 of 10 runs"


def figures(outcomes: Sequence[Outcome], scenario: Scenario) -> dict[str, dict[str, Interval | None]]:
    """Tier, and EVERYBODY last -> figure -> its mean and interval over the replications in which there is one; None in none."""
    tiers = [tier.name for tier in scenario.rules.tiers]
    counts = {tier: [outcome.totals.of_tier(tier) for outcome in outcomes] for tier in tiers}
    counts = {tier: rows for tier, rows in counts.items() if any(row.offered for row in rows)}
    counts[EVERYBODY] = [outcome.totals.all() for outcome in outcomes]
    return {tier: {name: _mean(map(figure, rows)) for name, figure in FIGURES.items()} for tier, rows in counts.items()}


def differences(
    one: Sequence[Outcome], other: Sequence[Outcome], scenario: Scenario
) -> dict[str, dict[str, Interval | None]]:
    """Other minus one, replication by replication: on the same calls, so that luck cancels out."""
    found: dict[str, dict[str, Interval | None]] = {}
    for tier in [*(tier.name for tier in scenario.rules.tiers), EVERYBODY]:
        pairs = [(_count(a, tier), _count(b, tier)) for a, b in zip(one, other, strict=True)]
        if any(a.offered for a, _ in pairs):
            found[tier] = {
                name: _mean(_minus(figure(b), figure(a)) for a, b in pairs) for name, figure in FIGURES.items()
            }
    return found


def _count(outcome: Outcome, tier: str) -> Count:
    return outcome.totals.all() if tier == EVERYBODY else outcome.totals.of_tier(tier)


def _minus(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _mean(values: Any) -> Interval | None:
    known = [value for value in values if value is not None]
    return interval_of(known) if known else None


def print_tables(outcomes: Sequence[Outcome], scenario: Scenario) -> None:
    """The table of one site, and below it what else there is to know."""
    console = wide_console()
    goals = {tier.name: (tier.answer_within_s, tier.goal) for tier in scenario.rules.tiers}
    table = Table(box=box.SIMPLE)
    middle = len(outcomes) >= ENOUGH
    titles = ["tier", "calls", "answered", "in target", "goal", "without short", "abandoned", "wait", "longest"]
    for title in titles[:4] + [MIDDLE] * middle + titles[4:]:
        table.add_column(title, justify="left" if title == "tier" else "right", no_wrap=True)
    for tier, row in figures(outcomes, scenario).items():
        target = goals.get(tier)
        table.add_row(
            tier if target is None else f"{tier} ({target[0]:g} s)",
            f"{row['calls'].mean:,.0f}" if row["calls"] else "",
            *(shown(row[name], 100, "%") for name in ("answered", "in_target")),
            *([_middle(outcomes, tier)] if middle else []),
            _verdict(row["in_target"], target[1]) if target else "",
            *(shown(row[name], 100, "%") for name in ("without_short", "abandoned")),
            shown(row["answer_wait_s"], 1, " s"),
            f"{max(outcome_longest(outcomes, tier)):.0f} s",
        )
    console.print(table)
    console.print(remarks(outcomes), soft_wrap=True)


def middle_of(values: Sequence[float]) -> tuple[float, float]:
    """The range in which the middle eight of ten values lie."""
    ordered = sorted(values)
    cut = len(ordered) // 10
    return ordered[cut], ordered[-1 - cut]


def _middle_plain(outcomes: Sequence[Outcome], tier: str) -> list[float] | None:
    levels = [FIGURES["in_target"](_count(outcome, tier)) for outcome in outcomes]
    known = [level for level in levels if level is not None]
    return list(middle_of(known)) if len(known) >= ENOUGH else None


def _middle(outcomes: Sequence[Outcome], tier: str) -> str:
    levels = [FIGURES["in_target"](_count(outcome, tier)) for outcome in outcomes]
    low, high = middle_of([level for level in levels if level is not None] or [0.0])
    return f"{low:.1%} to {high:.1%}"


def wide_console() -> Console:
    """A terminal as wide as it is; a file or pipe is wide enough for the table."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def outcome_longest(outcomes: Sequence[Outcome], tier: str) -> list[float]:
    """The longest wait of an answered caller of each replication."""
    return [_count(outcome, tier).longest_s for outcome in outcomes]


def _verdict(level: Interval | None, goal: float) -> str:
    if level is None:
        return ""
    half = 0.0 if math.isinf(level.half) else level.half
    word = "met" if level.mean - half >= goal else "missed" if level.mean + half < goal else "open"
    return f"{goal:.0%} {word}"


def shown(interval: Interval | None, times: float, unit: str) -> str:
    """`91.3 ±0.2%`; the interval only where there is one."""
    if interval is None:
        return "-"
    half = "" if math.isinf(interval.half) else f" ±{interval.half * times:.1f}"
    return f"{interval.mean * times:.1f}{half}{unit}"


def remarks(outcomes: Sequence[Outcome]) -> str:
    """Occupancy, other outcomes, and calls that were not over."""
    lines = []
    occupancy = _mean(outcome.occupancy for outcome in outcomes)
    lines.append(f"Agents are busy {shown(occupancy, 100, '%')} of their time at work.")
    others: dict[str, int] = {}
    for outcome in outcomes:
        for name, count in outcome.totals.all().others.items():
            others[name] = others.get(name, 0) + count
    if others:
        told = ", ".join(f"{name} {count / len(outcomes):,.1f}" for name, count in sorted(others.items()))
        lines.append(f"Other outcomes (calls): {told}.")
    unfinished = sum(outcome.totals.unfinished for outcome in outcomes)
    if unfinished:
        lines.append(f"{unfinished} calls were not over a day after the last one came.")
    count = len(outcomes)
    lines.append(
        f"Mean of {count} replications, ± 95 % interval."
        if count > 1
        else "One replication: --replications tells how sure this is."
    )
    return "\n".join(lines)


def as_json(outcomes: Sequence[Outcome], scenario: Scenario) -> dict[str, Any]:
    """The same, unrounded; each figure with `mean` and `half` (None: unknown); `middle_in_target` is the range of eight runs of ten."""
    occupancy = _mean(outcome.occupancy for outcome in outcomes)
    return {
        "replications": len(outcomes),
        "tiers": {tier: plain(row) for tier, row in figures(outcomes, scenario).items()},
        "middle_in_target": {tier: _middle_plain(outcomes, tier) for tier in figures(outcomes, scenario)},
        "occupancy": _plain(occupancy),
        "unfinished": sum(outcome.totals.unfinished for outcome in outcomes),
    }


def plain(row: dict[str, Interval | None]) -> dict[str, Any]:
    """Figures for JSON."""
    return {name: _plain(interval) for name, interval in row.items()}


def _plain(interval: Interval | None) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {"mean": interval.mean, "half": None if math.isinf(interval.half) else interval.half}


def print_json(told: dict[str, Any]) -> None:
    """One line."""
    Console(soft_wrap=True, highlight=False, markup=False).print(json.dumps(told, ensure_ascii=False))
