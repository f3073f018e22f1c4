"""Panels and boards as Grafana reads them.

Owns the form: JSON of dashboard schema 41, the layout on 24 columns, units, colours. Must not know what is shown.
Rules: titles in Chinese and English; every panel asks the data source that is chosen on the board; tests/adapters/test_dashboards.py holds the
form against Grafana's own schema.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from metrics.kpi import ANSWER_GOAL

SCHEMA_VERSION = 41
COLUMNS = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
GREEN, YELLOW, RED, BLUE, GREY = "green", "yellow", "red", "blue", "text"
Query = tuple[str, str]  # PromQL, legend
Steps = Sequence[tuple[float | None, str]]  # from this value on, that colour; the first from the beginning
GOOD_WHEN_HIGH: Steps = ((None, RED), (0.85, YELLOW), (ANSWER_GOAL, GREEN))
PLAIN: Steps = ((None, BLUE),)
GOOD_WHEN_ZERO: Steps = ((None, GREEN), (1, RED))
GOOD_WHEN_ONE: Steps = ((None, RED), (1, GREEN))
YES_NO = [{"type": "value", "options": {"0": {"text": "否 no", "index": 0}, "1": {"text": "是 yes", "index": 1}}}]


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `kind`: Grafana's panel type; `instant`: the value now instead of its course."""

    kind: str
    title: str
    queries: Sequence[Query]
    unit: str
    width: int
    height: int
    about: str = ""
    instant: bool = False
    defaults: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    heatmap: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A heading over the panels that follow."""

    title: str


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard. `variables`: names of labels that can be chosen, beside instance."""

    uid: str
    title: str
    about: str
    panels: Sequence[Panel | Row]
    variables: Sequence[str] = ()
    since: str = "now-12h"
    refresh: str = "15s"


def stat(
    title: str, query: str, unit: str, *, steps: Steps = PLAIN, width: int = 4, height: int = 4, **more: Any
) -> Panel:
    """One large figure, coloured by `steps`, with its course behind it."""
    options = {
        "colorMode": "background" if steps is not PLAIN else "value",
        "graphMode": "area",
        "justifyMode": "center",
        "textMode": "auto",
        "orientation": "auto",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }
    return Panel(
        "stat", title, ((query, ""),), unit, width, height, defaults=_defaults(steps, more), options=options,
        about=more.get("about", ""),
    )  # fmt: skip


def yes_no(title: str, query: str, *, good: float, width: int = 4, height: int = 3) -> Panel:
    """Whether something is so: 1 yes, 0 no; green when it is `good`."""
    steps = GOOD_WHEN_ONE if good else GOOD_WHEN_ZERO
    return stat(title, query, "none", steps=steps, width=width, height=height, mappings=YES_NO)


def lines(
    title: str,
    queries: Sequence[Query],
    unit: str,
    *,
    width: int = 12,
    height: int = 8,
    stacked: bool = False,
    **more: Any,
) -> Panel:
    """Courses over time; `stacked`: as areas on each other. `steps`: lines at these values."""
    steps: Steps = more.get("steps", PLAIN)
    custom = {
        "drawStyle": "line",
        "lineWidth": 1 if stacked else 2,
        "fillOpacity": 40 if stacked else 5,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "line" if steps is not PLAIN else "off"},
    }
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "none"},
    }
    defaults = _defaults(steps, more) | {"custom": custom, "color": {"mode": "palette-classic"}}
    return Panel(
        "timeseries",
        title,
        queries,
        unit,
        width,
        height,
        defaults=defaults,
        options=options,
        about=more.get("about", ""),
    )


def bars(
    title: str,
    queries: Sequence[Query],
    unit: str,
    *,
    width: int = 8,
    height: int = 8,
    steps: Steps = PLAIN,
    **more: Any,
) -> Panel:
    """Figures of now, or of the whole time shown, side by side."""
    options = {
        "displayMode": "basic",
        "orientation": "horizontal",
        "showUnfilled": True,
        "valueMode": "color",
        "namePlacement": "auto",
        "sizing": "auto",
        "minVizHeight": 16,
        "minVizWidth": 8,
        "maxVizHeight": 300,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }
    return Panel(
        "bargauge", title, queries, unit, width, height, instant=True, defaults=_defaults(steps, more), options=options,
        about=more.get("about", ""),
    )  # fmt: skip


