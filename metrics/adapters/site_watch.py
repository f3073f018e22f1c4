"""What `/metrics` tells beside the counts: how far records are behind, the last probes, whether Asterisk's own queue serves.

Owns the questions to database and store, asked every two seconds in a thread of its own so that no scrape waits for either.
Must not count calls. Rules: design.md section 4.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from routing.adapters import redis_clients
from routing.adapters.journal import place_of
from routing.adapters.journal_reader import BEGINNING
from routing.adapters.records import READER
from routing.adapters.tables import journal_position

EVERY_S = 2.0
log = structlog.get_logger("watch")


@dataclass(frozen=True, slots=True)
class LastProbe:
    """The latest test call of one kind: whether it was as it should be, and when (epoch seconds)."""

    is_ok: bool
    at: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen last; None where nothing could be seen yet, or not any more.

    records_lag_s   how long the oldest journal entry that is not in the database has been there, 0.0 when all are
    is_fallback     whether Asterisk heard from no router for so long that its own queue serves callers; None while the store does not say
    probes          kind -> the latest one of it
    """

    has_store: bool | None = None
    has_database: bool | None = None
    records_lag_s: float | None = None
    is_fallback: bool | None = None
    probes: Mapping[str, LastProbe] = field(default_factory=dict)


NOTHING_SEEN = Seen()


class SiteWatch:
    """Looks at database and store until it is told to stop. `seen` may be read by any thread.

    heard           whether a router is there and hears Asterisk; None when the store does not say
    fallback_after_s    after so long without it Asterisk's own queue serves; 0 never
    last_probes     reads them; raises SQLAlchemyError
    """

    def __init__(
        self,
        engine: Engine,
        store: tuple[str, str],
        heard: Callable[[], bool | None],
        fallback_after_s: float,
        *,
        last_probes: Callable[[Engine], Mapping[str, LastProbe]] = lambda _: {},
        clock: Callable[[], float] = time.time,
    ) -> None:
        url, prefix = store
        self.seen = Seen()
        self._engine = engine
        self._store = redis_clients.open_sync(url)
        self._journal = redis_clients.key(prefix, "journal")
        self._heard, self._fallback_after_s = heard, fallback_after_s
        self._last_probes = last_probes
        self._clock = clock
        self._heard_at = time.monotonic()
        self._position: str | None = None

    def run(self, stop: threading.Event) -> None:
        """Looks again and again until `stop` is set."""
        while True:
            self.look()
            if stop.wait(EVERY_S):
                break
        self._store.close()

    def look(self) -> None:
        """One look at everything."""
        seen = self._look_at_database(self.seen)
        seen = self._look_at_store(seen)
        self.seen = replace(seen, is_fallback=self._look_for_router())

    def _look_at_database(self, before: Seen) -> Seen:
        mine = select(journal_position.c.entry_id).where(journal_position.c.reader == READER)
        try:
            with self._engine.connect() as connection:
                self._position = connection.scalar(mine) or BEGINNING
            probes = self._last_probes(self._engine)
        except SQLAlchemyError as error:
            if before.has_database is not False:
                log.error("database away", error=type(error).__name__)
            return replace(before, has_database=False)  # probes and position stand as they were
        return replace(before, has_database=True, probes=probes)

    def _look_at_store(self, before: Seen) -> Seen:
        if self._position is None:
            return replace(before, records_lag_s=None)
        try:
            after: Any = self._store.xrange(self._journal, f"({self._position}", "+", count=1)
        except redis_clients.AWAY:
            return replace(before, has_store=False, records_lag_s=None)
        behind_s = self._clock() - place_of(after[0][0])[0] / 1000 if after else 0.0
        return replace(before, has_store=True, records_lag_s=max(0.0, behind_s))

    def _look_for_router(self) -> bool | None:
        heard = self._heard()
        if heard is not False or not self._fallback_after_s:
            self._heard_at = time.monotonic()
        if heard is None:
            return None  # the router goes on without the store; whether it does cannot be seen from here
        return time.monotonic() - self._heard_at >= self._fallback_after_s > 0
