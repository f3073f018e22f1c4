"""Draws a dashboard from the answers to its queries: a picture for the documentation that shows what Grafana would.

Owns the look of each kind of panel. Must not ask anybody. Chinese titles need a font: one of the system's, else it fetches one.
"""

import math
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import matplotlib as mpl
from matplotlib import dates, font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from bench.panel_queries import Answered, Series
from jietong.provision.font import FAMILY, ensure_font

FONTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Source Han Sans SC", FAMILY)
COLORS = {"green": "#73bf69", "yellow": "#eab839", "red": "#e24d42", "blue": "#5794f2", "text": "#8e8e8e"}
PALETTE = ("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0", "#508642", "#cca300")
WIDTH_IN, ROW_IN, DPI = 13.0, 0.34, 80
GREY = "#6b7280"
COLORS_IN_FILE = 128
CLOCK_STEPS = (1, 1.2, 1.5, 2, 3, 6, 10)  # whole minutes, not 2.67


def draw_board(board: dict[str, Any], answers: list[Answered], file: Path, zone: str = "Asia/Shanghai") -> None:
    """The whole board as PNG, panels where Grafana puts them. Raises ProvisionError when no font has Chinese characters."""
    with mpl.rc_context({"font.family": _font(), "font.size": 8, "axes.unicode_minus": False}):
        rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
        height = rows * ROW_IN + 0.5
        figure = Figure(figsize=(WIDTH_IN, height), dpi=DPI, facecolor="#f4f5f5")
        figure.text(0.008, 1 - 0.26 / height, board["title"], fontsize=13, weight="bold", va="center")
        by_id = {answer.panel["id"]: answer for answer in answers}
        for panel in board["panels"]:
            box = _box(panel["gridPos"], height)
            if panel["type"] == "row":
                figure.text(box[0], box[1] + box[3] / 2, panel["title"], fontsize=9.5, weight="bold", va="center")
            else:
                _draw_panel(figure, box, by_id[panel["id"]], ZoneInfo(zone))
        figure.savefig(file)
    with Image.open(file) as picture:  # few colours: a third of the size
        picture.convert("RGB").quantize(COLORS_IN_FILE).save(file, optimize=True)


def _font() -> str:
    known = {entry.name for entry in font_manager.fontManager.ttflist}
    found = next((name for name in FONTS if name in known), None)
    if found is None:
        font_manager.fontManager.addfont(ensure_font())
    return found or FAMILY


def _box(place: dict[str, int], height: float) -> tuple[float, float, float, float]:
    left, width = place["x"] / 24, place["w"] / 24
    top = 1 - (0.5 + place["y"] * ROW_IN) / height
    tall = place["h"] * ROW_IN / height
    return (left + 0.004, top - tall + 0.05 / height, width - 0.008, tall - 0.08 / height)


def _draw_panel(figure: Figure, box: tuple[float, float, float, float], answer: Answered, zone: ZoneInfo) -> None:
    frame = figure.add_axes(box)
    frame.set_xticks([])
    frame.set_yticks([])
    for side in frame.spines.values():
        side.set_color("#d8dadd")
    tall_in, wide_in = box[3] * figure.get_figheight(), box[2] * figure.get_figwidth()
    frame.text(
        0.08 / wide_in,
        1 - 0.12 / tall_in,
        answer.panel["title"],
        transform=frame.transAxes,
        va="center",
        fontsize=8,
        weight="bold",
    )
    if not any(series.points for series in answer.series):
        frame.text(0.5, 0.45, "无数据 no data", transform=frame.transAxes, ha="center", color=COLORS["red"])
        return
    kind = answer.panel["type"]
    if kind == "stat":
        _stat(frame, answer)
        return
    legend_in = 0.2 if kind == "timeseries" else 0.0
    left_in = 1.35 if kind == "state-timeline" else 0.5
    inner = (
        box[0] + left_in / figure.get_figwidth(),
        box[1] + (0.24 + legend_in) / figure.get_figheight(),
        box[2] - (left_in + 0.12) / figure.get_figwidth(),
        box[3] - (0.52 + legend_in) / figure.get_figheight(),
    )
    if kind == "bargauge":
        _bars(
            figure.add_axes((box[0] + 0.004, box[1] + 0.004, box[2] - 0.008, box[3] - 0.28 / figure.get_figheight())),
            answer,
        )
        return
    axes = figure.add_axes(inner)
    axes.tick_params(labelsize=7, length=2, colors=GREY)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    {"timeseries": _lines, "heatmap": _heat, "state-timeline": _states}[kind](axes, answer, zone)
    _time_axis(axes, answer, zone)


