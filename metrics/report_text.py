"""A report as text for a terminal or a mail.

Owns lines and columns. Must not reckon. Rules: docs/reports.md.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from metrics.report import Report
from metrics.report_words import FORMULAS, NAMES, PARTS, SHORT_LINE, change, is_over, title_of, verdict, words_of
from metrics.report_words import SHARES as _SHARES
from metrics.service_level import Variant

_AGENT = ("answered", "in_target", "aht_s", "occupancy", "rona", "at_work_s", "ratings", "rating", "satisfaction")
_OUTCOMES = ("answered", "abandoned", "lost", "outside", "voicemail", "callback")


def text_of(report: Report) -> str:
    """The whole report, one section after the other; sections with nothing in them say so or are left out."""
    given = report.given
    zone = given.span.zone
    until = (
        "" if is_over(report) else f"，截至 so far, until {datetime.fromtimestamp(given.now_at, zone):%Y-%m-%d %H:%M}"
    )
    lines = [f"{title_of(report)}{until}", verdict(report), ""]
    lines += _goals(report)
    lines += _section(
        "总计 All",
        ["", *_heads()],
        [_cells(given.span.name, report.all), _cells(given.span.before().name, report.before)],
    )
    lines.append(f"较上期 Change: {_changes(report)}")
    lines.append("结果 Outcomes: " + ", ".join(f"{NAMES[name][1]} {getattr(report.all, name)}" for name in _OUTCOMES))
    lines += _levels(report)
    lines += _section("按小时 By hour", ["", *_heads()], [_cells(*line) for line in report.by_hour])
    for name, part in report.parts.items():
        lines += _section(PARTS[name], ["", *_heads()], [_cells(*line) for line in part])
    lines += _section("高峰小时 Peak hours", ["", *_heads()], [_cells(*line) for line in report.peaks])
    lines += _worst(report)
    lines += _agents(report)
    lines += _customers(report)
    lines += _topics(report)
    lines += _test_calls(report)
    if report.needs_analysis:
        lines += _analysis(report)
    lines += [f"记录有误 damaged records left out: {count} ({what})" for what, count in given.ledger.damaged.items()]
    return "\n".join(lines) + "\n"


def _goals(report: Report) -> list[str]:
    words = {True: "达标 kept", False: "未达标 MISSED", None: "无 none"}
    rows = [
        [goal.name, words_of("answer_rate", goal.value), words_of("answer_rate", goal.goal), words[goal.is_kept]]
        for goal in report.goals
    ]
    return _section("目标 Goals", ["", "实际 reached", "目标 goal", ""], rows)


def _heads() -> list[str]:
    return [NAMES[name][1] for name in SHORT_LINE]


def _cells(label: str, figures: object) -> list[str]:
    return [label, *(words_of(name, getattr(figures, name)) for name in SHORT_LINE)]


def _changes(report: Report) -> str:
    told = []
    for name in SHORT_LINE:
        now, before = getattr(report.all, name), getattr(report.before, name)
        told.append(f"{NAMES[name][1]} {change(now, before, is_share=name in _SHARES)}")
    return ", ".join(told)


def _levels(report: Report) -> list[str]:
    rows = [
        [
            f"{target} s" if target.isdigit() else "own target",
            *(words_of("level_own", levels[v.value]) for v in Variant),
        ]
        for target, levels in report.levels.items()
    ]
    heads = ["", *(f"{v.value} {FORMULAS[v.value]}" for v in Variant)]
    lines = _section("服务水平 Service level by formula", heads, rows)
    within = [[f"{n} s", str(answered), str(abandoned)] for n, (answered, abandoned) in report.buckets.items()]
    return lines + _section("n秒内 Within n seconds", ["", "接通 answered", "放弃 abandoned"], within)


def _worst(report: Report) -> list[str]:
    rows = [
        [
            worst.start,
            str(worst.figures.offered),
            words_of("answer_rate", worst.figures.answer_rate),
            words_of("level_own", worst.figures.level_own),
            worst.finding.cause.value,
            worst.finding.words,
        ]
        for worst in report.worst
    ]
    return _section(
        "最差半小时 Worst half-hours", ["", "offered", "answer rate", "in target", "cause", "because"], rows
    )


def _agents(report: Report) -> list[str]:
    rows = [[line.agent, *(words_of(name, getattr(line, name)) for name in _AGENT)] for line in report.agents]
    lines = _section("坐席 Agents", ["agent", *(NAMES[name][1] for name in _AGENT)], rows)
    star = report.star
    lines.append(
        f"明星坐席 Star: {star.agent} ({star.rating:.2f}, {star.ratings} ratings)"
        if star
        else "明星坐席 Star: none has enough ratings"
    )
    named = [f"{agent.agent} ({agent.rating:.2f}, {agent.ratings} ratings)" for agent in report.lowest]
    lines.append(f"培训 Training, the lowest ratings: {', '.join(named) or 'none'}")
    return lines


def _customers(report: Report) -> list[str]:
    days = report.given.ledger.yardstick.repeat_days
    rows = [[NAMES[name][1], words_of(name, value)] for name, value in report.customer.items()]
    return _section(f"客户 Customers (repeat within {days} days)", ["", ""], rows)


def _topics(report: Report) -> list[str]:
    rows = [
        [
            topic.service,
            str(topic.offered),
            words_of("answer_rate", topic.share),
            change(topic.share, topic.share_before, is_share=True),
            words_of("answer_rate", topic.answer_rate),
        ]
        for topic in report.topics
    ]
    lines = _section("热点 Topics, by menu choice", ["", "offered", "share", "change", "answer rate"], rows)
    lines += [f"工单 cases opened: {kind} {count}" for kind, count in sorted(report.given.cases.items())]
    menu = report.given.ledger.menu
    return [*lines, "自助 ended in the menu: " + (", ".join(f"{word} {menu[word]}" for word in sorted(menu)) or "none")]


def _test_calls(report: Report) -> list[str]:
    rows = [[call.at, call.tester, call.condition, call.result, call.remark] for call in report.given.test_calls]
    return _section("拨测 Test calls", ["time", "tester", "condition", "result", "remark"], rows)


def _analysis(report: Report) -> list[str]:
    rows = [
        [line.cause.value, str(line.halves), str(line.late_calls), "________", "________"] for line in report.causes
    ]
    heads = ["原因 cause", "half-hours", "calls not in time", "改进措施 measure", "结果 result"]
    return _section("原因分析 Cause analysis", heads, rows or [["", "0", "0", "________", "________"]])


def _section(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    table = [list(heads), *map(list, rows)]
    if len(table) == 1:
        return ["", title, "  无 none"]
    widths = [max(_width(row[column]) for row in table) for column in range(len(heads))]
    lines = [
        "  " + "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
    return ["", title, *(line for line in lines if line.strip())]


def _width(text: str) -> int:
    """Columns on a terminal: Chinese signs take two."""
    return sum(2 if "\u2e80" <= sign <= "\uffef" else 1 for sign in text)
