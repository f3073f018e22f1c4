"""The metrics process: folds the journal, keeps a checkpoint, serves the pages.

Owns the order of start and stop and the position in the journal. Must not know a formula.
Rules: design.md sections 3 and 5: metrics are updated from the journal, never from inside the router.
"""

import contextlib
import signal
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from jietong.logs import configure
from jietong.masking import mask_number
from jietong.running import RunningSite
from metrics.adapters.exporter import HotlineCollector, Now
from metrics.adapters.health import HealthCheck
from metrics.adapters.http_server import Page, PageServer, json_page
from metrics.status import status_of
from metrics.tally import Tally, TallyRefusedError
from metrics.view import LiveView
from routing.adapters import redis_clients
from routing.adapters.journal_reader import BEGINNING, Batch, read_journal

CHECKPOINT_EVERY_S = 5.0
BLOCK_S = 1.0
log = structlog.get_logger("metrics")


class JournalFold:
    """Tally and view with their position in the journal; one thread folds, others read under the lock."""

    def __init__(self, site: RunningSite) -> None:
        zone = ZoneInfo(site.site.hotline.timezone)
        queue = site.site.hotline.queue
        self.lock = threading.Lock()
        self.tally = Tally(
            lambda at: datetime.fromtimestamp(at, zone).strftime("%Y-%m-%dT%H"),
            [(queue, tier) for tier in site.site.tiers],
        )
        self.view = LiveView()
        self.position = BEGINNING
        self.lag_s = 0.0
        self._url = site.store_url
        self._prefix = redis_clients.prefix_of(site.site.hotline.number)
        self._store = redis_clients.open_sync(site.store_url)
        self._key = redis_clients.key(self._prefix, "metrics")
        self._saved = ""

    def run(self, stop: threading.Event) -> None:
        """Folds until told to stop."""
        self._load()
        last_save = time.monotonic()
        batches = read_journal(self._url, self._prefix, self.position, block_s=BLOCK_S)
        for batch in batches:
            self._take(batch)
            if time.monotonic() - last_save >= CHECKPOINT_EVERY_S:
                self.save()
                last_save = time.monotonic()
            if stop.is_set():
                break
        batches.close()  # type: ignore[attr-defined]
        self.save()

    def save(self) -> None:
        """Keeps tally, view and position together, so that a restart counts nothing twice and nothing not at all."""
        if self.position == self._saved:
            return
        plain = {"position": self.position, "tally": self.tally.to_plain(), "view": self.view.to_plain()}
        with contextlib.suppress(*redis_clients.AWAY):
            self._store.set(self._key, msgspec.json.encode(plain))
            self._saved = self.position

    def _take(self, batch: Batch) -> None:
        with self.lock:
            for entry in batch.entries:
                self.tally.add_decision(entry.decision_us)
                for fact in entry.facts:
                    self.tally.add(fact)
                    self.view.add(fact)
            self.position = batch.last_id
            newest = batch.entries[-1].event if batch.entries else None
            self.lag_s = max(0.0, time.time() - newest.at) if newest is not None else 0.0

    def _load(self) -> None:
        try:
            raw: Any = self._store.get(self._key)
            if raw is None:
                return
            plain = msgspec.json.decode(raw)
            with self.lock:
                self.tally.load_plain(plain["tally"])
                self.view.load_plain(plain["view"])
                self.position = self._saved = str(plain["position"])
        except redis_clients.AWAY as error:
            log.error("no checkpoint, counting from the journal's beginning", error=type(error).__name__)
        except (TallyRefusedError, msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            log.error("checkpoint not used, counting from the journal's beginning", error=str(error))


def main(var: Path) -> int:
    """Serves metrics of the site in folder `var` until SIGTERM; returns the exit code."""
    configure("metrics")
    site = RunningSite.load(var)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    fold = JournalFold(site)
    folding = threading.Thread(target=fold.run, args=(stop,), name="fold")
    folding.start()
    server = PageServer(site.site.network.bind, site.ports.http, pages_of(site, fold))
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="http")
    serving.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    stop.wait()
    server.shutdown()
    server.server_close()
    folding.join()
    return 0


def pages_of(site: RunningSite, fold: JournalFold) -> dict[str, Any]:
    """The three pages of a site."""
    prefix = redis_clients.prefix_of(site.site.hotline.number)
    health = HealthCheck(site.store_url, prefix, ("127.0.0.1", site.ports.agi), fold.view)
    registry = CollectorRegistry()
    registry.register(
        HotlineCollector(fold.tally, fold.view, lambda: Now(time.time(), health.is_router_active(), fold.lag_s))
    )

    def metrics_page() -> Page:
        health.is_router_active()  # asked before the lock is taken: the store may be slow
        with fold.lock:
            return Page(200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry))

    def healthz_page() -> Page:
        found = health.now(fold.lag_s)
        content = {"ok": not found.reasons, "reasons": found.reasons, "warnings": found.warnings}
        return json_page(503 if found.reasons else 200, content)

    def status_page() -> Page:
        with fold.lock:
            return json_page(200, status_of(site.site.hotline.number, fold.view, fold.tally, time.time(), mask_number))

    return {"/metrics": metrics_page, "/healthz": healthz_page, "/status": status_page}
