"""The board of the answer rate: did we keep the contract, and if not, why.

Owns what it asks. Must not know how Grafana writes it. Formulas: docs/metrics.md, field.md section 5.1.
"""

from metrics.grafana.panels import (
    GOOD_WHEN_HIGH,
    GOOD_WHEN_ZERO,
    GREEN,
    RED,
    YELLOW,
    Board,
    Row,
    bars,
    heat,
    lines,
    stat,
)
from metrics.kpi import PEAK_HOUR_GOAL

HOTLINE = 'instance="$instance", queue="all", tier="all"'
CHOSEN = 'instance="$instance", queue=~"$queue", tier=~"$tier"'
PEAK_STEPS = ((None, RED), (0.80, YELLOW), (PEAK_HOUR_GOAL, GREEN))


def _within(name: str, bound: str) -> str:
    return f'sum(increase(jietong_{name}_wait_seconds_bucket{{{CHOSEN}, le="{bound}"}}[$__range]))'


def _all(name: str) -> str:
    return f"sum(increase(jietong_{name}_wait_seconds_count{{{CHOSEN}}}[$__range]))"


A, B, A_T, B_T, B_S = (
    _all("answer"),
    _all("abandon"),
    _within("answer", "20.0"),
    _within("abandon", "20.0"),
    _within("abandon", "5.0"),
)
FIVE = (
    (f"({A_T} + {B_T}) / (({A} + {B}) > 0)", "F1 (A20+B20)/(A+B)"),
    (f"{A_T} / ({A} > 0)", "F2 A20/A"),
    (f"{A_T} / (({A} + {B}) > 0)", "F3 A20/(A+B)"),
    (f"{A_T} / (({A} + {B} - {B_T}) > 0)", "F4 A20/(A+B−B20)"),
    (f"{A_T} / (({A} + {B} - {B_S}) > 0)", "F5 A20/(A+B−B5)"),
)  # fmt: skip


def _an_hour(name: str, more: str = "") -> str:
    return f"sum(rate({name}{{{CHOSEN}{more}}}[$__rate_interval])) * 3600"


