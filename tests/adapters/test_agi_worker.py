"""Real FastAGI worker processes, as the supervisor runs them: readiness, one port for all, ending, killing, logs."""

import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.agi_client import AgiWire, Caller, call
from tests.agi_site import a_running_site, workers

HOST = "127.0.0.1"


def test_a_worker_serves_the_first_menu(tmp_path: Path) -> None:
    """A VIP is recognised and led to a person; stdout holds one line, the log is JSON with the number masked and no key in it."""
    site = a_running_site(tmp_path)
    with workers(site, 1) as (worker,):
        address = (HOST, site.ports.agi)
        caller = Caller("0")
        call(address, "answer_call", caller)
        call(address, "choose_service", caller)
        assert caller.variables == {
            "JT_TIER": "vip",
            "JT_CLASS": "personal_business",
            "JT_CUSTOMER": f"known{datetime.now(UTC).year - 1962}",
            "JT_LANGUAGE": "zh-CN",
            "JT_REPRESENTATIVE": "1901",
            "JT_SERVICE": "person",
            "JT_QUEUE": "hotline",
            "JT_NEXT": "queue",
        }
        assert worker.stop() == 0
        assert worker.process.stdout is not None
        assert worker.process.stdout.read() == b""
        lines = [line for line in worker.log() if line["event"] == "session over"]
    assert [line["script"] for line in lines] == ["answer_call", "choose_service"]
    assert {line["caller"] for line in lines} == {"139****0001"}
    assert all("13900000001" not in str(line) for line in lines)


def test_a_worker_ends_within_five_seconds_with_a_caller_in_the_menu(tmp_path: Path) -> None:
    """SIGTERM: a menu that lasts is left, its dialplan sees the connection close, the exit code is 0."""
    site = a_running_site(tmp_path)
    with workers(site, 1) as (worker,):
        wire = AgiWire.dial((HOST, site.ports.agi), "choose_service")
        assert wire.command().startswith("GET FULL VARIABLE")
        began = time.monotonic()
        assert worker.stop() == 0
        assert time.monotonic() - began < 5
        assert wire.command() == ""
        wire.close()


def test_a_killed_worker_costs_only_its_own_calls(tmp_path: Path) -> None:
    """With two workers on one port, kill -9 of one ends its menus at once; every call after that is served by the other."""
    site = a_running_site(tmp_path)
    address = (HOST, site.ports.agi)
    with workers(site, 2) as both:
        wires = [AgiWire.dial(address, "choose_service") for _ in range(40)]
        assert all(wire.command() for wire in wires)
        both[0].stop(signal.SIGKILL)
        alive = [wire for wire in wires if _goes_on(wire)]
        assert 0 < len(alive) < 40
        for wire in wires:
            wire.close()
        with ThreadPoolExecutor(20) as pool:
            served = list(pool.map(lambda _: call(address, "choose_service", Caller("1")).variables, range(60)))
        assert {variables["JT_SERVICE"] for variables in served} == {"consultation"}


def _goes_on(wire: AgiWire) -> bool:
    try:
        wire.answer("200 result=0")
    except ConnectionError:
        return False
    return wire.command() != ""


def test_a_full_worker_refuses_at_once(tmp_path: Path) -> None:
    """Beyond calls_per_worker a connection is closed without a word, so that the dialplan goes on; the log counts it."""
    site = a_running_site(tmp_path, agi={"workers": 1, "calls_per_worker": 3})
    address = (HOST, site.ports.agi)
    with workers(site, 1) as (worker,):
        held = [AgiWire.dial(address, "choose_service") for _ in range(3)]
        assert all(wire.command() for wire in held)
        began = time.monotonic()
        assert [call(address, "choose_service", Caller("1")).variables for _ in range(5)] == [{}] * 5
        assert time.monotonic() - began < 2
        for wire in held:
            wire.close()
        assert worker.stop() == 0
        assert [line["refused"] for line in worker.log() if "refused" in line["event"]] == [1, 2, 3, 4, 5]


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    """A port that another program keeps for itself is named, exit code 1, no traceback."""
    site = a_running_site(tmp_path)
    taken = socket.create_server((HOST, site.ports.agi))
    with taken, pytest.raises(AssertionError, match="cannot listen") as caught, workers(site, 1):
        pass
    assert "Traceback" not in str(caught.value)


def test_a_hundred_menus_at_once(tmp_path: Path) -> None:
    """A hundred callers in two workers, wrong keys and languages mixed: each ends where it should, none fails."""
    site = a_running_site(tmp_path)
    address = (HOST, site.ports.agi)
    ways = {"1": "consultation", "792": "business", "99990": "person", "***": "person"}
    keys = [list(ways)[n % len(ways)] for n in range(100)]
    with workers(site, 2), ThreadPoolExecutor(100) as pool:
        ended = list(pool.map(lambda k: call(address, "choose_service", Caller(k)).variables["JT_SERVICE"], keys))
    assert ended == [ways[k] for k in keys]
