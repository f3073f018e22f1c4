"""A robot's talk with its owner: JSON lines in on stdin, JSON lines out on what was stdout.

Owns the two ends of that talk; must not know commands or events.
Rules: whatever a C library prints must not mix with the events, so stdout is moved away first.
"""

import json
import os
import select
import time
from typing import Any


class JsonLines:
    """Takes stdin and stdout of this process. From then on prints go to stderr."""

    def __init__(self) -> None:
        self._out = os.dup(1)
        os.dup2(2, 1)
        self._buffer = b""

    def say(self, event: str, **fields: Any) -> None:
        """Writes one event line. Bytes that are no UTF-8 (hostile names) travel as lone surrogates, escaped."""
        line = json.dumps({"event": event, "at": time.monotonic(), **fields}) + "\n"
        os.write(self._out, line.encode())

    def new(self) -> list[bytes] | None:
        """The whole lines that arrived since the last call, without waiting; None at the end of stdin."""
        if not select.select([0], [], [], 0)[0]:
            return []
        chunk = os.read(0, 65536)
        if not chunk:
            return None
        *whole, self._buffer = (self._buffer + chunk).split(b"\n")
        return [line for line in whole if line.strip()]
