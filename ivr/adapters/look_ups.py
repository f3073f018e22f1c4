"""Look-ups with a time limit: a database that hangs must not keep a caller waiting, nor a worker from ending.

Owns the threads that may hang in the caller's stead. Must not know what is looked up.
Rules: issue 2 item 7 (short limit, fails open).
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
THREADS = 4  # fewer than SQLAlchemy keeps connections open (5); a look-up takes a millisecond


class LookUps:
    """A few threads of their own. They are daemons: a process that ends does not wait for a database."""

    def __init__(self, threads: int = THREADS) -> None:
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._run, name=f"look-up-{number}", daemon=True).start()

    def within(self, limit_s: float, look_up: Callable[[], T]) -> T:
        """What `look_up` returns or raises; TimeoutError after `limit_s` seconds. One that has not begun by then never will."""
        future: Future[T] = Future()
        self._work.put((future, look_up))
        try:
            return future.result(limit_s)
        finally:
            future.cancel()

    def _run(self) -> None:
        while True:
            future, look_up = self._work.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(look_up())
            except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
                future.set_exception(error)
