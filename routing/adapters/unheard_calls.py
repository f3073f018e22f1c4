"""Calls that ended while no router listened: the dialplan's script notes them, the next router puts them on record.

Owns the list `unheard` in the store. Must not know what a record is.
Rules: design.md section 4. Read at least once: a second note of a call changes nothing, its record is there.
"""

import contextlib

import structlog

from routing.adapters import codec, redis_clients
from routing.adapters.router_loop import RouterLoop
from routing.events import CallServedUnheard

MOST_KEPT = 100_000  # a day of the greatest hotline; older notes go first
BATCH = 500
log = structlog.get_logger("unheard")


def note_unheard(url: str, prefix: str, event: CallServedUnheard) -> None:
    """Keeps a note for the next router; raises StoreAway."""
    client = redis_clients.open_sync(url)
    key = redis_clients.key(prefix, "unheard")
    try:
        client.rpush(key, codec.event_bytes(event))
        client.ltrim(key, -MOST_KEPT, -1)
    except redis_clients.AWAY as error:
        raise redis_clients.StoreAway(f"call not noted: {type(error).__name__}") from error
    finally:
        client.close()


async def take_unheard(url: str, prefix: str, loop: RouterLoop) -> int:
    """Tells the engine of every note and takes them away; returns how many. With the store away there is nothing to tell."""
    client = redis_clients.open_async(url)
    key, told = redis_clients.key(prefix, "unheard"), 0
    try:
        with contextlib.suppress(*redis_clients.AWAY):
            while notes := await client.lrange(key, 0, BATCH - 1):
                for note in notes:
                    told += _tell(note, loop)
                await client.ltrim(key, len(notes), -1)
    finally:
        await client.aclose()
    return told


def _tell(note: bytes | str, loop: RouterLoop) -> int:
    try:
        event = codec.event_from(note.encode() if isinstance(note, str) else note)
    except codec.CodecError as error:
        log.warning("note of a call not understood", error=str(error))
        return 0
    if not isinstance(event, CallServedUnheard):
        log.warning("a note that is no call", type=type(event).__name__)
        return 0
    loop.tell(event)
    return 1
