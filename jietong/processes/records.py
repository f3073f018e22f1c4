"""The process that keeps call records: reads the journal and callers' notes, writes the database, deletes what is too old.

Owns its wiring and its signals; must not know what a record is. Rules: design.md section 2.
It is ready at once: while Redis or the database are away it waits for them.
"""

import signal
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Engine, Table

from ivr.adapters import service_pruning
from ivr.adapters.notes_fold import fold_notes
from jietong import logs
from jietong.database import open_engine, writing
from jietong.life import Signs
from jietong.masking import mask_number
from jietong.processes.hours import queues_of
from jietong.running import RunningSite
from jietong.site import Site
from metrics.adapters import work_pruning
from metrics.adapters.queue_log_file import QueueLogFile
from metrics.adapters.queue_log_fold import QueueLogFold
from metrics.adapters.work_fold import WorkFold
from metrics.spans import Slots
from routing.adapters.pruning import Kept, prune_on
from routing.adapters.records import Fold, RecordsWriter
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
    what = (writing(engine), running.layout.data / "messages", _kept(running), stop, _too_old)
    asked = (running.store_url, prefix, writing(engine), stop)
    threads = [
        threading.Thread(target=prune_on, args=what, name="pruning", daemon=True),
        threading.Thread(target=fold_notes, args=asked, name="notes", daemon=True),
        *_queue_log(running, engine, stop),
    ]
    for thread in threads:
        thread.start()
    Signs().give_by_thread(lambda: True)
    print("ready", flush=True)  # noqa: T201 the line that the supervisor waits for
    try:
        fold_journal(running.store_url, prefix, RecordsWriter(writing(engine), others=folds_of(running.site)), stop)
    finally:
        stop.set()
        for thread in threads:
            thread.join(ENDS_WITHIN_S / len(threads))
        engine.dispose()
    return 0


def folds_of(site: Site) -> tuple[Fold, ...]:
    """What is written beside call records, in the same transaction; the queue_log first, which needs agents' states of before."""
    zone = ZoneInfo(site.hotline.timezone)
    return (QueueLogFold(queues_of(site), zone), WorkFold(Slots(zone, time.time()).shift_s))


def _queue_log(running: RunningSite, engine: Engine, stop: threading.Event) -> list[threading.Thread]:
    how = running.site.records.queue_log
    if how == "off":
        return []
    file = QueueLogFile(engine, running.layout.logs / "queue_log", mask_number if how == "masked" else str)
    return [threading.Thread(target=file.follow, args=(stop,), name="queue_log", daemon=True)]


def _too_old(before: float) -> Iterable[tuple[Table, ColumnElement[bool]]]:
    return (*service_pruning.too_old(before), *work_pruning.too_old(before))


def _kept(running: RunningSite) -> Kept:
    limits = running.site.records
    return Kept(limits.keep_days, limits.explain_days, limits.message_days)
