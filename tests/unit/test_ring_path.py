"""Where a gap's time went is read from packets: headers, and the words of SIP and of Asterisk's manager."""

import struct

import pytest

from bench import ring_path
from bench.ring_path import BYE, HEARD, ORDERED, RINGS, STEPS, TAKEN, dials_of, paths_of
from bench.wire_tap import TCP, UDP, Packet, packet_of

AMI, SIP, PHONES, LEADER, STANDBY = 5038, 5060, 17900, 40001, 40002
HUNG_UP = b"Event: HangupRequest\r\nPrivilege: call,all\r\nChannel: PJSIP/2001-0000001a\r\nLinkedid: 1.1\r\n\r\n"
REDIRECT = b"Action: Redirect\r\nActionID: 7\r\nChannel: PJSIP/carrier-00000002\r\nContext: connect\r\nExten: 2001\r\nPriority: 1\r\n\r\n"
SEATS_BYE = b'BYE sip:hotline@127.0.0.1:5060 SIP/2.0\r\nFrom: "a" <sip:2001@127.0.0.1>;tag=1\r\nCSeq: 1 BYE\r\n\r\n'
TAKES = b"SIP/2.0 200 OK\r\nFrom: <sip:2001@127.0.0.1>;tag=1\r\nCSeq: 1 BYE\r\n\r\n"
INVITE = b"INVITE sip:2001@127.0.0.1:17900 SIP/2.0\r\nFrom: <sip:13800000001@127.0.0.1>;tag=2\r\nCSeq: 2 INVITE\r\n\r\n"
CALLERS_INVITE = (
    b"INVITE sip:10010@127.0.0.1:5060 SIP/2.0\r\nFrom: <sip:13800002001@127.0.0.1>;tag=3\r\nCSeq: 1 INVITE\r\n\r\n"
)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--size", "10x30,50x150"], "one, such as 50x150"),
        (["--size", "50"], "write 10x30"),
        (["--size", "200x800", "--talk", "2"], "there would be no line"),
        (["--talk", "0"], "write 10x30"),
    ],
)
def test_what_is_no_case_gives_no_figure(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip in the command line is one sentence, and nothing is started."""
    assert ring_path.main(words) == 2
    assert said in capsys.readouterr().err


def heard(at: float, payload: bytes, by: int = LEADER) -> Packet:
    return Packet(at, TCP, AMI, by, payload)


def sent(at: float, payload: bytes, by: int = LEADER) -> Packet:
    return Packet(at, TCP, by, AMI, payload)


def sip(at: float, payload: bytes, source: int = PHONES, target: int = SIP) -> Packet:
    return Packet(at, UDP, source, target, payload)


WAY = [
    sip(1.0, SEATS_BYE),
    sip(1.001, TAKES, SIP, PHONES),
    heard(1.002, HUNG_UP, STANDBY),
    heard(1.003, HUNG_UP),
    sent(1.004, REDIRECT),
    sip(1.006, INVITE, SIP, PHONES),
]


def test_each_step_of_a_gap_has_its_time() -> None:
    """From the agent's hanging up to its next ring every step counts once, as the router that leads met it."""
    [path] = paths_of(WAY, ["2001"], AMI)
    assert path == {BYE: 1.0, TAKEN: 1.001, HEARD: 1.003, ORDERED: 1.004, RINGS: 1.006}
    assert tuple(path) == STEPS


@pytest.mark.parametrize("missing", range(len(WAY)))
def test_a_gap_with_a_step_unseen_is_none(missing: int) -> None:
    """A ring that no order of the router's caused, or whose beginning was not seen, is no gap; only the standby's word may be missing."""
    rest = [packet for place, packet in enumerate(WAY) if place != missing]
    assert len(paths_of(rest, ["2001"], AMI)) == (1 if missing == 2 else 0)


def test_strangers_are_no_seats() -> None:
    """What other telephones do counts for nothing."""
    assert paths_of(WAY, ["2002"], AMI) == []


def test_a_plain_dial_is_timed_from_caller_to_seat() -> None:
    """The seat that the caller's number names rings; a caller whose seat never does gives no time."""
    packets = [
        sip(1.0, CALLERS_INVITE),
        sip(1.25, INVITE, SIP, PHONES),
        sip(2.0, CALLERS_INVITE),
    ]
    assert dials_of(packets, ["2001"]) == [0.25]


def frame_of(protocol: int, segment: bytes, version: int = 4, padding: bytes = b"") -> bytes:
    length = 20 + len(segment)
    head = bytes([version << 4 | 5, 0]) + struct.pack("!H", length) + bytes(5) + bytes([protocol]) + bytes(10)
    return bytes(14) + head + segment + padding


UDP_SEGMENT = struct.pack("!HHHH", 5060, 17900, 11, 0) + b"abc"
TCP_SEGMENT = struct.pack("!HH", 5038, 40001) + bytes(8) + bytes([6 << 4]) + bytes(11) + b"abc"
FRAMES: dict[str, tuple[bytes, Packet | None]] = {
    "UDP": (frame_of(UDP, UDP_SEGMENT), Packet(5.0, UDP, 5060, 17900, b"abc")),
    "TCP with an option": (frame_of(TCP, TCP_SEGMENT), Packet(5.0, TCP, 5038, 40001, b"abc")),
    "padding at the end": (frame_of(UDP, UDP_SEGMENT, padding=b"\0\0"), Packet(5.0, UDP, 5060, 17900, b"abc")),
    "a bare acknowledgement": (frame_of(TCP, TCP_SEGMENT[:-3]), None),
    "another protocol": (frame_of(1, UDP_SEGMENT), None),
    "IPv6": (frame_of(UDP, UDP_SEGMENT, version=6), None),
    "cut off": (frame_of(TCP, TCP_SEGMENT[:12]), None),
    "nothing": (b"", None),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frame(name: str) -> None:
    """A frame gives what UDP or TCP carried, whatever its headers' lengths; anything else gives nothing."""
    frame, expected = FRAMES[name]
    assert packet_of(frame, 5.0) == expected
