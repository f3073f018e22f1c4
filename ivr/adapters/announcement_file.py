"""The file DIR/data/announcements.json: what supervisors have switched on, read by every worker and written whole.

Owns that file. Must not decide who hears what: ivr/announcements.py does.
Rules: docs/guide/announcements.md. A file that cannot be read leaves what was on before in force.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog

from ivr.announcements import Announcement, announced

NAME = "announcements.json"
MAX_BYTES = 1_000_000
GONE = (-1, -1, -1)  # stamp of a file that is not there: nothing is on
log = structlog.get_logger("announcements")

On = tuple[Announcement, ...]


class FileDamaged(Exception):
    """The file of announcements cannot be read: remove it, and switch on again what should be on."""


class SwitchedAnnouncements:
    """What is on now, by a look at the file's stamp each time (some microseconds); it is read when that has changed. For any number of threads.

    now   epoch seconds
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._file, self._now = folder / NAME, now
        self._seen: tuple[tuple[int, int, int], On] = (GONE, ())

    def of(self, queue: str) -> tuple[str, ...]:
        """Prompts that callers of `queue` hear now beside those for everybody; for ivr.announcements.EVERYBODY just those."""
        return announced(self.on(), queue, self._now())

    def on(self) -> On:
        """All that is switched on, in that order; what has expired may still be in it."""
        stamp = self._stamp()
        if stamp != self._seen[0]:
            try:
                on = read(self._file)
            except (FileDamaged, OSError) as error:
                log.error("announcements cannot be read, what was on stays on", file=str(self._file), error=str(error))
                on = self._seen[1]
            self._seen = (stamp, on)  # in one step: other threads see both or neither
        return self._seen[1]

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self._file.stat()
        except OSError:
            return GONE
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def read(file: Path) -> On:
    """What the file holds, nothing when it is not there; raises FileDamaged, OSError."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES)
    except FileNotFoundError:
        return ()
    try:
        return msgspec.json.decode(content, type=On)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FileDamaged(f"{file} is damaged ({error}): remove it, and switch on again what should be on") from error


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One at a time changes the file: two supervisors in the same second both count. Raises OSError."""
    with (folder / f".{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(folder: Path, on: On) -> None:
    """Writes the file whole or not at all; raises OSError."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{NAME}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(on), indent=1))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(folder / NAME)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
