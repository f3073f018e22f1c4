"""The board of the callers who come first: are VIP callers served as promised.

Owns what it asks. Must not know how Grafana writes it. The first tier of the site file is the one with `jietong_tier_priority` 1.
"""

from metrics.grafana.panels import GOOD_WHEN_ZERO, GREEN, RED, YELLOW, Board, Row, bars, heat, lines, stat

HERE = 'instance="$instance"'
QUEUE = f'{HERE}, queue=~"$queue"'
FIRST = f"and on (instance, tier) jietong_tier_priority{{{HERE}}} == 1"
GOAL_STEPS = ((None, RED), (0.90, YELLOW), (0.95, GREEN))


def _of_first(figure: str) -> str:
    return f"({figure} {FIRST})"


def _a_minute(name: str) -> str:
    return f"sum(rate({name}{{{QUEUE}}}[$__rate_interval]) {FIRST}) * 60"


def board() -> Board:
    """For supervisors: the first tier beside all others."""
    in_target = f"increase(jietong_calls_answered_in_target_total{{{QUEUE}}}[$__range])"
    offered = f"increase(jietong_calls_offered_total{{{QUEUE}}}[$__range])"
    heat_of = f"sum by (le) (increase(jietong_answer_wait_seconds_bucket{{{QUEUE}}}[$__rate_interval]) {FIRST})"
    return Board(
        "jietong-vip",
        "VIP 客户 VIP callers",
        "优先等级客户是否按承诺接通 Are callers of the first tier served as promised",
        (
            stat("排队 Waiting", f"sum({_of_first(f'jietong_calls_waiting{{{QUEUE}}}')})", "none", steps=((None, GREEN), (1, YELLOW), (3, RED))),
            stat("超时等待 Beyond target", f"sum({_of_first(f'jietong_calls_beyond_target{{{QUEUE}}}')})", "none", steps=GOOD_WHEN_ZERO),
            stat("最长等待 Longest wait", f"max({_of_first(f'jietong_oldest_wait_seconds{{{QUEUE}}}')})", "s", steps=((None, GREEN), (10, RED)), decimals=0),
            stat("时限内接通 In target, time shown", f"sum({in_target} {FIRST}) / (sum({offered} {FIRST}) > 0)", "percentunit", steps=GOAL_STEPS, decimals=1),
            stat("今日接通率 Answer rate today", f'avg({_of_first(f"""jietong_answer_rate{{{QUEUE}, window="day"}}""")})', "percentunit", steps=GOAL_STEPS, decimals=1),
            stat("时限 Target", f"max(jietong_tier_target_seconds{{{HERE}}} and jietong_tier_priority{{{HERE}}} == 1)", "s"),
            Row("及时率 Service level"),
            lines("各等级，近一小时 By tier, last hour", (
                (f"jietong:service_level:ratio_rate1h{{{QUEUE}}}", "{{queue}} {{tier}}"),
                (f"max by (tier) (jietong_tier_goal{{{HERE}}})", "目标 goal {{tier}}"),
            ), "percentunit", width=12, least=0, most=1),
            lines("95 % 等待不超过 95 % waited at most, last hour", (
                (f"max by (tier) (jietong:answer_wait_seconds:p95_rate1h{{{QUEUE}}})", "{{tier}}"),
                (f"max by (tier) (jietong_tier_target_seconds{{{HERE}}})", "时限 target {{tier}}"),
            ), "s", width=12, least=0),
            Row("来电 Calls"),
            lines("VIP 每分钟 VIP calls a minute", (
                (_a_minute("jietong_calls_offered_total"), "来电 offered"),
                (_a_minute("jietong_calls_answered_total"), "接通 answered"),
                (_a_minute("jietong_calls_abandoned_total"), "放弃 abandoned"),
            ), "short", width=8, least=0),
            heat("VIP 接通前等待 Waits of answered VIP callers", heat_of, width=8),
            bars("各等级所选时段时限内接通 In target by tier, time shown", (
                (f"sum by (tier) ({in_target}) / (sum by (tier) ({offered}) > 0)", "{{tier}}"),
            ), "percentunit", steps=GOAL_STEPS, least=0, most=1, decimals=1),
        ),
        ("queue",),
    )  # fmt: skip
