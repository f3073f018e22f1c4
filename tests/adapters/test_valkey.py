"""The embedded Valkey: on a socket only, its files survive, its refusals are clear."""

import subprocess
from pathlib import Path

import pytest

from jietong.valkey import EmbeddedValkey, ValkeyError, valkey_command, wait_ready
from tests.adapters.valkey_server import ValkeyServer, a_valkey


def test_what_was_confirmed_survives_kill_9() -> None:
    """The operator's machine loses power to Valkey alone: every confirmed value is there after the start."""
    with a_valkey() as server:
        for n in range(200):
            server.ask("SET", f"k{n}", n)
        server.kill()
        server.start()
        assert server.ask("DBSIZE") == 200


def test_it_opens_no_tcp_port() -> None:
    """Nobody reaches the site's Valkey over the network."""
    with a_valkey() as server:
        assert server.ask("CONFIG", "GET", "port") == [b"port", b"0"]
        inodes = {
            line.split()[9]
            for table in ("tcp", "tcp6")
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        }
        fds = [str(fd.readlink()) for fd in Path(f"/proc/{server.pid}/fd").iterdir() if fd.is_symlink()]
        assert not [fd for fd in fds if fd.removeprefix("socket:[").rstrip("]") in inodes]
        assert server.settings.socket.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["with space", "hash#mark", 'quo"te', "per%20cent", "接通", "quest?ion"])
def test_any_folder_name_will_do(tmp_path: Path, name: str) -> None:
    """The operator names folders as he likes."""
    with a_valkey(started=False) as server:
        inner = ValkeyServer(server.settings.socket_dir / name)
        try:
            inner.start()
            assert inner.ask("DBSIZE") == 0
        finally:
            inner.kill()


def test_a_path_too_long_for_a_socket_is_said_before_anything_starts(tmp_path: Path) -> None:
    """The operator reads what to change, not what the system call said."""
    with pytest.raises(ValkeyError, match="shorter folder"):
        valkey_command(EmbeddedValkey(tmp_path / "data", tmp_path / ("x" * 120)))


def test_waiting_for_a_valkey_that_never_comes_ends(tmp_path: Path) -> None:
    """A server that does not come up is an error after the time given."""
    with pytest.raises(ValkeyError, match=r"0\.1 s"):
        wait_ready(f"unix://{tmp_path}/none.sock", 0.1)


def test_a_torn_file_does_not_keep_it_from_starting() -> None:
    """Valkey starts again although its last write was cut in the middle."""
    with a_valkey() as server:
        server.ask("SET", "k", "v" * 1000)
        server.ask("SET", "last", "v" * 1000)
        server.kill()
        log = next((server.settings.data_dir / "appendonlydir").glob("*.incr.aof"))
        with log.open("r+b") as file:
            file.truncate(log.stat().st_size - 100)
        server.start()
        assert server.ask("GET", "k") == b"v" * 1000


def test_its_argv_is_a_plain_program_with_one_file() -> None:
    """A supervisor can own it: no shell, no daemon."""
    with a_valkey(started=False) as server:
        argv = valkey_command(server.settings)
        assert len(argv) == 2
        assert subprocess.run([argv[0], "--version"], capture_output=True, check=True).stdout.startswith(b"Valkey")
