"""Dashboards without Grafana: queries are filled in as Grafana fills them, and drawn."""

import json
from pathlib import Path
from typing import Any

import pytest
from matplotlib import font_manager
from PIL import Image

from bench import panel_picture, panel_queries
from bench.panel_picture import draw_board
from bench.panel_queries import Answered, Asked, Refused, Series, Span, ask_board, empties
from jietong.provision import font
from jietong.provision.private_copy import ProvisionError
from metrics.grafana.panels import GOOD_WHEN_ONE, Board, Row, bars, heat, lines, stat, timeline, to_json, yes_no

BOARD = to_json(
    Board(
        "x",
        "Board",
        "",
        (
            Row("Row"),
            stat("Stat", 'a{instance="$instance"}', "percentunit", decimals=1),
            yes_no("Yes", "rate(a[$__rate_interval])", good=1),
            lines("Lines", (('b{queue=~"$queue"}', "{{queue}} x"), ("c", "")), "s", least=0, steps=GOOD_WHEN_ONE),
            lines("Stack", (("b", "{{queue}}"),), "short", stacked=True),
            bars("Bars", (("increase(b[$__range])", "{{queue}}"),), "none"),
            heat("Heat", "d"),
            timeline("States", (("up", "{{job}}"),), steps=GOOD_WHEN_ONE),
        ),
        ("queue",),
    )
)
SPAN = Span(1000.0, 4600.0, 15.0)


class FakePrometheus:
    """Answers every question with the same two series and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def get(self, _url: str, what: str, **words: Any) -> Any:
        """As panel_queries asks."""
        if what.startswith("label/"):
            return {"label/instance/values": ["h:1"], "label/queue/values": ["a", "b.c"]}[what]
        self.asked.append({name: str(word) for name, word in words.items()})
        rows: list[dict[str, Any]] = [
            {"metric": {"__name__": "b", "job": "j", "queue": queue, "le": bound}}
            for queue, bound in (("a", "1.0"), ("b", "+Inf"))
        ]
        points = [[1000 + 60 * number, text] for number, text in enumerate(("1", "NaN", "0.5", "3"))]
        for row in rows:
            row |= {"values": points} if what == "query_range" else {"value": points[-1]}
        return {"result": rows}


@pytest.fixture
def prometheus(monkeypatch: pytest.MonkeyPatch) -> FakePrometheus:
    """In place of the network."""
    fake = FakePrometheus()
    monkeypatch.setattr(panel_queries, "_get", fake.get)
    return fake


def test_variables_are_filled_in(prometheus: FakePrometheus) -> None:
    """All queues that there are, one hotline, the time that is shown, and four scrapes at least for a rate."""
    answers = ask_board("http://p", BOARD, SPAN)
    assert [answer.panel["title"] for answer in answers] == ["Stat", "Yes", "Lines", "Stack", "Bars", "Heat", "States"]
    queries = [asked["query"] for asked in prometheus.asked]
    assert queries[:3] == ['a{instance="h:1"}', "rate(a[60s])", r'b{queue=~"(a|b\\.c)"}']
    assert "increase(b[3600s])" in queries
    assert {asked["step"] for asked in prometheus.asked if "step" in asked} == {"15.0"}


def test_lines_have_names_and_no_holes_of_nan(prometheus: FakePrometheus) -> None:
    """A legend is filled from labels; what is no number is no point."""
    drawn = ask_board("http://p", BOARD, SPAN)[2]
    assert [series.name for series in drawn.series] == ["a x", "b x", "1.0, a", "+Inf, b"]
    assert drawn.series[0].points == ((1000.0, 1.0), (1120.0, 0.5), (1180.0, 3.0))


def test_what_is_empty_is_named() -> None:
    """A query without a point, be it that it has no line or only NaN, is told with its panel."""
    panel = {"title": "T", "targets": []}
    answer = Answered(
        panel, (Asked("a", ()), Asked("b", (Series("x", {}, ()),)), Asked("c", (Series("x", {}, ((1.0, 2.0),)),)))
    )
    assert empties([answer]) == ["T: a", "T: b"]


def test_an_unknown_variable_is_refused(prometheus: FakePrometheus) -> None:
    """A slip of the pen in a panel is told, not sent."""
    board = json.loads(json.dumps(BOARD).replace("$__range", "$range"))
    with pytest.raises(Refused, match=r"\$range"):
        ask_board("http://p", board, SPAN)


def test_a_prometheus_that_is_away_is_said() -> None:
    """With its address."""
    with pytest.raises(Refused, match=r"http://127\.0\.0\.1:9 does not answer"):
        ask_board("http://127.0.0.1:9", BOARD, SPAN)


def test_every_kind_of_panel_is_drawn(
    prometheus: FakePrometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One picture with a panel of each kind, also where no font of the system has Chinese letters."""
    answers = ask_board("http://p", BOARD, SPAN)
    monkeypatch.setattr(panel_picture, "FONTS", ("DejaVu Sans",))
    draw_board(BOARD, answers, tmp_path / "board.png")
    with Image.open(tmp_path / "board.png") as picture:
        colors = picture.convert("RGB").getcolors(1_000_000)
        assert picture.width > 900 and colors is not None and len(colors) > 20
    first = (tmp_path / "board.png").read_bytes()
    monkeypatch.setattr(panel_picture, "FONTS", ())
    monkeypatch.setattr(panel_picture, "FAMILY", "DejaVu Sans")
    monkeypatch.setattr(panel_picture, "ensure_font", lambda: font_manager.findfont("DejaVu Sans"))
    draw_board(BOARD, answers, tmp_path / "board.png")
    assert (tmp_path / "board.png").read_bytes() == first


def test_a_font_that_cannot_be_had(prometheus: FakePrometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No font of the system, no package source: the way out is told."""
    monkeypatch.setattr(panel_picture, "FONTS", ())
    monkeypatch.setattr(font, "places", lambda _: [])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ProvisionError, match="apt-get install fonts-wqy-microhei"):
        draw_board(BOARD, ask_board("http://p", BOARD, SPAN), tmp_path / "board.png")
