"""The metrics process: folds the journal and serves the pages.

Owns the order of start and stop, and what each page is made of. Must not know a formula.
Rules: design.md sections 3 and 5: metrics are updated from the journal, never from inside the router.
"""

import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from jietong.life import Signs
from jietong.logs import configure
from jietong.masking import mask_number
from jietong.opening_hours import OpeningHours
from jietong.rules_of_site import rules_of
from jietong.running import RunningSite
from metrics.adapters.exporter import HotlineCollector, Now
from metrics.adapters.health import HealthCheck
from metrics.adapters.http_server import Page, PageServer, json_page
from metrics.adapters.journal_fold import JournalFold
from metrics.status import status_of
from routing.adapters.redis_clients import prefix_of
from routing.adapters.steady_clock import CLOCK_FILE, clock_of

FOLD_ENDS_WITHIN_S = 4.0  # a process has 5 s to end; the store may be silent
log = structlog.get_logger("metrics")


def main(var: Path) -> int:
    """Serves metrics of the site in folder `var` until SIGTERM; returns the exit code. Raises OSError when the port is taken."""
    configure("metrics")
    site = RunningSite.load(var)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    zone = ZoneInfo(site.site.hotline.timezone)
    prefix = prefix_of(site.site.hotline.number)
    fold = JournalFold(site.store_url, prefix, rules_of(site.site), lambda at: clock_hour(at, zone))
    health = HealthCheck(site.store_url, prefix, ("127.0.0.1", site.ports.agi))
    hours = OpeningHours(site.site)
    clock_file = site.layout.run / CLOCK_FILE

    def now() -> float:
        return clock_of(clock_file)()  # the router's: waits are counted by it

    pages = pages_of(site.site.hotline.number, fold, health, lambda: hours.missing_year() is not None, now)
    server = _listen(site, pages)
    has_failed = threading.Event()
    folding = threading.Thread(target=_fold, args=(fold, stop, has_failed), name="fold", daemon=True)
    folding.start()
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="http", daemon=True)
    serving.start()
    Signs().give_by_thread(serving.is_alive)
    print("ready", flush=True)  # noqa: T201 the line that the supervisor waits for
    stop.wait()
    server.shutdown()
    server.server_close()
    folding.join(FOLD_ENDS_WITHIN_S)
    return 1 if has_failed.is_set() else 0


def clock_hour(at: float, zone: ZoneInfo) -> str:
    """The clock hour of epoch time `at`, as YYYY-MM-DDTHH."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%dT%H")


def pages_of(
    hotline: str,
    fold: JournalFold,
    health: HealthCheck,
    is_year_missing: Callable[[], bool],
    now: Callable[[], float] = time.time,
) -> dict[str, Callable[[], Page]]:
    """The three pages of a site."""
    registry = CollectorRegistry()
    registry.register(
        HotlineCollector(
            fold.tally,
            lambda: fold.view,
            lambda: Now(now(), health.is_router_active(), fold.lag_s, is_year_missing()),
        )
    )

    def metrics_page() -> Page:
        health.is_router_active()  # asked before the lock is taken: the store may be slow
        with fold.lock:
            return Page(200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry))

    def healthz_page() -> Page:
        with fold.lock:
            agents, refused_at = fold.view.state_counts(), fold.tally.refused_at
        found = health.now(fold.lag_s, agents, now() - refused_at)
        content = {
            "ok": not found.reasons,
            "reasons": found.reasons,
            "warnings": found.warnings,
            "runbook": found.runbook(),
        }
        return json_page(503 if found.reasons else 200, content)

    def status_page() -> Page:
        with fold.lock:
            content = status_of(hotline, fold.view, fold.tally, now(), mask_number)
        return json_page(200, content)

    return {"/metrics": metrics_page, "/healthz": healthz_page, "/status": status_page}


def _listen(site: RunningSite, pages: dict[str, Callable[[], Page]]) -> PageServer:
    host, port = site.site.network.bind, site.ports.http
    try:
        return PageServer(host, port, pages)
    except OSError as error:
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from None


def _fold(fold: JournalFold, stop: threading.Event, has_failed: threading.Event) -> None:
    """Without its counting the process is of no use: it ends, and the supervisor starts another."""
    try:
        fold.run(stop)
    except Exception as error:
        log.error("counting stopped", exc_info=error)
        has_failed.set()
        stop.set()
