"""The rendered configuration in a real Asterisk: who gets in, where a call goes, what the router hears.

Longer than 400 lines because every story shares one Asterisk, which takes longer to start than a story to tell.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.adapters.agi_stub import agi_stub
from tests.adapters.ami_tap import AmiTap, ami_tap
from tests.adapters.asterisk_fixture import PrivateAsterisk, private_asterisk, until
from tests.adapters.sip_peer import SDP, Call, SipPeer, sip_peer

PORT_BASE = 22000
pytestmark = pytest.mark.asyncio(loop_scope="module")
HEARD = {"UserEvent", "DialBegin", "DialEnd", "HangupRequest", "Hangup", "DeviceStateChange", "FullyBooted"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def asterisk() -> AsyncIterator[PrivateAsterisk]:
    """One Asterisk for the calls of this file."""
    async with private_asterisk(PORT_BASE) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def seat(asterisk: PrivateAsterisk) -> AsyncIterator[SipPeer]:
    """A device registered as seat 1001; it rings until told otherwise."""
    async with sip_peer(asterisk.settings.sip_port) as device:
        assert (await device.register("1001", "secret-1001")).status == 200
        yield device
        await device.register("1001", "secret-1001", expires_s=0)


async def wait_in_line(caller: SipPeer, ami: AmiTap, user: str = "13900000001") -> tuple[Call, dict[str, str]]:
    """Calls the hotline and comes to the waiting context; returns the dialog and JtWaiting."""
    call = Call(caller.server, user, "10010")
    assert (await caller.ask(call, "INVITE", body=SDP)).status == 200
    return call, await ami.event("UserEvent", UserEvent="JtWaiting")


async def hang_up(caller: SipPeer, call: Call, ami: AmiTap, waiting: dict[str, str]) -> None:
    """Ends the call and sees it gone."""
    call.cseq += 1
    await caller.ask(call, "BYE")
    await ami.event("Hangup", Uniqueid=waiting["Uniqueid"])


async def offer(ami: AmiTap, waiting: dict[str, str], number: str) -> None:
    """What the router does: sends the caller to a seat."""
    answer = await ami.action(
        Action="Redirect", Channel=waiting["Channel"], Context="connect", Exten=number, Priority="1"
    )
    assert answer["Response"] == "Success"


async def test_wrong_password_and_unknown_device_get_the_same_answer(peer: SipPeer) -> None:
    """A stranger cannot find out which seats exist by registering."""
    wrong = await peer.register("1001", "not-the-password")
    unknown = await peer.register("5555", "not-the-password")
    assert wrong.status == unknown.status == 401
    assert wrong.shape() == unknown.shape()


async def test_second_device_replaces_the_first(
    asterisk: PrivateAsterisk, seat: SipPeer, ami: AmiTap, peer: SipPeer
) -> None:
    """A seat whose phone was exchanged rings at the new phone only."""
    assert (await peer.register("1001", "secret-1001")).status == 200
    async with sip_peer(asterisk.settings.sip_port) as caller:
        call, waiting = await wait_in_line(caller, ami)
        await offer(ami, waiting, "1001")
        await peer.next_request("INVITE")
        assert not [r for r in seat.requests if r.text.startswith("INVITE")]
        await hang_up(caller, call, ami, waiting)


@pytest.mark.parametrize("user", ["1001", "1901", "carrier", "13900000001", "10010"])
async def test_caller_with_any_number_is_a_caller(user: str, peer: SipPeer, ami: AmiTap) -> None:
    """A call from the trunk is a caller's, even when its From is a seat's number, the trunk's name or the hotline itself."""
    call, waiting = await wait_in_line(peer, ami, user)
    arrived = await ami.event("UserEvent", UserEvent="JtArrived", Uniqueid=waiting["Uniqueid"])
    assert arrived["Channel"].startswith("PJSIP/carrier-")
    assert arrived["CallerIDNum"] == ("<unknown>" if user == "carrier" else user)
    assert waiting["Linkedid"] == waiting["Uniqueid"]
    await hang_up(peer, call, ami, waiting)


