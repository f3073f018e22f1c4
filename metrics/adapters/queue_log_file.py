"""The queue_log as a file, which follows the table: each line once, whatever dies in between.

Owns the file, how it turns over, and the mark beside it. Must not know which fact gives which line.
Rules: docs/queue-log.md. The mark says which line is the last one in how long a file; what a death left behind it is cut off and written
again. A file that others moved away is begun anew.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from metrics.adapters.work_tables import queue_log
from metrics.queue_log import Line, file_line

LINES = 1000  # at a time
EVERY_S = 1.0
TURN_OVER_BYTES, KEPT = 50_000_000, 3
CALLER = 2  # column data2 of ENTERQUEUE
log = structlog.get_logger("records")


class QueueLogFile:
    """Appends the table's lines to `path`. `mask` makes of a caller's number what may be read there."""

    def __init__(
        self, engine: Engine, path: Path, mask: Callable[[str], str], turn_over_bytes: int = TURN_OVER_BYTES
    ) -> None:
        self._engine, self._path, self._mask, self._turn_over_bytes = engine, path, mask, turn_over_bytes
        self._marked = path.with_name(f"{path.name}.mark")

    def follow(self, stop: Event) -> None:
        """Writes what is new until `stop` is set; a database or disk that refuses is tried again."""
        is_away = False
        while not stop.is_set():
            try:
                while self.write_some() == LINES and not stop.is_set():
                    pass
                is_away = False
            except (SQLAlchemyError, OSError) as error:
                if not is_away:
                    log.error("queue_log file is not written now", error=type(error).__name__)
                is_away = True
            stop.wait(EVERY_S)

    def write_some(self) -> int:
        """Writes up to LINES that are not in the file and returns how many; raises SQLAlchemy's errors and OSError."""
        last, size = self._mark()
        query = select(queue_log).where(queue_log.c.id > last).order_by(queue_log.c.id).limit(LINES)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return 0
        size = self._turn_over(size)
        content = "".join(line_of(row, self._mask) for row in rows).encode("utf-8", "replace")
        with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o640), "wb") as file:  # does not empty it
            file.seek(size)
            file.truncate()
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._set_mark(rows[-1].id, size + len(content))
        return len(rows)

    def _mark(self) -> tuple[int, int]:
        """Id of the last line that is written for good, and how long the file is with it."""
        try:
            told = json.loads(self._marked.read_text(encoding="ascii"))
            last, size = int(told["last"]), int(told["size"])
        except FileNotFoundError:
            return 0, 0
        except (ValueError, KeyError, TypeError):
            log.error("mark of the queue_log file is damaged, the file is written anew", file=str(self._marked))
            return 0, 0
        there = self._path.stat().st_size if self._path.exists() else 0
        return last, size if there >= size else 0

    def _set_mark(self, last: int, size: int) -> None:
        fresh = self._marked.with_name(f"{self._marked.name}.new")
        fresh.write_text(json.dumps({"last": last, "size": size}), encoding="ascii")
        fresh.replace(self._marked)

    def _turn_over(self, size: int) -> int:
        """Where to write on: behind the last line, or at the beginning of a new file."""
        if size < self._turn_over_bytes:
            return size
        for number in range(KEPT, 0, -1):
            newer = self._path.with_name(f"{self._path.name}.{number - 1}") if number > 1 else self._path
            if newer.exists():
                newer.replace(self._path.with_name(f"{self._path.name}.{number}"))
        return 0


def line_of(row: Any, mask: Callable[[str], str]) -> str:
    """A row of the table as it stands in the file."""
    data = [row.data1, row.data2, row.data3, row.data4, row.data5]
    if row.event == "ENTERQUEUE":
        data[CALLER - 1] = mask(data[CALLER - 1])
    while data and not data[-1]:
        data.pop()
    return file_line(Line(row.at, row.callid, row.queuename, row.agent, row.event, tuple(data)))
