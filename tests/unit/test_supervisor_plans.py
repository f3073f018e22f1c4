"""Which processes a site has, and what they are told."""

from pathlib import Path

import pytest

from jietong.accounts import Accounts
from jietong.launch import asterisk_settings, plans
from jietong.provision.programs import Program
from jietong.running import Ports, RunningSite
from jietong.sheet import ready_sheet
from jietong.site_file import site_of
from tests.builders_site import A_SITE_FILE

ASTERISK = Program("asterisk", ("/opt/asterisk",), Path("/opt"), "22.10.1")


def a_running_site(var: Path, more: str = "", port_base: int | None = 27000) -> RunningSite:
    """The site of A_SITE_FILE with more tables, as `up` would run it in `var`."""
    site = site_of((A_SITE_FILE + more).encode(), "site.toml")
    return RunningSite(
        var=var,
        site=site,
        ports=Ports.of(site.network, port_base),
        store_url=site.store.url or f"unix://{var}/run/valkey.sock",
        database_url=f"sqlite:///{var}/data/jietong.db",
        ami_user="jietong",
        ami_secret="ami-secret-of-the-day",
        seat_passwords={"1001": "abcdefgh-1001", "1901": "generated-1901"},
        agent_pins={"5001": "4711", "1901": "123456"},
        asterisk_argv=ASTERISK.argv,
        socket_dir=var / "run",
    )


def test_the_store_comes_first_and_the_router_last(tmp_path: Path) -> None:
    """A router that starts finds store and Asterisk answering."""
    after = {plan.name: plan.after for plan in plans(a_running_site(tmp_path), ASTERISK)}
    assert set(after) == {"valkey", "asterisk", "agi-1", "agi-2", "records", "metrics", "router", "router-2"}
    assert after["router"] == ("valkey", "asterisk")
    assert after["records"] == after["agi-2"] == ("valkey",)
    assert after["asterisk"] == after["valkey"] == ()


def test_a_site_with_a_store_of_its_own_starts_none(tmp_path: Path) -> None:
    """An operator who names a Redis gets no embedded one."""
    site = a_running_site(tmp_path, '[store]\nurl = "redis://127.0.0.1:6379/0"\n[agi]\nworkers = 5\n')
    after = {plan.name: plan.after for plan in plans(site, ASTERISK)}
    assert "valkey" not in after
    assert after["router"] == ("asterisk",)
    assert {f"agi-{n}" for n in range(1, 6)} <= set(after)


def test_no_secret_is_on_a_command_line(tmp_path: Path) -> None:
    """Another user of the machine sees no password in `ps`."""
    site = a_running_site(tmp_path)
    shown = " ".join(part for plan in plans(site, ASTERISK) for part in plan.argv)
    assert not any(secret in shown for secret in ("abcdefgh", "generated", "4711", "123456", "ami-secret"))


def test_asterisk_gets_what_the_file_says(tmp_path: Path) -> None:
    """Ports, seats, codes and times of the site file reach Asterisk; calls are bounded by the voice ports."""
    settings = asterisk_settings(a_running_site(tmp_path), ASTERISK)
    assert (settings.sip_port, settings.agi_port, settings.ami_port) == (27060, 27073, 27038)
    assert (settings.rtp_start, settings.rtp_end, settings.max_calls) == (28000, 35999, 2000)
    assert [(seat.number, seat.password) for seat in settings.seats] == [
        ("1001", "abcdefgh-1001"),
        ("1901", "generated-1901"),
    ]
    assert (settings.ring_s, settings.version, settings.feature_codes.pause) == (8, (22, 10), "*73")
    assert settings.max_files <= 1_048_576


def test_ports_of_the_file_without_a_base(tmp_path: Path) -> None:
    """Without --port-base the ports are those of the site file."""
    ports = a_running_site(tmp_path, "sip_port = 5070\n", port_base=None).ports
    assert (ports.sip, ports.agi, ports.ami, ports.http, ports.rtp_start) == (5070, 4573, 5038, 8080, 10000)


@pytest.mark.parametrize(("is_demo", "fresh", "shown"), [(True, [], True), (False, ["1901"], True), (False, [], False)])
def test_a_generated_password_shows_at_the_first_start_only(
    is_demo: bool, fresh: list[str], shown: bool, tmp_path: Path
) -> None:
    """A generated password is printed once, the demo's always; one from the site file isn't repeated."""
    site = a_running_site(tmp_path)
    sheet = ready_sheet(site, Accounts(site.seat_passwords, site.agent_pins, frozenset(fresh)), is_demo)
    assert ("generated-1901" in sheet) == shown
    assert ("123456" in sheet) == shown
    assert ("abcdefgh-1001" in sheet) == is_demo
    assert ("4711" in sheet) == is_demo
    assert "sip:10010@127.0.0.1:27060" in sheet
    assert "ami-secret" not in sheet
