"""`jietong up` as an operator runs it: a process of its own, watched through its two streams.

Owns the life of that process; must not know what a test does with the site.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

START_S = 90.0  # usually 4; a loaded machine takes longer
STOP_S = 10.0  # what is promised
ENDS_WITH_US = ("setpriv", "--pdeathsig", "INT")  # a test run that is killed leaves no site behind on its ports


class Up:
    """A running `jietong up`; `out` and `err` grow while it runs."""

    def __init__(self, var: Path, arguments: Sequence[str]) -> None:
        self.var = var
        self.process = subprocess.Popen(
            [*ENDS_WITH_US, sys.executable, "-m", "jietong", "up", "--var", str(var), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._kept = {"out": bytearray(), "err": bytearray()}
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self._kept]
        for reader in self._readers:
            reader.start()

    @property
    def out(self) -> str:
        """What it printed on stdout so far."""
        return self._kept["out"].decode()

    @property
    def err(self) -> str:
        """What it printed on stderr so far."""
        return self._kept["err"].decode()

    def wait_ready(self) -> None:
        """Waits for `Jietong ready`; raises AssertionError with everything it said when it ends or is late."""
        until(lambda: "Ctrl-C stops" in self.out or self.process.poll() is not None, START_S, "up is not ready")
        assert "Jietong ready" in self.out, self.err

    def wait_ended(self, within_s: float = START_S) -> int:
        """The exit code."""
        code = self.process.wait(within_s)
        for reader in self._readers:
            reader.join(5)
        return code

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, float]:
        """Sends the signal; returns exit code and seconds that the end took."""
        began = time.monotonic()
        os.kill(self.process.pid, number)
        return self.wait_ended(STOP_S + 5), time.monotonic() - began

    def children(self) -> dict[int, str]:
        """Process id -> command line of everything that belongs to this site's folder, without `up` itself."""
        return {pid: line for pid, line in processes_of(self.var).items() if pid != self.process.pid}

    def _read(self, name: str) -> None:
        stream = self.process.stdout if name == "out" else self.process.stderr
        assert stream is not None
        while chunk := os.read(stream.fileno(), 65536):
            self._kept[name] += chunk


@contextlib.contextmanager
def jietong_up(*arguments: str, var: Path | None = None) -> Iterator[Up]:
    """Runs `jietong up` in a new folder (or `var`) and ends it afterwards, whatever happened."""
    with contextlib.ExitStack() as stack:
        folder = var or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jt-"))) / "var"
        up = Up(folder, arguments)
        try:
            yield up
        finally:
            if up.process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    up.stop()
                if up.process.poll() is None:
                    up.process.kill()
            up.wait_ended()
            for stream in (up.process.stdout, up.process.stderr):
                assert stream is not None
                stream.close()


def processes_of(var: Path) -> dict[int, str]:
    """Process id -> command line of every running process that names a path under `var`."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
                if str(var) in line:
                    found[int(entry.name)] = line
    return found


def until(is_true: Callable[[], bool], within_s: float, otherwise: str) -> None:
    """Waits for a condition, with a deadline."""
    deadline = time.monotonic() + within_s
    while not is_true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)