def _stat(frame: Axes, answer: Answered) -> None:
    """The latest value in large type, on the colour of its step, with its course behind."""
    series = answer.series[0]
    value = series.points[-1][1]
    defaults = answer.panel["fieldConfig"]["defaults"]
    is_filled = answer.panel["options"]["colorMode"] == "background"
    color = _step_color(defaults, value)
    if is_filled:
        frame.set_facecolor(color)
    inside = frame.inset_axes((0, 0, 1, 0.4))
    inside.axis("off")
    if len(series.points) > 1:
        at, values = zip(*series.points, strict=True)
        inside.fill_between(at, values, min(0.0, *values), color="white" if is_filled else color, alpha=0.3, lw=0)
        inside.set_xlim(at[0], at[-1])
    shown = _mapped(defaults, value) or _written(value, defaults["unit"], defaults.get("decimals"))
    size = min(26.0, 150 * frame.get_position().width * WIDTH_IN / 2.1 / max(4, len(shown)))
    frame.text(0.5, 0.45, shown, transform=frame.transAxes, ha="center", va="center", fontsize=size, weight="bold",
               color="white" if is_filled else color)  # fmt: skip


def _lines(axes: Axes, answer: Answered, zone: ZoneInfo) -> None:
    defaults = answer.panel["fieldConfig"]["defaults"]
    shown = [series for series in answer.series if series.points]
    if defaults["custom"]["stacking"]["mode"] == "normal":
        times = sorted({at for series in shown for at, _ in series.points})
        known = [dict(series.points) for series in shown]
        axes.stackplot(
            [datetime.fromtimestamp(at, zone) for at in times],
            [[points.get(at, 0.0) for at in times] for points in known],
            colors=PALETTE, labels=[series.name if any(points.values()) else "_" for series, points in zip(shown, known, strict=True)], alpha=0.75,
        )  # fmt: skip
    else:
        for number, series in enumerate(shown):
            at, values = _with_gaps(series)
            axes.plot(
                [datetime.fromtimestamp(t, zone) for t in at],
                values,
                color=PALETTE[number % len(PALETTE)],
                lw=1.4,
                label=series.name,
            )
    if defaults["custom"]["thresholdsStyle"]["mode"] == "line":
        for step in defaults["thresholds"]["steps"][1:]:
            axes.axhline(step["value"], color=COLORS[step["color"]], lw=0.8, ls="--")
    low, high = axes.get_ylim()
    axes.set_ylim(defaults.get("min", low), defaults["max"] * 1.02 if "max" in defaults else max(high, 1e-9))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=CLOCK_STEPS if defaults["unit"] == "s" else None))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _written(value, defaults["unit"], None)))
    axes.grid(axis="y", color="#e5e7eb", lw=0.6)
    axes.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.12), ncols=6, frameon=False, fontsize=6.5,
                handlelength=1, columnspacing=1, borderpad=0)  # fmt: skip


def _heat(axes: Axes, answer: Answered, zone: ZoneInfo) -> None:
    """Counts between two bounds, not up to a bound; a darker field is more calls."""
    by_bound = sorted(((_bound(series), dict(series.points)) for series in answer.series), key=lambda pair: pair[0])
    times = sorted({at for _, points in by_bound for at in points})
    below = [0.0] * len(times)
    rows = []
    for _, points in by_bound:
        upto = [points.get(at, 0.0) for at in times]
        rows.append([max(0.0, a - b) for a, b in zip(upto, below, strict=True)])
        below = upto
    edges = [datetime.fromtimestamp(at, zone) for at in times]
    axes.pcolormesh(
        edges, range(len(rows)), [[math.sqrt(value) for value in row] for row in rows], cmap="Blues", shading="nearest"
    )
    axes.set_yticks(
        range(len(rows)), ["∞" if math.isinf(bound) else f"{bound:g}" for bound, _ in by_bound], fontsize=5.5
    )


