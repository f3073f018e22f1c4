"""Asks a real Prometheus what every panel of a dashboard asks, as Grafana would.

Owns the questions and the reading of answers: variables, steps and time ranges are filled in as Grafana fills them. Must not draw.
Grafana itself comes from no package registry; this is how its files are tried without it.
"""

import json
import math
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

POINTS = 240  # about as many as a panel has pixels for
FEWEST_SCRAPES = 4  # in $__rate_interval, as Grafana has it
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Exception):
    """Prometheus did not answer, or refused a query; the text says which."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is looked at: from and to in epoch seconds, and how far apart scrapes are."""

    start: float
    end: float
    scrape_s: float = 15.0

    @property
    def step_s(self) -> float:
        """Seconds between two points of a course."""
        return max(self.scrape_s, math.ceil((self.end - self.start) / POINTS))


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a panel: its name and its points, (epoch seconds, value), without those that are no number."""

    name: str
    labels: dict[str, str]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One query of a panel as it was asked, and what came back."""

    expression: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A panel (its JSON) with the answers to its queries, in their order."""

    panel: dict[str, Any]
    queries: tuple[Asked, ...]

    @property
    def series(self) -> list[Series]:
        """All lines of the panel."""
        return [series for query in self.queries for series in query.series]


def ask_board(prometheus: str, board: dict[str, Any], span: Span, instance: str | None = None) -> list[Answered]:
    """Every panel but row headings, in order. `prometheus`: its URL; `instance`: the hotline to look at, left out: the first by name.

    raises   Refused
    """
    chosen = _variables(prometheus, board, span, instance)
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    return [_ask_panel(prometheus, panel, span, chosen) for panel in panels]


def empties(answers: Iterable[Answered]) -> list[str]:
    """Queries that gave nothing at all, each with its panel's title."""
    return [
        f"{answer.panel['title']}: {query.expression}"
        for answer in answers
        for query in answer.queries
        if not any(series.points for series in query.series)
    ]


def _ask_panel(prometheus: str, panel: dict[str, Any], span: Span, chosen: dict[str, str]) -> Answered:
    asked = []
    for target in panel["targets"]:
        expression = _filled(target["expr"], chosen)
        if target["instant"]:
            found = _get(prometheus, "query", query=expression, time=span.end)["result"]
        else:
            found = _get(prometheus, "query_range", query=expression, start=span.start, end=span.end, step=span.step_s)[
                "result"
            ]
        series = tuple(_series(row, target["legendFormat"]) for row in found)
        asked.append(Asked(expression, series))
    return Answered(panel, tuple(asked))


def _series(row: dict[str, Any], legend: str) -> Series:
    labels = row["metric"]
    raw = row["values"] if "values" in row else [row["value"]]
    points = tuple((float(at), float(text)) for at, text in raw if not math.isnan(float(text)))
    if legend == "__auto":
        name = ", ".join(
            value for label, value in sorted(labels.items()) if label not in ("__name__", "job", "instance")
        )
    else:
        name = re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: labels.get(found[1], ""), legend)
    return Series(name.strip(), labels, points)


def _filled(expression: str, chosen: dict[str, str]) -> str:
    for name in sorted(chosen, key=len, reverse=True):
        expression = expression.replace(f"${name}", chosen[name])
    left = re.findall(r"\$\w+", expression)
    if left:
        raise Refused(f"a variable that is not on the board: {', '.join(left)} in {expression}")
    return expression


def _variables(prometheus: str, board: dict[str, Any], span: Span, instance: str | None) -> dict[str, str]:
    rate_s = max(span.step_s + span.scrape_s, FEWEST_SCRAPES * span.scrape_s)
    chosen = {
        "__range": f"{max(1, round(span.end - span.start))}s",
        "__rate_interval": f"{math.ceil(rate_s)}s",
        "__interval": f"{math.ceil(span.step_s)}s",
    }
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        found = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])
        if found is None:
            raise Refused(f"variable {variable['name']}: {variable['definition']} is not understood")
        span_words = {"start": span.start, "end": span.end, "match[]": found[1]}
        values: list[str] = _get(prometheus, f"label/{found[2]}/values", **span_words)
        if not values:
            raise Refused(f"variable {variable['name']}: Prometheus has no {found[1]} in that time")
        if variable["name"] == "instance" and instance is not None:
            chosen["instance"] = instance
        else:
            chosen[variable["name"]] = f"({'|'.join(map(re.escape, values))})" if variable["multi"] else values[0]
    return {name: value.replace("\\", r"\\") for name, value in chosen.items()}


def _get(prometheus: str, what: str, **words: Any) -> Any:
    url = f"{prometheus.rstrip('/')}/api/v1/{what}?{urllib.parse.urlencode(words)}"
    try:
        with DIRECT.open(url, timeout=60) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        with error:
            raise Refused(f"{words.get('query', what)}: {error.read().decode(errors='replace')[:500]}") from None
    except OSError as error:
        raise Refused(f"{prometheus} does not answer: {error}") from None
