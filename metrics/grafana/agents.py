"""The board of the agents: are enough at work, and do calls reach them.

Owns what it asks. Must not know how Grafana writes it. No agent is named: who did what is in reports, not in metrics.
"""

from metrics.grafana.panels import GREEN, RED, YELLOW, Board, Row, bars, lines, stat

CHOSEN = 'instance="$instance", queue=~"$queue"'


def _agents(states: str) -> str:
    return f'max(sum by (queue) (jietong_agents{{{CHOSEN}, state=~"{states}"}}))'


def board() -> Board:
    """For supervisors: states, load, offers."""
    offers = f"sum by (result) (rate(jietong_offers_total{{{CHOSEN}}}[$__rate_interval])) * 60"
    return Board(
        "jietong-agents",
        "坐席 Agents",
        "人手是否足够，来电是否送达 Are enough at work, and do calls reach them",
        (
            stat("在岗 At work", f"max(jietong:agents_at_work:sum{{{CHOSEN}}})", "none", steps=((None, RED), (1, GREEN))),
            stat("空闲 Ready", _agents("ready"), "none"),
            stat("通话中 Talking", _agents("talking"), "none"),
            stat("久叫未接 Missed a call", _agents("missed"), "none", steps=((None, GREEN), (1, YELLOW))),
            stat("话机失联 Unreachable", _agents("unreachable"), "none", steps=((None, GREEN), (1, RED))),
            stat("占用率 Occupancy", f"max(jietong:occupancy:ratio{{{CHOSEN}}})", "percentunit", steps=((None, GREEN), (0.85, YELLOW), (0.95, RED)), decimals=0),
            Row("状态 States"),
            lines("坐席状态 Agents by state", (
                (f'max by (state) (jietong_agents{{{CHOSEN}, state!="logged_out"}})', "{{state}}"),
            ), "short", width=16, stacked=True, least=0, about="同一坐席可服务多个队列，取所选队列中的最大值 Of the queues chosen, the largest count"),
            bars("各队列空闲 Ready by queue", ((f'jietong_agents{{{CHOSEN}, state="ready"}}', "{{queue}}"),), "none", least=0, decimals=0),
            lines("占用率 Occupancy", ((f"jietong:occupancy:ratio{{{CHOSEN}}}", "{{queue}}"),), "percentunit", least=0, most=1, steps=((None, GREEN), (0.85, YELLOW), (0.95, RED))),
            lines("通话时长 Talk, mean of the last hour", ((f"max by (queue, tier) (jietong:talk_seconds:mean_rate1h{{{CHOSEN}}})", "{{queue}} {{tier}}"),), "s", least=0),
            Row("振铃 Offers"),
            lines("每分钟振铃结果 Offers a minute by result", ((offers, "{{result}}"),), "short", width=8, stacked=True, least=0),
            lines("未接与未送达 In vain", (
                ('jietong:offers_no_answer:ratio_rate10m{instance="$instance"}', "久叫不应 no answer"),
                ('jietong:offers_not_delivered:ratio_rate10m{instance="$instance"}', "未送达 not delivered"),
            ), "percentunit", width=8, least=0, steps=((None, GREEN), (0.2, RED))),
            lines("空闲到振铃 Idle to ring, 95 %", (
                (f"histogram_quantile(0.95, sum by (le) (rate(jietong_idle_to_ring_seconds_bucket{{{CHOSEN}}}[$__range])))", "95 %"),
                (f"histogram_quantile(0.5, sum by (le) (rate(jietong_idle_to_ring_seconds_bucket{{{CHOSEN}}}[$__range])))", "50 %"),
            ), "s", width=8, least=0, about="有空闲坐席且有来电排队，到话机振铃 An agent is free while a call waits, until the seat rings"),
        ),
        ("queue",),
    )  # fmt: skip
