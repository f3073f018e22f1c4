"""Reads a file that an operator named, whatever it turns out to be.

Owns the reading: regular files only, bounded, never waiting. Must not know what should stand in it.
Rules: a device, a folder, a pipe without a writer or a disk image gives one message at once.
"""

import os
import stat
from pathlib import Path


class Unreadable(Exception):
    """The file cannot be what the operator meant: the text, which follows the file's name, says why."""


def read_bytes(path: Path, at_most: int, kind: str) -> bytes:
    """The file's bytes, never more than `at_most`; raises FileNotFoundError, or Unreadable, which calls the file no `kind`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a fifo without a writer would block
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise Unreadable(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise Unreadable(f"is a folder: name the {kind} in it")
        if not stat.S_ISREG(mode):
            raise Unreadable(f"is no regular file: name a {kind}")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(at_most + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from None
    finally:
        os.close(descriptor)
    if len(content) > at_most:
        raise Unreadable(f"is larger than {at_most // 1000} kB: this is no {kind}")
    return content
