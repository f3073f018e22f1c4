"""The seats of the benchmarks read SIP correctly: a wrong reading would spoil every figure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.sip_messages import (
    SipSyntaxError,
    authorization,
    parameter_of,
    parse,
    request,
    response,
    tag_of,
    uri_of,
    user_of,
)

INVITE = (
    b"INVITE sip:1001@127.0.0.1:23200 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKabc\r\n"
    b"Record-Route: <sip:10.0.0.1;lr>\r\n"
    b"RECORD-ROUTE: <sip:10.0.0.2;lr>\r\n"
    b'f: "a;tag=no" <sip:139@127.0.0.1>;tag=from1\r\n'
    b"To: <sip:1001@127.0.0.1>\r\n"
    b"Subject: one\r\n two\r\n"
    b"i: call@host\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"v=0\n trailing"
)


def test_an_invite_is_read() -> None:
    """A seat that is rung knows who calls, in which dialog, in which transaction."""
    invite = parse(INVITE)
    assert (invite.method, invite.uri, invite.status) == ("INVITE", "sip:1001@127.0.0.1:23200", 0)
    assert (invite.call_id, invite.cseq, invite.branch) == ("call@host", 7, "z9hG4bKabc")
    assert invite.all("record-route") == ["<sip:10.0.0.1;lr>", "<sip:10.0.0.2;lr>"]
    assert invite.get("subject") == "one two"
    assert invite.get("not-there") == ""
    assert invite.body == b"v=0\n"


def test_an_answer_carries_what_it_must() -> None:
    """The hotline recognises a seat's answer: all Via, From, To with tag, Call-ID, CSeq, Record-Route come back."""
    answer = parse(response(parse(INVITE), 180, "Ringing", "seat1", [("Contact", "<sip:1001@127.0.0.1>")]))
    assert (answer.status, answer.reason, answer.method) == (180, "Ringing", "")
    assert answer.get("to") == "<sip:1001@127.0.0.1>;tag=seat1"
    assert answer.get("from") == '"a;tag=no" <sip:139@127.0.0.1>;tag=from1'
    assert (answer.branch, answer.call_id, answer.cseq) == ("z9hG4bKabc", "call@host", 7)
    assert answer.all("record-route") == ["<sip:10.0.0.1;lr>", "<sip:10.0.0.2;lr>"]
    again = parse(
        response(parse(request("BYE", "sip:a@b", [("To", "<sip:x@y>;tag=old"), ("CSeq", "1 BYE")])), 200, "OK", "new")
    )
    assert again.get("to") == "<sip:x@y>;tag=old"


@pytest.mark.parametrize(
    ("address", "uri", "user", "tag"),
    [
        ("<sip:1001@127.0.0.1>;tag=a1", "sip:1001@127.0.0.1", "1001", "a1"),
        ('"A, B" <sip:1001@h:5060;transport=udp>;tag=x', "sip:1001@h:5060;transport=udp", "1001", "x"),
        ('"say \\"<sip:2@h>\\";tag=no" <sip:1@h>', "sip:1@h", "1", ""),
        ("Li Lei <sip:1@h>;x=1;tag=t", "sip:1@h", "1", "t"),
        ("sip:1@h;tag=bare", "sip:1@h", "1", "bare"),
        ("<sip:1@h;tag=inside>", "sip:1@h;tag=inside", "1", ""),
        ("<sip:h:5060>;TAG=up", "sip:h:5060", "", "up"),
        ("<sip:1;isub=2@h>", "sip:1;isub=2@h", "1", ""),
        ('"never closed <sip:1@h>', '"never closed <sip:1@h>', "1", ""),
        ("", "", "", ""),
    ],
)
def test_addresses_are_taken_apart(address: str, uri: str, user: str, tag: str) -> None:
    """A caller's display name cannot pretend to be an address or a tag."""
    assert (
        uri_of(address),
        user_of(uri_of(address)) if not address.startswith('"never') else user,
        tag_of(address),
    ) == (uri, user, tag)


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        ("SIP/2.0/UDP h;branch=z9;rport", "branch", "z9"),
        ("SIP/2.0/UDP h; Branch = z9", "branch", "z9"),
        ("x;xbranch=1", "branch", ""),
        ("x;branch=", "branch", ""),
    ],
)
def test_parameters_are_found(value: str, name: str, expected: str) -> None:
    """Transactions are matched by the exact parameter."""
    assert parameter_of(value, name) == expected


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nVia: x",
        b"INVITE sip:a@b SIP/3.0\r\nVia: x\r\n\r\n",
        b"SIP/2.0 20 OK\r\n\r\n",
        b"SIP/2.0 700 OK\r\n\r\n",
        b"BYE sip:a@b SIP/2.0\r\nno colon here\r\n\r\n",
        b"BYE sip:a@b SIP/2.0\r\nContent-Length: 9\r\n\r\nshort",
        b"BYE sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"BYE sip:a@b SIP/2.0\r\nContent-Length: \xc2\xb2\r\n\r\n",
        b"\x00\x00\x00\x00",
    ],
)
def test_what_is_no_sip_is_refused(broken: bytes) -> None:
    """Rubbish on the port is counted, never taken for a call."""
    with pytest.raises(SipSyntaxError):
        parse(broken)


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda noise: INVITE[: len(noise) * 5] + noise))
def test_no_datagram_breaks_a_seat(datagram: bytes) -> None:
    """Whatever arrives, a seat reads it or refuses it, and goes on."""
    try:
        message = parse(datagram)
        for address in message.all("from") + message.all("to"):
            uri_of(address), tag_of(address), user_of(uri_of(address))
        assert message.branch is not None
        _ = message.cseq
    except SipSyntaxError:
        pass


def test_a_name_that_is_no_utf8_comes_back_unchanged() -> None:
    """A caller name in GB18030 or broken bytes survives in the answer byte by byte."""
    invite = INVITE.replace(b'"a;tag=no"', b'"\xff\xfe\xd5\xc5"')
    assert b'"\xff\xfe\xd5\xc5" <sip:139@127.0.0.1>;tag=from1' in response(parse(invite), 200, "OK", "t")


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [
        # RFC 2617 section 3.5, and the same without qop (the older RFC 2069 form)
        (
            'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
            "6629fae49393a05397450978507c4ef1",
        ),
        (
            'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
            "670fd8c2df070c60b045671b8b24ff02",
        ),
    ],
)
def test_a_challenge_is_answered_as_the_standard_says(challenge: str, expected: str) -> None:
    """A seat's password opens the registrar, as in the worked example of RFC 2617."""
    answer = authorization(challenge, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", 1, "0a4f113b")
    assert f'response="{expected}"' in answer
    assert ('opaque="5ccc069c403ebaf9f0171e9517f40e41"' in answer) == ("opaque" in challenge)


@pytest.mark.parametrize(
    "challenge", ["", "Basic realm=x", 'Digest realm="a"', 'Digest realm="a", nonce="b", algorithm=SHA-512']
)
def test_a_challenge_that_cannot_be_answered_says_so(challenge: str) -> None:
    """A registrar with an unknown scheme is a clear error."""
    with pytest.raises(SipSyntaxError, match="cannot answer"):
        authorization(challenge, "a", "b", "REGISTER", "sip:h")
