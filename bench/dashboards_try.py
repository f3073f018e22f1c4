"""Every panel of every dashboard on a real Prometheus that scraped a real demonstration: make dashboards-try.

Run: python -m bench.dashboards_try [--seconds 60] [--pictures var/dashboards]. A demo site, robots that call and answer, a Prometheus that looks
each second; then each query is asked as Grafana would ask it. Exit code 0 when none was empty.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.dashboards import try_boards
from bench.panel_queries import Span
from bench.prometheus_server import a_prometheus
from jietong.running import RunningSite
from tests.adapters.up_fixture import jietong_up

SCRAPE_S = 1.0


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.dashboards_try", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long robots call (60)")
    parser.add_argument("--port-base", type=int, default=32800, help="of the demo site; Prometheus has N+90 (32800)")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="where to draw them; left out: not drawn")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jt-boards-") as name:
        folder = Path(name)
        with jietong_up("--port-base", str(options.port_base), var=folder / "var") as up:
            up.wait_ready()
            target = f"127.0.0.1:{RunningSite.load(up.var).ports.http}"
            began = time.time()
            with a_prometheus(folder, options.port_base + 90, target, SCRAPE_S) as prometheus:
                noted = [sys.executable, "-m", "jietong", "probe", "note", "other", "--passed", "--var", str(up.var)]
                subprocess.run(noted, check=True, capture_output=True)  # a test call that a person made
                called = time.time()
                robots = [sys.executable, "-m", "bench.demo", "--var", str(up.var), "--seconds", str(options.seconds)]
                done = subprocess.run(robots, capture_output=True, text=True, check=False)
                print(done.stdout[-500:], file=sys.stderr)
                found = try_boards(prometheus, Span(began, called + options.seconds, SCRAPE_S), options.pictures)
    for board, empty in found.items():
        print(f"{board}: {'every query has an answer' if not empty else 'WITHOUT AN ANSWER:'}")
        for query in empty:
            print(f"  {query}")
    return 1 if done.returncode or any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
