"""Charts as SVG: lines, steps, points and bars over a number line, with goals as dashed lines.

Owns how a chart looks. Must not know what its figures mean. Colours: Okabe and Ito's, told apart by colour-blind readers too.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666")
WIDTH, HEIGHT = 820, 360
LEFT, RIGHT, TOP, BOTTOM = 66, 20, 62, 50
TICKS = 6
FONT = "font-family='DejaVu Sans, Noto Sans CJK SC, sans-serif'"


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart; `points` are (x, y) from left to right; a y of NaN leaves a gap.

    kind   line, step (holds until the next x), points, or bars (of `bar_width`, in units of x)
    """

    name: str
    points: Sequence[tuple[float, float]]
    kind: str = "line"
    is_dashed: bool = False
    bar_width: float = 0.8


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn. `x_ticks` are (x, label), left out: round numbers; `marks` are (y, label): levels that are wanted."""

    title: str
    x_title: str
    y_title: str
    series: Sequence[Series]
    x_ticks: Sequence[tuple[float, str]] | None = None
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    y_label: Callable[[float], str] = "{:g}".format
    marks: Sequence[tuple[float, str]] = ()


@dataclass(frozen=True, slots=True)
class _Scale:
    x: tuple[float, float]
    y: tuple[float, float]
    top: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a point."""
        across = LEFT + (x - self.x[0]) / (self.x[1] - self.x[0]) * (WIDTH - LEFT - RIGHT)
        down = self.top + TOP + (1 - (y - self.y[0]) / (self.y[1] - self.y[0])) * (HEIGHT - TOP - BOTTOM)
        return round(across, 1), round(down, 1)


def draw(*charts: Chart) -> str:
    """The charts one below the other, as one SVG document."""
    height = HEIGHT * len(charts)
    title = escape("; ".join(chart.title for chart in charts))
    body = "\n".join(line for number, chart in enumerate(charts) for line in _chart(chart, number * HEIGHT))
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' viewBox='0 0 {WIDTH} {height}' role='img' {FONT} font-size='12'>\n"
        f"<title>{title}</title>\n<rect width='{WIDTH}' height='{height}' fill='#ffffff'/>\n{body}\n</svg>\n"
    )


def percent(value: float) -> str:
    """A share as a label of an axis."""
    return f"{100 * value:g} %"


def clock(seconds: float) -> str:
    """Seconds after midnight as a label of an axis."""
    minutes = round(seconds / 60)
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def clock_ticks(first_s: float, last_s: float) -> list[tuple[float, str]]:
    """Ticks of whole hours between two times of a day, at most a dozen."""
    every = max(1, math.ceil((last_s - first_s) / 3600 / 12)) * 3600
    return [(float(at), clock(at)) for at in range(math.ceil(first_s / 3600) * 3600, int(last_s) + 1, every)]


def _chart(chart: Chart, top: float) -> list[str]:
    scale = _Scale(chart.x_range or _x_range(chart), chart.y_range or _y_range(chart), top)
    lines = [f"<text x='{LEFT}' y='{top + 20}' font-size='15' font-weight='bold'>{escape(chart.title)}</text>"]
    lines += _axes(chart, scale)
    for number, series in enumerate(chart.series):
        lines += _series(series, COLOURS[number % len(COLOURS)], scale)
    for y, label in chart.marks:
        (x1, at), (x2, _) = scale.at(scale.x[0], y), scale.at(scale.x[1], y)
        lines.append(
            f"<line x1='{x1}' y1='{at}' x2='{x2}' y2='{at}' stroke='#333' stroke-width='1' stroke-dasharray='2 4'/>"
            f"<text x='{x2}' y='{at - 4}' text-anchor='end' fill='#333' stroke='#fff' stroke-width='3' paint-order='stroke'>{escape(label)}</text>"
        )
    return lines + _legend(chart.series, top)


