"""The scripts behind a real Asterisk: real calls press real keys, and Asterisk's own AGI is held against what our channel believes."""

import asyncio
import contextlib
import dataclasses
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from asterisk.agi import AGIAppError, AGIInvalidCommand, AGIUsageError
from structlog.testing import capture_logs

from agi_scripts.context import ScriptContext
from ivr.adapters.agi_channel import AgiChannel, CallerHungUp
from ivr.adapters.customers import Customer, Customers
from ivr.adapters.fastagi_server import FastAgiServer, Script
from ivr.agi_command import MAX_COMMAND_BYTES
from ivr.look_up import LookedUp
from jietong.database import migrate, open_engine, sqlite_url
from jietong.launch import PROMPTS
from jietong.pins import store_agents
from jietong.processes.agi import SCRIPTS, bound
from routing.adapters.agents_table import AgentPins
from routing.events import AgentLoggedIn
from tests.adapters.ami_tap import AmiTap
from tests.adapters.asterisk_fixture import PrivateAsterisk, private_asterisk, until
from tests.adapters.scripts.script_site import Router
from tests.adapters.sip_peer import SDP, Call, SipPeer, sip_peer
from tests.flows import shipped

PORT_BASE = 24000
VIP = "13900000001"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def asterisk() -> AsyncIterator[PrivateAsterisk]:
    """One Asterisk for the calls of this file."""
    async with private_asterisk(PORT_BASE) as running:
        yield running


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptContext]:
    """A site's database with one VIP and one agent."""
    folder: Path = tmp_path_factory.mktemp("site")
    migrate(sqlite_url(folder / "site.db"))
    engine = open_engine(sqlite_url(folder / "site.db"))
    Customers(engine).store([Customer(VIP, "张伟", "vip", "personal_business", "1901", 1962, "zh-CN")])
    store_agents(engine, {"5001": ("张伟", "4711")}, folder / "pin.key")
    yield ScriptContext(
        "zh-CN",
        "hotline",
        "ordinary",
        frozenset({"vip"}),
        PROMPTS,
        Customers(engine),
        AgentPins(engine),
        Router(),
        flows=shipped(),
        doors={name: lambda *_: LookedUp("none", {}) for name in ("announcements", "subscriptions")},
    )
    engine.dispose()


@contextmanager
def serving(asterisk: PrivateAsterisk, scripts: dict[str, Script], max_calls: int = 50) -> Iterator[FastAgiServer]:
    """The server where this Asterisk looks for it."""
    server = FastAgiServer("127.0.0.1", asterisk.settings.agi_port, scripts, max_calls)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.drain(5)
        thread.join()


class Stage:
    """Calls, keys, and what the caller is being told; `heard` grows with each prompt."""

    def __init__(self, asterisk: PrivateAsterisk, ami: AmiTap, peer: SipPeer, heard: list[str]) -> None:
        self.asterisk, self.ami, self.peer, self.heard = asterisk, ami, peer, heard

    async def calls(self, user: str = VIP, number: str = "10010", password: str = "", call: Call | None = None) -> Call:
        """Dials and is answered."""
        call = call or Call(self.peer.server, user, number)
        assert (await self.peer.ask(call, "INVITE", user, password, SDP)).status == 200
        return call

    async def hears(self, prompt: str, times: int = 1) -> None:
        """Waits until that prompt has begun so often."""
        await until(lambda: self.heard.count(prompt) >= times, 20, f"{prompt} not heard: {self.heard}")

    async def presses(self, call: Call, keys: str) -> None:
        """Keys by SIP INFO, each taken by Asterisk before the next."""
        for key in keys:
            call.cseq += 1
            body = f"Signal={key}\r\nDuration=100\r\n"
            raw = call.request("INFO", self.peer.port, body=body)
            self.peer.send(raw.replace(b"application/sdp", b"application/dtmf-relay"))
            assert (await self.peer.next_response(call.call_id)).status == 200
            await asyncio.sleep(0.15)  # Asterisk plays a key for its duration before the next

    async def hangs_up(self, call: Call) -> None:
        """Ends the call and sees it gone."""
        call.cseq += 1
        assert (await self.peer.ask(call, "BYE")).status == 200
        await self.ami.event("Hangup")

    async def hangs_up_later(self, call: Call) -> None:
        """Stays until the scripts are over and the call waits, then leaves."""
        await self.waits()
        await self.hangs_up(call)

    async def waits(self) -> dict[str, str]:
        """What the router hears when the caller has come through."""
        return await self.ami.event("UserEvent", within_s=20, UserEvent="JtWaiting")