async def test_source_that_is_no_trunk_gets_nothing(asterisk: PrivateAsterisk, ami: AmiTap) -> None:
    """A machine that is no trunk gets the same refusal whatever it dials and whoever it claims to be."""
    asked = [
        ("13900000001", "10010"),
        ("1001", "10010"),
        ("1001", "1001"),
        ("77", "1001"),
        ("carrier", "1001"),
        ("77", "*71"),
    ]
    async with sip_peer(asterisk.settings.sip_port, address="127.0.0.9") as stranger:
        answers = [await stranger.ask(Call(stranger.server, *who), "INVITE", body=SDP) for who in asked]
    assert {a.status for a in answers} == {401}
    assert len({a.shape() for a in answers}) == 1
    assert not [e for e in ami.events if e["Event"] == "UserEvent"]


@pytest.mark.parametrize(
    "number", ["10011", "1001", "100", "100100", "s", "*71", "h", "i", "hold", "%24%7BSHELL(id)%7D"]
)
async def test_other_numbers_are_refused(number: str, peer: SipPeer, ami: AmiTap) -> None:
    """A caller who dials anything but the hotline's number reaches no context at all."""
    answer = await peer.ask(Call(peer.server, "13900000001", number), "INVITE", body=SDP)
    assert answer.status in (401, 404)
    assert not [e for e in ami.events if e["Event"] == "UserEvent"]


HOSTILE = {
    "quotes and commas": b'"a\\"b,c,d\\\\" ',
    "a function": b'"${SHELL(touch /tmp/jietong-was-here)}" ',
    "an expression": b'"$[1+1] ${CHANNEL(name)} %0a%0dAction: Originate" ',
    "4 KB": b'"' + b"A" * 3500 + b'" ',
    "not UTF-8": b'"\xff\xfe\x80\xc3" ',
    "control characters": b'"a\x01\x07\x1b[31mb" ',
    "Chinese": '"张伟" '.encode(),
}


@pytest.mark.parametrize("display", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_name_is_only_a_caller(
    display: bytes, peer: SipPeer, ami: AmiTap, asterisk: PrivateAsterisk
) -> None:
    """A caller with a hostile display name gets through like anybody, and nothing of the name goes further."""
    call = Call(peer.server, "13900000001", "10010", display=display)
    assert (await peer.ask(call, "INVITE", body=SDP)).status == 200
    waiting = await ami.event("UserEvent", UserEvent="JtWaiting")
    assert waiting["CallerIDNum"] == "13900000001"
    assert waiting["CallerIDName"] == "<unknown>"
    await hang_up(peer, call, ami, waiting)
    assert {e.get("Event") for e in ami.events} <= HEARD
    assert b"Originate" not in ami.raw and b"jietong-was-here" not in ami.raw and b"SHELL" not in ami.raw


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        ("+8613900000001", "+8613900000001"),
        ("139,00%2C00", "1390000"),
        ("%24%7BSHELL(id)%7D12", "12"),
        ("anonymous", "<unknown>"),
        ("1" * 200, "1" * 32),
        ("12%0d%0aEvent:%20Hangup", "12"),
        ("%22%5C%00;", "<unknown>"),
        ("13900%e5%bc%a0", "13900"),
    ],
)
async def test_hostile_number_is_cut_to_digits(user: str, shown: str, peer: SipPeer, ami: AmiTap) -> None:
    """Of a caller's number only digits, plus, star and hash remain, 32 at most."""
    call = Call(peer.server, user, "10010")
    answer = await peer.ask(call, "INVITE", body=SDP)
    assert answer.status == 200
    waiting = await ami.event("UserEvent", UserEvent="JtWaiting")
    assert waiting["CallerIDNum"] == shown
    await hang_up(peer, call, ami, waiting)


async def test_broken_message_is_no_call(peer: SipPeer, ami: AmiTap) -> None:
    """A message that is no SIP is dropped; the next caller gets through."""
    for display in (b'"a\r\n Event: Hangup" ', b'"a\x00b" <', b'"' * 1001):
        peer.send(Call(peer.server, "13900000001", "10010", display=display).request("INVITE", peer.port, SDP))
    peer.send(b"\x00\xff" * 700)
    call, waiting = await wait_in_line(peer, ami)
    await hang_up(peer, call, ami, waiting)
    assert not [e for e in ami.events if e.get("UserEvent") == "JtWaiting"]


