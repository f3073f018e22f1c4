"""The dashboards as files: as their tables say, as Grafana's own schema wants them, and asking for what is there."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from metrics.grafana.boards import BOARDS, text_of

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "metrics" / "grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
SCHEMA: dict[str, Any] = json.loads((ROOT / "tests/adapters/grafana_schema.json").read_text(encoding="utf-8"))
METRICS = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
RECORDED = re.findall(r"record: (\S+)", (ROOT / "metrics/prometheus/rules/recording.yml").read_text(encoding="utf-8"))
OF_PROMETHEUS = {"up", "scrape_duration_seconds", "ALERTS"}
FUNCTIONS = {
    "sum", "max", "avg", "count", "rate", "increase", "histogram_quantile", "time", "vector", "label_values",
    "by", "on", "and", "or", "le", "instance", "job", "queue", "tier", "state", "window", "reason", "way", "result",
    "alertname", "alertstate",
}  # fmt: skip


def board_of(file: Path) -> dict[str, Any]:
    """The board in a file."""
    board: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return board


PANELS = [
    pytest.param(panel, id=f"{file.stem}: {panel['title']}") for file in FILES for panel in board_of(file)["panels"]
]
FIGURES = [param for param in PANELS if param.values[0]["type"] != "row"]  # type: ignore[index,call-overload]


def complaints(schema: dict[str, Any], value: object) -> list[str]:
    """What Grafana's schema says against a value."""
    found = jsonschema.Draft7Validator(schema).iter_errors(value)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


def test_the_files_are_those_of_the_tables() -> None:
    """Whoever changes a table runs make dashboards; whoever changes a file by hand is told."""
    assert {file.stem: file.read_text(encoding="utf-8") for file in FILES} == {
        name: text_of(board) for name, board in BOARDS.items()
    }


def test_everybody_has_a_board() -> None:
    """Operations, the wall, agents, VIP callers and the site itself, each under a name of its own."""
    assert set(BOARDS) == {"answer-rate", "wallboard", "agents", "vip", "system"}
    assert len({board.uid for board in BOARDS.values()}) == len(BOARDS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_grafana_s_own_schema_takes_the_board(file: Path) -> None:
    """Grafana reads every key as it is meant."""
    assert complaints(SCHEMA["dashboard"], board_of(file)) == []


@pytest.mark.parametrize("panel", FIGURES)
def test_grafana_s_own_schema_takes_the_panel(panel: dict[str, Any]) -> None:
    """Options and field settings are those that this kind of panel has."""
    kind = panel["type"]
    assert complaints(SCHEMA["options"][kind], panel["options"]) == []
    if "custom" in panel["fieldConfig"]["defaults"]:
        assert complaints(SCHEMA["custom"][kind], panel["fieldConfig"]["defaults"]["custom"]) == []


@pytest.mark.parametrize("wrong", [{"refresh": 5}, {"titel": "x"}, {"panels": [{"type": "stat", "gridPos": "x"}]}])
def test_the_schema_finds_mistakes(wrong: dict[str, Any]) -> None:
    """A check that takes anything is none."""
    assert complaints(SCHEMA["dashboard"], board_of(FILES[0]) | wrong)


@pytest.mark.parametrize("panel", PANELS)
def test_titles_are_in_chinese_and_english(panel: dict[str, Any]) -> None:
    """Everybody in the room reads the wall; product names are names in both."""
    title = panel["title"]
    assert title == "Redis/Valkey" or (re.search(r"[一-鿿]", title) and re.search(r"[A-Za-z]{2}", title))


@pytest.mark.parametrize("panel", FIGURES)
def test_a_panel_is_readable_and_asks_the_chosen_source(panel: dict[str, Any]) -> None:
    """It has a unit, a source that can be chosen, and its queries look at the chosen hotline only."""
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"]["uid"] == "${datasource}"
    for target in panel["targets"]:
        assert 'instance="$instance"' in target["expr"]


@pytest.mark.parametrize("panel", FIGURES)
def test_a_query_asks_for_what_exists(panel: dict[str, Any]) -> None:
    """Each name is a metric of ours, a recorded figure or Prometheus' own; counters are only read as rates or rises."""
    for target in panel["targets"]:
        bare = re.sub(r'"[^"]*"', '""', target["expr"])
        for name in set(re.findall(r"[a-zA-Z_][\w:]*", re.sub(r"\[\$?\w+\]", "", bare))) - FUNCTIONS - OF_PROMETHEUS:
            known = name in RECORDED or f"`{re.sub(r'_(bucket|sum|count)$', '', name)}`" in METRICS
            assert known or len(name) == 1, name
        for counter in re.findall(r"jietong_\w+_(?:total|bucket|count|sum)\b", bare):
            assert re.search(rf"(?:rate|increase)\({counter}", bare), counter


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_panels_do_not_overlap(file: Path) -> None:
    """Nothing hides behind anything, nothing sticks out."""
    taken: set[tuple[int, int]] = set()
    for panel in board_of(file)["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells


def test_the_provisioned_source_is_the_one_that_boards_begin_with() -> None:
    """A new Grafana shows figures at once."""
    told = yaml.safe_load((GRAFANA / "provisioning/datasources/jietong.yaml").read_text(encoding="utf-8"))
    for file in FILES:
        source = board_of(file)["templating"]["list"][0]
        assert source["current"]["value"] == told["datasources"][0]["uid"]
    scraped = yaml.safe_load((ROOT / "metrics/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert told["datasources"][0]["jsonData"]["timeInterval"] == scraped["global"]["scrape_interval"]
