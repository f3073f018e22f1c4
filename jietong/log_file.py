"""A log file that never grows beyond a bound.

Owns rotation by size (NAME.log, NAME.log.1, ...); must not know what the bytes mean.
One writer only: the supervisor, which reads its children's output.
"""

import os
from pathlib import Path

MAX_BYTES = 10_000_000
KEPT = 3


class LogFile:
    """Appends bytes to `path`; at `max_bytes` the file becomes path.1, path.1 becomes path.2, up to `kept`."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._open()

    def write(self, content: bytes) -> None:
        """Appends `content`. A full disk loses the line, never the process that wrote it."""
        try:
            if self._size and self._size + len(content) > self._max_bytes:
                self._rotate()
            self._file.write(content)
            self._size += len(content)
        except OSError:
            return

    def close(self) -> None:
        """Closes the file; nothing may be written afterwards."""
        self._file.close()

    def _open(self) -> None:
        # 0600: a log names agents and times of calls
        self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb", buffering=0)
        self._size = self._file.seek(0, os.SEEK_END)

    def _rotate(self) -> None:
        self._file.close()
        for number in range(self._kept, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = self.path.with_name(f"{self.path.name}.{number - 1}") if number > 1 else self.path
            if newer.exists():
                newer.replace(older)
        self._open()
