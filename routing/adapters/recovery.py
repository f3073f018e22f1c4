"""Where a router that starts takes its state from: the latest good snapshot, and the journal after it.

Owns the choice between what is stored and a fresh start. Must not decide anything about calls.
Rules: design.md section 4: what cannot be read is said and the next best source is used; what the store has lost is
read from Asterisk afterwards (asterisk_link.py).
"""

import asyncio
import logging
from dataclasses import dataclass
from itertools import takewhile

from routing import engine, snapshot
from routing.adapters.bystander import TOLD_S
from routing.adapters.journal import place_of
from routing.adapters.journal_reader import BEGINNING, JournalEntry, read_back, read_to_end
from routing.adapters.redis_clients import StoreAway
from routing.adapters.snapshots import Snapshot, Snapshots
from routing.events import Event
from routing.model import State
from routing.rules import Rules

log = logging.getLogger(__name__)

MOST_REPLAYED = 100_000  # entries, some 5 s of work; 15 s of the busiest hour are a few thousand
BREATH = 200  # entries between two chances for the lease to be renewed


@dataclass(frozen=True)
class Recovered:
    """What the store gave.

    replayed   journal entries after the snapshot
    told       the journal's last events in order, also from before the snapshot, as far back as what a standby heard is compared
    until      time of the last thing that is in the state; None: nothing is, it is a fresh one
    """

    state: State
    replayed: int = 0
    told: tuple[Event, ...] = ()
    until: float | None = None

    @property
    def is_fresh(self) -> bool:
        """Nothing has happened yet in that state."""
        return not self.replayed and self.state.order == State.of(self.state.rules).order


async def recover(url: str, prefix: str, rules: Rules) -> Recovered:
    """The state as the last router left it, under the present rules; a fresh one when there is none to be had. Never
    raises for what is stored, however damaged.
    """
    try:
        found = await stored_state(url, prefix, rules)
    except (StoreAway, snapshot.SnapshotRefused) as error:
        log.warning("no stored state, starting from what Asterisk has: %s", error)
        return Recovered(State.of(rules))
    log.info("state recovered", extra={"calls": len(found.state.calls), "entries": found.replayed})
    return found


async def stored_state(url: str, prefix: str, rules: Rules) -> Recovered:
    """The router's memory from snapshot and journal; raises StoreAway or SnapshotRefused.

    A snapshot that is refused gives way to the one before, with the longer journal after it. Without any, the journal
    alone is used if it is whole and no longer than `MOST_REPLAYED`. An entry that cannot be applied is left out.
    """
    snapshots = Snapshots(url, prefix)
    try:
        stored = await snapshots.load_all()
    finally:
        await snapshots.close()
    state, after, until = _state_of(stored, rules)
    entries = await asyncio.to_thread(_entries_after, url, prefix, after)
    left_out = 0
    for number, entry in enumerate(entries):
        if number % BREATH == 0:
            await asyncio.sleep(0)
        left_out += not _is_applied(state, entry)
    if left_out:
        log.error("journal entries could not be applied and are left out", extra={"entries": left_out})
    told = [entry.event for entry in entries if entry.event is not None]
    until = told[-1].at if told else until
    if until is not None and (not told or told[0].at > until - TOLD_S):
        told = await asyncio.to_thread(_told_before, url, prefix, after, until - TOLD_S) + told
    return Recovered(state, len(entries), tuple(told), until)


def _state_of(stored: list[Snapshot], rules: Rules) -> tuple[State, str, float | None]:
    for found in stored:
        try:
            place_of(found.journal_id)
            return snapshot.from_plain(found.state, rules), found.journal_id, float(found.at)
        except Exception as error:  # noqa: BLE001 whatever is stored must not keep the hotline from starting
            log.error("stored state refused, trying the next: %s", error, extra={"journal_id": found.journal_id})
    return State.of(rules), BEGINNING, None


def _entries_after(url: str, prefix: str, after: str) -> list[JournalEntry]:
    entries = []
    for entry in read_to_end(url, prefix, after):
        entries.append(entry)
        if len(entries) > MOST_REPLAYED:
            raise snapshot.SnapshotRefused(f"more than {MOST_REPLAYED} journal entries after {after}")
    return entries


def _told_before(url: str, prefix: str, before: str, since: float) -> list[Event]:
    events = (entry.event for entry in read_back(url, prefix, before) if entry.event is not None)
    return list(takewhile(lambda event: event.at > since, events))[::-1]


def _is_applied(state: State, entry: JournalEntry) -> bool:
    if entry.event is None:
        return True
    try:
        engine.step(state, entry.event)
    except Exception:  # noqa: BLE001 an entry of another version must not keep the hotline from starting
        log.warning("journal entry cannot be applied", extra={"entry": entry.id, "type": type(entry.event).__name__})
        return False
    return True
