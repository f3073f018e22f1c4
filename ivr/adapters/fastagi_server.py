"""The FastAGI server of one worker process: accepts, finds the script, runs it in a bounded thread, drains.

Owns threads and the listening socket. Must not know what a script does: it gets a table of them.
Rules: ecosystem.md section 3c (threads suffice); several workers share one port by SO_REUSEPORT.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import structlog
from asterisk.agi import AGIException

from ivr.adapters.agi_channel import AgiChannel, AgiStreamError, CallerHungUp

log = structlog.get_logger("agi")

BACKLOG = 512
ACCEPT_POLL_S = 0.2
Script = Callable[[AgiChannel], str]


class FastAgiServer:
    """Serves AGI sessions until told to drain.

    scripts     name in the URL -> function(channel) -> one word for the log
    max_calls   sessions at once; one more is closed at once, and the dialplan goes its way without it
    """

    def __init__(self, host: str, port: int, scripts: Mapping[str, Script], max_calls: int) -> None:
        self._scripts = dict(scripts)
        self._places = threading.BoundedSemaphore(max_calls)
        self._running: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._draining = threading.Event()
        self.refused = 0
        self._listener = socket.create_server((host, port), backlog=BACKLOG, reuse_port=True)
        self._listener.settimeout(ACCEPT_POLL_S)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._listener.getsockname()[:2]
        return host, port

    def serve(self) -> None:
        """Accepts until `drain`; each session has its own thread."""
        while not self._draining.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError as error:
                if self._draining.is_set():
                    break
                log.error("cannot accept", error=str(error))
                self._draining.wait(ACCEPT_POLL_S)  # out of file descriptors: calls that end make room
                continue
            self._start(connection)
        self._listener.close()

    def drain(self, within_s: float) -> int:
        """Takes no new sessions and waits for the running ones; returns how many had to be left."""
        self._draining.set()
        deadline = time.monotonic() + within_s
        with self._lock:
            running = list(self._running)
        for thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))
        return sum(thread.is_alive() for thread in running)

    def _start(self, connection: socket.socket) -> None:
        if not self._places.acquire(blocking=False):
            self.refused += 1
            log.error("session refused: all places taken", refused=self.refused)
            connection.close()
            return
        thread = threading.Thread(target=self._run, args=(connection,), name="agi-session", daemon=True)
        with self._lock:
            self._running.add(thread)
        thread.start()

    def _run(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._session(connection)
        finally:
            with contextlib.suppress(OSError):
                connection.close()
            with self._lock:
                self._running.discard(threading.current_thread())
            self._places.release()

    def _session(self, connection: socket.socket) -> None:
        started = time.monotonic()
        name, call = "?", ""
        try:
            channel = AgiChannel(connection)
            call = channel.env.get("agi_uniqueid", "")
            name = urlsplit(channel.env.get("agi_request", "")).path.strip("/")
            script = self._scripts.get(name)
            if script is None:
                log.error("no such script", script=name[:64], known=sorted(self._scripts))
                return
            result = script(channel)
            channel.close()
        except CallerHungUp:
            result = "hung_up"
        except TimeoutError:
            result = "timeout"
        except AgiStreamError as error:
            result = "broken"
            log.error("session broken", call=call, script=name, error=str(error))
        except AGIException as error:
            result = "failed"
            log.error("command failed", call=call, script=name, error=type(error).__name__)
        except Exception as error:
            result = "failed"
            log.error("script failed", call=call, script=name, error=type(error).__name__, exc_info=error)
        log.info("session over", call=call, script=name, result=result, duration_s=round(time.monotonic() - started, 3))
