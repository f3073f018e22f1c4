"""What `jietong up` refuses, before anything starts."""

import socket
from pathlib import Path

import pytest

from jietong.prepare import unfinished_restore
from jietong.running import Layout
from jietong.site_lock import AlreadyRunningError, SiteLock
from tests.adapters.up_fixture import jietong_up

BASE = 27100


def test_mistakes_in_the_site_file_end_with_two(tmp_path: Path) -> None:
    """An operator with a broken site file reads every mistake; no folder is made, nothing is started."""
    site = tmp_path / "site.toml"
    site.write_text('[hotline]\nnumber = "x"\n[routing]\nrings = 1\n')
    with jietong_up("--config", str(site), "--port-base", str(BASE)) as up:
        assert up.wait_ended() == 2
        assert up.err.splitlines() == [
            f"{site}:1: trunks: is missing; allowed: an array of tables, at least 1",
            f"{site}:2: hotline.number: 'x' is not allowed; allowed: 2 to 15 digits, in quotes",
            f"{site}:4: routing.rings: unknown key; did you mean ring_s? (allowed: age_ratio, first_contact_days, missed_pause_s, reject_pause_s, representative_s, ring_s, vip_reserve, wrap_up_max_s, wrap_up_s)",
        ]
        assert not up.var.exists()


@pytest.mark.parametrize("base", ["0", "-5", "1000", "57000", "99999999"])
def test_a_port_base_without_room_is_a_usage_error(base: str) -> None:
    """An operator reads which port bases are possible."""
    with jietong_up("--port-base", base) as up:
        assert up.wait_ended() == 2
        assert f"--port-base {base} is out of range: use a number from 1024 to 56536" in up.err


def test_every_taken_port_is_named_with_its_purpose() -> None:
    """An operator whose ports are in use reads which, what for and the way out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip, socket.create_server(("127.0.0.1", BASE + 80)):
        sip.bind(("127.0.0.1", BASE + 60))
        with jietong_up("--port-base", str(BASE)) as up:
            assert up.wait_ended() == 1
            sip_line, http_line = up.err.splitlines()
            assert f"UDP port {BASE + 60} on 127.0.0.1 (SIP) is in use" in sip_line
            assert f"TCP port {BASE + 80} on 127.0.0.1 (HTTP) is in use" in http_line
            assert "--port-base" in http_line
            assert not (up.var / "run" / "lock").exists()


def test_a_folder_whose_restore_was_cut_short_is_refused(tmp_path: Path) -> None:
    """No site starts on half of the old and half of the new; the operator reads what to do."""
    unfinished_restore(Layout(tmp_path)).touch()
    with jietong_up("--port-base", str(BASE), var=tmp_path) as up:
        assert up.wait_ended() == 1
        assert f"run `jietong restore FILE --replace --var {tmp_path}` again" in up.err


def test_a_folder_that_is_run_already_is_refused(tmp_path: Path) -> None:
    """A second start on the same folder names the process that has it, and doesn't disturb it."""
    lock = SiteLock(tmp_path / "run")
    lock.acquire()
    (tmp_path / "run" / "running.json").write_text("{}")
    with jietong_up("--port-base", str(BASE), var=tmp_path) as up:
        assert up.wait_ended() == 1
        assert f"{tmp_path} is already run by process " in up.err
    assert (tmp_path / "run" / "running.json").exists()
    lock.release()
    assert not (tmp_path / "run" / "lock").exists()


def test_a_lock_is_free_again_after_release(tmp_path: Path) -> None:
    """A stopped site can be started again at once."""
    first, second = SiteLock(tmp_path / "run"), SiteLock(tmp_path / "run")
    first.acquire()
    with pytest.raises(AlreadyRunningError):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


@pytest.mark.parametrize("var", ["/proc/nothing", "/dev/null/var"])
def test_a_folder_that_cannot_be_made_is_one_line(var: str) -> None:
    """An operator without rights on the folder reads which folder."""
    with jietong_up("--port-base", str(BASE), var=Path(var)) as up:
        assert up.wait_ended() == 1
        assert up.err.startswith("jietong: cannot start: ")
        assert len(up.err.splitlines()) == 1


def test_damaged_accounts_stop_the_start(tmp_path: Path) -> None:
    """A damaged accounts file is named; the passwords in it aren't replaced."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "accounts.json").write_text("{")
    with jietong_up("--port-base", str(BASE), var=tmp_path) as up:
        assert up.wait_ended() == 1
        assert f"{tmp_path}/data/accounts.json is unreadable" in up.err
    assert list((tmp_path / "run").iterdir()) == []
