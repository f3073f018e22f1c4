"""The wall-board: what everybody in the room should see from afar.

Owns what it asks. Must not know how Grafana writes it.
"""

from metrics.grafana.panels import GOOD_WHEN_HIGH, GOOD_WHEN_ZERO, GREEN, RED, YELLOW, Board, bars, lines, stat

CHOSEN = 'instance="$instance", queue=~"$queue"'
HOTLINE = 'instance="$instance", queue="all", tier="all"'
FEW = ((None, RED), (1, YELLOW), (2, GREEN))
WAIT_STEPS = ((None, GREEN), (15, YELLOW), (20, RED))


def board() -> Board:
    """Few, large, coloured figures of now and today."""
    agents = f"sum(max by (state) (jietong_agents{{{CHOSEN}, state=~%s}}))"
    return Board(
        "jietong-wallboard",
        "大屏 Wall-board",
        "现场大屏 For the wall of the room",
        (
            stat("排队 Waiting", f"sum(jietong_calls_waiting{{{CHOSEN}}})", "none", steps=((None, GREEN), (3, YELLOW), (10, RED)), width=6, height=6),
            stat("最长等待 Longest wait", f"max(jietong_oldest_wait_seconds{{{CHOSEN}}})", "s", steps=WAIT_STEPS, width=6, height=6, decimals=0),
            stat("超时等待 Beyond target", f"sum(jietong_calls_beyond_target{{{CHOSEN}}})", "none", steps=GOOD_WHEN_ZERO, width=6, height=6),
            stat("今日接通率 Answer rate today", f'jietong_answer_rate{{{HOTLINE}, window="day"}}', "percentunit", steps=GOOD_WHEN_HIGH, width=6, height=6, decimals=1),
            stat("空闲坐席 Agents ready", agents % '"ready"', "none", steps=FEW, width=6, height=6),
            stat("通话中 Talking", agents % '"talking"', "none", width=6, height=6),
            stat("话后整理 Wrap-up", agents % '"wrap_up"', "none", width=6, height=6),
            stat("小休及未接 Away", agents % '"not_ready|missed|unreachable"', "none", width=6, height=6),
            stat("今日来电 Calls today", 'jietong_day_calls{instance="$instance", queue="all", state="offered"}', "none", width=6),
            stat("今日接通 Answered today", 'jietong_day_calls{instance="$instance", queue="all", state="answered"}', "none", width=6),
            stat("需连续接通 In a row to goal", 'jietong_day_calls_to_goal{instance="$instance", queue="all"}', "none", steps=GOOD_WHEN_ZERO, width=6),
            stat("待回呼 Callbacks open", f"sum(jietong_callbacks_open{{{CHOSEN}}})", "none", width=6),
            lines("排队人数 Callers waiting", ((f"sum by (tier) (jietong_calls_waiting{{{CHOSEN}}})", "{{tier}}"),), "short", stacked=True, least=0, width=16),
            bars("今日接通率按等级 Answer rate today by tier", (
                ('jietong_answer_rate{instance="$instance", queue=~"$queue", tier!="all", window="day"}', "{{queue}} {{tier}}"),
            ), "percentunit", steps=GOOD_WHEN_HIGH, least=0, most=1, decimals=1),
        ),
        ("queue",),
        since="now-3h",
        refresh="5s",
    )  # fmt: skip
