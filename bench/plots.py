"""Curves as small SVG pictures.

Owns how a plot looks; must not know what is drawn. Text stays text, and nothing in the file changes from run to run but the data.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

COLOURS = {"ours": "#0a6b3d", "ours with menu": "#0a6b3d"}
OTHERS = ("#c2571a", "#3a5fa8", "#7a7a7a", "#8a3a8a", "#b8a000")


def draw(
    series: Mapping[str, Sequence[tuple[float, float]]], axes: tuple[str, str], is_log: tuple[bool, bool], path: Path
) -> None:
    """Writes one picture: a line with points for each curve, ours in green."""
    import matplotlib  # noqa: PLC0415 - only whoever writes the page needs it

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "jietong", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot  # noqa: PLC0415

    figure, plot = pyplot.subplots(figsize=(6.4, 3.4), layout="constrained")
    others = iter(OTHERS * 4)
    for name, points in series.items():
        x, y = [point[0] for point in points], [point[1] for point in points]
        marker = "o" if len(points) <= 30 else ""
        plot.plot(x, y, marker=marker, markersize=4, linewidth=1.6, label=name, color=COLOURS.get(name) or next(others))
    plot.set_xlabel(axes[0])
    plot.set_ylabel(axes[1])
    if is_log[0]:
        plot.set_xscale("log")
    if is_log[1]:
        plot.set_yscale("log")
    else:
        plot.set_ylim(bottom=0)
    plot.grid(alpha=0.3)
    plot.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
