"""Where a router that starts takes its state from: the snapshot, and the journal after it.

Owns the choice between what is stored and a fresh start. Must not decide anything about calls.
Rules: design.md section 4; what the store has lost is read from Asterisk afterwards (asterisk_link.py).
"""

import asyncio
import logging

from routing import engine, snapshot
from routing.adapters.journal_reader import read_to_end
from routing.adapters.redis_clients import StoreAway
from routing.adapters.snapshots import Snapshots
from routing.model import State
from routing.rules import Rules

log = logging.getLogger(__name__)


async def recover(url: str, prefix: str, rules: Rules) -> State:
    """The state as the last router left it, under the present rules; a fresh one when there is none to be had. Never raises for the store's sake."""
    try:
        state, replayed = await stored_state(url, prefix, rules)
    except (StoreAway, snapshot.SnapshotRefused) as error:
        log.warning("no stored state, starting from what Asterisk has: %s", error)
        return State.of(rules)
    log.info("state recovered", extra={"calls": len(state.calls), "entries": replayed})
    return state


async def stored_state(url: str, prefix: str, rules: Rules) -> tuple[State, int]:
    """The router's memory from snapshot and journal, and how many entries came after the snapshot; raises StoreAway or SnapshotRefused."""
    snapshots = Snapshots(url, prefix)
    try:
        stored = await snapshots.load()
        state = snapshot.from_plain(stored.state, rules) if stored is not None else State.of(rules)
        after = stored.journal_id if stored is not None else "0-0"
        entries = await asyncio.to_thread(lambda: list(read_to_end(url, prefix, after)))
    finally:
        await snapshots.close()
    for entry in entries:
        if entry.event is not None:
            engine.step(state, entry.event)
    return state, len(entries)