def _axes(chart: Chart, scale: _Scale) -> list[str]:
    lines = []
    for y in _round_numbers(*scale.y):
        (x1, at), (x2, _) = scale.at(scale.x[0], y), scale.at(scale.x[1], y)
        lines.append(
            f"<line x1='{x1}' y1='{at}' x2='{x2}' y2='{at}' stroke='#dddddd'/>"
            f"<text x='{x1 - 6}' y='{at + 4}' text-anchor='end'>{escape(chart.y_label(y))}</text>"
        )
    for x, label in chart.x_ticks or [(x, f"{x:g}") for x in _round_numbers(*scale.x)]:
        across, bottom = scale.at(x, scale.y[0])
        lines.append(
            f"<line x1='{across}' y1='{bottom}' x2='{across}' y2='{bottom + 4}' stroke='#333'/>"
            f"<text x='{across}' y='{bottom + 18}' text-anchor='middle'>{escape(label)}</text>"
        )
    (left, bottom), (right, _) = scale.at(scale.x[0], scale.y[0]), scale.at(scale.x[1], scale.y[0])
    middle = scale.top + TOP + (HEIGHT - TOP - BOTTOM) / 2
    lines.append(
        f"<line x1='{left}' y1='{bottom}' x2='{right}' y2='{bottom}' stroke='#333'/>"
        f"<text x='{(left + right) / 2}' y='{bottom + 38}' text-anchor='middle'>{escape(chart.x_title)}</text>"
        f"<text x='16' y='{middle}' text-anchor='middle' transform='rotate(-90 16 {middle})'>{escape(chart.y_title)}</text>"
    )
    return lines


def _series(series: Series, colour: str, scale: _Scale) -> list[str]:
    dash = " stroke-dasharray='6 4'" if series.is_dashed else ""
    known = [(x, y) for x, y in series.points if not math.isnan(y)]
    if series.kind == "bars":
        half, lines = series.bar_width / 2, []
        for x, y in known:
            (x1, y1), (x2, y2) = scale.at(x - half, max(y, 0)), scale.at(x + half, min(y, 0) if y < 0 else scale.y[0])
            lines.append(
                f"<rect x='{x1}' y='{y1}' width='{round(x2 - x1, 1)}' height='{round(max(0.0, y2 - y1), 1)}' fill='{colour}' fill-opacity='0.75'/>"
            )
        return lines
    if series.kind == "points":
        return [f"<circle cx='{x}' cy='{y}' r='3' fill='{colour}'/>" for x, y in (scale.at(*point) for point in known)]
    return [
        f"<polyline points='{' '.join(f'{x},{y}' for x, y in stretch)}' fill='none' stroke='{colour}' stroke-width='2'{dash}/>"
        for stretch in _stretches(series, scale)
    ]


def _stretches(series: Series, scale: _Scale) -> list[list[tuple[float, float]]]:
    """Pixels of the unbroken parts of a line."""
    parts: list[list[tuple[float, float]]] = [[]]
    for x, y in series.points:
        if math.isnan(y):
            parts.append([])
            continue
        point = scale.at(x, y)
        if series.kind == "step" and parts[-1]:
            parts[-1].append((point[0], parts[-1][-1][1]))
        parts[-1].append(point)
    return [part for part in parts if part]


def _legend(series: Sequence[Series], top: float) -> list[str]:
    if len(series) < 2:
        return []
    lines, x = [], float(LEFT)
    for number, one in enumerate(series):
        dash = " stroke-dasharray='6 4'" if one.is_dashed else ""
        lines.append(
            f"<line x1='{x}' y1='{top + 38}' x2='{x + 22}' y2='{top + 38}' stroke='{COLOURS[number % len(COLOURS)]}' stroke-width='3'{dash}/>"
            f"<text x='{x + 28}' y='{top + 42}'>{escape(one.name)}</text>"
        )
        x += 50 + 7.2 * len(one.name)
    return lines


def _x_range(chart: Chart) -> tuple[float, float]:
    wide = [s.bar_width / 2 if s.kind == "bars" else 0.0 for s in chart.series for _ in s.points]
    xs = [x for s in chart.series for x, _ in s.points]
    low = min((x - w for x, w in zip(xs, wide, strict=True)), default=0.0)
    high = max((x + w for x, w in zip(xs, wide, strict=True)), default=1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _y_range(chart: Chart) -> tuple[float, float]:
    ys = [y for s in chart.series for _, y in s.points if not math.isnan(y)] + [y for y, _ in chart.marks]
    low, high = min([0.0, *ys]), max([*ys, 1e-9])
    step = _step(low, high)
    return math.floor(low / step) * step, math.ceil(high / step * 1.02) * step


def _round_numbers(low: float, high: float) -> list[float]:
    step = _step(low, high)
    return [round(n * step, 10) for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _step(low: float, high: float) -> float:
    """A step of 1, 2 or 5 times a power of ten that gives about TICKS parts."""
    raw = max(high - low, 1e-12) / TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
