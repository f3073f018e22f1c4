"""A report as CSV: one figure a line, so that any tool can pick what it needs.

Owns columns and their order: section, line, figure, value. Must not reckon. Rules: docs/reports.md; values are not rounded for people:
shares 0..1, seconds; an empty value is none.
"""

import csv
from collections.abc import Iterator
from dataclasses import fields
from io import StringIO
from typing import Any

from metrics.report import Report

COLUMNS = ("section", "line", "figure", "value")
Row = tuple[str, str, str, Any]
_FORMULAS = "=+-@\t\r"  # a sheet would reckon a cell that begins so


def csv_of(report: Report) -> str:
    """The whole report; a byte order mark so that spreadsheets read Chinese words right."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(cell) for cell in row] for row in _rows(report))
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, float):
        return round(value, 6)
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple(_FORMULAS) else value


def _rows(report: Report) -> Iterator[Row]:
    span = report.given.span
    yield from (("report", "", "kind", span.kind.value), ("report", "", "span", span.name))
    yield from (("report", "", "hotline", report.given.hotline), ("report", "", "made_at", report.given.now_at))
    for goal in report.goals:
        yield from (("goals", goal.name, "value", goal.value), ("goals", goal.name, "goal", goal.goal))
    yield from _lines("all", [(span.name, report.all)])
    yield from _lines("before", [(span.before().name, report.before)])
    for target, levels in report.levels.items():
        yield from (("service level", target, formula, level) for formula, level in levels.items())
    for bucket_s, (answered, abandoned) in report.buckets.items():
        yield from (
            ("within", f"{bucket_s} s", "answered", answered),
            ("within", f"{bucket_s} s", "abandoned", abandoned),
        )
    yield from _lines("hour", report.by_hour)
    for name, lines in report.parts.items():
        yield from _lines(name, lines)
    yield from _lines("peak hour", report.peaks)
    for worst in report.worst:
        yield from _lines("worst half-hour", [(worst.start, worst.figures)])
        yield ("worst half-hour", worst.start, "cause", worst.finding.cause.value)
        yield ("worst half-hour", worst.start, "because", worst.finding.words)
    for line in report.causes:
        yield from (
            ("cause", line.cause.value, "half_hours", line.halves),
            ("cause", line.cause.value, "late_calls", line.late_calls),
        )
        yield from (("cause", line.cause.value, "measure", None), ("cause", line.cause.value, "result", None))
    yield from _lines("agent", [(agent.agent, agent) for agent in report.agents])
    yield ("agents", "", "star", report.star.agent if report.star else None)
    yield from (("agents", "", "training", agent.agent) for agent in report.lowest)
    yield from (("customers", "", name, value) for name, value in report.customer.items())
    for topic in report.topics:
        yield from (("topic", topic.service, "offered", topic.offered), ("topic", topic.service, "share", topic.share))
        yield ("topic", topic.service, "share_before", topic.share_before)
    yield from (("cases", kind, "opened", count) for kind, count in sorted(report.given.cases.items()))
    yield from (("menu", reason, "calls", count) for reason, count in sorted(report.given.ledger.menu.items()))
    for number, call in enumerate(report.given.test_calls, 1):
        yield from (("test call", str(number), field.name, getattr(call, field.name)) for field in fields(call))
    yield from (("damaged records", what, "rows", count) for what, count in sorted(report.given.ledger.damaged.items()))


def _lines(section: str, lines: Any) -> Iterator[Row]:
    for name, figures in lines:
        yield from ((section, name, field.name, getattr(figures, field.name)) for field in fields(figures))