async def test_unanswered_seat_brings_the_caller_back(peer: SipPeer, seat: SipPeer, ami: AmiTap) -> None:
    """A caller whose seat does not answer waits on, with the same time of entry, and can be offered again."""
    call, waiting = await wait_in_line(peer, ami)
    await offer(ami, waiting, "1001")
    invite = await seat.next_request("INVITE")
    assert "13900000001" in invite.header("From")
    assert (await ami.event("DialEnd"))["DialStatus"] == "NOANSWER"
    again = await ami.event("UserEvent", UserEvent="JtWaiting", Uniqueid=waiting["Uniqueid"])
    assert again["JtQueuedAt"] == waiting["JtQueuedAt"]
    assert abs(float(waiting["JtQueuedAt"]) - float(waiting["Timestamp"])) < 0.5
    seat.on_invite = "answer"
    await offer(ami, again, "1001")
    assert (await ami.event("DialEnd"))["DialStatus"] == "ANSWER"
    await hang_up(peer, call, ami, waiting)


@pytest.mark.parametrize(
    ("policy", "status"), [("486", "BUSY"), ("302", None), ("603", None), ("480", None), ("404", None), ("500", None)]
)
async def test_refusing_seat_brings_the_caller_back(
    policy: str, status: str | None, peer: SipPeer, seat: SipPeer, ami: AmiTap
) -> None:
    """A caller whose seat declines or fails waits on."""
    seat.on_invite = policy
    call, waiting = await wait_in_line(peer, ami)
    await offer(ami, waiting, "1001")
    end = await ami.event("DialEnd")
    assert end["DialStatus"] == status or (status is None and end["DialStatus"] != "ANSWER")
    await ami.event("UserEvent", UserEvent="JtWaiting", Uniqueid=waiting["Uniqueid"])
    await hang_up(peer, call, ami, waiting)


async def test_phone_that_forwards_moves_nobody(
    peer: SipPeer, seat: SipPeer, ami: AmiTap, asterisk: PrivateAsterisk
) -> None:
    """A phone set to forward its calls, even to a feature code, neither takes the caller away nor runs the code."""
    seat.on_invite, seat.contact = "302", "*72"
    call, waiting = await wait_in_line(peer, ami)
    async with agi_stub(asterisk.settings.agi_port) as agi:
        await offer(ami, waiting, "1001")
        await ami.event("UserEvent", UserEvent="JtWaiting", Uniqueid=waiting["Uniqueid"])
        await asyncio.sleep(0.3)  # what must not happen has no event to wait for
    assert agi.scripts == []
    await hang_up(peer, call, ami, waiting)


@pytest.mark.parametrize("number", ["1002", "9999", "77", "x", "dialed-ANSWER;"])
async def test_seat_without_device_brings_the_caller_back(number: str, peer: SipPeer, ami: AmiTap) -> None:
    """A caller sent to a seat without a device, or to none at all, waits on."""
    call, waiting = await wait_in_line(peer, ami)
    await offer(ami, waiting, number)
    await ami.event("UserEvent", UserEvent="JtWaiting", Uniqueid=waiting["Uniqueid"])
    await hang_up(peer, call, ami, waiting)


async def test_two_seats_answer_in_the_same_instant(
    peer: SipPeer, seat: SipPeer, ami: AmiTap, asterisk: PrivateAsterisk
) -> None:
    """Two phones pick up as fast as they can: one has the caller, the other is hung up, and the router hears of one answer only."""
    seat.on_invite = "answer"
    async with sip_peer(asterisk.settings.sip_port, on_invite="answer") as other:
        assert (await other.register("1002", "secret-1002")).status == 200
        call, waiting = await wait_in_line(peer, ami)
        await offer(ami, waiting, "1001*1002")
        first = await ami.event("DialEnd", DialStatus="ANSWER")
        winner, loser = (seat, other) if first["DestChannel"].startswith("PJSIP/1001-") else (other, seat)
        ended = await ami.event("Hangup", Linkedid=waiting["Linkedid"])
        assert ended["Uniqueid"] != waiting["Uniqueid"] and ended["Uniqueid"] != first["DestUniqueid"]
        assert not [r for r in winner.requests if r.method in ("BYE", "CANCEL")]
        await hang_up(peer, call, ami, waiting)
        assert [r for r in loser.requests if r.method in ("BYE", "CANCEL")]
        assert not [e for e in ami.events if e.get("DialStatus") == "ANSWER"], "a second answer was reported"
        assert not [e for e in ami.events if e.get("UserEvent") == "JtWaiting"]
        await other.register("1002", "secret-1002", expires_s=0)


