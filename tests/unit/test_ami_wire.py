"""AMI as bytes: whatever Asterisk, a cut connection or an attacker sends."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.adapters.ami_wire import MAX_MESSAGE_BYTES, AmiInjection, AmiParser, AmiProtocolError, Message, encode

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def parsed(*chunks: bytes) -> list[Message]:
    """What a parser gives for these reads, after the banner."""
    parser = AmiParser()
    return [message for chunk in (BANNER, *chunks) for message in parser.feed(chunk)]


ROWS = {
    "one event": (b"Event: Hangup\r\nCause: 16\r\n\r\n", [[("Event", "Hangup"), ("Cause", "16")]]),
    "two at once": (b"A: 1\r\n\r\nB: 2\r\n\r\n", [[("A", "1")], [("B", "2")]]),
    "a colon in the value": (b"Contact: sip:1001@h\r\n\r\n", [[("Contact", "sip:1001@h")]]),
    "an empty value": (b"A:\r\n\r\n", [[("A", "")]]),
    "a line without a colon is passed over": (b"A: 1\r\nnoise\r\n\r\n", [[("A", "1")]]),
    "a Chinese name": ("N: 张三\r\n\r\n".encode(), [[("N", "张三")]]),
    "bytes that are not UTF-8": (b"N: \xff\xfe\r\n\r\n", [[("N", "\ufffd\ufffd")]]),
    "a lone line feed stays in the value": (b"N: a\nAction: Logoff\r\n\r\n", [[("N", "a\nAction: Logoff")]]),
    "repeated headers": (b"V: a=1\r\nV: b=2\r\n\r\n", [[("V", "a=1"), ("V", "b=2")]]),
    "empty blocks": (b"\r\n\r\n\r\nA: 1\r\n\r\n", [[("A", "1")]]),
    "half a message": (b"A: 1\r\nB", []),
}


@pytest.mark.parametrize("title", ROWS)
def test_bytes_become_messages(title: str) -> None:
    """Each kind of block from Asterisk is read as the table says."""
    wire, expected = ROWS[title]
    assert [message.pairs for message in parsed(wire)] == expected


@given(cuts=st.lists(st.integers(1, 90), max_size=12))
def test_reads_may_be_cut_anywhere(cuts: list[int]) -> None:
    """A slow network that splits messages at any byte changes nothing."""
    wire = BANNER + b"Event: UserEvent\r\nUserEvent: JtWaiting\r\n\r\nEvent: Hangup\r\nUniqueid: 1.1\r\n\r\n"
    parser, at, found = AmiParser(), 0, []
    for cut in [*sorted(cuts), len(wire)]:
        found += [message.pairs for message in parser.feed(wire[at:cut])] if cut > at else []
        at = max(at, cut)
    assert found == [
        [("Event", "UserEvent"), ("UserEvent", "JtWaiting")],
        [("Event", "Hangup"), ("Uniqueid", "1.1")],
    ]


@given(chunks=st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_are_survived(chunks: list[bytes]) -> None:
    """Garbage on the manager port gives messages or the one clear error, never another crash."""
    parser = AmiParser()
    with contextlib.suppress(AmiProtocolError):
        for chunk in chunks:
            list(parser.feed(chunk))


def test_a_message_that_never_ends_is_refused() -> None:
    """An endless block does not eat the router's memory."""
    parser = AmiParser()
    list(parser.feed(BANNER))
    with pytest.raises(AmiProtocolError, match="no end of a message"):
        list(parser.feed(b"x" * (MAX_MESSAGE_BYTES + 1)))


def test_another_service_on_the_port_is_named() -> None:
    """Pointing the router at an SSH port says so."""
    with pytest.raises(AmiProtocolError, match="SSH-2"):
        list(AmiParser().feed(b"SSH-2.0-OpenSSH_9.2\r\n"))


def test_an_action_goes_out_as_lines() -> None:
    """An order to Asterisk has one header a line and an empty line at its end."""
    wire = encode("Redirect", {"Channel": "PJSIP/a-1", "Variable": ["x=1", "y=2"]}, "7")
    assert wire == b"Action: Redirect\r\nActionID: 7\r\nChannel: PJSIP/a-1\r\nVariable: x=1\r\nVariable: y=2\r\n\r\n"


@given(value=st.text())
def test_no_value_can_become_a_second_action(value: str) -> None:
    """Whatever a caller calls himself, the order to Asterisk stays one order or is refused."""
    try:
        wire = encode("Setvar", {"Value": value}, "1")
    except AmiInjection:
        assert any(c in value for c in "\r\n\0")
    else:
        assert wire.count(b"\r\n") == 4


@pytest.mark.parametrize("name", ["Bad:Name", "Bad\r\nName", ""])
def test_no_header_name_can_become_a_second_action(name: str) -> None:
    """A header name with a colon or a line break is refused."""
    with pytest.raises(AmiInjection):
        encode("Setvar", {name: "x"}, "1")
