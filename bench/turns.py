"""Sides that take turns in rounds, and the ratio that comes of it.

Owns the order of the turns, the ratios with their spread, and the refusal to give a figure when a side failed.
Must not know what a side is nor what is measured. Rule: machines are shared and noisy, so only what was measured side by side is compared.
"""

import math
import statistics
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class NoFigure(Exception):
    """A side failed, or its traffic was not clean: there is no figure. The text says which side, in which round, and why."""


@dataclass(frozen=True)
class Turn:
    """What one side gave in one round: named figures, and the raw values behind them for the CSV file."""

    side: str
    round: int
    figures: Mapping[str, float]
    raw: Sequence[tuple[Any, ...]] = ()


@dataclass(frozen=True)
class Ratio:
    """A ratio over all rounds: its median, the lowest and the highest."""

    median: float
    low: float
    high: float
    rounds: tuple[float, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{shown(self.median)} ({shown(self.low)}-{shown(self.high)})"


def or_no_figure(benchmark: Callable[[], int]) -> int:
    """The exit code of a benchmark; 2, and the reason in words, when it was refused or broke down on the way: that is no limit that does not hold."""
    try:
        return benchmark()
    except NoFigure as error:
        print(f"no figure: {error}", file=sys.stderr)
    except Exception as error:
        traceback.print_exc()
        print(f"no figure: {type(error).__name__}: {error}", file=sys.stderr)
    return 2


async def in_turns(
    sides: Sequence[str],
    rounds: int,
    measure: Callable[[str, int], Awaitable[Turn]],
    show: Callable[[Turn], None] = print,
) -> list[Turn]:
    """Measures every side once a round, in the given order in odd rounds and backwards in even ones.

    raises  ValueError for no side or no round; NoFigure as soon as a side fails in any way: half a comparison is none
    """
    if not sides or len(set(sides)) != len(sides):
        raise ValueError(f"sides must be named, each once: {list(sides)}")
    if rounds < 1:
        raise ValueError(f"rounds must be 1 or more, not {rounds}")
    turns = []
    for number in range(1, rounds + 1):
        for side in sides if number % 2 else list(reversed(sides)):
            try:
                turn = await measure(side, number)
            except NoFigure:
                raise
            except Exception as error:
                raise NoFigure(f"{side}, round {number}: {type(error).__name__}: {error}") from error
            wrong = [name for name, value in turn.figures.items() if not math.isfinite(value)]
            if wrong:
                raise NoFigure(f"{side}, round {number}: no value for {', '.join(wrong)}")
            show(turn)
            turns.append(turn)
    return turns


def of_side(turns: Iterable[Turn], side: str, figure: str) -> list[float]:
    """That figure of that side, round by round."""
    return [turn.figures[figure] for turn in sorted(turns, key=lambda turn: turn.round) if turn.side == side]


def median_of(turns: Iterable[Turn], side: str, figure: str) -> float:
    """The median of a side's figure over the rounds; raises NoFigure when the side has none."""
    values = of_side(turns, side, figure)
    if not values:
        raise NoFigure(f"{side}: no round gave {figure}")
    return statistics.median(values)


def ratio(turns: Sequence[Turn], above: str, below: str, figure: str) -> Ratio:
    """`above` over `below`, taken within each round; raises NoFigure when a round lacks a side or the divisor is 0."""
    tops, bottoms = of_side(turns, above, figure), of_side(turns, below, figure)
    if not tops or len(tops) != len(bottoms):
        raise NoFigure(f"{figure}: {above} has {len(tops)} rounds, {below} has {len(bottoms)}")
    if not all(bottoms):
        raise NoFigure(f"{figure}: {below} was 0, there is no ratio")
    rounds = tuple(top / bottom for top, bottom in zip(tops, bottoms, strict=True))
    return Ratio(statistics.median(rounds), min(rounds), max(rounds), rounds)


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` (0..1) of the values do not exceed; NaN when there is none."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def growth_exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The k of cost = c * size^k that fits best (least squares of the logarithms): 0 constant, 1 linear.

    raises  ValueError for fewer than two sizes, or a size or cost that is not positive
    """
    if len(sizes) < 2 or len(sizes) != len(costs) or min(*sizes, *costs) <= 0:
        raise ValueError("needs at least two sizes, and positive sizes and costs")
    return statistics.linear_regression([math.log(size) for size in sizes], [math.log(cost) for cost in costs]).slope


def shown(value: float) -> str:
    """Three figures that mean something."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"
