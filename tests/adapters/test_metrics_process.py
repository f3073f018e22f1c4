"""The metrics process on a real Valkey: right after any restart, honest about what it cannot know, readable by Prometheus."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from jietong.provision.programs import ensure_prometheus, ensure_promtool
from routing import engine, snapshot
from routing.adapters.snapshots import Snapshot
from routing.events import SeatChanged, SeatState
from routing.facts import AgentState, Outcome
from tests.adapters.metrics_fixture import DIRECT, MetricsSite, a_metrics_site
from tests.adapters.valkey_server import PREFIX
from tests.builders import a_state
from tests.builders_facts import agent_changed, answered, closed, entered, offered, rang, record
from tests.scenario.play import event_of

BASE = 26200
OFFERED = ("jietong_calls_offered_total", "hotline", "ordinary")
ANSWERED = ("jietong_calls_answered_total", "hotline", "ordinary")
WAITING = ("jietong_calls_waiting", "hotline", "ordinary")
CONTRACT = {
    "jietong_calls_offered_total": {"queue", "tier"},
    "jietong_calls_answered_total": {"queue", "tier"},
    "jietong_calls_answered_in_target_total": {"queue", "tier"},
    "jietong_calls_abandoned_total": {"queue", "tier", "reason"},
    "jietong_answer_wait_seconds_bucket": {"queue", "tier", "le"},
    "jietong_abandon_wait_seconds_bucket": {"queue", "tier", "le"},
    "jietong_calls_waiting": {"queue", "tier"},
    "jietong_oldest_wait_seconds": {"queue", "tier"},
    "jietong_agents": {"queue", "state"},
    "jietong_offers_total": {"queue", "tier", "result"},
    "jietong_idle_to_ring_seconds_bucket": {"queue", "tier", "le"},
    "jietong_decision_seconds_bucket": {"le"},
    "jietong_answer_rate": {"queue", "tier", "window"},
    "jietong_router_active": set(),
}
BUCKETS = [1, 3, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 120, 300, float("inf")]


@pytest.fixture
def site() -> Iterator[MetricsSite]:
    """A running metrics process on an empty store."""
    with a_metrics_site(BASE) as site:
        site.start()
        yield site


def a_day(site: MetricsSite) -> None:
    """Three calls just now: one answered after an offer that nobody took, one abandoned, one that still waits."""
    now = time.time()
    site.write(agent_changed(now - 60))
    site.write(offered(now - 50, "a"), rang(now - 49, "a"), closed(now - 41, "no_answer", "a"))
    site.write(closed(now - 40, "answered", "a"), answered(now - 40, "a", 10.0))
    site.write(entered(now - 40, "b"), offered(now - 30, "b", "vip"))
    site.write(record(now - 20, Outcome.ABANDONED, "b", "waiting", 10.0, "vip"))
    site.write(offered(now - 7, "c"))


def test_the_answer_rate_moves(site: MetricsSite) -> None:
    """Calls in the journal appear within a moment in every figure that an operator watches."""
    a_day(site)
    site.until_sample(2, *OFFERED)
    samples = site.samples()
    assert samples["jietong_calls_abandoned_total", "hotline", "waiting", "vip"] == 1
    assert samples["jietong_offers_total", "hotline", "no_answer", "ordinary"] == 1
    assert samples["jietong_answer_rate", "hotline", "ordinary", "day"] == 1.0
    assert samples["jietong_answer_rate", "hotline", "all", "day"] == 0.5
    assert ("jietong_answer_rate", "hotline", "vip", "day") in samples
    assert samples[WAITING] == 1
    assert 6.5 < samples["jietong_oldest_wait_seconds", "hotline", "ordinary"] < 30
    assert samples["jietong_agents", "hotline", "ready"] == 1
    told = site.status()
    assert [(call["call_id"], call["caller"]) for call in told["waiting"]] == [("c", "139****5678")]
    assert told["calls"] == {"menu": 0, "waiting": 1, "ringing": 0, "talking": 1}
    assert told["answer_rate"]["day"] == 0.5


def test_every_name_of_the_contract_is_there_with_its_labels(site: MetricsSite) -> None:
    """A dashboard written against the names finds them, with 0 before the first call."""
    before = text_string_to_metric_families(site.get("/metrics")[1].decode())
    found = {sample.name for family in before for sample in family.samples}
    assert CONTRACT.keys() - found == {"jietong_answer_rate"}  # no call yet: no rate, not 0 %
    a_day(site)
    site.until_sample(2, *OFFERED)
    families = list(text_string_to_metric_families(site.get("/metrics")[1].decode()))
    labels = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    assert {name: labels.get(name) for name in CONTRACT} == CONTRACT
    wait = next(family for family in families if family.name == "jietong_answer_wait_seconds")
    mine = [s for s in wait.samples if s.name.endswith("_bucket") and s.labels["tier"] == "vip"]
    assert [float(sample.labels["le"]) for sample in mine] == BUCKETS
    assert "139" not in {value for family in families for s in family.samples for value in s.labels.values()}


def test_promtool_finds_nothing_to_say(site: MetricsSite) -> None:
    """Prometheus' own check of names, types and help texts passes."""
    a_day(site)
    site.until_sample(2, *OFFERED)
    page = site.get("/metrics")[1]
    told = subprocess.run(ensure_promtool(False).command("check", "metrics"), input=page, capture_output=True)
    assert (told.returncode, told.stdout, told.stderr) == (0, b"", b"")


