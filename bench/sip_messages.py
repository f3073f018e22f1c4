"""SIP messages as values: bytes to message, message to bytes, digest answers.

Owns the syntax (RFC 3261, 7616) as far as a UDP seat needs it; must not know sockets, timers or calls.
Rules: pure; a datagram that is no SIP raises SipSyntaxError, never anything else.
"""

import hashlib
import re
from dataclasses import dataclass

_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "k": "supported",
    "s": "subject",
    "e": "content-encoding",
}
_STATUS = re.compile(r"SIP/2\.0 ([1-6]\d\d)(?: (.*))?$")
_REQUEST = re.compile(r"([A-Z]+) (\S+) SIP/2\.0$")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^",\s]+)')
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


class SipSyntaxError(ValueError):
    """The datagram is no SIP message. Drop it and count it."""


@dataclass(frozen=True)
class SipMessage:
    """A request (`method`, `uri`) or a response (`status`, `reason`); header names are lower case, in their order."""

    method: str
    uri: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def get(self, name: str) -> str:
        """The first header of that (long, lower-case) name, "" when absent."""
        return next((value for known, value in self.headers if known == name), "")

    def all(self, name: str) -> list[str]:
        """All headers of that name, in order."""
        return [value for known, value in self.headers if known == name]

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.get("call-id")

    @property
    def cseq(self) -> int:
        """The number in CSeq; raises SipSyntaxError when there is none."""
        number = self.get("cseq").split(" ", 1)[0]
        if not number.isascii() or not number.isdigit() or len(number) > 10:
            raise SipSyntaxError(f"no number in CSeq {self.get('cseq')[:40]!r}")
        return int(number)

    @property
    def branch(self) -> str:
        """The branch of the topmost Via, which names the transaction."""
        return parameter_of(self.get("via").split(",", 1)[0], "branch")


def parse(datagram: bytes) -> SipMessage:
    """The message in `datagram`. Folded lines are joined, compact names made long, the body cut to Content-Length.

    raises  SipSyntaxError
    """
    head, separator, body = datagram.partition(b"\r\n\r\n")
    if not separator:
        raise SipSyntaxError("no empty line after the headers")
    text = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "surrogateescape"))
    first, *lines = text.split("\r\n")
    headers = tuple(_header(line) for line in lines)
    body = _cut(body, headers)
    status = _STATUS.match(first)
    if status:
        return SipMessage("", "", int(status[1]), status[2] or "", headers, body)
    request = _REQUEST.match(first)
    if request:
        return SipMessage(request[1], request[2], 0, "", headers, body)
    raise SipSyntaxError(f"neither request nor response: {first[:60]!r}")


def request(method: str, uri: str, headers: list[tuple[str, str]], body: bytes = b"") -> bytes:
    """A request as bytes; Max-Forwards and Content-Length are added."""
    return _bytes(f"{method} {uri} SIP/2.0", [*headers, ("Max-Forwards", "70")], body)


def response(
    to: SipMessage,
    status: int,
    reason: str,
    to_tag: str = "",
    headers: list[tuple[str, str]] | None = None,
    body: bytes = b"",
) -> bytes:
    """The answer to a request: its Via, From, To, Call-ID, CSeq and Record-Route come back; To gets `to_tag` if it has none."""
    to_value = to.get("to")
    if to_tag and not tag_of(to_value):
        to_value += f";tag={to_tag}"
    copied = [("Via", via) for via in to.all("via")] + [("Record-Route", route) for route in to.all("record-route")]
    copied += [("From", to.get("from")), ("To", to_value), ("Call-ID", to.call_id), ("CSeq", to.get("cseq"))]
    return _bytes(f"SIP/2.0 {status} {reason}", copied + (headers or []), body)


def uri_of(address: str) -> str:
    """The URI in a From, To, Contact or Route value; quotes and angle brackets are respected."""
    rest = _after_display_name(address)
    if rest.startswith("<"):
        return rest[1:].partition(">")[0]
    return rest.partition(";")[0].strip()


