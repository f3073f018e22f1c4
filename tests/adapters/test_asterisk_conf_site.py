"""A whole Asterisk from start to stop: its log stays clean, and sites of other shapes work."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asterisk_conf.render import render
from asterisk_conf.settings import TrunkSettings
from tests.adapters.ami_tap import ami_tap
from tests.adapters.asterisk_fixture import private_asterisk, test_settings, until
from tests.adapters.sip_peer import SDP, Call, sip_peer

PORT_BASE = 22200
# AudioSocket and other applications of 22 that the linter does not know are not used; nothing has to be ignored so far
ALINT_IGNORE = ""


async def test_start_to_stop_without_a_complaint() -> None:
    """An operator who starts, reloads and stops a site finds neither warning nor error in the log."""
    async with private_asterisk(PORT_BASE, qualify_s=1) as site:
        assert f"127.0.0.1:{PORT_BASE + 60}" in await site.cli("pjsip show transports")
        endpoints = await site.cli("pjsip show endpoints")
        assert all(f" {name}" in endpoints for name in ("1001", "1901", "carrier"))
        assert "Jietong" in await site.cli("pjsip show settings")
        assert "live dangerously" not in (await site.cli("core show settings")).lower()
        dialplan = await site.cli("dialplan show")
        for context in ("enter", "menu", "waiting", "connect", "after-call", "refused", "fallback", "features"):
            assert f"[ Context '{context}' created by 'pbx_config' ]" in dialplan
        assert "Dialplan reloaded." in await site.cli("dialplan reload")
        await site.cli("module reload")
        async with ami_tap(site.settings.ami_port), sip_peer(site.settings.sip_port) as seat:
            await seat.register("1001", "secret-1001")
            await seat.next_request("OPTIONS")
        os.kill(site.pid, signal.SIGTERM)
        await until(lambda: not _lives(site.pid), 10, "Asterisk does not stop")
        assert site.complaints() == []


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_linter_finds_nothing(tmp_path: Path) -> None:
    """The rendered dialplan has no typing mistake that asterisklint knows."""
    render(test_settings(PORT_BASE, tmp_path), tmp_path)
    linter = Path(sys.executable).with_name("asterisklint")
    done = subprocess.run(
        [linter, "dialplan-check", tmp_path / "etc/asterisk/extensions.conf"],
        env={"PATH": os.environ["PATH"], "ALINT_IGNORE": ALINT_IGNORE},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


async def test_full_house_is_told_busy() -> None:
    """The caller beyond the last place hears the announcement unanswered and gets busy; whoever waits is left alone."""
    async with (
        private_asterisk(PORT_BASE + 100, max_calls=1) as site,
        ami_tap(site.settings.ami_port) as ami,
        sip_peer(site.settings.sip_port) as peer,
    ):
        first = Call(peer.server, "13900000001", "10010")
        assert (await peer.ask(first, "INVITE", body=SDP)).status == 200
        await ami.event("UserEvent", UserEvent="JtWaiting")
        assert (await peer.ask(Call(peer.server, "13900000002", "10010"), "INVITE", body=SDP)).status == 486
        assert not [line for line in site.complaints() if "callers-busy" in line]
        first.cseq += 1
        await peer.ask(first, "BYE")
        await ami.event("Hangup", CallerIDNum="13900000001")
        assert (await peer.ask(Call(peer.server, "13900000003", "10010"), "INVITE", body=SDP)).status == 200


async def test_a_burst_at_a_small_door() -> None:
    """Thirty dial at once for five places: no more than five come in, the others get busy, and nothing is counted afterwards."""
    async with (
        private_asterisk(PORT_BASE + 800, max_calls=5) as site,
        ami_tap(site.settings.ami_port),
        sip_peer(site.settings.sip_port) as peer,
    ):
        calls = [Call(peer.server, f"139000001{n:02}", "10010") for n in range(30)]
        answers = await asyncio.gather(*(peer.ask(call, "INVITE", body=SDP) for call in calls))
        codes = [answer.status for answer in answers]
        assert set(codes) == {200, 486} and codes.count(200) <= 5, codes
        for call in (call for call, code in zip(calls, codes, strict=True) if code == 200):
            call.cseq += 1
            await peer.ask(call, "BYE")
        async with asyncio.timeout(20):
            while "0 active" not in await site.cli("group show channels"):
                await asyncio.sleep(0.1)


async def test_a_machine_with_too_much_to_do_takes_nobody() -> None:
    """The load is over `max_load`: whoever dials is refused at once, and nothing stays behind."""
    async with private_asterisk(PORT_BASE + 650, max_load=0.01) as site, sip_peer(site.settings.sip_port) as peer:
        async with asyncio.timeout(60):
            while os.getloadavg()[0] < 0.02:  # the kernel counts every 5 s who has something to do
                await asyncio.to_thread(sum, range(10_000_000))
        answer = await peer.ask(Call(peer.server, "13900000001", "10010"), "INVITE", body=SDP)
        assert 480 <= answer.status < 600, answer.status
        assert "0 active channels" in await site.cli("core show channels")


async def test_too_many_in_one_second_are_told_busy() -> None:
    """Eight dial at once where two a second are let in: some are refused, and later there is room again."""
    async with (
        private_asterisk(PORT_BASE + 900, max_new_per_s=2) as site,
        ami_tap(site.settings.ami_port),
        sip_peer(site.settings.sip_port) as peer,
    ):
        calls = [Call(peer.server, f"1390000001{n}", "10010") for n in range(8)]
        answers = await asyncio.gather(*(peer.ask(call, "INVITE", body=SDP) for call in calls))
        codes = [answer.status for answer in answers]
        assert 486 in codes and codes.count(200) <= 4, codes  # the eight may lie in two seconds
        assert (await peer.ask(Call(peer.server, "13900000002", "10010"), "INVITE", body=SDP)).status == 200


async def test_seats_apart_from_the_trunk() -> None:
    """Where seats and trunk have their own addresses, a seat dials the hotline as itself and the trunk gets 404 elsewhere."""
    async with (
        private_asterisk(PORT_BASE + 200, trunks=(TrunkSettings("carrier", ("127.0.0.7",)),)) as site,
        ami_tap(site.settings.ami_port) as ami,
        sip_peer(site.settings.sip_port) as seat,
        sip_peer(site.settings.sip_port, address="127.0.0.7") as trunk,
    ):
        assert not site.settings.shares_trunk
        assert (await seat.register("1001", "secret-1001")).status == 200
        assert (await seat.ask(Call(seat.server, "1001", "10010"), "INVITE", "1001", "secret-1001", SDP)).status == 200
        arrived = await ami.event("UserEvent", UserEvent="JtArrived")
        assert arrived["Channel"].startswith("PJSIP/1001-") and arrived["CallerIDNum"] == "1001"
        assert (await seat.ask(Call(seat.server, "1001", "1901"), "INVITE", "1001", "secret-1001", SDP)).status == 404
        assert (await trunk.ask(Call(trunk.server, "1001", "10010"), "INVITE", body=SDP)).status == 200
        assert (await ami.event("UserEvent", UserEvent="JtArrived"))["Channel"].startswith("PJSIP/carrier-")
        assert (await trunk.ask(Call(trunk.server, "1001", "1901"), "INVITE", body=SDP)).status == 404
        both = [await trunk.register(number, "no-password") for number in ("1001", "5555")]
        assert both[0].shape() == both[1].shape()
        assert (await seat.ask(Call(seat.server, "13900000001", "10010"), "INVITE", body=SDP)).status == 401
        # no menu here; a trunk that registers; a colleague without a phone
        known = ("FastAGI", "Connecting to", "Endpoint 'carrier' (127.0.0.7", "Endpoint '1901'", "endpoint '1901'")
        assert not [line for line in site.complaints() if not any(words in line for words in known)]


async def test_seat_on_the_trunks_address_reaches_the_hotline() -> None:
    """On one machine a registered seat that dials the hotline reaches it, too."""
    async with (
        private_asterisk(PORT_BASE + 300) as site,
        ami_tap(site.settings.ami_port) as ami,
        sip_peer(site.settings.sip_port) as seat,
    ):
        assert (await seat.register("1001", "secret-1001")).status == 200
        assert (await seat.ask(Call(seat.server, "1001", "10010"), "INVITE", "1001", "secret-1001", SDP)).status == 200
        assert (await ami.event("UserEvent", UserEvent="JtWaiting"))["CallerIDNum"] == "1001"


async def test_configuration_for_an_older_asterisk() -> None:
    """What is written for Asterisk 20.6 still routes: filters by regex, identification without the number dialled."""
    async with (
        private_asterisk(PORT_BASE + 400, version=(20, 6)) as site,
        ami_tap(site.settings.ami_port) as ami,
        sip_peer(site.settings.sip_port) as peer,
    ):
        assert (await peer.register("1001", "secret-1001")).status == 200
        call = Call(peer.server, "13900000001", "10010")
        assert (await peer.ask(call, "INVITE", body=SDP)).status == 200
        waiting = await ami.event("UserEvent", UserEvent="JtWaiting")
        call.cseq += 1
        await peer.ask(call, "BYE")
        await ami.event("Hangup", Uniqueid=waiting["Uniqueid"])
        await asyncio.sleep(0)
        assert {e["Event"] for e in ami.events} <= {"FullyBooted", "DeviceStateChange", "UserEvent", "HangupRequest"}


async def test_registration_outlives_a_restart(tmp_path: Path) -> None:
    """Seats stay registered while Asterisk restarts: the phones need not notice."""
    async with private_asterisk(PORT_BASE + 500, folder=tmp_path) as site, sip_peer(site.settings.sip_port) as seat:
        assert (await seat.register("1001", "secret-1001")).status == 200
    async with private_asterisk(PORT_BASE + 500, folder=tmp_path) as site:
        assert "sip:1001@127.0.0.1" in await site.cli("pjsip show contacts")


async def test_dead_phone_is_noticed() -> None:
    """A seat whose phone no longer answers is reported unreachable within seconds, and back when it registers again."""
    async with (
        private_asterisk(PORT_BASE + 600, qualify_s=1) as site,
        ami_tap(site.settings.ami_port) as ami,
    ):
        async with sip_peer(site.settings.sip_port) as seat:
            await seat.register("1001", "secret-1001")
            await ami.event("DeviceStateChange", Device="PJSIP/1001", State="NOT_INUSE")
        await ami.event("DeviceStateChange", within_s=15, Device="PJSIP/1001", State="UNAVAILABLE")
        async with sip_peer(site.settings.sip_port) as seat:
            await seat.register("1001", "secret-1001")
            await ami.event("DeviceStateChange", Device="PJSIP/1001", State="NOT_INUSE")
            await seat.register("1001", "secret-1001", expires_s=0)
            await ami.event("DeviceStateChange", Device="PJSIP/1001", State="UNAVAILABLE")


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
async def test_time_of_entry_is_the_same_in_every_time_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site in Shanghai and one in New York write the same time of entry."""
    monkeypatch.setenv("TZ", zone)
    async with (
        private_asterisk(PORT_BASE + 700) as site,
        ami_tap(site.settings.ami_port) as ami,
        sip_peer(site.settings.sip_port) as peer,
    ):
        await peer.ask(Call(peer.server, "13900000001", "10010"), "INVITE", body=SDP)
        waiting = await ami.event("UserEvent", UserEvent="JtWaiting")
        assert abs(float(waiting["JtQueuedAt"]) - time.time()) < 5