def _bound(series: Series) -> float:
    return float(series.labels["le"].replace("+Inf", "inf"))


def _bars(axes: Axes, answer: Answered) -> None:
    defaults = answer.panel["fieldConfig"]["defaults"]
    shown = [series for series in answer.series if series.points]
    values = [series.points[-1][1] for series in shown]
    most = defaults.get("max", max([*values, 1e-9]))
    axes.barh(range(len(shown)), [most] * len(shown), color="#eceef0", height=0.55)
    axes.barh(range(len(shown)), values, color=[_step_color(defaults, value) for value in values], height=0.55)
    for number, (series, value) in enumerate(zip(shown, values, strict=True)):
        axes.text(0.01 * most, number, series.name, fontsize=7, va="center")
        axes.text(
            most * 1.02,
            number,
            _written(value, defaults["unit"], defaults.get("decimals")),
            fontsize=8,
            va="center",
            weight="bold",
        )
    axes.set_xlim(0, most * 1.25)
    axes.set_ylim(max(3, len(shown)) - 0.4, -0.6)
    axes.axis("off")


def _states(axes: Axes, answer: Answered, zone: ZoneInfo) -> None:
    defaults = answer.panel["fieldConfig"]["defaults"]
    shown = [series for series in answer.series if series.points]
    for number, series in enumerate(shown):
        times = [at for at, _ in series.points]
        gap = times[1] - times[0] if len(times) > 1 else 1.0
        for at, value in series.points:
            axes.barh(
                number,
                gap / 86400,
                left=dates.date2num(datetime.fromtimestamp(at, zone)),
                height=0.7,
                color=_step_color(defaults, value),
                lw=0,
            )
    axes.set_yticks(range(len(shown)), [series.name for series in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.xaxis_date(zone)


def _time_axis(axes: Axes, answer: Answered, zone: ZoneInfo) -> None:
    times = [at for series in answer.series for at, _ in series.points]
    first, last = min(times), max(times)
    if last > first:
        axes.set_xlim(datetime.fromtimestamp(first, zone), datetime.fromtimestamp(last, zone))
    axes.xaxis.set_major_locator(dates.AutoDateLocator(tz=zone, minticks=3, maxticks=6))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M:%S" if last - first < 600 else "%H:%M", tz=zone))


def _with_gaps(series: Series) -> tuple[list[float], list[float]]:
    """Points with a hole where samples are missing, as Grafana draws them."""
    if len(series.points) < 3:
        return [at for at, _ in series.points], [value for _, value in series.points]
    step = min(b[0] - a[0] for a, b in zip(series.points, series.points[1:], strict=False))
    times, values = [], []
    for at, value in series.points:
        if times and at - times[-1] > 1.5 * step:
            times.append(at - step / 2)
            values.append(math.nan)
        times.append(at)
        values.append(value)
    return times, values


def _step_color(defaults: dict[str, Any], value: float) -> str:
    steps = defaults["thresholds"]["steps"]
    passed = [step for step in steps if step["value"] is None or value >= step["value"]]
    return COLORS[passed[-1]["color"]]


def _mapped(defaults: dict[str, Any], value: float) -> str:
    for mapping in defaults["mappings"]:
        if f"{value:g}" in mapping["options"]:
            return str(mapping["options"][f"{value:g}"]["text"])
    return ""


def _written(value: float, unit: str, decimals: int | None) -> str:
    """The figure as people write it: 93.5 %, 12 s, 3 ms, 1.4 k."""
    if unit == "percentunit":
        return f"{value * 100:.{1 if decimals is None and value not in (0, 1) and value < 0.1 else decimals or 0}f} %"
    if unit == "s":
        for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "µs")):
            if abs(value) >= size * (2 if size > 1 else 1):
                return f"{value / size:.3g} {name}"
        return "0 s"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{decimals}f}" if decimals is not None else f"{value:.3g}"
