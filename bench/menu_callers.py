"""Callers in a menu who press a key when the menu has gone silent, and note when they hear the next prompt's first sound.

Owns SIP, voice and keys of many callers in one thread. Must not know a menu.
Rules: RFC 3261 as far as a call needs it; RFC 4733 keys of KEY_S; a menu that waits for a key sends no voice, so the first packet after a key is the answer.
"""

import heapq
import random
import selectors
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.sip_messages import SipMessage, SipSyntaxError, parse, request, tag_of

HOST = "127.0.0.1"
KEY_S = 0.06  # how long a key is held: telephones send 60 to 100 ms
PACKET_S = 0.02
QUIET_S = 0.4  # no voice for so long: the prompt is over, and the menu waits
DEAF_S = 4.0  # nothing heard for so long after a key: the step failed
EVENT_TYPE = 101
SDP = (
    "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
)


@dataclass
class Step:
    """One key: when it was pressed and let go, and when the first sound after it came (0.0: none yet)."""

    pressed_at: float
    released_at: float
    heard_at: float = 0.0


@dataclass
class Caller:
    """One call."""

    number: int
    voice: socket.socket
    keys: str
    steps: list[Step] = field(default_factory=list)
    server_voice: tuple[str, int] = ("", 0)
    heard_at: float = 0.0
    is_quiet: bool = True  # until the first voice
    is_over: bool = False
    to: str = ""
    sequence: int = 0
    clock: int = 160

    @property
    def call_id(self) -> str:
        """Of its SIP dialog."""
        return f"menu-{self.number}@{HOST}"


