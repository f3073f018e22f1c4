"""Callers who hang up: at every node of the shipped flows, before every command; told by a broken line, by Asterisk's word, or by a dead channel."""

import dataclasses
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from agi_scripts.context import ScriptContext
from ivr.adapters.customers import Customer
from ivr.adapters.fastagi_server import FastAgiServer
from ivr.flow import Flow
from ivr.flow_visit import Flows
from ivr.look_up import LookedUp
from jietong.launch import PROMPTS
from jietong.processes.agi import SCRIPTS, bound
from routing.adapters.inbox import Command
from tests.agi_client import DEAD, AgiWire, Caller, arguments_of
from tests.flows import shipped

FLOWS = shipped()
NODES = [(flow.name, node) for flow in FLOWS.flows.values() for node in flow.nodes]
GOODBYES = ("", "HANGUP\n200 result=-1 endpos=0", DEAD)  # the line is cut; Asterisk says so; the channel is dead
MOST_COMMANDS = 40
ITEM = {"item_1_code": "news", "item_1_prompt": "product-news", "item_1_fee": "300", "count": "1"}
SAYS = {
    "announcements": LookedUp("", {"prompts": "announcement-busy"}),
    "subscriptions": LookedUp("some", ITEM),
    "cancel_subscription": LookedUp("cancelled", {}),
    "open_case": LookedUp("opened", {"number": "123456789"}),
    "case_status": LookedUp("open", {}),
    "rate": LookedUp("noted", {}),
    "open": LookedUp("open", {}),
}


class Nobody:
    """Customers, agents and a router that nobody asks here."""

    def look_up(self, phone: str) -> Customer | None:
        """Unknown."""
        return None

    def is_right(self, number: str, pin: str) -> bool:
        """Never."""
        return False

    def ask(self, command: Command) -> tuple[bool, str]:
        """Never obeyed."""
        return False, ""


class Told:
    """What was asked behind the doors."""

    def __init__(self) -> None:
        self.doors: list[str] = []

    def door(self, name: str) -> object:
        """A door that notes that it was asked."""

        def ask(caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
            self.doors.append(name)
            return SAYS[name]

        return ask


@pytest.fixture(scope="module")
def flows() -> dict[str, Flow]:
    """What the worker below serves; each test changes where callers begin."""
    return dict(FLOWS.flows)


@pytest.fixture(scope="module")
def server(flows: dict[str, Flow], tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAgiServer]:
    """A worker over real sockets."""
    told = Told()
    context = ScriptContext(
        language="zh-CN",
        queue="hotline",
        default_tier="ordinary",
        tiers=frozenset({"ordinary"}),
        prompts=PROMPTS,
        customers=Nobody(),
        pins=Nobody(),
        router=Nobody(),
        flows=Flows(flows, FLOWS.languages, FLOWS.prompts_for),
        doors={name: told.door(name) for name in SAYS},  # type: ignore[misc]
        recordings=Path(tmp_path_factory.mktemp("recordings")),
    )
    made = FastAgiServer("127.0.0.1", 0, {n: bound(w, context) for n, w in SCRIPTS.items()}, 50)
    thread = threading.Thread(target=made.serve)
    thread.start()
    yield made
    made.drain(5)
    thread.join()


@pytest.mark.parametrize(("flow", "node"), NODES)
def test_hanging_up_before_every_command_of_a_node(
    server: FastAgiServer, flows: dict[str, Flow], flow: str, node: str
) -> None:
    """Whoever leaves, whenever and however it is told: one line in the log, no error, and the worker serves the next caller."""
    flows["hotline"] = dataclasses.replace(FLOWS.flows[flow], start=node)
    for goodbye in GOODBYES:
        for after in range(MOST_COMMANDS):
            with capture_logs() as logs:
                is_over = _hangs_up(server.address, after, goodbye)
            assert [line for line in logs if line["log_level"] in ("error", "critical")] == []
            if is_over:
                break
        else:
            raise AssertionError(f"{MOST_COMMANDS} commands, and no end")


def _hangs_up(address: tuple[str, int], after: int, goodbye: str) -> bool:
    """Answers `after` commands, then is gone; whether the script was over before that. Returns when the worker has let go."""
    caller, wire = Caller(keys="1", variables={"JT_LANGUAGE": "zh-CN"}), AgiWire.dial(address, "choose_service")
    with wire.connection:
        for _ in range(after):
            line = wire.command()
            if not line:
                return True
            wire.answer(caller.answer_to(arguments_of(line)))
        if not wire.command():
            return True
        if goodbye:
            wire.answer(goodbye)
            assert wire.command() == "", "something was asked of a caller who is gone"
        else:
            wire.connection.shutdown(1)  # no more from us; what the worker still says is read, so that its end is seen
            while wire.command():
                pass
    return False
