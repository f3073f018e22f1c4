"""A real PostgreSQL for tests, with a fresh database for whoever asks, that can be killed, frozen and started again.

Owns the server's life and its folder; must not know what is stored.
Rules: it refuses to run as root, so root starts it in a user namespace of its own; synced writes are off, crashes are of the process alone.
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from jietong.provision.programs import ensure_postgres

USER, PASSWORD = "jietong", "kept-out-of-logs"
START_S, STOP_S = 30.0, 20.0
NOT_ROOT = ("unshare", "--user") if os.geteuid() == 0 else ()
ENDS_WITH_US = ("setpriv", "--pdeathsig", "QUIT")
_numbers = count(1)


class PostgresServer:
    """One server at a time on one folder."""

    def __init__(self, folder: Path) -> None:
        self._data, self._log = folder / "data", folder / "log"
        self._program = ensure_postgres()
        self.port = _free_port()
        self._child: subprocess.Popen[bytes] | None = None
        secret = folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        initdb = Path(self._program.argv[0]).with_name("initdb")
        made = subprocess.run(
            [
                *NOT_ROOT,
                str(initdb),
                "-D",
                str(self._data),
                "-U",
                USER,
                "--auth=scram-sha-256",
                f"--pwfile={secret}",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr

    def url(self, database: str, password: str = PASSWORD) -> str:
        """Where that database is."""
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "fsync": "off",
            "unix_socket_directories": "",
            "max_connections": 300,
            "shared_buffers": "16MB",
        }
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                [
                    *NOT_ROOT,
                    *ENDS_WITH_US,
                    *self._program.command("-D", str(self._data)),
                    *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert self._child.poll() is None and time.monotonic() < deadline, self._log.read_text(errors="replace")[
                -3000:
            ]
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """Process id of the server."""
        assert self._child is not None
        return self._child.pid

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"site_{next(_numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def kill(self) -> None:
        """kill -9, and waits for the end; the server's own children end by themselves."""
        assert self._child is not None
        self._child.kill()
        self._child.wait()
        self._child = None

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Goes on as if nothing had been."""
        self._signal_all(signal.SIGCONT)

    def stop(self) -> None:
        """In order, connections cut."""
        if self._child is not None:
            self._child.send_signal(signal.SIGINT)
            try:
                self._child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._child = None

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._child is not None
        for entry in Path("/proc").glob("[0-9]*/stat"):
            pid = int(entry.parent.name)
            if pid == self._child.pid or _parent_of(entry) == self._child.pid:
                os.kill(pid, number)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def a_postgres() -> Iterator[PostgresServer]:
    """A running server in a new folder."""
    with tempfile.TemporaryDirectory(prefix="jt-pg-") as folder:
        server = PostgresServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
