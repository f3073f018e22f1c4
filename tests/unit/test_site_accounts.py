"""Passwords and PINs: generated once, kept, never in the open."""

import json
import stat
from pathlib import Path

import pytest

from jietong.accounts import AccountsUnreadableError, accounts_of
from jietong.rules_of_site import agent_numbers, rules_of
from jietong.site import Site
from jietong.site_file import site_of
from tests.builders_site import A_SITE_FILE


def a_site() -> Site:
    """Seat 1001 with a password, seat 1901 with auto_login and none, agent 5001 with PIN 4711."""
    return site_of(A_SITE_FILE.encode(), "site.toml")


def test_what_the_file_leaves_out_is_generated_once(tmp_path: Path) -> None:
    """An operator's softphones keep working after a restart."""
    first = accounts_of(a_site(), tmp_path)
    again = accounts_of(a_site(), tmp_path)
    assert first.seat_passwords["1001"] == "abcdefgh-1001"
    assert len(first.seat_passwords["1901"]) == 16
    assert first.agent_pins["5001"] == "4711"
    assert first.agent_pins["1901"].isdigit()
    assert first.fresh == {"1901"}
    assert again.fresh == frozenset()
    assert (again.seat_passwords, again.agent_pins) == (first.seat_passwords, first.agent_pins)


def test_only_the_owner_reads_them(tmp_path: Path) -> None:
    """Another user of the machine reads no password; those of the site file aren't copied."""
    accounts_of(a_site(), tmp_path)
    path = tmp_path / "accounts.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "4711" not in path.read_text()
    assert "abcdefgh" not in path.read_text()


def test_a_seat_that_comes_back_has_its_old_password(tmp_path: Path) -> None:
    """A seat taken out of the file and put back keeps its password."""
    first = accounts_of(a_site(), tmp_path)
    without = a_site().model_copy(update={"seats": []})
    accounts_of(without.model_copy(update={"agents": [a_site().agents[0].model_copy(update={"pin": None})]}), tmp_path)
    assert accounts_of(a_site(), tmp_path).seat_passwords == first.seat_passwords


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"seats": {}}', '{"seats": {"1": 2}, "agents": {}}', '{"seats": 1, "agents": 2}']
)
def test_a_damaged_file_is_named_and_never_overwritten(tmp_path: Path, text: str) -> None:
    """Passwords in use aren't replaced because a file was damaged: the operator decides."""
    path = tmp_path / "accounts.json"
    path.write_text(text)
    with pytest.raises(AccountsUnreadableError, match="correct it, or remove it"):
        accounts_of(a_site(), tmp_path)
    assert path.read_text() == text


def test_secrets_do_not_show_when_an_object_is_printed(tmp_path: Path) -> None:
    """A traceback or debug line with a whole site in it gives no password away."""
    accounts = accounts_of(a_site(), tmp_path)
    assert "4711" not in repr(accounts) + repr(a_site())
    assert "abcdefgh" not in repr(accounts) + repr(a_site())
    json.dumps(accounts.seat_passwords)


def test_the_router_gets_the_rules_of_the_file() -> None:
    """What the operator wrote is what the router decides by, tiers in the order of the file."""
    rules = rules_of(a_site())
    assert [tier.name for tier in rules.tiers] == ["vip", "ordinary"]
    assert rules.seats[1].dedicated_to == ("vip",)
    assert (rules.reserve, rules.ring_s, rules.wrap_up_s, rules.reject_pause_s) == (1, 8, 2.5, 10)
    assert rules.agents == ("5001", "1901")


def test_an_agent_with_the_number_of_an_auto_login_seat_is_one_agent() -> None:
    """A person who has seat and agent number 1901 counts once."""
    text = A_SITE_FILE.replace('number = "5001"', 'number = "1901"')
    assert agent_numbers(site_of(text.encode(), "site.toml")) == ("1901",)