def test_prometheus_scrapes_it_and_answers_a_query(site: MetricsSite, tmp_path: Path) -> None:
    """A real Prometheus takes the page and computes the answer rate from its counters."""
    a_day(site)
    site.until_sample(2, *OFFERED)
    target = f"127.0.0.1:{BASE + 80}"
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "jietong", "static_configs": [{"targets": [target]}]}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    port = BASE + 90
    command = ensure_prometheus(False).command(
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    query = urllib.parse.quote("sum(jietong_calls_answered_total) / sum(jietong_calls_offered_total)")

    def answer() -> list[Any]:
        try:
            with DIRECT.open(f"http://127.0.0.1:{port}/api/v1/query?query={query}", timeout=2) as response:
                found: list[Any] = json.load(response)["data"]["result"]
                return found
        except OSError:
            return []

    with (tmp_path / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as prometheus:
        try:
            site.until(lambda: bool(answer()), within_s=30)
            assert float(answer()[0]["value"][1]) == pytest.approx(1 / 3)
        finally:
            prometheus.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_counts_nothing_twice_and_leaves_nothing_out(number: int) -> None:
    """The figures after a restart, gentle or not, are those before it and what came meanwhile."""
    with a_metrics_site(BASE + 200) as site:
        site.start()
        a_day(site)
        site.until_sample(2, *OFFERED)
        code = site.end(number)
        assert code == (0 if number == signal.SIGTERM else -signal.SIGKILL)
        assert (site.valkey.ask("EXISTS", PREFIX + "metrics") == 1) == (number == signal.SIGTERM)
        site.write(offered(time.time(), "d"))
        site.start()
        site.until_sample(3, *OFFERED)
        assert site.samples()[ANSWERED] == 1
        assert [call["call_id"] for call in site.status()["waiting"]] == ["c", "d"]


def test_counts_survive_a_journal_that_was_trimmed(site: MetricsSite) -> None:
    """What was counted is kept in the checkpoint: entries that left the journal stay in the figures."""
    a_day(site)
    site.until_sample(2, *OFFERED)
    site.end()
    site.valkey.ask("XTRIM", PREFIX + "journal", "MAXLEN", 0)
    site.start()
    assert site.samples()[OFFERED] == 2
    site.write(offered(time.time(), "d"))
    site.until_sample(3, *OFFERED)


def test_after_missed_entries_the_live_view_is_the_router_s(site: MetricsSite) -> None:
    """A reader that missed the end of a call shows no ghost: it takes calls and agents from the router's snapshot."""
    now = time.time()
    site.write(offered(now - 9, "ghost"))
    site.until_sample(1, *WAITING)
    site.end()
    site.write(record(now - 8, Outcome.ABANDONED, "ghost"))
    state = a_state(shared=1, vip=1)
    engine.step(state, SeatChanged(now - 7, "1901", SeatState.FREE))
    engine.step(state, event_of(now - 6, ["queue", "real", "ordinary"], state))
    site.write()
    last = site.valkey.ask("XREVRANGE", PREFIX + "journal", "+", "-", "COUNT", 1)[0][0].decode()
    kept = msgspec.json.encode(Snapshot(last, now - 5, snapshot.to_plain(state)))
    site.valkey.ask("SET", PREFIX + "snapshot", kept)
    site.valkey.ask("XTRIM", PREFIX + "journal", "MAXLEN", 1)
    site.start()
    site.until(lambda: [call["call_id"] for call in site.status()["waiting"]] == ["real"])
    agents = {agent["agent"]: agent["state"] for agent in site.status()["agents"]}
    assert agents == {"1001": "logged_out", "1901": "ready"}
    assert "entries are missing" in site.log()


def test_a_store_that_is_away_leaves_the_last_figures_standing(site: MetricsSite) -> None:
    """While Redis is away the page still answers, health says so, and counting goes on by itself afterwards."""
    a_day(site)
    site.until_sample(2, *OFFERED)
    site.valkey.kill()
    site.until(lambda: site.get("/healthz")[0] == 503 and b"Redis or Valkey" in site.get("/healthz")[1])
    assert site.samples()[OFFERED] == 2
    site.until(lambda: site.samples()[("jietong_journal_lag_seconds",)] > 1)
    site.valkey.start()
    site.write(offered(time.time(), "d"))
    site.until(lambda: site.samples()[OFFERED] >= 3)
    site.until_sample(0, "jietong_journal_lag_seconds")
    assert site.end() == 0


def test_a_store_that_is_away_at_the_start_is_waited_for() -> None:
    """Until then the figures are refused, not shown as zeros that Prometheus would take for a new beginning; the checkpoint is not overwritten."""
    with a_metrics_site(BASE + 300) as site:
        site.start()
        a_day(site)
        site.until_sample(2, *OFFERED)
        site.end()
        site.valkey.ask("DEL", PREFIX + "journal")
        site.valkey.freeze()
        site.start()
        assert site.get("/metrics")[0] == 503
        assert site.get("/healthz")[0] == 503
        site.valkey.thaw()
        site.until(lambda: site.get("/metrics")[0] == 200)
        site.until_sample(2, *OFFERED)


@pytest.mark.parametrize(
    "raw", [b"nonsense", b"[]", b"{}", b'{"position": "x"}', b'{"position": "5-0", "tally": 1, "view": {}}']
)
def test_a_checkpoint_that_cannot_be_read_is_put_aside(site: MetricsSite, raw: bytes) -> None:
    """A damaged checkpoint is said in the log, and the journal is counted from its beginning."""
    a_day(site)
    site.until_sample(2, *OFFERED)
    site.end()
    site.valkey.ask("SET", PREFIX + "metrics", raw)
    site.start()
    site.until_sample(2, *OFFERED)
    assert "checkpoint not used" in site.log()


def test_health_names_what_is_missing(site: MetricsSite) -> None:
    """503 with every reason until a router that hears Asterisk and an AGI worker are there; no agent is only a warning."""
    code, body = site.get("/healthz")
    told = json.loads(body)
    assert (code, told["ok"], told["reasons"]) == (503, False, ["no router is active", "no AGI worker listens"])
    assert told["runbook"][:2] == ["docs/runbook.md#no-router-is-active", "docs/runbook.md#no-agi-worker-listens"]
    site.valkey.ask("SET", PREFIX + "leader", "me")
    site.until(lambda: b"no sign of life" in site.get("/healthz")[1])
    for sign in (b"nonsense", b'{"asterisk_connected": false}'):
        site.valkey.ask("SET", PREFIX + "router", sign)
        site.until(lambda: b"no connection to Asterisk" in site.get("/healthz")[1])
    site.valkey.ask("SET", PREFIX + "router", b'{"at": 1.0, "asterisk_connected": true}')
    with socket.create_server(("127.0.0.1", BASE + 73)):
        site.until(lambda: site.get("/healthz")[0] == 200)
        assert json.loads(site.get("/healthz")[1])["warnings"] == ["no agent is ready or on a call"]
        site.write(agent_changed(time.time(), state=AgentState.READY))
        site.until(lambda: json.loads(site.get("/healthz")[1])["warnings"] == [])
    site.until_sample(1, "jietong_router_active")
    site.valkey.ask("DEL", PREFIX + "leader")
    site.until_sample(0, "jietong_router_active")


def test_damaged_entries_are_passed_over(site: MetricsSite) -> None:
    """A line that cannot be understood stops nothing."""
    site.valkey.ask("XADD", PREFIX + "journal", "*", "e", b"\xff\x00{")
    a_day(site)
    site.until_sample(2, *OFFERED)


def test_a_port_in_use_is_a_clear_error(site: MetricsSite) -> None:
    """A second one on the same port ends at once with one line that names the port."""
    command = [sys.executable, "-m", "jietong", "metrics", "--var", str(site.var)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert told.returncode == 1
    assert f"cannot listen on 127.0.0.1:{BASE + 80}: Address already in use" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("HEAD", "/metrics", 200),
        ("GET", "/metrics?x=1", 200),
        ("GET", "/", 404),
        ("GET", "/../etc/passwd", 404),
        ("POST", "/metrics", 405),
        ("DELETE", "/healthz", 405),
        ("BREW", "/status", 405),
    ],
)
def test_only_the_pages_are_served(site: MetricsSite, method: str, path: str, expected: int) -> None:
    """Whatever else is asked gets a clear refusal."""
    code, body = site.get(path, method)
    assert code == expected
    assert method != "HEAD" or body == b""


def test_silent_clients_hold_nothing_up(site: MetricsSite) -> None:
    """Forty connections that say nothing delay a scrape by seconds at most, and the end of the process not at all."""
    silent = [socket.create_connection(("127.0.0.1", BASE + 80)) for _ in range(40)]
    try:
        site.until(lambda: _answers(site), within_s=20)
        assert site.end() == 0
    finally:
        for connection in silent:
            connection.close()


def _answers(site: MetricsSite) -> bool:
    try:
        return site.get("/metrics")[0] == 200
    except (OSError, TimeoutError):
        return False


@pytest.mark.parametrize(
    "junk", [b"\x00\xff\r\n\r\n", b"GET " + b"a" * 70_000 + b"\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n"]
)
def test_junk_is_refused_and_forgotten(site: MetricsSite, junk: bytes) -> None:
    """Bytes that are no request end their own connection only."""
    with socket.create_connection(("127.0.0.1", BASE + 80), timeout=5) as connection:
        connection.sendall(junk)
        connection.recv(100)
    assert site.get("/metrics")[0] == 200
    assert os.fsencode("Traceback") not in (site.var / "metrics.log").read_bytes()
