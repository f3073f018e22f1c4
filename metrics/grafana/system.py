"""The board of the site itself: does everything run that calls need.

Owns what it asks. Must not know how Grafana writes it.
"""

from metrics.grafana.panels import GOOD_WHEN_ONE, GREEN, RED, YELLOW, Board, Row, lines, stat, timeline, yes_no

HERE = 'instance="$instance"'
LAG_STEPS = ((None, GREEN), (5, YELLOW), (60, RED))


def _rises(name: str) -> str:
    return f"sum(increase({name}{{{HERE}}}[$__range]))"


def board() -> Board:
    """For administrators: parts, delays, losses, alerts."""
    quantile = f"histogram_quantile(%s, sum by (le) (rate(jietong_decision_seconds_bucket{{{HERE}}}[$__range])))"
    return Board(
        "jietong-system",
        "系统 System",
        "各部件是否正常 Does everything run that calls need",
        (
            yes_no("指标在线 Page answers", f'up{{{HERE}, job="jietong"}}', good=1),
            yes_no("路由在位 Router leads", f"jietong_router_active{{{HERE}}}", good=1),
            yes_no("已切自带队列 Fallback", f"jietong_fallback_active{{{HERE}}}", good=0),
            yes_no("Redis/Valkey", f"jietong_store_up{{{HERE}}}", good=1),
            yes_no("数据库 Database", f"jietong_database_up{{{HERE}}}", good=1),
            yes_no("缺节假日日历 Calendar missing", f"jietong_holiday_calendar_missing{{{HERE}}}", good=0),
            timeline("部件 Parts", (
                (f'up{{{HERE}, job="jietong"}}', "指标 page"),
                (f"jietong_router_active{{{HERE}}}", "路由 router"),
                (f"1 - jietong_fallback_active{{{HERE}}}", "未切自带队列 no fallback"),
                (f"jietong_store_up{{{HERE}}}", "Redis/Valkey"),
                (f"jietong_database_up{{{HERE}}}", "数据库 database"),
            ), steps=GOOD_WHEN_ONE, width=16),
            stat("告警 Alerts firing", 'count(ALERTS{alertname=~"Jietong.+", alertstate="firing", instance="$instance"}) or vector(0)', "none",
                 steps=((None, GREEN), (1, RED)), width=8, height=6),
            Row("延迟 Delays"),
            lines("话单与指标落后 Records and figures behind", (
                (f"jietong_records_lag_seconds{{{HERE}}}", "话单 records"),
                (f"jietong_journal_lag_seconds{{{HERE}}}", "指标 figures"),
            ), "s", width=8, least=0, steps=LAG_STEPS),
            lines("路由决策 One decision", ((quantile % "0.99", "99 %"), (quantile % "0.5", "50 %")), "s", width=8, least=0),
            lines("采集耗时 Scrape", ((f'scrape_duration_seconds{{{HERE}, job="jietong"}}', "耗时 duration"),), "s", width=8, least=0),
            Row("损失 Losses"),
            stat("中断来电 Calls lost", _rises("jietong_calls_lost_total"), "none", steps=((None, GREEN), (1, RED)), decimals=0, width=6),
            stat("缺结束记录 Unaccounted", _rises("jietong_calls_unaccounted_total"), "none", steps=((None, GREEN), (1, RED)), decimals=0, width=6),
            stat("拒绝来电 Refused", _rises("jietong_calls_refused_total"), "none", steps=((None, GREEN), (1, YELLOW)), decimals=0, width=6),
            stat("菜单内结束 Ended in the menu", _rises("jietong_ivr_calls_total"), "none", decimals=0, width=6),
            lines("未处理事件 Events ignored a minute", (
                (f"sum by (reason) (rate(jietong_events_ignored_total{{{HERE}}}[$__rate_interval])) * 60", "{{reason}}"),
            ), "short", least=0),
            timeline("拨测 Test calls", ((f"jietong_probe_last_result{{{HERE}}}", "{{kind}}"),), steps=GOOD_WHEN_ONE, width=8, height=8,
                     about="最近一次各类拨测是否正常 Whether the latest test call of each kind was as it should be"),
            stat("距上次拨测 Since the last test call", f"time() - max(jietong_probe_last_at_seconds{{{HERE}}})", "s",
                 steps=((None, GREEN), (86400, YELLOW), (93600, RED)), height=8),
        ),
    )  # fmt: skip
