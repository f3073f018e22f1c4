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
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy import Engine

from jietong.database import open_engine
from jietong.life import Signs
from jietong.logs import configure
from jietong.masking import mask_number
from jietong.opening_hours import OpeningHours
from jietong.rules_of_site import rules_of
from jietong.running import RunningSite
from metrics.adapters.exporter import HotlineCollector
from metrics.adapters.gauges import Now
from metrics.adapters.health import HealthCheck
from metrics.adapters.http_server import Page, PageServer, json_page
from metrics.adapters.journal_fold import JournalFold
from metrics.adapters.page_text import page_text
from metrics.adapters.seed import seed
from metrics.adapters.site_watch import LastProbe, SiteWatch
from metrics.status import status_of
from probing.adapters.results import last_results
from probing.words import Result
from routing.adapters.redis_clients import prefix_of
from routing.adapters.steady_clock import CLOCK_FILE, clock_of

FOLD_ENDS_WITHIN_S = 4.0  # a process has 5 s to end; the store may be silent
CATCHES_UP_WITHIN_S = 2.0  # mostly; a store that is away, or hours to count, must not hold the site's start up
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
    rules, engine = rules_of(site.site), open_engine(site.database_url)
    fold = JournalFold(
        site.store_url, prefix, rules, lambda at: clock_hour(at, zone), lambda tally, lock: seed(tally, engine, lock)
    )
    health = HealthCheck(site.store_url, prefix, ("127.0.0.1", site.ports.agi))
    fallback_after_s = site.site.router.fallback_after_s
    store = (site.store_url, prefix)
    watch = SiteWatch(engine, store, health.hears_asterisk, fallback_after_s, last_probes=last_probes)
    hours = OpeningHours(site.site)
    clock_file = site.layout.run / CLOCK_FILE

    def now() -> float:
        return clock_of(clock_file)()  # the router's: waits are counted by it

    def moment() -> Now:
        at = now()
        return Now(
            at,
            health.is_router_active(),
            fold.lag_s,
            hours.missing_year() is not None,
            rules.tiers,
            {queue: hours.opening(queue, at).is_open for queue in rules.queue_names()},
            watch.seen,
        )

    pages = pages_of(site.site.hotline.number, fold, health, moment, now)
    server = _listen(site, pages)
    has_failed = threading.Event()
    folding = threading.Thread(target=_fold, args=(fold, stop, has_failed), name="fold", daemon=True)
    folding.start()
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.5}, name="http", daemon=True)
    serving.start()
    watching = threading.Thread(target=watch.run, args=(stop,), name="watch", daemon=True)
    watching.start()
    Signs().give_by_thread(serving.is_alive)
    fold.caught_up.wait(CATCHES_UP_WITHIN_S)
    print("ready", flush=True)  # noqa: T201 the line that the supervisor waits for
    stop.wait()
    server.shutdown()
    server.server_close()
    folding.join(FOLD_ENDS_WITHIN_S)
    engine.dispose()
    return 1 if has_failed.is_set() else 0


def last_probes(engine: Engine) -> dict[str, LastProbe]:
    """The newest test call of each condition; one that could not be made is none that was as it should be. Raises SQLAlchemyError."""
    last = last_results(engine)
    return {kind.value: LastProbe(test.result is Result.PASSED, test.at) for kind, test in last.items()}


def clock_hour(at: float, zone: ZoneInfo) -> str:
    """The clock hour of epoch time `at`, as YYYY-MM-DDTHH."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%dT%H")


def pages_of(
    hotline: str,
    fold: JournalFold,
    health: HealthCheck,
    moment: Callable[[], Now],
    now: Callable[[], float] = time.time,
) -> dict[str, Callable[[], Page]]:
    """The three pages of a site. `/metrics` is refused until the journal was counted once: figures lower than before would be a reset to Prometheus."""
    collector = HotlineCollector(fold.tally, lambda: fold.view, moment)

    def metrics_page() -> Page:
        if not fold.caught_up.is_set():
            return Page(503, "text/plain; charset=utf-8", b"the journal is still being counted: try again\n")
        health.is_router_active()  # asked before the lock is taken: the store may be slow
        with fold.lock:
            return Page(200, CONTENT_TYPE_PLAIN_0_0_4, page_text(collector.collect()))

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
