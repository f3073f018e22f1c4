"""Which router process of this machine leads: a file that the leader keeps locked for as long as it lives.

Owns DIR/run/leader. Must not know the lease: it only tells at once that a leader of this folder has died.
Rules: the kernel drops the lock with the process, so a dead leader is noticed within one look, a frozen one never.
"""

import fcntl
import os
from pathlib import Path


class LeaderFile:
    """The file as one router sees it. Its first line is the owner id of the last one who led."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    @property
    def is_mine(self) -> bool:
        """Whether this process has the lock."""
        return self._fd is not None

    def take(self) -> bool:
        """Takes the lock if no living process has it (or keeps it); False when one has."""
        if self._fd is None:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                return False
            self._fd = fd
        return True

    def owner(self) -> str:
        """Owner id of the last router that led; empty when there was none."""
        try:
            return self._path.read_text(encoding="utf-8").partition("\n")[0]
        except FileNotFoundError:
            return ""

    def sign(self, owner: str) -> None:
        """Writes our owner id over the first line, in one piece for whoever reads it; only for who has the lock."""
        assert self._fd is not None
        os.pwrite(self._fd, f"{owner}\n".encode(), 0)

    def leave(self) -> None:
        """Gives the lock up, if we have it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
