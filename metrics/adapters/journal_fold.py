"""Carries the journal into tally and view, and keeps how far it came.

Owns the checkpoint (key `metrics`: position, tally, view in one value) and what happens after entries were missed.
Must not know what is counted nor who asks.
Rules: design.md sections 3 and 4: a restart counts nothing twice; while the store is away the last values stand.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
import structlog

from metrics.tally import Tally, TallyRefusedError
from metrics.view import LiveView
from routing import snapshot
from routing.adapters import redis_clients
from routing.adapters.journal import place_of
from routing.adapters.journal_reader import BEGINNING, Batch, JournalEntry, read_journal
from routing.adapters.snapshots import Snapshot
from routing.rules import Rules

CHECKPOINT_EVERY_S = 5.0
BLOCK_S = 0.5  # how soon a stop is seen
COUNT = 500
RETRY_S = 0.5
log = structlog.get_logger("metrics")


class JournalFold:
    """Tally and view with their position in the journal. One thread runs it; others read both while they hold `lock`."""

    def __init__(self, url: str, prefix: str, rules: Rules, hour_of: Callable[[float], str]) -> None:
        self.lock = threading.Lock()
        self.tally = Tally(hour_of, [(queue, tier.name) for queue in rules.queue_names() for tier in rules.tiers])
        self.view = LiveView(rules.agents, _queues_of(rules))
        self.position = BEGINNING
        self._rules = rules
        self._url, self._prefix = url, prefix
        self._store = redis_clients.open_sync(url)
        self._saved_position = ""
        self._saved_at = time.monotonic()
        self._current_at = time.monotonic()  # when all entries that were there had been counted
        self._view_since = (0, 0)  # older entries are in the view already

    @property
    def lag_s(self) -> float:
        """Seconds since everything in the journal was counted; 0.0 while the reader keeps up."""
        behind_s = time.monotonic() - self._current_at
        return behind_s if behind_s > 2 * BLOCK_S + 0.5 else 0.0

    def run(self, stop: threading.Event) -> None:
        """Folds until `stop` is set, then keeps the checkpoint. A store that is away at the start is waited for."""
        while not self._load():
            if stop.wait(RETRY_S):
                return
        for batch in read_journal(self._url, self._prefix, self.position, block_s=BLOCK_S, count=COUNT):
            self._take(batch)
            if stop.is_set():
                break
            if time.monotonic() - self._saved_at >= CHECKPOINT_EVERY_S:
                self._save()
        self._save()
        self._store.close()

    def _take(self, batch: Batch) -> None:
        if batch.gap:
            self._see_again()
        with self.lock:
            for entry in batch.entries:
                self._fold(entry)
            self.position = batch.last_id
        if not batch.away and len(batch.entries) + batch.damaged < COUNT:
            self._current_at = time.monotonic()

    def _fold(self, entry: JournalEntry) -> None:
        is_news = place_of(entry.id) > self._view_since
        try:
            if entry.event is not None:
                self.tally.add_decision(entry.decision_us)
            for fact in entry.facts:
                self.tally.add(fact)
                if is_news:
                    self.view.add(fact)
        except Exception as error:  # noqa: BLE001 one entry that nobody thought of must not end all counting
            log.error("journal entry is not counted", entry=entry.id, error=repr(error))

    def _see_again(self) -> None:
        """Entries were missed: what is live now is taken from the router's snapshot, calls that nobody knows of are dropped."""
        try:
            raw: Any = self._store.get(redis_clients.key(self._prefix, "snapshot"))
            kept = msgspec.json.decode(raw or b"", type=Snapshot)
            state, since = snapshot.from_plain(kept.state, self._rules), place_of(kept.journal_id)
        except (*redis_clients.AWAY, msgspec.DecodeError, snapshot.SnapshotRefused, ValueError) as error:
            log.error("entries are missing and there is no snapshot, live calls are forgotten", error=repr(error))
            with self.lock:
                self.view.calls.clear()
            return
        with self.lock:
            self.view.take_over(state, kept.at)
            self._view_since = since
        log.warning("entries are missing, live calls and agents are those of the router's snapshot", taken_at=kept.at)

    def _load(self) -> bool:
        """Takes over the checkpoint, if there is one that can be read; False when the store does not answer."""
        try:
            raw: Any = self._store.get(redis_clients.key(self._prefix, "metrics"))
        except redis_clients.AWAY as error:
            log.error("store away, no checkpoint yet, trying on", error=repr(error))
            return False
        if raw is None:
            log.info("no checkpoint, counting from the journal's beginning")
            return True
        try:
            plain = msgspec.json.decode(raw)
            position = str(plain["position"])
            place_of(position)
            with self.lock:
                self.view.load_plain(plain["view"])
                self.tally.load_plain(plain["tally"])
            self.position = self._saved_position = position
        except (TallyRefusedError, msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            self.view = LiveView(self._rules.agents, _queues_of(self._rules))
            log.error("checkpoint not used, counting from the journal's beginning", error=repr(error))
        return True

    def _save(self) -> None:
        """Keeps tally, view and position together, so that a restart counts nothing twice and leaves nothing out."""
        self._saved_at = time.monotonic()
        if self.position == self._saved_position:
            return
        plain = {"position": self.position, "tally": self.tally.to_plain(), "view": self.view.to_plain()}
        try:
            self._store.set(redis_clients.key(self._prefix, "metrics"), msgspec.json.encode(plain))
        except redis_clients.AWAY as error:
            log.warning("checkpoint not saved, trying again", error=repr(error))
            return
        self._saved_position = self.position


def _queues_of(rules: Rules) -> dict[str, tuple[str, ...]]:
    return {agent: talent.queues for agent, talent in rules.talents.items() if talent.queues}
