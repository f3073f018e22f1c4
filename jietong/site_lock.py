"""Lets a site's folder be run once at a time.

Owns the lock file DIR/run/lock; must not start anything.
The kernel drops the lock with the process, so that a crash never leaves a folder locked.
"""

import fcntl
import os
from pathlib import Path


class AlreadyRunningError(Exception):
    """Another `jietong up` runs on this folder: stop it (Ctrl-C, or SIGTERM to its process), or use another --var."""


class SiteLock:
    """Holds DIR/run/lock from `acquire` to `release`; the file holds our process id."""

    def __init__(self, run_folder: Path) -> None:
        self._path = run_folder / "lock"
        self._fd: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process has the folder."""
        return self._fd is not None

    def acquire(self) -> None:
        """Takes the lock; raises AlreadyRunningError with the id of the process that has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        while self._fd is None:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(fd, 20).decode("ascii", "replace").strip() or "unknown"
                os.close(fd)
                raise AlreadyRunningError(
                    f"{self._path.parent.parent} is already run by process {holder}: stop that one, or name another folder with --var"
                ) from None
            if self._is_current(fd):
                self._fd = fd
            else:  # the holder removed the file between our open and flock: that lock locks nothing
                os.close(fd)
        os.ftruncate(self._fd, 0)
        os.write(self._fd, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Removes the file and the lock."""
        if self._fd is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None

    def _is_current(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), self._path.stat())
        except FileNotFoundError:
            return False
