"""A report as one HTML page that needs no other file: styles and plots are in it, it prints well.

Owns what the template is handed. Must not reckon. Rules: docs/reports.md; everything from records is escaped by the template engine.
"""

from dataclasses import fields
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from metrics.agent_figures import AgentFigures
from metrics.figures import Figures
from metrics.kpi import ANSWER_GOAL
from metrics.report import Line, Report
from metrics.report_words import FORMULAS, NAMES, NOTHING, PARTS, SHARES, change, is_over, title_of, verdict, words_of
from metrics.service_level import Variant
from metrics.spans import Kind
from metrics.svg_plot import Bar, plot

TEMPLATE = "report.html.j2"
_PLOTTED = {Kind.WEEK: "day", Kind.MONTH: "day", Kind.YEAR: "month"}


def html_of(report: Report) -> str:
    """The page."""
    environment = Environment(
        loader=PackageLoader("metrics", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = words_of_pair
    given = report.given
    page: str = environment.get_template(TEMPLATE).render(
        report=report,
        given=given,
        title=title_of(report),
        verdict=verdict(report),
        is_over=is_over(report),
        made_at=f"{datetime.fromtimestamp(given.now_at, given.span.zone):%Y-%m-%d %H:%M %Z}",
        names=NAMES,
        parts=PARTS,
        formulas={variant.value: FORMULAS[variant.value] for variant in Variant},
        columns=[field.name for field in fields(Figures)],
        agent_columns=[field.name for field in fields(AgentFigures)],
        changes={name: _change(report, name) for name in (field.name for field in fields(Figures))},
        topic_change=lambda topic: change(topic.share, topic.share_before, is_share=True),
        hours_plot=_plot(report.by_hour, "按小时 By hour"),
        days_plot=_plot(report.parts.get(_PLOTTED.get(given.span.kind, ""), []), "按日期 By date"),
        nothing=NOTHING,
    )
    return page


def words_of_pair(value: Any, name: str) -> str:
    """A value as people read it, by the name of its figure."""
    return words_of(name, value)


def _change(report: Report, name: str) -> str:
    return change(getattr(report.all, name), getattr(report.before, name), is_share=name in SHARES)


def _plot(lines: list[Line], title: str) -> Markup:
    """The plot of these lines; its texts are escaped where it is drawn."""
    bars = [Bar(_short(label), f.offered, f.answered, f.answer_rate, f.level_own) for label, f in lines]
    return Markup(plot(bars, ANSWER_GOAL, title))  # noqa: S704


def _short(label: str) -> str:
    """2026-11-26 Thu is 11-26, 08:00 is 08: there is little room under a bar."""
    if label[4:5] == "-":
        return label[5:10] if len(label) > 7 else label
    return label.replace(":00", "", 1)
