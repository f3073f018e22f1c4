"""`jietong up` from the first line to the last process: the demo site on real Asterisk, Valkey and our own processes."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.up_fixture import STOP_S, Up, jietong_up, processes_of, until

BASE = 27200
NAMES = {"valkey", "asterisk", "agi", "records", "metrics", "router"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The demo site, running; tests of this module share it."""
    with jietong_up("--port-base", str(BASE), var=tmp_path_factory.mktemp("site")) as up:
        up.wait_ready()
        yield up


def kinds(lines: dict[int, str]) -> dict[str, list[int]]:
    """Name of a process of the site -> its process ids."""
    found: dict[str, list[int]] = {}
    for pid, line in lines.items():
        match = re.search(r"-m jietong (\w+) --var", line)
        name = (
            match[1]
            if match
            else "asterisk"
            if "asterisk.conf" in line
            else "valkey"
            if "valkey-server" in line
            else line
        )
        found.setdefault(name, []).append(pid)
    return found


def test_the_sheet_tells_a_newcomer_how_to_call(site: Up) -> None:
    """A newcomer reads the address to dial, a user name with password for each seat, and the web addresses."""
    assert site.out.startswith("Jietong ready\n")
    assert f"sip:10010@127.0.0.1:{BASE + 60}" in site.out
    assert f"http://127.0.0.1:{BASE + 80}/metrics" in site.out
    accounts = json.loads((site.var / "data" / "accounts.json").read_text())
    assert len(accounts["seats"]) == len(accounts["agents"]) == 13
    for number, password in accounts["seats"].items():
        assert re.search(rf"^ +{number} +{password} +{accounts['agents'][number]} ", site.out, re.MULTILINE)


def test_every_process_is_visible_by_name(site: Up) -> None:
    """An operator sees in `ps` which process of which site does what."""
    found = kinds(site.children())
    assert set(found) == NAMES
    assert len(found["agi"]) == 2


def test_the_sip_port_answers(site: Up) -> None:
    """A softphone finds the site where the sheet says."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(5)
        phone.connect(("127.0.0.1", BASE + 60))
        own = f"127.0.0.1:{phone.getsockname()[1]}"
        phone.send(
            f"OPTIONS sip:10010@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK1;rport\r\nFrom: <sip:1@{own}>;tag=1\r\n"
            f"To: <sip:10010@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContact: <sip:1@{own}>\r\nContent-Length: 0\r\n\r\n".encode()
        )
        assert phone.recv(4096).startswith(b"SIP/2.0 ")


def test_a_second_start_names_the_first(site: Up) -> None:
    """A second `jietong up` on the same folder is refused with the process id of the first, which goes on."""
    with jietong_up("--port-base", str(BASE + 100), var=site.var) as second:
        assert second.wait_ended() == 1
        assert f"is already run by process {site.process.pid}:" in second.err
    assert set(kinds(site.children())) == NAMES


def test_passwords_are_only_the_owners(site: Up) -> None:
    """Another user of the machine reads neither passwords nor logs."""
    for name in ("run/running.json", "run/lock", "data/accounts.json", "logs/router.log", "data/jietong.db"):
        assert stat.S_IMODE((site.var / name).stat().st_mode) & 0o077 == 0, name


def test_accounts_can_be_read_from_any_folder(site: Up, tmp_path: Path) -> None:
    """An operator asks for the accounts of a site from anywhere."""
    command = [sys.executable, "-P", "-m", "jietong", "accounts", "--json", "--var", str(site.var)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert sorted(json.loads(done.stdout)["seats"]) == [*(str(n) for n in range(1001, 1011)), "1901", "1902", "1903"]


@pytest.mark.parametrize("name", ["agi", "records", "metrics", "router", "asterisk", "valkey"])
def test_a_process_that_is_killed_comes_back(site: Up, name: str) -> None:
    """Whichever process dies, it runs again by itself; the operator is told and the others are left alone."""
    before = kinds(site.children())
    told = site.err.count(" runs again")
    os.kill(before[name][0], signal.SIGKILL)
    until(lambda: site.err.count(" runs again") > told, 30, f"{name} did not come back: {site.err}")
    after = kinds(site.children())
    assert {key: len(pids) for key, pids in after.items()} == {key: len(pids) for key, pids in before.items()}
    assert before[name][0] not in after[name]
    assert all(set(after[other]) == set(before[other]) for other in NAMES - {name})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end every process within 10 s; no socket or run file stays; exit code 0."""
    with jietong_up("--port-base", str(BASE + 200), var=tmp_path) as up:
        up.wait_ready()
        code, took_s = up.stop(number)
        assert code == 0, up.err
        assert took_s < STOP_S
    assert processes_of(tmp_path) == {}
    assert list((tmp_path / "run").iterdir()) == []


def test_a_site_under_nohup_survives_its_terminal(tmp_path: Path) -> None:
    """An operator who started the site with nohup may close the terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with jietong_up("--port-base", str(BASE + 600), var=tmp_path) as up:
            up.wait_ready()
            status = Path(f"/proc/{up.process.pid}/status").read_text()
            ignored = int(re.search(r"^SigIgn:\s*(\w+)", status, re.MULTILINE)[1], 16)  # type: ignore[index]
            assert ignored & 1 << signal.SIGHUP - 1
            assert up.stop(signal.SIGTERM)[0] == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_killed_site_can_be_started_again(tmp_path: Path) -> None:
    """After kill -9 of `jietong up` nothing runs on; the next start works with the same passwords."""
    with jietong_up("--port-base", str(BASE + 300), var=tmp_path) as up:
        up.wait_ready()
        sheet = up.out
        up.process.kill()
        until(lambda: processes_of(tmp_path) == {}, 10, "processes live on")
    with jietong_up("--port-base", str(BASE + 300), var=tmp_path) as up:
        up.wait_ready()
        assert up.out == sheet


@pytest.mark.parametrize("after_s", [0.3, 0.8, 1.5, 2.2])
def test_ctrl_c_in_the_middle_of_a_start(after_s: float, tmp_path: Path) -> None:
    """Ctrl-C before the site is ready ends what runs already, without a traceback."""
    with jietong_up("--port-base", str(BASE + 400), var=tmp_path) as up:
        time.sleep(after_s)  # the moment is the point of this test
        code, took_s = up.stop()
        assert code in (0, 130, -signal.SIGINT)
        assert took_s < STOP_S
        assert "Traceback" not in up.err, up.err
    assert processes_of(tmp_path) == {}


def test_a_long_folder_name_works(tmp_path: Path) -> None:
    """A folder too long for sockets is no obstacle; the short folder used instead is gone afterwards."""
    folder = tmp_path / ("long" * 25) / "电话"
    with jietong_up("--port-base", str(BASE + 500), var=folder) as up:
        up.wait_ready()
        socket_dir = Path(json.loads((folder / "run" / "running.json").read_text())["socket_dir"])
        assert (socket_dir / "asterisk.ctl").exists()
        assert up.stop()[0] == 0
    assert not socket_dir.exists()
