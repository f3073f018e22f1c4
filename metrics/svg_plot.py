"""Plots of a report as SVG inside the page: calls as bars, rates as lines over them.

Owns the drawing. Must not reckon. Rules: one scale left for calls, one right for shares from 0 to 100 %; no script, no outside file.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 280, 56, 48, 16, 28
MOST_LABELS = 26


class Bar(NamedTuple):
    """One place on the axis: offered calls, how many of them were answered, and two shares (None: no call)."""

    label: str
    offered: int
    answered: int
    rate: float | None
    in_target: float | None


def plot(bars: Sequence[Bar], goal: float, title: str) -> str:
    """An SVG element; `title` is read aloud and shown on hovering. Nothing to draw gives an empty text."""
    if not any(bar.offered for bar in bars):
        return ""
    top = _round_up(max(bar.offered for bar in bars))
    step = (WIDTH - LEFT - RIGHT) / len(bars)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" class="plot">',
        f"<title>{escape(title)}</title>",
        *_grid(top),
        *(part for index, bar in enumerate(bars) for part in _bar(bar, index, step, top)),
        f'<line class="goal" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(goal):.1f}" y2="{_y(goal):.1f}"/>',
        _line([bar.in_target for bar in bars], step, "target"),
        _line([bar.rate for bar in bars], step, "rate"),
        *_labels(bars, step),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part)


def _round_up(value: int) -> int:
    """A round number at or above it, divisible by four."""
    size: int = 4 * 10 ** max(0, len(str(value)) - 2)
    return -(-value // size) * size


def _y(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)


def _grid(top: int) -> list[str]:
    found = []
    for quarter in range(5):
        y = _y(quarter / 4)
        found += [
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{top * quarter // 4:,}</text>',
            f'<text x="{WIDTH - RIGHT + 6}" y="{y + 4:.1f}">{quarter * 25} %</text>',
        ]
    return found


def _bar(bar: Bar, index: int, step: float, top: int) -> list[str]:
    x, width = LEFT + index * step + step * 0.15, step * 0.7
    rate = "–" if bar.rate is None else f"{bar.rate:.1%}"
    tip = f"<title>{escape(bar.label)}: {bar.offered:,} offered, {bar.answered:,} answered, {rate}</title>"
    y_all, y_answered, floor = _y(bar.offered / top), _y(bar.answered / top), _y(0)
    return [
        f'<rect class="lost" x="{x:.1f}" y="{y_all:.1f}" width="{width:.1f}" height="{floor - y_all:.1f}">{tip}</rect>',
        f'<rect class="answered" x="{x:.1f}" y="{y_answered:.1f}" width="{width:.1f}" height="{floor - y_answered:.1f}">{tip}</rect>',
    ]


def _line(shares: Sequence[float | None], step: float, name: str) -> str:
    """The shares joined by a line; where there is none the line is broken, not at 0."""
    path, is_down = "", False
    dots = []
    for index, share in enumerate(shares):
        if share is None:
            is_down = False
            continue
        x, y = LEFT + (index + 0.5) * step, _y(share)
        path += f"{'L' if is_down else 'M'}{x:.1f} {y:.1f}"
        dots.append(f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>')
        is_down = True
    return f'<path class="{name}" d="{path}"/>' + "".join(dots) if path else ""


def _labels(bars: Sequence[Bar], step: float) -> list[str]:
    every = -(-len(bars) // MOST_LABELS)
    y = HEIGHT - BOTTOM + 16
    return [
        f'<text x="{LEFT + (index + 0.5) * step:.1f}" y="{y}" text-anchor="middle">{escape(bar.label)}</text>'
        for index, bar in enumerate(bars)
        if index % every == 0
    ]