async def test_of_two_seats_one_has_no_device(peer: SipPeer, seat: SipPeer, ami: AmiTap) -> None:
    """The phone that is there rings and answers as if it had been asked alone."""
    seat.on_invite = "answer"
    call, waiting = await wait_in_line(peer, ami)
    await offer(ami, waiting, "1002*1001")
    assert (await ami.event("DialEnd", DialStatus="ANSWER"))["DestChannel"].startswith("PJSIP/1001-")
    await hang_up(peer, call, ami, waiting)


@pytest.mark.parametrize("numbers", ["1002*1003", "1002*", "1002*&9999", "1002*x,b(y)"])
async def test_of_two_seats_none_has_a_device(numbers: str, peer: SipPeer, ami: AmiTap) -> None:
    """A caller sent to seats without a device, or to nonsense, waits on."""
    call, waiting = await wait_in_line(peer, ami)
    await offer(ami, waiting, numbers)
    await ami.event("UserEvent", UserEvent="JtWaiting", Uniqueid=waiting["Uniqueid"])
    await hang_up(peer, call, ami, waiting)


async def test_agent_hangs_up_and_the_call_ends(peer: SipPeer, seat: SipPeer, ami: AmiTap) -> None:
    """When the agent hangs up first, the caller's line ends too."""
    seat.on_invite = "answer"
    _, waiting = await wait_in_line(peer, ami)
    await offer(ami, waiting, "1001")
    leg = (await ami.event("DialEnd", DialStatus="ANSWER"))["DestChannel"]
    await ami.action(Action="Hangup", Channel=leg)
    await peer.next_request("BYE")
    await ami.event("Hangup", Uniqueid=waiting["Uniqueid"])


async def test_caller_hangs_up_while_the_seat_rings(peer: SipPeer, seat: SipPeer, ami: AmiTap) -> None:
    """A caller who gives up while a seat rings stops the ringing."""
    call, waiting = await wait_in_line(peer, ami)
    await offer(ami, waiting, "1001")
    await seat.next_request("INVITE")
    call.cseq += 1
    await peer.ask(call, "BYE")
    await seat.next_request("CANCEL")
    await ami.event("Hangup", Uniqueid=waiting["Uniqueid"])


