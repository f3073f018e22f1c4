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
    snapshots = Snapshots(url, prefix)
    try:
        stored = await snapshots.load()
        state = snapshot.from_plain(stored.state, rules) if stored is not None else State.of(rules)
        after = stored.journal_id if stored is not None else "0-0"
        entries = await asyncio.to_thread(lambda: list(read_to_end(url, prefix, after)))
        for entry in entries:
            if entry.event is not None:
                engine.step(state, entry.event)
    except (StoreAway, snapshot.SnapshotRefused) as error:
        log.warning("no stored state, starting from what Asterisk has: %s", error)
        return State.of(rules)
    finally:
        await snapshots.close()
    log.info(
        "state recovered",
        extra={"calls": len(state.calls), "entries": len(entries), "from_snapshot": stored is not None},
    )
    return state
