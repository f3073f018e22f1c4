"""A Prometheus for a while: on a site that runs, or on blocks that were written beforehand.

Owns the server's life, folder and configuration; the rules are the shipped ones. Must not know what is asked.
"""

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.panel_queries import DIRECT
from jietong.provision.programs import ensure_prometheus

RULES = Path(__file__).parents[1] / "metrics" / "prometheus" / "rules"
STARTS_WITHIN_S = 30.0


@contextmanager
def a_prometheus(
    folder: Path, port: int, target: str | None = None, scrape_s: float = 1.0, retention: str = "15d"
) -> Iterator[str]:
    """Its URL, once it is ready. Samples are kept in `folder`/tsdb (blocks that are there are served); `target`, host and port, is scraped.

    Raises TimeoutError with its last words when it does not get ready.
    """
    every = f"{round(scrape_s * 1000)}ms"
    scraped = [{"job_name": "jietong", "static_configs": [{"targets": [target]}]}] if target else []
    config = {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "scrape_configs": scraped,
        "rule_files": [str(RULES / "*.yml")] if target else [],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    command = ensure_prometheus(False).command(
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--storage.tsdb.retention.time={retention}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    url, words = f"http://127.0.0.1:{port}", folder / "prometheus.log"
    with words.open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            _wait_ready(url, server, words)
            yield url
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_ready(url: str, server: "subprocess.Popen[bytes]", words: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with DIRECT.open(f"{url}/-/ready", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"Prometheus is not ready: {words.read_text(errors='replace')[-1000:]}")
