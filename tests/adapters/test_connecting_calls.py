"""What caller and agent are told in the moment in which the agent picks up, in a real Asterisk: what the router hears, and whom it costs a call."""

import math
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from jietong.sound_samples import wav_of
from tests.adapters.ami_tap import AmiTap
from tests.adapters.asterisk_fixture import PrivateAsterisk, private_asterisk
from tests.adapters.sip_peer import SDP, Call, SipPeer, sip_peer

PORT_BASE = 22500
SENTENCE_S = 2.0
pytestmark = pytest.mark.asyncio(loop_scope="module")


def sentence(folder: Path, name: str) -> None:
    """A tone of SENTENCE_S."""
    samples = [round(8000 * math.sin(n / 3)) for n in range(int(SENTENCE_S * 8000))]
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(wav_of(struct.pack(f"<{len(samples)}h", *samples)))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def asterisk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PrivateAsterisk]:
    """One Asterisk that knows who sits where; nobody's menu is there, so that callers come with empty words."""
    spoken = tmp_path_factory.mktemp("spoken")
    for name in ("agent/1001.wav", "agent/8001.wav", "whisper/+++.wav"):
        sentence(spoken, name)
    async with private_asterisk(PORT_BASE, spoken_dir=spoken, announces_agent=True, whispers=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def seat(asterisk: PrivateAsterisk) -> AsyncIterator[SipPeer]:
    """A device at seat 1001 that answers."""
    async with sip_peer(asterisk.settings.sip_port, on_invite="answer") as device:
        assert (await device.register("1001", "secret-1001")).status == 200
        yield device
        await device.register("1001", "secret-1001", expires_s=0)


async def rings(caller: SipPeer, ami: AmiTap, exten: str) -> tuple[Call, dict[str, str]]:
    """A caller waits and is sent to a seat."""
    call = Call(caller.server, "13900000001", "10010")
    assert (await caller.ask(call, "INVITE", body=SDP)).status == 200
    waiting = await ami.event("UserEvent", UserEvent="JtWaiting")
    done = await ami.action(Action="Redirect", Channel=waiting["Channel"], Context="connect", Exten=exten, Priority="1")
    assert done["Response"] == "Success"
    return call, waiting


@pytest.mark.parametrize("exten", ["1001", "1001+8001", "1001+7777"])
async def test_the_router_hears_of_the_answer_at_once(
    peer: SipPeer, seat: SipPeer, ami: AmiTap, asterisk: PrivateAsterisk, exten: str
) -> None:
    """The wait ends when the agent picks up; the two talk when they have been told. An agent without a sentence talks all the same."""
    call, waiting = await rings(peer, ami, exten)
    picked_up = await ami.event("Newstate", ChannelState="6", Linkedid=waiting["Linkedid"])
    assert picked_up["Channel"].startswith("PJSIP/1001-") and picked_up["AccountCode"] == "jt-told"
    connected = await ami.event("DialEnd", DialStatus="ANSWER")
    assert SENTENCE_S - 0.5 < float(connected["Timestamp"]) - float(picked_up["Timestamp"]) < SENTENCE_S + 1.5
    assert not [e for e in ami.events if e["Event"] == "Newstate" and e.get("Channel") == waiting["Channel"]]
    call.cseq += 1
    await peer.ask(call, "BYE")
    await ami.event("Hangup", Uniqueid=waiting["Uniqueid"])


@pytest.mark.parametrize("who", ["caller", "agent"])
async def test_hanging_up_while_being_told_ends_the_call(peer: SipPeer, seat: SipPeer, ami: AmiTap, who: str) -> None:
    """Whoever leaves before the talk: both legs end at once, and the router hears of both."""
    call, waiting = await rings(peer, ami, "1001")
    leg = (await ami.event("Newstate", ChannelState="6"))["Uniqueid"]
    if who == "caller":
        call.cseq += 1
        await peer.ask(call, "BYE")
    else:
        await ami.action(Action="Hangup", Channel=leg)
    ended = {(await ami.event("Hangup", Linkedid=waiting["Linkedid"], within_s=1.5))["Uniqueid"] for _ in range(2)}
    assert ended == {leg, waiting["Uniqueid"]}


async def test_of_several_seats_nobody_is_told(peer: SipPeer, seat: SipPeer, ami: AmiTap) -> None:
    """Nobody knows before the answer whose caller it will be."""
    call, waiting = await rings(peer, ami, "1001*1002")
    await ami.event("DialEnd", DialStatus="ANSWER", within_s=1.5)
    assert not [e for e in ami.events if e["Event"] == "Newstate"]
    call.cseq += 1
    await peer.ask(call, "BYE")
    await ami.event("Hangup", Uniqueid=waiting["Uniqueid"])
