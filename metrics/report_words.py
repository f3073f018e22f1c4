"""The words of a report: names of figures in Chinese and English, and how a value is written.

Owns these words. Must not know a page. Rules: domain.md section 5; field.md section 5; None is told as nothing, never as 0.
"""

from metrics.report import Report

NOTHING = "–"
SHARES = frozenset(
    [
        "answer_rate",
        "level_own",
        "level_15",
        "level_20",
        "level_30",
        "abandonment",
        "abandonment_without_short",
        "callbacks_kept",
        "rona",
        "in_target",
        "occupancy",
        "satisfaction",
        "response",
        "first_contact_resolution",
        "response_rate",
    ]
)
NAMES = {
    "offered": ("人工请求量", "offered"),
    "answered": ("人工接通量", "answered"),
    "answer_rate": ("接通率", "answer rate"),
    "answered_in_target": ("时限内接通量", "answered in target"),
    "level_own": ("时限内接通率", "in target"),
    "level_15": ("15秒接通率", "in 15 s"),
    "level_20": ("20秒接通率", "in 20 s"),
    "level_30": ("30秒接通率", "in 30 s"),
    "abandoned": ("用户放弃数", "abandoned"),
    "short_abandoned": ("短时放弃数", "short abandons"),
    "abandonment": ("放弃率", "abandonment"),
    "abandonment_without_short": ("放弃率(不含短时)", "abandonment without short"),
    "lost": ("系统中断", "lost"),
    "outside": ("转外线", "outside"),
    "voicemail": ("留言", "voicemail"),
    "callback": ("预约回呼", "callback"),
    "callbacks_kept": ("回呼及时率", "callbacks on time"),
    "asa_s": ("平均应答速度", "ASA"),
    "abandon_wait_s": ("平均放弃等待", "wait until abandoning"),
    "aht_s": ("平均处理时长", "AHT"),
    "talk_s": ("通话", "talk"),
    "hold_s": ("保持", "hold"),
    "wrap_up_s": ("话后处理", "after-call work"),
    "rona": ("振铃未接率", "RONA"),
    "agent": ("工号", "agent"),
    "in_target": ("时限内接通率", "in target"),
    "passed_on": ("转接", "passed on"),
    "offers": ("派单量", "offers"),
    "missed": ("振铃未接", "rang in vain"),
    "at_work_s": ("在岗时长", "at work"),
    "not_ready_s": ("离席时长", "not ready"),
    "occupancy": ("坐席占用率", "occupancy"),
    "ratings": ("评价数", "ratings"),
    "rating": ("平均评分", "mean rating"),
    "satisfaction": ("满意度", "satisfied"),
    "response": ("参评率", "response"),
    "first_contact_resolution": ("首次解决率", "first-contact resolution"),
    "mean_rating": ("平均评分", "mean rating"),
    "response_rate": ("参评率", "response rate"),
}
PARTS = {
    "month": "按月 By month",
    "week": "按周 By week",
    "day": "按日 By day",
    "kind of day": "工作日与节假日 Working days and holidays",
    "queue": "按队列 By queue",
    "tier": "按客户等级 By tier",
    "service": "按业务 By service",
}
KINDS = {
    "day": "日报 Daily report",
    "week": "周报 Weekly report",
    "month": "月报 Monthly report",
    "year": "年报 Yearly report",
}
FORMULAS = {
    "F1": "(A_T + B_T) / (A + B)",
    "F2": "A_T / A",
    "F3": "A_T / (A + B)",
    "F4": "A_T / (A + B − B_T)",
    "F5": "A_T / (A + B − B_s)",
}
# What of a line is shown where there is room for little
SHORT_LINE = (
    "offered",
    "answered",
    "answer_rate",
    "level_own",
    "level_20",
    "abandoned",
    "abandonment",
    "asa_s",
    "aht_s",
    "rona",
)


def words_of(name: str, value: float | str | None) -> str:
    """A figure as people read it: 91.2 %, 1:05:00, 12.3 s, 4.25, or nothing."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value
    if name in SHARES:
        return f"{value:.1%}".replace("%", " %")
    if name in ("at_work_s", "not_ready_s"):
        minutes = round(value / 60)
        return f"{minutes // 60}:{minutes % 60:02d} h"
    if name.endswith("_s"):
        return f"{value:.1f} s"
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def title_of(report: Report) -> str:
    """Which report it is."""
    span = report.given.span
    return f"{report.given.hotline} {KINDS[span.kind.value]} {span.name}"


def is_over(report: Report) -> bool:
    """Whether its span is over."""
    return report.given.now_at >= report.given.span.end_at


def change(value: float | None, before: float | None, *, is_share: bool) -> str:
    """What changed: points of a share, per cent of everything else."""
    if value is None or before is None or (not is_share and not before):
        return NOTHING
    if is_share:
        return f"{(value - before) * 100:+.1f} pp".replace("-0.0 ", "+0.0 ")
    return f"{(value - before) / before:+.1%}".replace("%", " %").replace("-0.0 ", "+0.0 ")


def verdict(report: Report) -> str:
    """One sentence: was the contract kept?"""
    missed = [goal.name for goal in report.goals if goal.is_kept is False]
    if all(goal.is_kept is None for goal in report.goals):
        return "没有人工请求 No caller asked for a person: there is no rate."
    if not missed:
        return "各项指标达标 Every goal was kept."
    return f"未达标 Missed: {'; '.join(missed)}."