@pytest_asyncio.fixture(loop_scope="module")
async def stage(asterisk: PrivateAsterisk, ami: AmiTap, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A caller on the trunk; every prompt that a script starts is noted."""
    heard: list[str] = []
    play, digits = AgiChannel.play, AgiChannel.digits

    def noting(command: Callable[..., Any]) -> Callable[..., Any]:
        def noted(channel: AgiChannel, file: str, *rest: Any) -> Any:
            heard.append(Path(file).relative_to(PROMPTS).as_posix())
            return command(channel, file, *rest)

        return noted

    monkeypatch.setattr(AgiChannel, "play", noting(play))
    monkeypatch.setattr(AgiChannel, "digits", noting(digits))
    async with sip_peer(asterisk.settings.sip_port) as peer:
        yield Stage(asterisk, ami, peer, heard)


@pytest.fixture
def served(asterisk: PrivateAsterisk, context: ScriptContext) -> Iterator[FastAgiServer]:
    """All scripts of the product."""
    with serving(asterisk, {name: bound(work, context) for name, work in SCRIPTS.items()}) as server:
        yield server


def of(waiting: dict[str, str]) -> list[str]:
    """Tier, service, language and representative as the router hears them."""
    return [waiting[f"Jt{name}"] for name in ("Queue", "Tier", "Service", "Language", "Representative")]


async def test_a_vip_is_greeted_and_waits(stage: Stage, served: FastAgiServer) -> None:
    """No key is needed, and the router hears who the caller is."""
    call = await stage.calls()
    assert of(await stage.waits()) == ["hotline", "vip", "person", "zh-CN", "1901"]
    assert stage.heard == ["zh-CN/vip-welcome"]
    await stage.hangs_up(call)


async def test_a_stranger_presses_keys_in_the_announcements(stage: Stage, served: FastAgiServer) -> None:
    """The menus are cut short, and the router hears what the caller wants."""
    call = await stage.calls("13811111111")
    await stage.hears("zh-CN/welcome")
    await stage.presses(call, "5")
    await stage.hears("zh-CN/complaint-intro")
    await stage.presses(call, "0")
    assert of(await stage.waits()) == ["hotline", "ordinary", "complaint", "zh-CN", ""]
    assert stage.heard == ["zh-CN/welcome", "zh-CN/complaint-intro"]
    await stage.hangs_up(call)


async def test_a_stranger_asks_in_english_after_wrong_keys(stage: Stage, served: FastAgiServer) -> None:
    """A wrong key is said to be wrong, 9 changes the language, 1 and 0 are a consultation."""
    call = await stage.calls("13811111111")
    await stage.hears("zh-CN/welcome")
    await stage.presses(call, "7")
    await stage.hears("zh-CN/wrong-key")
    await stage.presses(call, "9")
    await stage.hears("en/main-menu")
    await stage.presses(call, "1")
    await stage.hears("en/consultation-menu")
    await stage.presses(call, "0")
    assert of(await stage.waits()) == ["hotline", "ordinary", "consultation", "en", ""]
    await stage.hangs_up(call)


async def test_ten_wrong_keys_end_at_a_person(stage: Stage, served: FastAgiServer) -> None:
    """Whoever presses at random is brought to a person after the third."""
    call = await stage.calls("13811111111")
    await stage.hears("zh-CN/welcome")
    await stage.presses(call, "6666666666")
    assert (await stage.waits())["JtService"] == "person"
    await stage.hangs_up(call)


async def test_hanging_up_in_the_menu_is_quiet(stage: Stage, served: FastAgiServer) -> None:
    """A caller who leaves in the announcement leaves one line in our log, no error there and none in Asterisk's."""
    before = len(stage.asterisk.complaints())
    with capture_logs() as logs:
        call = await stage.calls("13811111111")
        await stage.hears("zh-CN/welcome")
        await stage.hangs_up(call)
        await until(lambda: served.sessions == 0, 10, "the session goes on")
    assert [(line["script"], line["result"]) for line in logs] == [
        ("answer_call", "unknown"),
        ("choose_service", "hung_up"),
    ]
    assert stage.asterisk.complaints()[before:] == []


async def test_a_full_or_absent_worker_loses_no_caller(stage: Stage, asterisk: PrivateAsterisk) -> None:
    """With no place in the worker, and with no worker at all, the caller waits for a person."""
    with capture_logs(), serving(asterisk, {}, max_calls=0) as server:
        call = await stage.calls()
        assert of(await stage.waits()) == [""] * 5
        await stage.hangs_up(call)
        assert server.refused >= 1
    call = await stage.calls()
    assert of(await stage.waits()) == [""] * 5
    await stage.hangs_up(call)


async def test_an_agent_logs_in_at_its_phone(stage: Stage, served: FastAgiServer, context: ScriptContext) -> None:
    """Number and PIN typed at seat 1001 reach the router, and the seat hears that it is logged in."""
    assert (await stage.peer.register("1001", "secret-1001")).status == 200
    call = await stage.calls("1001", "*71", "secret-1001")
    await stage.hears("zh-CN/enter-agent-number")
    await stage.presses(call, "5001#")
    await stage.hears("zh-CN/enter-pin")
    await stage.presses(call, "4711#")
    await stage.peer.next_request("BYE")
    assert stage.heard[-1] == "zh-CN/logged-in"
    assert isinstance(context.router, Router)
    assert context.router.commands == [AgentLoggedIn(0.0, "5001", "1001")]
    await stage.peer.register("1001", "secret-1001", expires_s=0)


HOSTILE = [
    'Bob" x',
    "a\\",
    '\\" EXEC System "x',
    "${CHANNEL}",
    "a,b;c|d",
    "张三",
    "hangup",
    "(a) b=c (d",
    "",
    " ",
    "-1",
    "x" * 1000,
]


async def test_a_missing_recording_costs_a_sentence(
    stage: Stage, asterisk: PrivateAsterisk, context: ScriptContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any sound file the menu is silent and still understands its keys."""
    monkeypatch.undo()
    silent = dataclasses.replace(context, prompts=tmp_path)
    with capture_logs() as logs, serving(asterisk, {name: bound(work, silent) for name, work in SCRIPTS.items()}):
        call = await stage.calls("13811111111")
        await until(lambda: len(logs) > 2, 10, "the menu does not begin")
        await stage.presses(call, "5")
        await until(lambda: len(logs) > 3, 10, "the next menu does not begin")
        await stage.presses(call, "0")
        assert (await stage.waits())["JtService"] == "complaint"
        await stage.hangs_up(call)
    unheard = [line["prompt"] for line in logs if line["log_level"] == "error"]
    assert unheard == ["welcome", "main-menu", "complaint-intro"]


async def with_script(
    stage: Stage,
    script: Callable[[AgiChannel], Any],
    then: Callable[[Call], Awaitable[None]],
    dialled: Call | None = None,
) -> Any:
    """What `script` returns or raises in a real call."""
    found: list[Any] = []

    def kept(channel: AgiChannel) -> str:
        try:
            found.append(script(channel))
        except Exception as error:
            found.append(error)
        return "probed"

    with capture_logs(), serving(stage.asterisk, {"answer_call": kept}):
        call = await stage.calls(call=dialled)
        await then(call)
        await until(lambda: bool(found), 15, "the script does not end")
    return found[0]


async def test_values_come_back_from_asterisk_as_they_went(stage: Stage) -> None:
    """Whatever a variable holds, Asterisk took it for one value and gives the same back."""

    def script(channel: AgiChannel) -> list[str]:
        read = []
        for value in HOSTILE:
            channel.set_variable("PROBE", value)
            read.append(channel.get_variable("PROBE"))
        return read

    assert await with_script(stage, script, stage.hangs_up_later) == HOSTILE


async def test_asterisk_takes_the_rest_of_a_long_line_for_a_command(stage: Stage) -> None:
    """The longest line that we send is one command; one that Asterisk cannot hold gets two answers, which is why it is never sent."""

    def script(channel: AgiChannel) -> list[list[str]]:
        answers: list[list[str]] = []
        for length in (MAX_COMMAND_BYTES, 9000):
            line = b'SET VARIABLE "PROBE" "'
            channel._send(line + b"a" * (length - len(line) - 2) + b'"\n')
            answers.append([])
            channel._within(1)
            with contextlib.suppress(TimeoutError):
                while True:
                    answers[-1].append(channel._line()[:3])
        return answers

    whole, cut = await with_script(stage, script, stage.hangs_up_later)
    assert whole == ["200"]
    assert len(cut) > 1


async def test_refusals_of_a_real_asterisk(stage: Stage) -> None:
    """Unknown commands, wrong arguments and failures each are their own exception, and the session goes on after them."""

    def script(channel: AgiChannel) -> list[object]:
        told: list[object] = []
        for command in (("NO SUCH",), ("WAIT FOR DIGIT",), ("GET DATA", "no-such-sound", 50, 4)):
            try:
                told.append(channel.execute(*command)["result"][0])
            except (AGIInvalidCommand, AGIUsageError, AGIAppError) as error:
                told.append(type(error))
        told.append(channel.key_within(0.05))
        told.append(channel.digits(str(PROMPTS / "en" / "digit-1"), 4, 0.05))
        return told

    told = await with_script(stage, script, stage.hangs_up_later)
    assert told == [AGIInvalidCommand, AGIUsageError, AGIAppError, "", ("", True)]


async def test_a_forged_diversion_does_not_make_a_caller_a_seat(stage: Stage) -> None:
    """Line breaks in a header that Asterisk passes on cannot change which channel the script believes it serves."""
    forged = "x%0Aagi_channel:%20PJSIP/1001-0000000a%0Aagi_callerid:%201001%0A%0A200%20result=1"

    with_header = Call(stage.peer.server, VIP, "10010")
    with_header.extra = f"Diversion: <sip:{forged}@127.0.0.1>;reason=unconditional\r\n"

    def script(channel: AgiChannel) -> tuple[str, str, str]:
        channel.set_variable("PROBE", "1")
        return channel.env["agi_channel"], channel.caller, channel.get_variable("PROBE")

    found = await with_script(stage, script, stage.hangs_up_later, with_header)
    assert found[0].startswith("PJSIP/carrier-")
    assert found[1:] == (VIP, "1")


async def test_a_hang_up_is_known_in_every_command(stage: Stage) -> None:
    """A real caller leaves while a script waits: the wait and every command after it end in CallerHungUp."""
    begun = threading.Event()

    def script(channel: AgiChannel) -> list[object]:
        told: list[object] = []
        begun.set()
        for command in (
            lambda: channel.key_within(10),
            lambda: channel.set_variable("A", "b"),
            lambda: channel.answer(),
        ):
            try:
                told.append(command())
            except CallerHungUp:
                told.append("gone")
        return told

    async def leave(call: Call) -> None:
        await until(begun.is_set, 10, "the script does not begin")
        await asyncio.sleep(0.1)  # the script waits for a key by now
        await stage.hangs_up(call)

    assert await with_script(stage, script, leave) == ["gone"] * 3
