"""The runbook's alert expressions are what Prometheus takes, and name what we serve."""

import json
import re
import subprocess
from pathlib import Path

from jietong.provision.programs import ensure_promtool
from tests.unit.test_runbook import PAGE

FIGURES = PAGE.partition("## Figures worth an alert")[2].partition("\n## ")[0]
SECTION = re.compile(r"^### (?P<name>\w+)\n`(?P<expression>[^`]+)`", re.MULTILINE)


def test_prometheus_takes_every_expression(tmp_path: Path) -> None:
    """An operator copies one into a rule file and it works."""
    rules = [
        {"alert": found["name"], "expr": found["expression"]}
        for found in SECTION.finditer(FIGURES)
        if found["name"] in found["expression"]
    ]
    assert len(rules) == len(re.findall(r"^### (?!Disk)", FIGURES, re.MULTILINE))
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "runbook", "rules": rules}]}), encoding="utf-8")  # JSON is YAML
    done = subprocess.run([*ensure_promtool().command("check", "rules", str(file))], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout
