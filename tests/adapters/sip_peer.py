"""A small SIP peer over UDP for tests: caller, seat or stranger, byte by byte as the test wants it.

Owns just enough of RFC 3261 to register, call, ring, answer and hang up; must not judge what it gets.
No voice: its SDP names a port where nobody listens. Real softphones are the robots' business.
"""

import asyncio
import contextlib
import hashlib
import itertools
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

_ids = itertools.count(1)
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"


@dataclass(frozen=True)
class Message:
    """One SIP message that came in."""

    text: str

    @property
    def status(self) -> int:
        """The status of a response; 0 for a request."""
        found = re.match(r"SIP/2\.0 (\d{3})", self.text)
        return int(found[1]) if found else 0

    @property
    def method(self) -> str:
        """The method of a request, or of the request that a response answers."""
        return self.header("CSeq").split()[1]

    def header(self, name: str) -> str:
        """The first header of that name; empty when there is none."""
        found = re.search(rf"^{name}[ \t]*:[ \t]*(.*?)\r?$", self.text, re.M | re.I)
        return found[1] if found else ""

    def shape(self) -> str:
        """The message with everything that differs from request to request (ids, tags, nonces) taken out."""
        lines = self.text.splitlines()
        kept = [re.sub(r'(nonce|opaque|tag|branch|rport|received)="?[^",;]*"?', r"\1", x) for x in lines]
        return "\n".join(x for x in kept if not x.lower().startswith(("call-id", "from", "to", "via", "cseq")))


@dataclass
class SipPeer(asyncio.DatagramProtocol):
    """One UDP socket. `on_invite` says what happens to an incoming call: ring (nothing more), answer, or a status such as 486."""

    server: tuple[str, int]
    on_invite: str = "ring"
    contact: str = "seat"  # the user part of Contact: where a 302 sends the caller
    responses: list[Message] = field(default_factory=list)
    requests: list[Message] = field(default_factory=list)
    transport: asyncio.DatagramTransport | None = None
    invite: Message | None = None
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the socket."""
        self.transport = transport  # type: ignore[assignment]

    @property
    def port(self) -> int:
        """Our own UDP port."""
        assert self.transport is not None
        return int(self.transport.get_extra_info("sockname")[1])

    def send(self, text: str | bytes) -> None:
        """Sends one datagram to the server."""
        assert self.transport is not None
        self.transport.sendto(text if isinstance(text, bytes) else text.encode(), self.server)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Keeps what comes; answers what must be answered for the dialog to go on."""
        message = Message(data.decode(errors="replace"))
        (self.responses if message.status else self.requests).append(message)
        if not message.status:
            self._answer(message)
        asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()

    def _answer(self, request: Message) -> None:
        if request.method == "ACK":
            return
        if request.method != "INVITE":
            self.reply(request, "200 OK")
            if request.method == "CANCEL":
                assert self.invite is not None
                self.reply(self.invite, "487 Request Terminated")
            return
        self.invite = request
        if self.on_invite in ("ring", "answer"):
            self.reply(request, "180 Ringing")
            if self.on_invite == "answer":
                self.reply(request, "200 OK", SDP)
        else:
            self.reply(request, f"{self.on_invite} No")

    def reply(self, request: Message, status: str, body: str = "") -> None:
        """Answers a request."""
        vias = "".join(f"Via: {v}\r\n" for v in re.findall(r"^Via: (.*?)\r?$", request.text, re.M))
        routes = "".join(f"Record-Route: {v}\r\n" for v in re.findall(r"^Record-Route: (.*?)\r?$", request.text, re.M))
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.send(
            f"SIP/2.0 {status}\r\n{vias}{routes}From: {request.header('From')}\r\nTo: {request.header('To')};tag=t{self.port}\r\n"
            f"Call-ID: {request.header('Call-ID')}\r\nCSeq: {request.header('CSeq')}\r\nContact: <sip:{self.contact}@127.0.0.1:{self.port}>\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )

    async def next_response(self, call_id: str, final: bool = True, within_s: float = 8) -> Message:
        """The next (final) response of one call id that was not taken yet."""

        def pick() -> Message | None:
            for message in self.responses:
                if message.header("Call-ID") == call_id and (message.status >= 200 or not final):
                    self.responses.remove(message)
                    return message
            return None

        return await self._wait(pick, within_s, f"no response for {call_id}")

    async def next_request(self, method: str, within_s: float = 8) -> Message:
        """The next request of that method that was not taken yet."""

        def pick() -> Message | None:
            for message in self.requests:
                if message.text.startswith(method + " "):
                    self.requests.remove(message)
                    return message
            return None

        return await self._wait(pick, within_s, f"no {method} came")

    async def _wait(self, pick: Callable[[], Message | None], within_s: float, otherwise: str) -> Message:
        async def loop() -> Message:
            async with self.news:
                while (found := pick()) is None:
                    await self.news.wait()
                return found

        try:
            return await asyncio.wait_for(loop(), within_s)
        except TimeoutError:
            raise AssertionError(otherwise) from None

    async def ask(self, call: "Call", method: str, user: str = "", password: str = "", body: str = "") -> Message:
        """Sends a request of `call`, answers one digest challenge when a password is given, returns the final response."""
        self.send(call.request(method, self.port, body=body))
        answer = await self.next_response(call.call_id)
        if answer.status == 401 and password:
            if method == "INVITE":
                self.send(call.request("ACK", self.port))
            call.cseq += 1
            line = digest(answer.header("WWW-Authenticate"), method, call.uri, user, password)
            self.send(call.request(method, self.port, body=body, extra=f"Authorization: {line}\r\n"))
            answer = await self.next_response(call.call_id)
        call.to_tag = (re.search(r";tag=([^;\s]+)", answer.header("To")) or ["", ""])[1]
        if method == "INVITE":
            self.send(call.request("ACK", self.port))
        return answer

    async def register(self, number: str, password: str, expires_s: int = 300) -> Message:
        """Registers this socket as the device of seat `number`."""
        call = Call(self.server, number, "")
        call.extra = f"Expires: {expires_s}\r\n"
        return await self.ask(call, "REGISTER", number, password)


@dataclass
class Call:
    """One dialog of ours: `user` in From, `number` in the request URI (empty: the server itself)."""

    server: tuple[str, int]
    user: str
    number: str
    display: bytes = b""  # as it stands in From, before the address
    extra: str = ""
    cseq: int = 1
    to_tag: str = ""
    call_id: str = field(default_factory=lambda: f"call-{next(_ids)}-{id(object())}")

    @property
    def uri(self) -> str:
        """The request URI."""
        at = f"{self.number}@" if self.number else ""
        return f"sip:{at}{self.server[0]}:{self.server[1]}"

    def request(self, method: str, port: int, body: str = "", extra: str = "") -> bytes:
        """The bytes of a request of this dialog."""
        to_user = self.number or self.user
        to = f"<sip:{to_user}@{self.server[0]}>" + (f";tag={self.to_tag}" if self.to_tag else "")
        kind = "Content-Type: application/sdp\r\n" if body else ""
        head = f"{method} {self.uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK{self.call_id}{self.cseq}{method[:1] if self.to_tag else ''}\r\n"
        tail = (
            f"To: {to}\r\nCall-ID: {self.call_id}\r\nCSeq: {self.cseq} {method}\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:{self.user or 'x'}@127.0.0.1:{port}>\r\n{self.extra}{extra}{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        sender = b"From: " + self.display + f"<sip:{self.user}@127.0.0.1>;tag=f{self.call_id}\r\n".encode()
        return head.encode() + sender + tail.encode()


def digest(challenge: str, method: str, uri: str, user: str, password: str) -> str:
    """The Authorization header for a WWW-Authenticate challenge (RFC 2617, MD5, qop auth)."""
    part = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    secret = md5(f"{user}:{part['realm']}:{password}")
    answer = md5(f"{secret}:{part['nonce']}:00000001:c:auth:{md5(f'{method}:{uri}')}")
    opaque = f', opaque="{part["opaque"]}"' if "opaque" in part else ""
    return (
        f'Digest username="{user}", realm="{part["realm"]}", nonce="{part["nonce"]}", uri="{uri}", '
        f'response="{answer}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c"{opaque}'
    )


@contextlib.asynccontextmanager
async def sip_peer(port: int, on_invite: str = "ring", address: str = "127.0.0.1") -> AsyncIterator[SipPeer]:
    """A peer that talks to the Asterisk on 127.0.0.1:`port`, from `address`."""
    loop = asyncio.get_running_loop()
    transport, peer = await loop.create_datagram_endpoint(
        lambda: SipPeer(("127.0.0.1", port), on_invite), local_addr=(address, 0)
    )
    try:
        yield peer
    finally:
        transport.close()