def board() -> Board:
    """For operations: the contract's figures, the calls behind them, and what was in the way."""
    return Board(
        "jietong-answer-rate",
        "接通率 Answer rate",
        "合同指标达标与否及原因 Did we keep the contract, and if not, why",
        (
            Row("合同指标（全热线） The contract, whole hotline"),
            stat("今日 Today ≥ 90 %", f'jietong_answer_rate{{{HOTLINE}, window="day"}}', "percentunit", steps=GOOD_WHEN_HIGH, decimals=1),
            stat("高峰小时 Peak hour ≥ 85 %", f'jietong_answer_rate{{{HOTLINE}, window="peak_hour"}}', "percentunit", steps=PEAK_STEPS, decimals=1),
            stat("全年 Year ≥ 90 %", f'jietong_answer_rate{{{HOTLINE}, window="year"}}', "percentunit", steps=GOOD_WHEN_HIGH, decimals=1),
            stat("本小时 This hour", f'jietong_answer_rate{{{HOTLINE}, window="hour"}}', "percentunit", steps=PEAK_STEPS, decimals=1),
            stat("今日最好可达 Reachable today", 'jietong_day_answer_rate_reachable{instance="$instance", queue="all"}', "percentunit", steps=GOOD_WHEN_HIGH, decimals=1,
                 about="此后无人漏接时的当日接通率 The day's rate if nobody is missed any more"),
            stat("需连续接通 In a row to goal", 'jietong_day_calls_to_goal{instance="$instance", queue="all"}', "none", steps=GOOD_WHEN_ZERO,
                 about="连续接通多少通当日即达标 Calls in a row until the day is at its goal"),
            lines("接通率与目标 Answer rate and goals", (
                (f'jietong_answer_rate{{{HOTLINE}, window="day"}}', "今日 day"),
                (f'jietong_answer_rate{{{HOTLINE}, window="hour"}}', "本小时 hour"),
                (f'jietong_answer_rate{{{HOTLINE}, window="peak_hour"}}', "高峰小时 peak hour"),
                ('max(jietong_answer_rate_goal{instance="$instance", window="day"})', "目标 goal 90 %"),
            ), "percentunit", width=16, most=1),
            bars("各队列今日 Queues today", (('jietong_answer_rate{instance="$instance", queue!="all", tier="all", window="day"}', "{{queue}}"),), "percentunit",
                 steps=GOOD_WHEN_HIGH, least=0, most=1, decimals=1),
            Row("来电去向 What became of the calls"),
            lines("每小时来电 Calls an hour", (
                (_an_hour("jietong_calls_answered_total"), "接通 answered"),
                (_an_hour("jietong_calls_abandoned_total"), "放弃 abandoned"),
                (_an_hour("jietong_calls_left_total"), "转走 left in another way"),
                (_an_hour("jietong_calls_lost_total"), "中断 lost"),
            ), "short", width=16, stacked=True, least=0),
            bars("所选时段未接通 Not answered, time shown", (
                (f"sum by (reason) (increase(jietong_calls_abandoned_total{{{CHOSEN}}}[$__range]))", "放弃 abandoned {{reason}}"),
                (f"sum by (way) (increase(jietong_calls_left_total{{{CHOSEN}}}[$__range]))", "转走 left {{way}}"),
                (f"sum(increase(jietong_calls_lost_total{{{CHOSEN}}}[$__range]))", "中断 lost"),
                ('sum(increase(jietong_calls_refused_total{instance="$instance"}[$__range]))', "拒绝 refused at the door"),
            ), "none", least=0, decimals=0),
            Row("及时率 Service level"),
            lines("按等级，近一小时 By tier, last hour", (
                (f"jietong:service_level:ratio_rate1h{{{CHOSEN}}}", "{{queue}} {{tier}}"),
                ('max by (tier) (jietong_tier_goal{instance="$instance", tier=~"$tier"})', "目标 goal {{tier}}"),
            ), "percentunit", width=8, least=0, most=1),
            lines("漏接为允许的几倍 Missed, times what the goal allows", (
                (f"jietong:service_level:missed_by_allowed1h{{{CHOSEN}}}", "{{queue}} {{tier}}"),
            ), "none", width=8, least=0, steps=((None, GREEN), (1, YELLOW), (3, RED))),
            bars("五种口径 20 s Five formulas, time shown", FIVE, "percentunit", least=0, most=1, decimals=1,
                 about="A 接通 answered, B 放弃 abandoned; 20: 20 秒内 within 20 s; B5: 5 秒内放弃 gave up within 5 s"),
            Row("等待 Waiting"),
            heat("接通前等待 Waits of the answered", f"sum by (le) (increase(jietong_answer_wait_seconds_bucket{{{CHOSEN}}}[$__rate_interval]))"),
            lines("等待时长 Waits, last hour", (
                (f"max by (tier) (jietong:answer_wait_seconds:mean_rate1h{{{CHOSEN}}})", "平均 mean {{tier}}"),
                (f"max by (tier) (jietong:answer_wait_seconds:p95_rate1h{{{CHOSEN}}})", "95 % {{tier}}"),
            ), "s", least=0),
            Row("原因 Why"),
            lines("在岗坐席与排队 Agents at work and callers waiting", (
                ('max by (queue) (jietong:agents_at_work:sum{instance="$instance", queue=~"$queue"})', "在岗 at work {{queue}}"),
                (f"sum by (queue) (jietong_calls_waiting{{{CHOSEN}}})", "排队 waiting {{queue}}"),
            ), "short", width=8, least=0),
            lines("占用率与久叫不应 Occupancy, offers in vain", (
                ('max by (queue) (jietong:occupancy:ratio{instance="$instance", queue=~"$queue"})', "占用 occupancy {{queue}}"),
                ('jietong:offers_no_answer:ratio_rate10m{instance="$instance"}', "久叫不应 rings in vain"),
            ), "percentunit", width=8, least=0, most=1),
            lines("通话时长 Talk, mean of the last hour", (
                (f"sum by (queue) (rate(jietong_talk_seconds_sum{{{CHOSEN}}}[1h])) / (sum by (queue) (rate(jietong_talk_seconds_count{{{CHOSEN}}}[1h])) > 0)", "{{queue}}"),
            ), "s", width=8, least=0),
        ),
        ("queue", "tier"),
    )  # fmt: skip
