"""Every dashboard on a real Prometheus that scrapes the real metrics process and reckons the shipped rules."""

import time
from pathlib import Path

import pytest

from bench.dashboards import BOARDS, try_boards
from bench.panel_queries import Refused, Span, ask_board
from bench.prometheus_server import a_prometheus
from jietong.database import migrate, open_engine, sqlite_url, writing
from probing.adapters.results import keep
from probing.statistics import ProbeResult
from probing.words import Condition, Reason, Result
from routing.facts import Outcome
from tests.adapters.metrics_fixture import MetricsSite, a_metrics_site
from tests.builders_facts import agent_changed, answered, closed, offered, rang, record

BASE, SCRAPE_S = 27400, 1.0


def calls(site: MetricsSite, number: int) -> None:
    """One call of either tier, answered after an offer, and one that gives up; all on record."""
    now = time.time()
    for tier in ("vip", "ordinary"):
        kept, lost = f"{tier}-{number}", f"{tier}-{number}-lost"
        site.write(
            offered(now - 9, kept, tier), rang(now - 8, kept, tier=tier), closed(now - 4, "answered", kept, tier=tier)
        )
        site.write(
            answered(now - 4, kept, 5.0, tier), record(now - 1, Outcome.ANSWERED, kept, queued_at=now - 9, tier=tier)
        )
        site.write(offered(now - 9, lost, tier), record(now - 1, Outcome.ABANDONED, lost, "waiting", 8.0, tier))


def test_no_panel_is_empty(tmp_path: Path) -> None:
    """Operations open any dashboard while calls come, and every panel shows something; each query is asked as Grafana asks it."""
    url = sqlite_url(tmp_path / "site.db")
    migrate(url)
    engine = open_engine(url)
    keep(writing(engine), ProbeResult(time.time(), "me", Condition.RANDOM, Result.PASSED, Reason.NONE, ""))
    engine.dispose()
    with a_metrics_site(BASE, database_url=url) as site:
        began = time.time()
        site.start()
        site.valkey.ask("SET", "jietong:10010:leader", "me")
        site.valkey.ask("SET", "jietong:10010:router", b'{"at": 1.0, "asterisk_connected": true}')
        site.write(agent_changed(began))
        with a_prometheus(tmp_path, BASE + 90, f"127.0.0.1:{BASE + 80}", SCRAPE_S) as prometheus:
            written = 0

            def is_whole() -> bool:
                """One more round of calls, until a scrape and a reckoning of the rules have seen enough of them."""
                nonlocal written
                written += 1
                calls(site, written)
                return written > 4 and not any(_empty(prometheus, began).values())

            site.until(is_whole, within_s=60)
            board = {"panels": [], "templating": {"list": [_variable("nobody_has_this")]}}
            with pytest.raises(Refused, match="Prometheus has no nobody_has_this"):
                ask_board(prometheus, board, Span(began, time.time(), SCRAPE_S))


def _empty(prometheus: str, began: float) -> dict[str, list[str]]:
    try:
        found = try_boards(prometheus, Span(began, time.time(), SCRAPE_S))
    except Refused:
        return {"not scraped yet": ["everything"]}
    assert set(found) == {file.stem for file in BOARDS.glob("*.json")}
    return found


def _variable(metric: str) -> dict[str, object]:
    return {"name": "x", "type": "query", "multi": True, "query": {"query": f"label_values({metric}, x)"}}
