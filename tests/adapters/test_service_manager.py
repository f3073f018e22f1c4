"""`jietong up` under a service manager, and the units that run it there."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jietong.cli import app
from jietong.service_manager import ServiceManager
from tests.adapters.up_fixture import START_S, jietong_up, until

UNITS = sorted((Path(__file__).parents[2] / "systemd").iterdir())
WATCHDOG_S = 0.6
KNOWN = {
    "Unit": "Description Wants After StartLimitIntervalSec StartLimitBurst",
    "Timer": "OnCalendar RandomizedDelaySec Persistent",
    "Install": "WantedBy",
    "Service": "Type NotifyAccess ExecStart ExecStartPost ExecReload User Group StateDirectory StateDirectoryMode CacheDirectory"
    " Environment UMask KillMode TimeoutStopSec TimeoutStartSec WatchdogSec Restart RestartSec RestartPreventExitStatus"
    " LimitNOFILE TasksMax OOMScoreAdjust OOMPolicy Nice IOSchedulingClass NoNewPrivileges CapabilityBoundingSet ProtectSystem"
    " ProtectHome PrivateTmp PrivateDevices ProtectClock ProtectControlGroups ProtectHostname ProtectKernelLogs"
    " ProtectKernelModules ProtectKernelTunables ProtectProc RemoveIPC RestrictAddressFamilies RestrictNamespaces"
    " RestrictRealtime RestrictSUIDSGID LockPersonality SystemCallArchitectures SystemCallFilter",
}


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager's socket, named to whatever is started now."""
    with tempfile.TemporaryDirectory(prefix="jt") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(f"{folder}/notify")
        end.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", f"{folder}/notify")
        monkeypatch.setenv("WATCHDOG_USEC", str(int(WATCHDOG_S * 1e6)))
        yield end


def heard(manager: socket.socket) -> list[str]:
    """What was said since it was asked last."""
    said = []
    while True:
        try:
            said.append(manager.recv(1000).decode())
        except BlockingIOError:
            return said


def test_a_site_says_that_it_is_ready_works_and_stops(manager: socket.socket) -> None:
    """`systemctl start` returns when calls can be served; a site that hangs would be noticed; none of its processes
    speaks for it.
    """
    with jietong_up("--port-base", "22200") as up:
        said: list[str] = []  # read from the start: the kernel keeps only ten messages that nobody reads
        until(lambda: "READY=1" in (said.extend(heard(manager)) or said), START_S, "not said to be ready")
        up.wait_ready()
        assert set(said) == {"READY=1", "WATCHDOG=1"}
        said.clear()
        until(lambda: len(said.extend(heard(manager)) or said) >= 4, 10, "too few signs of life")
        for pid in up.children():
            assert b"NOTIFY_SOCKET" not in Path(f"/proc/{pid}/environ").read_bytes()
        assert up.stop()[0] == 0
        said.extend(heard(manager))
        assert said.count("STOPPING=1") == 1
        assert "READY=1" not in said


async def test_without_a_service_manager_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by hand, or with a manager that is gone, a site runs all the same."""
    for address in ("", "/nowhere/at/all", "@nobody-listens-here"):
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        quiet = ServiceManager()
        quiet.tell_ready()
        quiet.tell_stopping()
        await quiet.give_signs()


def settings(unit: Path) -> dict[str, list[tuple[str, str]]]:
    """Section -> keys with values, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            section.append((key, value))
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_have_no_typing_mistake(unit: Path) -> None:
    """systemd only warns about a key that it doesn't know, and goes on without it."""
    for section, rows in settings(unit).items():
        assert {key for key, _ in rows} <= set(KNOWN[section].split())
        once = [key for key, _ in rows if key != "ExecStartPost"]
        assert len(once) == len(set(once))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_name_commands_that_there_are(unit: Path) -> None:
    """What a unit starts is a command of ours, with options that it has."""
    names = {command.name or command.callback.__name__: command for command in app.registered_commands}
    for _, value in settings(unit).get("Service", []):
        for word, rest in re.findall(r"/jietong (\w+)( [^']*)?", value):
            assert word in names
            done = subprocess.run([sys.executable, "-m", "jietong", word, "--help"], capture_output=True, text=True)
            assert all(option in done.stdout for option in re.findall(r"--\w+", rest))


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """As `systemd-analyze verify` says, where there is one; the program and the user are of the machine they run on."""
    if shutil.which("systemd-analyze") is None:
        return  # what it would find is held by the tests above
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/jietong/bin/jietong", "/bin/true")
        (tmp_path / unit.name).write_text(re.sub(r"^(User|Group)=.*\n", "", text, flags=re.MULTILINE))
    argv = ["systemd-analyze", "verify", *(tmp_path / unit.name for unit in UNITS)]
    done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"})
    assert (done.returncode, done.stderr) == (0, "")
