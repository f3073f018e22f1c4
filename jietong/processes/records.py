"""The process that keeps call records: reads the journal and callers' notes, writes the database, deletes what is too old.

Owns its wiring and its signals; must not know what a record is. Rules: design.md section 2.
It is ready at once: while Redis or the database are away it waits for them.
"""

import signal
import threading
from pathlib import Path

from ivr.adapters.notes_fold import fold_notes
from ivr.adapters.service_pruning import too_old
from jietong import logs
from jietong.database import open_engine, writing
from jietong.life import Signs
from jietong.running import RunningSite
from routing.adapters.pruning import Kept, prune_on
from routing.adapters.records import RecordsWriter
from routing.adapters.records_fold import fold_journal
from routing.adapters.redis_clients import prefix_of

ENDS_WITHIN_S = 2.0


def main(var: Path) -> int:
    """Runs until SIGTERM or SIGINT and returns the exit code; raises NoRunningSite and DatabaseError (a URL that is
    none).
    """
    running = RunningSite.load(var)
    logs.configure("records")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    engine, prefix = open_engine(running.database_url), prefix_of(running.site.hotline.number)
    what = (writing(engine), running.layout.data / "messages", _kept(running), stop, too_old)
    pruning = threading.Thread(target=prune_on, args=what, name="pruning", daemon=True)
    pruning.start()
    notes = threading.Thread(
        target=fold_notes, args=(running.store_url, prefix, writing(engine), stop), name="notes", daemon=True
    )
    notes.start()
    Signs().give_by_thread(lambda: True)
    print("ready", flush=True)  # noqa: T201 the line that the supervisor waits for
    try:
        fold_journal(running.store_url, prefix, RecordsWriter(writing(engine)), stop)
    finally:
        stop.set()
        for thread in (notes, pruning):
            thread.join(ENDS_WITHIN_S / 2)
        engine.dispose()
    return 0


def _kept(running: RunningSite) -> Kept:
    limits = running.site.records
    return Kept(limits.keep_days, limits.explain_days, limits.message_days)
