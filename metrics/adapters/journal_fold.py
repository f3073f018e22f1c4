"""Carries the journal into tally and view, and keeps how far it came.

Owns the checkpoint (key `metrics`: position, tally, view in one value), what happens when it is lost, and after entries were missed.
Must not know what is counted nor who asks.
Rules: design.md sections 3 and 4: a restart counts nothing twice, and no counter falls; while the store is away the last values stand.
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
from routing.adapters.journal import id_of, place_of
from routing.adapters.journal_reader import BEGINNING, Batch, JournalEntry, read_journal
from routing.adapters.records import DatabaseAway
from routing.adapters.snapshots import Snapshot
from routing.facts import EventIgnored
from routing.rules import Rules

CHECKPOINT_EVERY_S = 5.0
BLOCK_S = 1.0  # how soon a stop is seen
GATHER_S = 0.5  # between two readings: each costs the same for one entry as for fifty
COUNT = 500
RETRY_S = 0.5
SEED_WITHIN_S = 60.0  # a database that is away for longer is not waited for: figures of now matter more
log = structlog.get_logger("metrics")


class JournalFold:
    """Tally and view with their position in the journal. One thread runs it; others read both while they hold `lock`.

    seed            counts what the database has into the empty tally that it is given, and returns the journal's id up to which that goes; raises DatabaseAway
    caught_up       set when what was in the journal at the start is counted: before that counts are lower than they were
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        rules: Rules,
        hour_of: Callable[[float], str],
        seed: Callable[[Tally, threading.Lock], str] = lambda _tally, _lock: BEGINNING,
    ) -> None:
        self.lock = threading.Lock()
        self.caught_up = threading.Event()
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
        self._tally_since = (0, 0)  # older entries are in the tally already, by the database
        self._seed = seed
        self._is_waiting = False  # for the database, said once
        self._seed_until = time.monotonic() + SEED_WITHIN_S

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
        if self._is_at_end():
            self.caught_up.set()
        for batch in read_journal(self._url, self._prefix, self.position, block_s=BLOCK_S, count=COUNT):
            self._take(batch)
            if stop.is_set() or (0 < len(batch.entries) < COUNT and stop.wait(GATHER_S)):
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
            self.caught_up.set()

    def _fold(self, entry: JournalEntry) -> None:
        place = place_of(entry.id)
        try:
            if entry.event is not None:
                self.tally.add_decision(entry.decision_us)
            for fact in entry.facts:
                if place > self._tally_since or isinstance(fact, EventIgnored):  # the database has none of these
                    self.tally.add(fact)
                if place > self._view_since:
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
        """Takes over the checkpoint, if there is one that can be read, else what the database has; False when neither can be asked yet."""
        try:
            raw: Any = self._store.get(redis_clients.key(self._prefix, "metrics"))
        except redis_clients.AWAY as error:
            log.error("store away, no checkpoint yet, trying on", error=repr(error))
            return False
        if raw is None:
            if not self._is_waiting:
                log.info("no checkpoint, counting from the call records on")
            return self._begin_anew()
        try:
            plain = msgspec.json.decode(raw)
            position = str(plain["position"])
            place_of(position)
            tally_since = place_of(str(plain.get("tally_since", BEGINNING)))
            with self.lock:
                self.view.load_plain(plain["view"])
                self.tally.load_plain(plain["tally"])
            self.position = self._saved_position = position
            self._tally_since = tally_since
        except (TallyRefusedError, msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            self.view = LiveView(self._rules.agents, _queues_of(self._rules))
            log.error("checkpoint not used, counting from the call records on", error=repr(error))
            return self._begin_anew()
        return True

    def _is_at_end(self) -> bool:
        """Whether nothing is in the journal after the position."""
        try:
            after: Any = self._store.xrange(
                redis_clients.key(self._prefix, "journal"), f"({self.position}", "+", count=1
            )
        except redis_clients.AWAY:
            return False
        return not after

    def _begin_anew(self) -> bool:
        """Counts what the database has, and of the journal what comes after it; who is there now is read from the journal's beginning."""
        try:
            position = self._seed(self.tally, self.lock)
        except DatabaseAway as error:
            with self.lock:
                self.tally.clear()
            if time.monotonic() < self._seed_until:
                if not self._is_waiting:
                    log.error("database away, no figures yet, trying on", error=str(error))
                self._is_waiting = True
                return False
            log.error("database away, counting from the journal's beginning: counters fall", error=str(error))
            return True
        self._tally_since = place_of(position)
        return True

    def _save(self) -> None:
        """Keeps tally, view and position together, so that a restart counts nothing twice and leaves nothing out."""
        self._saved_at = time.monotonic()
        if self.position == self._saved_position:
            return
        plain = {
            "position": self.position,
            "tally_since": id_of(self._tally_since),
            "tally": self.tally.to_plain(),
            "view": self.view.to_plain(),
        }
        try:
            self._store.set(redis_clients.key(self._prefix, "metrics"), msgspec.json.encode(plain))
        except redis_clients.AWAY as error:
            log.warning("checkpoint not saved, trying again", error=repr(error))
            return
        self._saved_position = self.position


def _queues_of(rules: Rules) -> dict[str, tuple[str, ...]]:
    return {agent: talent.queues for agent, talent in rules.talents.items() if talent.queues}
