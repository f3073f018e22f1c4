"""Signs of life: a child says through a pipe that it works; one that falls silent hangs, and its supervisor ends it.

Owns both ends of that pipe. Must not know what a child does, nor end it.
Rules: a caller never hears nothing for more than 3 s (docs/operations.md): a worker that hangs is found within 2 s.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable

VARIABLE = "JIETONG_LIFE"  # number of the pipe's end that the child writes to, a colon, seconds between two signs
SIGNS_MISSED = 8  # until a child counts as hung; each sign wakes two processes, so no more than needed
CHUNK = 4096


class Signs:
    """The child's end. Without a supervisor who listens, as when a process is run by hand, signs go nowhere."""

    def __init__(self) -> None:
        number, _, every_s = os.environ.pop(VARIABLE, "").partition(":")
        self._pipe = int(number) if number.isdecimal() else None
        self._every_s = float(every_s or 1.0)
        if self._pipe is not None:
            os.set_inheritable(self._pipe, False)
            os.set_blocking(self._pipe, False)

    def give(self) -> None:
        """One sign. A pipe that is full or has no reader is no fault of the child's."""
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                os.write(self._pipe, b".")

    def give_by_thread(self, is_well: Callable[[], bool]) -> None:
        """A sign as often as the supervisor wants for as long as the process runs and `is_well()`."""
        pause = threading.Event()

        def go_on() -> None:
            while not pause.wait(self._every_s):
                if is_well():
                    self.give()

        threading.Thread(target=go_on, name="life", daemon=True).start()

    async def give_in_loop(self) -> None:
        """A sign as often as the supervisor wants until cancelled: the event loop turns."""
        while True:
            self.give()
            await asyncio.sleep(self._every_s)


class LifePipe:
    """The supervisor's end, for a child that hangs when it is silent for `silent_s`.

    child_end   for the child, and to be closed here once the child runs
    for_child   value of VARIABLE in the child's environment
    """

    def __init__(self, silent_s: float) -> None:
        self._silent_s, self._every_s = silent_s, silent_s / SIGNS_MISSED
        self._end, self.child_end = os.pipe()
        self.for_child = f"{self.child_end}:{self._every_s:g}"
        self._is_open = True
        os.set_blocking(self._end, False)

    async def until_silent(self) -> None:
        """Returns when no sign came for `silent_s`. Time in which the supervisor itself stood still does not count."""
        loop = asyncio.get_running_loop()
        looked_at = loop.time()
        silent_s = 0.0
        while silent_s < self._silent_s:
            await asyncio.sleep(self._every_s)
            passed_s, looked_at = loop.time() - looked_at, loop.time()
            silent_s = 0.0 if self._take_signs() else silent_s + min(passed_s, 2 * self._every_s)

    def close(self) -> None:
        """Lets the pipe go; a second time does nothing."""
        if self._is_open:
            self._is_open = False
            os.close(self._end)

    def _take_signs(self) -> bool:
        """Whether any sign came since the last look."""
        any_came = False
        with contextlib.suppress(BlockingIOError):
            while os.read(self._end, CHUNK):
                any_came = True
        return any_came
