"""A real embedded Valkey for tests, that can be killed, frozen and started again on the same files."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from jietong.valkey import EmbeddedValkey, valkey_command, wait_ready

PREFIX = "jietong:10010:"


class ValkeyServer:
    """One server at a time on one folder."""

    def __init__(self, folder: Path) -> None:
        self.settings = EmbeddedValkey(folder / "data", folder)
        self.url = self.settings.url
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self._child = subprocess.Popen(valkey_command(self.settings), stdout=subprocess.DEVNULL)
        wait_ready(self.url, 10)

    @property
    def pid(self) -> int:
        """Process id of the server that runs now."""
        assert self._child is not None
        return self._child.pid

    def kill(self) -> None:
        """kill -9, and waits for the end."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Goes on as if nothing had been."""
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)

    def ask(self, *command: Any) -> Any:
        """Runs one command."""
        with redis.Redis.from_url(self.url, protocol=2) as client:
            return client.execute_command(*command)


@contextmanager
def a_valkey(started: bool = True) -> Iterator[ValkeyServer]:
    """A server in a fresh folder with a short name, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="jt"))
    server = ValkeyServer(folder)
    try:
        if started:
            server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