def heat(title: str, query: str, *, width: int = 12, height: int = 8, about: str = "") -> Panel:
    """How many fall into each bucket of a histogram over time."""
    options = {
        "calculate": False,
        "cellGap": 1,
        "color": {"mode": "scheme", "scheme": "Blues", "steps": 64, "fill": "dark-blue", "exponent": 0.5, "scale": "exponential", "reverse": False},
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "showValue": "never",
        "rowsFrame": {"layout": "auto"},
        "tooltip": {"mode": "single", "yHistogram": False, "showColorScale": False},
        "yAxis": {"axisPlacement": "left", "unit": "s", "reverse": False},
    }  # fmt: skip
    return Panel("heatmap", title, ((query, "{{le}}"),), "s", width, height, options=options, heatmap=True, about=about)


def timeline(
    title: str, queries: Sequence[Query], *, width: int = 24, height: int = 6, steps: Steps, about: str = ""
) -> Panel:
    """States over time as coloured stripes."""
    options = {
        "mergeValues": True,
        "showValue": "never",
        "alignValue": "left",
        "rowHeight": 0.8,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    defaults = _defaults(steps, {}) | {"custom": {"fillOpacity": 80, "lineWidth": 0}, "color": {"mode": "thresholds"}}
    return Panel(
        "state-timeline", title, queries, "none", width, height, defaults=defaults, options=options, about=about
    )


def _defaults(steps: Steps, more: dict[str, Any]) -> dict[str, Any]:
    """`least`, `most`: of the axis; `decimals`, `mappings` as Grafana has them."""
    found: dict[str, Any] = {
        "color": {"mode": "thresholds"},
        "thresholds": {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]},
        "mappings": more.get("mappings", []),
    }
    names = {"least": "min", "most": "max", "decimals": "decimals"}
    return found | {names[name]: more[name] for name in names if name in more}


def to_json(board: Board) -> dict[str, Any]:
    """The board as Grafana's file."""
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.about,
        "tags": ["jietong"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": board.refresh,
        "time": {"from": board.since, "to": "now"},
        "timepicker": {},
        "annotations": {"list": []},
        "links": [_links()],
        "templating": {"list": _variables(board.variables)},
        "panels": list(_placed(board.panels)),
    }


def _placed(panels: Sequence[Panel | Row]) -> Iterator[dict[str, Any]]:
    """Panels from left to right, as many in a line as fit; a line is as high as its highest panel."""
    x = y = line_height = 0
    for number, panel in enumerate(panels, 1):
        width, height = (COLUMNS, 1) if isinstance(panel, Row) else (panel.width, panel.height)
        if x + width > COLUMNS:
            x, y, line_height = 0, y + line_height, 0
        place = {"x": x, "y": y, "w": width, "h": height}
        x, line_height = x + width, max(line_height, height)
        if isinstance(panel, Row):
            yield {
                "id": number,
                "type": "row",
                "title": panel.title,
                "collapsed": False,
                "gridPos": place,
                "panels": [],
            }
        else:
            yield _panel(number, panel, place)


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "gridPos": place,
        "datasource": SOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + place_in_panel),
                "datasource": SOURCE,
                "editorMode": "code",
                "expr": expression,
                "legendFormat": legend or "__auto",
                "instant": panel.instant,
                "range": not panel.instant,
                "format": "heatmap" if panel.heatmap else "time_series",
            }
            for place_in_panel, (expression, legend) in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": {"unit": panel.unit, **panel.defaults}, "overrides": []},
        "options": panel.options,
    }


def _variables(names: Sequence[str]) -> list[dict[str, Any]]:
    chosen = {
        "name": "datasource",
        "label": "数据源 Source",
        "type": "datasource",
        "query": "prometheus",
        "current": {"text": "Prometheus", "value": "jietong-prometheus"},
        "hide": 0,
        "options": [],
    }
    return [chosen, _label("instance", "热线 Hotline"), *(_label(name, LABELS[name]) for name in names)]


LABELS = {"queue": "队列 Queue", "tier": "客户等级 Tier"}


def _label(name: str, title: str) -> dict[str, Any]:
    is_site = name == "instance"
    query = f"label_values({'jietong_router_active' if is_site else 'jietong_calls_offered_total'}, {name})"
    return {
        "name": name,
        "label": title,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "hide": 0,
        "multi": not is_site,
        "includeAll": not is_site,
        "current": {"text": "", "value": ""} if is_site else {"text": "All", "value": "$__all"},
        "options": [],
    }


def _links() -> dict[str, Any]:
    return {
        "title": "接通 Jietong",
        "type": "dashboards",
        "tags": ["jietong"],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }
