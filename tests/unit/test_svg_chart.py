"""Charts are well-formed pictures whatever their figures are."""

import math
from xml.etree import ElementTree as ET

import pytest

from jietong.svg_chart import Chart, Series, clock, clock_ticks, draw, percent

SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("line", "step", "points", "bars")


def shapes(chart: Chart, name: str) -> list[ET.Element]:
    return ET.fromstring(draw(chart)).findall(f".//{SVG}{name}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "points",
    [
        [],
        [(0.0, 0.0)],
        [(0.0, 5.0), (1.0, 5.0)],
        [(0.0, -3.0), (1.0, 4.0)],
        [(0.0, math.nan), (1.0, 2.0)],
        [(1e9, 1e-9), (2e9, 1e12)],
    ],
)
def test_any_figures_give_a_picture(kind: str, points: list[tuple[float, float]]) -> None:
    """No points, one, all alike, negative, unknown, huge: a picture that every reader of SVG takes, without a figure that is none."""
    text = draw(
        Chart(
            "Calls < agents & more",
            "time",
            "calls",
            [Series("a & b", points, kind), Series("c", points, kind)],
            marks=[(3.0, "goal <90 %>")],
        )
    )
    ET.fromstring(text)
    assert "nan" not in text and "inf" not in text.replace("inform", "")


def test_what_is_drawn_for_each_kind() -> None:
    """A line is one stretch, broken where a figure is unknown; a step has a corner more for each point; points and bars one shape each."""
    points = [(0.0, 1.0), (1.0, 2.0), (2.0, math.nan), (3.0, 4.0), (4.0, 5.0)]
    lines = shapes(Chart("t", "x", "y", [Series("a", points)]), "polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [2, 2]
    steps = shapes(Chart("t", "x", "y", [Series("a", points, "step")]), "polyline")
    assert [len(line.attrib["points"].split()) for line in steps] == [3, 3]
    assert len(shapes(Chart("t", "x", "y", [Series("a", points, "points")]), "circle")) == 4
    assert len(shapes(Chart("t", "x", "y", [Series("a", points, "bars")]), "rect")) == 5  # and the paper


def test_a_goal_lies_where_its_figure_is() -> None:
    """A mark at the middle of the range is drawn at the middle of the axis."""
    chart = Chart("t", "x", "y", [Series("a", [(0.0, 0.0), (1.0, 1.0)])], y_range=(0.0, 1.0), marks=[(0.5, "goal")])
    dashed = next(line for line in shapes(chart, "line") if line.attrib.get("stroke-dasharray") == "2 4")
    ends = [float(line.attrib["y1"]) for line in shapes(chart, "line") if line.attrib.get("stroke") == "#dddddd"]
    assert float(dashed.attrib["y1"]) == pytest.approx((min(ends) + max(ends)) / 2, abs=0.2)


def test_labels() -> None:
    """Seconds after midnight as a clock, shares as per cent, a dozen hours at most."""
    assert [clock(0), clock(30_600), clock(86_400)] == ["00:00", "08:30", "00:00"]
    assert percent(0.9) == "90 %"
    assert len(clock_ticks(0, 86_400)) <= 13
    assert clock_ticks(8 * 3600, 10 * 3600) == [(28_800.0, "08:00"), (32_400.0, "09:00"), (36_000.0, "10:00")]
