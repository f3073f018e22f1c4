"""`jietong monitoring FOLDER`: Prometheus and Grafana of a site, ready to be started.

Owns what is filled into the shipped files: the site's address, the folder, where Prometheus and the runbook are. Must not know a rule or a panel.
Rules: docs/metrics.md. Files of ours in that folder are written anew, others are left alone.
"""

import re
import sys
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from jietong import exit_codes
from jietong.running import RunningSite

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # listened at, not listening
RUNBOOK = "docs/runbook.md"


def write(var: Path, folder: Path, prometheus: str, runbook: str) -> int:
    """Writes prometheus.yml, rules/ and grafana/ into `folder` for the site in `var`; returns the exit code.

    prometheus   its URL, as Grafana reaches it
    runbook      URL of the runbook for alerts' `runbook_url`; empty: the page's name in the source tree
    Raises NoRunningSite and OSError.
    """
    site = RunningSite.load(var)
    bind = site.site.network.bind
    host = "127.0.0.1" if bind in EVERYWHERE else bind
    target = f"{f'[{host}]' if ':' in host else host}:{site.ports.http}"
    folder = folder.expanduser().absolute()
    room = resources.files("metrics")
    shipped = (room / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    _put(folder / "prometheus.yml", shipped.replace('"127.0.0.1:8080"', f'"{target}"'))
    for file in _files(room / "prometheus" / "rules"):
        _put(folder / "rules" / file.name, file.read_text(encoding="utf-8").replace(RUNBOOK, runbook or RUNBOOK))
    for file in _files(room / "grafana" / "dashboards"):
        _put(folder / "grafana" / "dashboards" / file.name, file.read_text(encoding="utf-8"))
    provisioning = room / "grafana" / "provisioning"
    for kind in ("dashboards", "datasources"):
        text = (provisioning / kind / "jietong.yaml").read_text(encoding="utf-8")
        text = text.replace("/etc/grafana/dashboards", str(folder / "grafana" / "dashboards"))
        text = re.sub(r"(?m)^( +url: ).*$", lambda found: f"{found[1]}{prometheus}", text)
        _put(folder / "grafana" / "provisioning" / kind / "jietong.yaml", text)
    sys.stdout.write(
        f"{folder}: Prometheus and Grafana for the hotline at {target}\n"
        f"  prometheus --config.file={folder / 'prometheus.yml'}\n"
        f"  GF_PATHS_PROVISIONING={folder / 'grafana' / 'provisioning'} grafana server\n"
    )
    return exit_codes.DONE


def _files(folder: Traversable) -> list[Traversable]:
    return sorted((file for file in folder.iterdir() if file.is_file()), key=lambda file: file.name)


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
