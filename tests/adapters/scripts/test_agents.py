"""The scripts behind the feature codes, called over real sockets with a real database: what an agent hears, and what the router is told."""

import asyncio
import time
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import Engine
from structlog.testing import capture_logs

from jietong.database import open_engine, sqlite_url
from routing.adapters.agents_table import AgentPins
from routing.adapters.inbox import Inbox
from routing.adapters.inbox_client import InboxClient
from routing.events import AgentExtended, AgentLoggedIn, AgentLoggedOut, AgentPaused, AgentReadied
from tests.adapters.scripts.script_site import Site, a_site
from tests.adapters.up_fixture import until
from tests.adapters.valkey_server import PREFIX, a_valkey
from tests.agi_client import Caller

SEAT = "PJSIP/1001-0000000a"


def agent(site: Site, script: str, *typed: str, channel: str = SEAT) -> list[str]:
    """What an agent hears who dials a feature code and types these things."""
    return [heard.removeprefix("zh-CN/") for heard in site.call(script, Caller(typed=typed), channel=channel).heard]


def test_an_agent_logs_in(site: Site) -> None:
    """Number and PIN that belong together: the router is told, and its yes is heard."""
    assert agent(site, "log_in_agent", "5001", "4711") == ["enter-agent-number", "enter-pin", "logged-in"]
    assert site.router.commands == [AgentLoggedIn(0.0, "5001", "1001")]


@pytest.mark.parametrize(
    "typed", [("5001", "1111"), ("9999", "4711"), ("", ""), ("5001", ""), ("5002", "4711"), ("' OR 1", "x")]
)
def test_a_wrong_pin_is_refused_and_may_be_tried_thrice(site: Site, typed: tuple[str, str]) -> None:
    """Three tries, then the line ends; the router never hears of it, the log never of what was typed."""
    with capture_logs() as logs:
        heard = agent(site, "log_in_agent", *typed * 5)
        until(lambda: any(line["event"] == "session over" for line in logs), 10, "the session goes on")
    assert heard == ["enter-agent-number", "enter-pin", "wrong-pin"] * 3
    assert site.router.commands == []
    assert all("4711" not in str(line) and "1111" not in str(line) for line in logs)


def test_the_second_try_may_be_right(site: Site) -> None:
    """A mistyped PIN costs one try."""
    heard = agent(site, "log_in_agent", "5001", "1", "5001", "4711")
    assert heard[-4:] == ["wrong-pin", "enter-agent-number", "enter-pin", "logged-in"]


COMMANDS = {
    "log_out_agent": (AgentLoggedOut(0.0, "seat:1001"), "logged-out"),
    "pause_agent": (AgentPaused(0.0, "seat:1001", "feature_code"), "now-paused"),
    "ready_agent": (AgentReadied(0.0, "seat:1001"), "now-ready"),
    "extend_wrap_up": (AgentExtended(0.0, "seat:1001"), "wrap-up-longer"),
}


@pytest.mark.parametrize("script", COMMANDS)
@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ((True, ""), ""),
        ((False, "not logged in"), "not-logged-in"),
        ((False, "else"), "try-later"),
        (None, "try-later"),
    ],
)
def test_an_agent_hears_the_truth(site: Site, script: str, answer: tuple[bool, str] | None, heard: str) -> None:
    """Log-out, pause and ready act on whoever sits at the seat, and what is heard is what the router did."""
    site.router.answer = answer
    command, done = COMMANDS[script]
    if script == "extend_wrap_up" and answer == (False, "else"):
        heard = "not-after-a-call"
    assert agent(site, script) == [heard or done]
    assert site.router.commands == [command]


@pytest.mark.parametrize("script", ["log_in_agent", *COMMANDS])
@pytest.mark.parametrize("channel", ["PJSIP/carrier-0000000a", "Local/1001@x-0000000a;1", "PJSIP/1001-0000000a x", ""])
def test_a_feature_code_works_at_a_seat_only(site: Site, script: str, channel: str) -> None:
    """From anything that is no seat's own device nothing reaches the router."""
    with capture_logs():
        assert agent(site, script, "5001", "4711", channel=channel) == ["try-later"]
    assert site.router.commands == []


def test_a_lost_database_is_said_to_the_agent(tmp_path: Path, engine: Engine) -> None:
    """When PINs cannot be checked the agent hears that it must try later, not that its PIN is wrong."""
    (tmp_path / "bad.db").write_bytes(b"this is no database" * 100)
    with capture_logs(), a_site(engine, pins=AgentPins(open_engine(sqlite_url(tmp_path / "bad.db")))) as site:
        assert agent(site, "log_in_agent", "5001", "4711")[-1] == "try-later"
        assert site.router.commands == []


def test_an_unknown_number_costs_as_much_as_a_wrong_pin(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock does not tell which agent numbers exist: either way one hash of the same cost is worked out."""
    pins, worked_out = AgentPins(engine), []
    verify = PasswordHasher.verify

    def noted(hasher: PasswordHasher, kept: str | bytes, pin: str | bytes) -> bool:
        worked_out.append(extract_parameters(str(kept)))
        return verify(hasher, kept, pin)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    assert not pins.is_right("9999", "1")
    assert not pins.is_right("5001", "1")
    unknown, wrong = worked_out
    assert unknown == wrong


async def test_the_real_inbox_carries_command_and_answer(engine: Engine) -> None:
    """Through a real store: the router's side reads what the agent dialled, and its refusal is heard at the seat."""
    with a_valkey() as valkey:
        inbox = Inbox(valkey.url, PREFIX)
        with a_site(engine, router=InboxClient(valkey.url, PREFIX)) as site:
            assert await inbox.read(block_s=0.01) == []
            dialled = asyncio.create_task(asyncio.to_thread(agent, site, "pause_agent"))
            commands = []
            while not commands:
                commands = await inbox.read(block_s=0.2)
            assert commands[0].event == AgentPaused(0.0, "seat:1001", "feature_code")
            await inbox.reply(commands[0].reply, False, "not logged in")
            assert await dialled == ["not-logged-in"]
        await inbox.close()


async def test_no_router_is_said_after_two_seconds(engine: Engine) -> None:
    """With the store up and no router, and with the store gone, the agent hears that it must try later."""
    with a_valkey() as valkey, capture_logs(), a_site(engine, router=InboxClient(valkey.url, PREFIX)) as site:
        began = time.monotonic()
        assert await asyncio.to_thread(agent, site, "ready_agent") == ["try-later"]
        assert 1.5 < time.monotonic() - began < 5
        valkey.kill()
        assert await asyncio.to_thread(agent, site, "ready_agent") == ["try-later"]