async def test_keys_while_waiting_change_nothing(peer: SipPeer, ami: AmiTap, asterisk: PrivateAsterisk) -> None:
    """A caller who presses keys while waiting keeps the place and the music, and the router hears nothing."""
    call, waiting = await wait_in_line(peer, ami)
    for key in "0159*#AD":
        call.cseq += 1
        call.extra = "Content-Type: application/dtmf-relay\r\n"
        body = f"Signal={key}\r\nDuration=100\r\n"
        peer.send(
            call.request("INFO", peer.port, extra="").replace(
                b"Content-Length: 0\r\n\r\n", f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
        )
        assert (await peer.next_response(call.call_id)).status == 200
        await asyncio.sleep(0.15)  # a key lasts 100 ms
    call.extra = ""
    assert "WaitExten" in await asterisk.cli("core show channels")
    assert not [e for e in ami.events if e.get("UserEvent") == "JtWaiting"]
    await hang_up(peer, call, ami, waiting)


async def test_router_hears_just_what_it_needs(peer: SipPeer, seat: SipPeer, ami: AmiTap) -> None:
    """The router's connection carries the seven kinds of events and of devices only seats."""
    seat.on_invite = "answer"
    call, waiting = await wait_in_line(peer, ami)
    await offer(ami, waiting, "1001")
    await ami.event("DialEnd", DialStatus="ANSWER")
    # By a slower path than DialEnd; RINGING may never be said of a phone that answers at once.
    assert (await ami.event("DeviceStateChange", State="INUSE"))["Device"] == "PJSIP/1001"
    assert all(e["Device"] == "PJSIP/1001" for e in ami.events if e["Event"] == "DeviceStateChange")
    assert {e["Event"] for e in ami.events} <= HEARD
    await hang_up(peer, call, ami, waiting)
    await ami.event("DeviceStateChange", State="NOT_INUSE")


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        ({"Action": "Ping"}, True),
        ({"Action": "CoreShowChannels"}, True),
        ({"Action": "DeviceStateList"}, True),
        ({"Action": "Status"}, True),
        ({"Action": "Getvar", "Variable": "EPOCH"}, True),
        ({"Action": "Getvar", "Variable": "SHELL(id)"}, False),
        ({"Action": "Command", "Command": "core stop now"}, False),
        ({"Action": "Originate", "Channel": "PJSIP/1001", "Application": "System", "Data": "id"}, False),
        ({"Action": "GetConfig", "Filename": "manager.conf"}, False),
        ({"Action": "UpdateConfig", "SrcFilename": "a.conf", "DstFilename": "a.conf"}, False),
        ({"Action": "Reload"}, False),
        ({"Action": "UserEvent", "UserEvent": "JtRouter"}, True),
        ({"Action": "QueuePause", "Interface": "PJSIP/1001", "Paused": "true"}, False),  # no such queue in this site
    ],
)
async def test_router_may_do_just_what_it_needs(action: dict[str, str], allowed: bool, ami: AmiTap) -> None:
    """The router's account cannot run commands, start programs or read the configuration."""
    answer = await ami.action(**action)
    assert (answer["Response"] == "Success") is allowed


async def test_wrong_ami_secret_is_refused(asterisk: PrivateAsterisk) -> None:
    """Nobody moves calls without the account's secret."""
    with pytest.raises(AssertionError, match="Authentication failed"):
        async with ami_tap(asterisk.settings.ami_port, secret="wrong-secret"):
            pass


async def test_menu_choice_travels_to_the_router(peer: SipPeer, ami: AmiTap, asterisk: PrivateAsterisk) -> None:
    """What the menu chose reaches the router with the waiting call."""
    chosen = {
        "JT_QUEUE": "billing",
        "JT_TIER": "vip",
        "JT_SERVICE": "complaint",
        "JT_LANGUAGE": "zh-CN",
        "JT_REPRESENTATIVE": "1902",
        "JT_NEXT": "queue",
    }
    async with agi_stub(asterisk.settings.agi_port, variables=chosen) as agi:
        call, waiting = await wait_in_line(peer, ami)
    assert agi.scripts == ["answer_call", "choose_service"]
    headers = ("JtQueue", "JtTier", "JtService", "JtLanguage", "JtRepresentative")
    assert [waiting[h] for h in headers] == ["billing", "vip", "complaint", "zh-CN", "1902"]
    await hang_up(peer, call, ami, waiting)


async def test_hostile_menu_answer_injects_nothing(peer: SipPeer, ami: AmiTap, asterisk: PrivateAsterisk) -> None:
    """Whatever a script sets, only words reach the router."""
    hostile = "a,JtEvil: 1${SHELL(id)}\\\\r\\\\nEvent: Hangup B" + "c" * 100
    names = ("JT_QUEUE", "JT_TIER", "JT_SERVICE", "JT_LANGUAGE", "JT_REPRESENTATIVE")
    variables = dict.fromkeys(names, hostile) | {"JT_NEXT": "queue"}
    async with agi_stub(asterisk.settings.agi_port, variables=variables):
        call, waiting = await wait_in_line(peer, ami)
    assert "JtEvil" not in waiting
    assert all(len(waiting[h]) <= 32 and waiting[h].isascii() for h in ("JtQueue", "JtTier", "JtService", "JtLanguage"))
    assert waiting["JtRepresentative"] == "1"
    await hang_up(peer, call, ami, waiting)


