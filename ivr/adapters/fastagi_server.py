"""The FastAGI server of one worker process: accepts, finds the script, runs it in a bounded thread, drains.

Owns threads and the listening socket. Must not know what a script does: it gets a table of them.
Rules: ecosystem.md section 3c (threads suffice); several workers share one port by SO_REUSEPORT.
"""

import contextlib
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping

import structlog

from ivr.adapters.agi_channel import AgiChannel, AGIException, AgiStreamError, CallerHungUp
from ivr.agi_command import AgiCommandError

log = structlog.get_logger("agi")

BACKLOG = 512
ACCEPT_POLL_S = 0.2
MAX_NAME = 64
Script = Callable[[AgiChannel], str]


class FastAgiServer:
    """Serves AGI sessions until told to drain.

    scripts     name in the URL -> function(channel) -> one word for the log
    max_calls   sessions at once; one more is closed at once, and the dialplan goes its way without it
    raises      OSError when the port is taken by something that does not share it
    """

    def __init__(self, host: str, port: int, scripts: Mapping[str, Script], max_calls: int) -> None:
        self._scripts = dict(scripts)
        self._places = threading.BoundedSemaphore(max_calls)
        self._running: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._draining = threading.Event()
        self._closed = threading.Event()
        self.refused = 0
        self._listener = socket.create_server((host, port), backlog=BACKLOG, reuse_port=True)
        self._listener.settimeout(ACCEPT_POLL_S)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._listener.getsockname()[:2]
        return host, port

    @property
    def sessions(self) -> int:
        """How many run now."""
        with self._lock:
            return len(self._running)

    def serve(self) -> None:
        """Accepts until `drain`; each session has its own thread. Who waits to be accepted then is cut off, and its dialplan goes on."""
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
        self._closed.set()

    def drain(self, within_s: float) -> int:
        """Takes no new sessions and waits for the running ones; returns how many had to be left. `serve` must run in another thread."""
        self._draining.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes `serve`
        deadline = time.monotonic() + within_s
        self._closed.wait(within_s)
        with self._lock:
            running = list(self._running)
        for thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))
        left = sum(thread.is_alive() for thread in running)
        log.info("drained", sessions=len(running), left=left, refused=self.refused)
        return left

    def _start(self, connection: socket.socket) -> None:
        if not self._places.acquire(blocking=False):
            self._refuse(connection, "all places are taken")
            return
        thread = threading.Thread(target=self._run, args=(connection,), name="agi-session", daemon=True)
        with self._lock:
            self._running.add(thread)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads in this system
            with self._lock:
                self._running.discard(thread)
            self._places.release()
            self._refuse(connection, str(error))

    def _refuse(self, connection: socket.socket, because: str) -> None:
        self.refused += 1
        log.error("session refused, the dialplan goes on without it", because=because, refused=self.refused)
        connection.close()

    def _run(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _Session(connection, self._scripts).run()
        except Exception as error:  # noqa: BLE001 - the thread's last line of defence
            log.error("session lost", error=type(error).__name__, where=_where(error))
        finally:
            with contextlib.suppress(OSError):
                connection.close()
            self._places.release()  # first, so that no session left means that every place is free
            with self._lock:
                self._running.discard(threading.current_thread())


class _Session:
    """One connection, from its environment to one line in the log. Digits and values are never logged; `caller` is masked by the log."""

    def __init__(self, connection: socket.socket, scripts: Mapping[str, Script]) -> None:
        self._connection = connection
        self._scripts = scripts
        self._started = time.monotonic()
        self._about = {"call": "", "script": "", "caller": ""}

    def run(self) -> None:
        result = self._result()
        duration_s = round(time.monotonic() - self._started, 3)
        log.info("session over", **self._about, result=result, duration_s=duration_s)

    def _result(self) -> str:
        try:
            return self._script()
        except CallerHungUp:
            return "hung_up"
        except TimeoutError:
            log.error("Asterisk is silent, the session is closed", **self._about)
            return "timeout"
        except AgiStreamError as error:
            log.error("session broken", **self._about, error=str(error))
            return "broken"
        except (AGIException, AgiCommandError) as error:
            log.error("command failed", **self._about, error=type(error).__name__)
            return "failed"
        except Exception as error:  # noqa: BLE001 - a mistake in a script ends that session only
            log.error("script failed", **self._about, error=type(error).__name__, where=_where(error))
            return "failed"

    def _script(self) -> str:
        channel = AgiChannel(self._connection)
        name = _script_name(channel.env.get("agi_request", ""))
        self._about = {"call": channel.call, "script": name[:MAX_NAME], "caller": channel.caller}
        script = self._scripts.get(name)
        if script is None:
            log.error("no such script", **self._about, known=sorted(self._scripts))
            return "unknown_script"
        return script(channel)


def _script_name(request: str) -> str:
    """agi://host:port/NAME?anything -> NAME."""
    _, _, rest = request.partition("://")
    return rest.partition("/")[2].partition("?")[0].strip("/")


def _where(error: BaseException) -> list[str]:
    """The way to the error, innermost last. Its text stays out of the log: it may hold a number or what a caller typed."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