class Callers:
    """All of them, from their dialling to their hanging up."""

    def __init__(self, server: tuple[str, int], count: int, keys: str, seed: int) -> None:
        self._server, self._random = server, random.Random(seed)
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._made = 0
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.bind((HOST, 0))
        self._sip.setblocking(False)
        self._selector.register(self._sip, selectors.EVENT_READ, None)
        self.callers = [self._caller(n, keys) for n in range(count)]
        self._by_id = {caller.call_id: caller for caller in self.callers}
        self.most_at_once = 0

    def run(self, dial_s: float, within_s: float) -> list[Caller]:
        """Everybody dials within `dial_s`, presses all keys and hangs up. Calls that failed have fewer steps than keys, or a step unheard."""
        for caller in self.callers:
            self._later(self._random.uniform(0, dial_s), lambda caller=caller: self._invite(caller))
        ends_at = time.perf_counter() + within_s
        while not all(caller.is_over for caller in self.callers) and time.perf_counter() < ends_at:
            self._turn()
        self.close()
        return self.callers

    def close(self) -> None:
        """Lets every socket go."""
        self._selector.close()
        self._sip.close()
        for caller in self.callers:
            caller.voice.close()

    def _caller(self, number: int, keys: str) -> Caller:
        voice = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        voice.bind((HOST, 0))
        voice.setblocking(False)
        caller = Caller(number, voice, keys)
        self._selector.register(voice, selectors.EVENT_READ, caller)
        return caller

    def _later(self, after_s: float, action: Callable[[], None]) -> None:
        self._made += 1
        heapq.heappush(self._due, (time.perf_counter() + after_s, self._made, action))

    def _turn(self) -> None:
        wait_s = max(0.0, min(0.05, self._due[0][0] - time.perf_counter())) if self._due else 0.05
        for key, _ in self._selector.select(wait_s):
            if key.data is None:
                self._read_sip()
            else:
                self._read_voice(key.data)
        while self._due and self._due[0][0] <= time.perf_counter():
            heapq.heappop(self._due)[2]()

    def _read_voice(self, caller: Caller) -> None:
        at = time.perf_counter()
        try:
            while packet := caller.voice.recv(2048):
                if len(packet) > 12 and packet[1] & 0x7F == 8:
                    caller.heard_at = at
                    if caller.is_quiet:
                        self._hears(caller, at)
        except BlockingIOError:
            return

    def _hears(self, caller: Caller, at: float) -> None:
        caller.is_quiet = False
        if caller.steps and not caller.steps[-1].heard_at:
            caller.steps[-1].heard_at = at
        self.most_at_once = max(self.most_at_once, sum(bool(c.to) and not c.is_over for c in self.callers))
        self._later(QUIET_S, lambda: self._listen(caller))

    def _listen(self, caller: Caller) -> None:
        """Waits for the end of the prompt; then thinks, and presses."""
        if caller.is_over:
            return
        silent_s = time.perf_counter() - caller.heard_at
        if silent_s < QUIET_S:
            self._later(QUIET_S - silent_s, lambda: self._listen(caller))
        elif len(caller.steps) < len(caller.keys):
            caller.is_quiet = True
            self._later(self._random.uniform(0.1, 1.5), lambda: self._press(caller))
        else:
            self._hang_up(caller)

    def _press(self, caller: Caller) -> None:
        at = time.perf_counter()
        caller.steps.append(Step(at, at + KEY_S))
        key = "0123456789*#".index(caller.keys[len(caller.steps) - 1])
        caller.clock += 8000
        packets = round(KEY_S / PACKET_S)
        for n in range(packets + 1):
            is_end = n == packets
            self._later(n * PACKET_S, lambda n=n, is_end=is_end: self._send_key(caller, key, n, is_end))
        step = len(caller.steps)
        self._later(DEAF_S, lambda: self._give_up(caller, step))

    def _send_key(self, caller: Caller, key: int, packet: int, is_end: bool) -> None:
        if is_end and caller.steps:
            caller.steps[-1].released_at = time.perf_counter()
        length = int(max(1, packet) * PACKET_S * 8000)
        payload = struct.pack("!BBH", key, 0x8A if is_end else 0x0A, length)
        for _ in range(3 if is_end else 1):
            marker = 0x80 if packet == 0 else 0
            caller.sequence += 1
            head = struct.pack(
                "!BBHII", 0x80, marker | EVENT_TYPE, caller.sequence & 0xFFFF, caller.clock, caller.number + 1
            )
            caller.voice.sendto(head + payload, caller.server_voice)

    def _give_up(self, caller: Caller, step: int) -> None:
        if not caller.is_over and len(caller.steps) == step and not caller.steps[-1].heard_at:
            self._hang_up(caller)

    def _invite(self, caller: Caller) -> None:
        port = caller.voice.getsockname()[1]
        self._send(caller, "INVITE", 1, SDP.format(host=HOST, port=port).encode())

    def _hang_up(self, caller: Caller) -> None:
        caller.is_over = True
        self._send(caller, "BYE", 2)

    def _send(self, caller: Caller, method: str, cseq: int, body: bytes = b"") -> None:
        port = self._sip.getsockname()[1]
        uri = f"sip:10010@{self._server[0]}:{self._server[1]}"
        user = f"1350{caller.number:07d}"
        headers = [
            ("Via", f"SIP/2.0/UDP {HOST}:{port};branch=z9hG4bK-{caller.number}-{method}-{cseq};rport"),
            ("From", f"<sip:{user}@{HOST}:{port}>;tag=c{caller.number}"),
            ("To", caller.to or f"<{uri}>"),
            ("Call-ID", caller.call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<sip:{user}@{HOST}:{port}>"),
        ]
        if body:
            headers.append(("Content-Type", "application/sdp"))
        self._sip.sendto(request(method, uri, headers, body), self._server)

    def _read_sip(self) -> None:
        try:
            while datagram := self._sip.recv(65536):
                self._take(parse(datagram))
        except (BlockingIOError, SipSyntaxError):
            return

    def _take(self, message: SipMessage) -> None:
        caller = self._by_id.get(message.call_id)
        if caller is None or message.method or message.status < 200 or not message.get("cseq").endswith("INVITE"):
            return
        if message.status != 200:
            caller.is_over = True
            return
        caller.to = message.get("to") if tag_of(message.get("to")) else ""
        lines = message.body.decode(errors="replace").splitlines()
        port = next((line.split()[1] for line in lines if line.startswith("m=audio ")), "0")
        caller.server_voice = (HOST, int(port))
        self._send(caller, "ACK", 1)