async def test_menu_may_end_the_call(peer: SipPeer, ami: AmiTap, asterisk: PrivateAsterisk) -> None:
    """A call that the menu ends never waits."""
    async with agi_stub(asterisk.settings.agi_port, variables={"JT_NEXT": "hangup"}):
        assert (await peer.ask(Call(peer.server, "13900000001", "10010"), "INVITE", body=SDP)).status == 200
        await peer.next_request("BYE")
        await ami.event("Hangup")
    assert not [e for e in ami.events if e.get("UserEvent") == "JtWaiting"]


@pytest.mark.parametrize("broken", ["choose_service", "no word", "nonsense"])
async def test_broken_menu_loses_no_caller(broken: str, peer: SipPeer, ami: AmiTap, asterisk: PrivateAsterisk) -> None:
    """A menu that dies, says nothing or says nonsense leaves the caller waiting for a person."""
    variables = {"JT_NEXT": "no such thing"} if broken == "nonsense" else {}
    async with agi_stub(asterisk.settings.agi_port, variables=variables, dies_in=broken):
        call, waiting = await wait_in_line(peer, ami)
    assert waiting["JtQueue"] == ""
    await hang_up(peer, call, ami, waiting)


@pytest.mark.parametrize(
    ("code", "script"),
    [("*71", "log_in_agent"), ("*72", "log_out_agent"), ("*73", "pause_agent"), ("*74", "ready_agent")],
)
async def test_feature_code_reaches_its_script(
    code: str, script: str, seat: SipPeer, ami: AmiTap, asterisk: PrivateAsterisk
) -> None:
    """An agent's code starts its script, which is told the seat by its password, not by its words."""
    async with agi_stub(asterisk.settings.agi_port) as agi:
        call = Call(seat.server, "1001", code, display=b'"9999" ')
        assert (await seat.ask(call, "INVITE", "1001", "secret-1001", SDP)).status == 200
        await seat.next_request("BYE")
    assert agi.scripts == [script]
    assert agi.environments[0]["agi_channel"].startswith("PJSIP/1001-")
    assert agi.environments[0]["agi_callerid"] == "1001"


async def test_feature_code_needs_the_password(peer: SipPeer, asterisk: PrivateAsterisk) -> None:
    """Nobody logs an agent in by claiming to be the seat."""
    assert (await peer.ask(Call(peer.server, "1001", "*71"), "INVITE", "1001", "wrong-password", SDP)).status == 401
    assert "0 active channels" in await asterisk.cli("core show channels")


async def test_offer_at_the_very_moment_of_waiting_always_rings(peer: SipPeer, seat: SipPeer, ami: AmiTap) -> None:
    """A router that answers JtWaiting at once, a hundred times over, never loses the caller or the offer."""
    seat.on_invite = "486"
    call, waiting = await wait_in_line(peer, ami)
    for _ in range(100):
        await offer(ami, waiting, "1001")
        assert (await ami.event("DialEnd", within_s=3))["DialStatus"] == "BUSY"
        await ami.event("UserEvent", within_s=3, UserEvent="JtWaiting")
    await hang_up(peer, call, ami, waiting)


async def test_music_has_no_gap(asterisk: PrivateAsterisk, peer: SipPeer, seat: SipPeer, ami: AmiTap) -> None:
    """A caller hears music while waiting, while a seat rings and afterwards, and never a hole of a quarter second."""
    heard: list[tuple[float, bytes]] = []

    class Ear(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            heard.append((time.monotonic(), data))

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Ear, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    call = Call(peer.server, "13900000001", "10010")
    assert (await peer.ask(call, "INVITE", body=SDP.replace("audio 9 ", f"audio {port} "))).status == 200
    waiting = await ami.event("UserEvent", UserEvent="JtWaiting")
    await until(lambda: len(heard) > 25, 5, "no music while waiting")
    await offer(ami, waiting, "1001")
    await ami.event("UserEvent", UserEvent="JtWaiting")  # rang for ring_s without an answer
    count = len(heard)
    await until(lambda: len(heard) > count + 25, 5, "no music after the ringing")
    await hang_up(peer, call, ami, waiting)
    transport.close()
    gaps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(heard)]
    assert max(gaps) < 0.25
    assert {data[1] & 0x7F for _, data in heard} == {8}  # A-law
    loud = [data for _, data in heard if len(set(data[12:])) > 4]  # a tone has many values, silence one or two
    assert len(loud) > 0.95 * len(heard)
