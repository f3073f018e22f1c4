"""The loop that carries the journal into the database for as long as the process lives.

Owns the tries while the database is away. Must not know SQL, nor how the journal is kept.
Rules: design.md section 4: the database may be away as long as it likes, records wait in the journal and nothing is
lost.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

import structlog

from routing.adapters.journal_reader import read_journal
from routing.adapters.records import DatabaseAway, RecordsWriter

BLOCK_S = 1.0  # how soon a stop is seen
COUNT = 500  # entries a transaction
GATHER_S = 1.0  # between two transactions: each costs the same some 3 ms for one entry as for fifty, and a busy hour has 200 entries a second
BACK_OFF_S = (0.1, 2.0)  # first and longest pause between tries

T = TypeVar("T")
log = structlog.get_logger("records")


class _Stopped(Exception):
    """Told to end while the database was away."""


def fold_journal(url: str, prefix: str, writer: RecordsWriter, stop: threading.Event) -> None:
    """Writes every journal entry after the writer's position to the database until `stop` is set; a store or database
    that is away is waited for.
    """
    try:
        position = _insist(writer.position, stop)
        for batch in read_journal(url, prefix, position, block_s=BLOCK_S, count=COUNT):
            if batch.entries:
                entries = batch.entries
                _insist(lambda: writer.write(entries), stop)  # noqa: B023 called before the next turn
            if stop.is_set() or (0 < len(batch.entries) < COUNT and stop.wait(GATHER_S)):
                return
    except _Stopped:
        log.warning("ended while the database was away, the journal keeps what is not recorded")


def _insist(action: Callable[[], T], stop: threading.Event) -> T:
    pause_s, is_away = BACK_OFF_S[0], False
    while True:
        try:
            result = action()
        except DatabaseAway as error:
            if not is_away:
                log.error("database away, records wait in the journal", error=str(error))
            is_away = True
            if stop.wait(pause_s):
                raise _Stopped from None
            pause_s = min(pause_s * 2, BACK_OFF_S[1])
            continue
        if is_away:
            log.warning("database back")
        return result
