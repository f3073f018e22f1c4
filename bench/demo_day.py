"""A demo day in virtual time, for ops to open: make demo-day.

Run: python -m bench.demo_day [--var var/demo-day] [--date 2026-11-26] [--seed 1] [--serve]. A working day of a made-up hotline after a usual week:
the shipped router, the shipped metrics page, the shipped rules, reports and dashboards; only callers and agents are made up. At noon too many
agents are at table, and in the evening a district is without network: the report and the dashboards say so.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.dashboards import try_boards
from bench.day.blocks import add_rules, load
from bench.day.course import SITE, Days, facts_of
from bench.day.keep import Keeper
from bench.day.scrapes import Scrapes
from bench.panel_queries import Refused, Span
from bench.prometheus_server import a_prometheus
from jietong import exit_codes
from jietong.provision.private_copy import ProvisionError
from jietong.site_file import load_site

SCRAPE_S = 15.0
WEEK = 7
PORT = 9090


@dataclass(frozen=True)
class Played:
    """What the virtual days came to."""

    calls: int
    pages: int
    samples: int


def main() -> int:
    """From the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.demo_day", description=__doc__)
    parser.add_argument(
        "--var",
        type=Path,
        default=Path("var/demo-day"),
        help="folder of the day; one that is there is made anew (var/demo-day)",
    )
    parser.add_argument("--date", type=date.fromisoformat, help="left out: the last working day before today")
    parser.add_argument("--seed", type=int, default=1, help="another number, other callers (1)")
    parser.add_argument(
        "--before", type=int, default=WEEK, help="days before it, for the comparison with the week before (7)"
    )
    parser.add_argument("--scrape-s", type=float, default=SCRAPE_S, help="seconds between two scrapes (15)")
    parser.add_argument("--port", type=int, default=PORT, help="of Prometheus (9090)")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="where dashboards are drawn; left out: VAR/dashboards"
    )
    parser.add_argument("--serve", action="store_true", help="leave Prometheus running until Ctrl-C")
    options = parser.parse_args()
    var: Path = options.var.absolute()
    if (var / "run" / "lock").exists():
        print(f"demo-day: a site runs in {var}: name another folder with --var", file=sys.stderr)
        return exit_codes.FAILED
    site = load_site(SITE)
    days = Days(
        site,
        options.date or _working_day(datetime.now(ZoneInfo(site.hotline.timezone)).date()),
        options.before,
        options.seed,
    )
    start, end = days.midnight(days.last), days.midnight(days.last + timedelta(days=1))
    if end > time.time():
        print(f"demo-day: {days.last} is not over: name a date before today", file=sys.stderr)
        return exit_codes.FAILED
    try:
        return _make(var, days, (start, end), options)
    except (Refused, ProvisionError, RuntimeError, TimeoutError) as error:
        print(f"demo-day: {error}", file=sys.stderr)
        return exit_codes.FAILED
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED


def _make(var: Path, days: Days, span: tuple[float, float], options: argparse.Namespace) -> int:
    start, end = span
    prometheus = var / "prometheus"
    prometheus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jt-day-") as name, ExitStack() as stack:
        work = Path(name)
        began = time.monotonic()
        played = _play(var, days, span, options.scrape_s, work / "scrapes.om")
        print(
            f"{days.last}: {played.calls} calls after {days.before} usual days, {played.pages} scrapes, {played.samples:,} samples ({time.monotonic() - began:.0f} s)",
            flush=True,
        )
        load(work / "scrapes.om", prometheus)
        fired = add_rules(prometheus, options.port, start, end, work)
        print(f"alerts that fired: {', '.join(fired) or 'none'}", flush=True)
        url = stack.enter_context(a_prometheus(prometheus, options.port, retention="100y"))
        pictures = options.pictures or var / "dashboards"
        empty = try_boards(url, Span(start, end, options.scrape_s), pictures, days.site.hotline.timezone)
        code = _report(var, days)
        _tell(var, pictures, days.last, empty)
        if options.serve:
            print(f"Prometheus with this day: {url} (Ctrl-C ends it); for Grafana: jietong monitoring", flush=True)
            _until_interrupted()
    return code or (exit_codes.FAILED if any(empty.values()) else exit_codes.DONE)


def _play(var: Path, days: Days, span: tuple[float, float], scrape_s: float, file: Path) -> Played:
    """All days into the folder, the last one's scrapes into `file`."""
    for old in (var / "data").glob("jietong.db*"):
        old.unlink()
    start, end = span
    keeper = Keeper(var, days.site, start, days.seed)
    with file.open("w", encoding="utf-8") as out:
        scrapes = Scrapes(days.site, out, start, scrape_s, keeper.probes)
        offered = 0
        for at, facts, step_us in facts_of(days):
            if offered == 0 and at >= start:
                offered = _offered(scrapes)
            scrapes.take(at, facts, step_us)
            keeper.take(at, facts)
        scrapes.until(end)
        scrapes.close()
    keeper.close()
    return Played(_offered(scrapes) - offered, scrapes.pages, scrapes.samples)


def _offered(scrapes: Scrapes) -> int:
    return sum(tally.offered for tally in scrapes.tally.classes.values())


def _report(var: Path, days: Days) -> int:
    """The day's report on the terminal, and as a page in the folder."""
    command = [sys.executable, "-m", "jietong", "report", "day", days.last.isoformat(), "--var", str(var)]
    page = subprocess.run(
        [*command, "--format", "html", "--out", str(var / "report.html")], capture_output=True, check=False
    )
    return subprocess.run(command, check=False).returncode or page.returncode


def _tell(var: Path, pictures: Path, day: date, empty: dict[str, list[str]]) -> None:
    for board, queries in empty.items():
        for query in queries:
            print(f"{board}: without an answer: {query}", file=sys.stderr)
    print(f"\nThe day is in {var}. Ask it as you would ask a site:")
    for words, what in (
        (f"jietong report day {day} --var {var}", f"the report again; as a page: {var / 'report.html'}"),
        (f"jietong calls --last 20 --var {var}", "call records; then jietong explain CALL_ID"),
        (f"jietong probe list --var {var}", "its test calls"),
        (f"ls {pictures}", "the dashboards as pictures"),
        ("make demo-day SERVE=1", "the same, and leaves Prometheus running for Grafana"),
    ):
        print(f"  {words:<58} # {what}")


def _working_day(today: date) -> date:
    day = today - timedelta(days=1)
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return day


def _until_interrupted() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    sys.exit(main())