def user_of(uri: str) -> str:
    """The user part of a SIP URI, "" when there is none."""
    before, at, _ = uri.partition(":")[2].partition("@")
    return before.partition(";")[0] if at else ""


def tag_of(address: str) -> str:
    """The tag of a From or To value, "" when there is none. A tag inside the URI or the display name does not count."""
    rest = _after_display_name(address)
    outside = rest.partition(">")[2] if rest.startswith("<") else rest.partition(";")[1] + rest.partition(";")[2]
    return parameter_of(outside, "tag")


def parameter_of(value: str, name: str) -> str:
    """The parameter `name` of `...;name=value`, "" when absent."""
    found = re.search(rf";\s*{re.escape(name)}\s*=\s*([^;,\s>]+)", value, re.IGNORECASE)
    return found[1] if found else ""


def authorization(
    challenge: str,
    user: str,
    password: str,
    method: str,
    uri: str,
    nonce_count: int = 1,
    client_nonce: str = "0a4f113b",
) -> str:
    """The Authorization value that answers a WWW-Authenticate value (Digest; MD5 or SHA-256; with or without qop=auth).

    raises  SipSyntaxError when the challenge is no such thing
    """
    given = {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(challenge)}
    algorithm = given.get("algorithm", "MD5").upper()
    if (
        not challenge.lower().startswith("digest ")
        or algorithm not in _HASHES
        or not {"realm", "nonce"} <= given.keys()
    ):
        raise SipSyntaxError(f"cannot answer the challenge {challenge[:60]!r}")

    def digest(text: str) -> str:
        return _HASHES[algorithm](text.encode()).hexdigest()

    secret, action = digest(f"{user}:{given['realm']}:{password}"), digest(f"{method}:{uri}")
    parts = [
        f'username="{user}"',
        f'realm="{given["realm"]}"',
        f'nonce="{given["nonce"]}"',
        f'uri="{uri}"',
        f"algorithm={algorithm}",
    ]
    if "auth" in [word.strip() for word in given.get("qop", "").split(",")]:
        count = f"{nonce_count:08x}"
        answer = digest(f"{secret}:{given['nonce']}:{count}:{client_nonce}:auth:{action}")
        parts += ["qop=auth", f"nc={count}", f'cnonce="{client_nonce}"']
    else:
        answer = digest(f"{secret}:{given['nonce']}:{action}")
    parts.append(f'response="{answer}"')
    if "opaque" in given:
        parts.append(f'opaque="{given["opaque"]}"')
    return "Digest " + ", ".join(parts)


def silent_sdp(host: str, port: int) -> bytes:
    """A session description that takes A-law at host:port (a sink) and offers telephone events."""
    lines = ("v=0", f"o=seat 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0", f"m=audio {port} RTP/AVP 8 101")
    formats = ("a=rtpmap:8 PCMA/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=sendrecv")
    return "".join(f"{line}\r\n" for line in lines + formats).encode()


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name = name.strip().lower()
    if not colon or not _NAME.match(name):
        raise SipSyntaxError(f"not a header: {line[:60]!r}")
    return _COMPACT.get(name, name), value.strip()


def _cut(body: bytes, headers: tuple[tuple[str, str], ...]) -> bytes:
    length = next((value for name, value in headers if name == "content-length"), None)
    if length is None:
        return body
    if not length.isascii() or not length.isdigit() or len(length) > 6 or int(length) > len(body):
        raise SipSyntaxError(f"Content-Length {length[:20]!r} with {len(body)} bytes of body")
    return body[: int(length)]


def _after_display_name(address: str) -> str:
    rest = address.strip()
    if rest.startswith('"'):
        quoted = re.match(r'"(?:[^"\\]|\\.)*"\s*', rest)
        return rest[quoted.end() :] if quoted else rest
    return rest[rest.index("<") :] if "<" in rest else rest


def _bytes(first: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body
