"""Prometheus' rules: promtool takes them, each alert fires when it should and only then, and leads to what to do."""

import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from jietong.processes import monitoring
from jietong.provision.programs import ensure_promtool
from jietong.running import Ports, RunningSite
from jietong.site import Network, Site
from metrics.adapters.health import anchor_of
from tests.unit.test_runbook import HEADINGS, METRICS, PAGE

ROOMS = Path(__file__).parents[2] / "metrics" / "prometheus"
CASES = (ROOMS / "rules_test.yml", ROOMS / "rules_slow_test.yml")


def rules_in(name: str) -> list[dict[str, Any]]:
    """Every rule of a file."""
    groups = yaml.safe_load((ROOMS / "rules" / name).read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules_in("alerts.yml")}
RECORDED = {rule["record"]: rule for rule in rules_in("recording.yml")}
WANTED = {
    "service level burning": "JietongServiceLevelBurningFast",
    "answer rate of the day below goal while it can still be saved": "JietongAnswerRateDayAtRisk",
    "VIP waiting beyond target": "JietongVipBeyondTarget",
    "no agent ready": "JietongNoAgentReady",
    "router without leader": "JietongRouterNotLeading",
    "fallback active": "JietongFallbackActive",
    "records lagging": "JietongRecordsLagging",
    "probe failed": "JietongProbeFailed",
    "holiday calendar missing": "JietongHolidayCalendarMissing",
}


def promtool(*words: str) -> str:
    """What promtool says; a failure fails the test with its words."""
    done = subprocess.run(ensure_promtool().command(*words), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_configuration_and_every_rule() -> None:
    """An operator starts Prometheus with the files as they are."""
    told = promtool("check", "config", str(ROOMS / "prometheus.yml"))
    assert f"{len(RECORDED)} rules found" in told
    assert f"{len(ALERTS)} rules found" in told
    promtool("check", "rules", "--lint=all", "--lint-fatal", *map(str, (ROOMS / "rules").glob("*.yml")))


def test_each_alert_fires_and_does_not_as_its_cases_say() -> None:
    """Whoever is woken at night is woken for a reason, and nobody sleeps through one."""
    assert "SUCCESS" in promtool("test", "rules", *map(str, CASES))


def test_each_alert_has_a_case_of_either_kind() -> None:
    """An alert that was never seen firing, or never seen silent, is not trusted."""
    seen: dict[str, set[bool]] = defaultdict(set)
    for case in (case for file in CASES for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]):
        alert = case["name"].partition(":")[0]
        for question in case.get("promql_expr_test", ()):
            if question["expr"].startswith("count by (alertname) (ALERTS"):
                fires = {re.findall(r'"(\w+)"', sample["labels"])[0] for sample in question["exp_samples"]}
                seen[alert].add(alert in fires)
    assert dict(seen) == {alert: {True, False} for alert in ALERTS}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_it_is_and_what_to_do(name: str) -> None:
    """In English and Chinese, how bad it is, and where on the runbook's page to read on; the page knows it by name."""
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in ("critical", "warning")
    notes = rule["annotations"]
    assert notes["summary"] and notes["description"] and re.search(r"[一-鿿]", notes["summary_zh"])
    page, _, anchor = notes["runbook_url"].partition("#")
    assert page == "docs/runbook.md"
    assert anchor in {anchor_of(heading.replace("`", "").replace(",", "")) for heading in HEADINGS}
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("what", WANTED)
def test_what_the_contract_fears_has_an_alert(what: str) -> None:
    """Nothing that breaks the hotline's promises stays unsaid."""
    assert WANTED[what] in ALERTS


@pytest.mark.parametrize("name", [*ALERTS, *RECORDED])
def test_a_rule_asks_for_what_is_there(name: str) -> None:
    """Each name in it is a metric of ours or a figure reckoned before."""
    expression = (ALERTS.get(name) or RECORDED[name])["expr"]
    for metric in re.findall(r"\bjietong_\w+", expression):
        assert f"`{re.sub(r'_(bucket|sum|count)$', '', metric)}`" in METRICS, metric
    for figure in re.findall(r"\bjietong:[\w:]+", expression):
        assert figure in RECORDED, figure


def test_prometheus_scrapes_the_hotline_s_port() -> None:
    """The shipped configuration fits a site of the default ports."""
    scraped = yaml.safe_load((ROOMS / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert scraped[0]["job_name"] == "jietong"
    assert scraped[0]["static_configs"][0]["targets"] == [f"127.0.0.1:{Network().http_port}"]


def test_a_site_gets_files_of_its_own(tmp_path: Path) -> None:
    """`jietong monitoring` writes what Prometheus and Grafana are started with: the site's port, this folder, the runbook's address."""
    site = Site.model_validate({"hotline": {"number": "10010"}, "trunks": [{"name": "c", "match": ["127.0.0.1"]}]})
    var, to = tmp_path / "var", tmp_path / "with space"
    var.mkdir()
    RunningSite(
        var=var, site=site, ports=Ports.of(site.network, 31300), store_url="", database_url="", ami_user="", ami_secret="",
        seat_passwords={}, agent_pins={}, asterisk_argv=(), socket_dir=var,
    ).save()  # fmt: skip
    assert monitoring.write(var, to, "http://prometheus.example:9090", "https://wiki.example/runbook") == 0
    assert "rules found" in promtool("check", "config", str(to / "prometheus.yml"))
    assert '"127.0.0.1:31380"' in (to / "prometheus.yml").read_text(encoding="utf-8")
    assert "runbook_url: https://wiki.example/runbook#fallback-active" in (to / "rules/alerts.yml").read_text()
    source = yaml.safe_load((to / "grafana/provisioning/datasources/jietong.yaml").read_text())["datasources"][0]
    assert source["url"] == "http://prometheus.example:9090"
    boards = yaml.safe_load((to / "grafana/provisioning/dashboards/jietong.yaml").read_text())["providers"][0]
    assert len(list(Path(boards["options"]["path"]).glob("*.json"))) == 5
