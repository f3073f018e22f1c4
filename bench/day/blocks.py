"""Figures of the past in a Prometheus: scrapes, then what its rules would have reckoned from them, then its alerts.

Owns the order of promtool's work. Must not reckon a figure itself: expressions are those of the shipped rules, asked of a real Prometheus.
promtool back-fills recording rules, and no alerts: these are asked for every minute, and fire once they have held for their `for`.
"""

import json
import shutil
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bench.panel_queries import DIRECT
from bench.prometheus_server import RULES, a_prometheus
from jietong.provision.programs import ensure_promtool

EVERY_S = 60
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DEEPEST = 3  # a recording rule builds on others, which must be there first: concluded calls, level, misses by allowed


def load(scrapes: Path, folder: Path) -> None:
    """Makes `folder`/tsdb of an OpenMetrics file. Raises CalledProcessError with promtool's words in it."""
    tsdb = folder / "tsdb"
    shutil.rmtree(tsdb, ignore_errors=True)
    _promtool("tsdb", "create-blocks-from", "openmetrics", str(scrapes), str(tsdb))


def add_rules(folder: Path, port: int, start: float, end: float, work: Path) -> list[str]:
    """Adds recording rules and alerts between two epoch seconds; returns the names of the alerts that fired."""
    recorded = work / "recorded"
    rules = str(RULES / "recording.yml")
    span = (f"--start={start:.0f}", f"--end={end:.0f}", f"--eval-interval={EVERY_S}s", f"--output-dir={recorded}")
    for _ in range(DEEPEST):  # what is reckoned again is the same again, and merged
        with a_prometheus(folder, port, retention="100y") as url:
            _promtool("tsdb", "create-blocks-from", "rules", *span, f"--url={url}", rules)
        _move(recorded, folder / "tsdb")
    fired, file = set(), work / "alerts.om"
    with a_prometheus(folder, port, retention="100y") as url, file.open("w", encoding="utf-8") as out:
        for name, line in _alerts(url, start, end):
            fired.add(name)
            out.write(line)
        out.write("# EOF\n")
    _promtool("tsdb", "create-blocks-from", "openmetrics", str(file), str(work / "alerts"))
    _move(work / "alerts", folder / "tsdb")
    return sorted(fired)


def _alerts(url: str, start: float, end: float) -> Iterator[tuple[str, str]]:
    """Samples of ALERTS in order of time: name and line."""
    found: list[tuple[float, str, str]] = []
    groups = yaml.safe_load((RULES / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        held_s = _seconds(str(rule.get("for", "0s")))
        for series in _range(url, rule["expr"], start, end):
            labels = {key: value for key, value in series["metric"].items() if key != "__name__"} | rule.get(
                "labels", {}
            )
            words = {"alertname": rule["alert"], "alertstate": "firing", **labels}
            text = ",".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in sorted(words.items()))
            since, last = 0.0, float("-inf")
            for at, _ in series["values"]:
                since = since if at - last <= EVERY_S else at
                last = at
                if at - since >= held_s:
                    found.append((at, rule["alert"], f"ALERTS{{{text}}} 1 {at:.0f}\n"))
    for _, name, line in sorted(found, key=lambda sample: sample[0]):
        yield name, line


def _range(url: str, expression: str, start: float, end: float) -> list[dict[str, Any]]:
    words = urllib.parse.urlencode({"query": expression, "start": start, "end": end, "step": EVERY_S})
    with DIRECT.open(f"{url}/api/v1/query_range?{words}", timeout=120) as answer:
        result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return result


def _seconds(text: str) -> float:
    return float(text[:-1]) * UNITS[text[-1]]


def _move(blocks: Path, tsdb: Path) -> None:
    """Moves finished blocks into the server's folder."""
    for block in blocks.iterdir():
        if (block / "meta.json").exists():
            shutil.move(str(block), tsdb / block.name)


def _promtool(*words: str) -> None:
    done = subprocess.run(ensure_promtool(False).command(*words), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"promtool {' '.join(words[:3])}: {(done.stderr or done.stdout).strip()[-800:]}")
