"""Requests of a seat that wait for their answer: repeated over UDP until it comes or hope is lost.

Owns client transactions without INVITE (RFC 3261 section 17.1.2) and the line they use; must not know registrations or calls.
Rules: T1 0.5 s, T2 4 s, 64*T1; PJSIP tells transactions apart by branch alone, also across runs and ports.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bench.sip_messages import SipMessage

T1_S, T2_S, GIVE_UP_S = 0.5, 4.0, 32.0


class Timer(Protocol):
    """Something that can be called off, such as asyncio's TimerHandle."""

    def cancel(self) -> None: ...


@dataclass(frozen=True)
class Line:
    """What a seat works through: where it is, how it sends, waits and reads the clock (monotonic seconds)."""

    host: str
    port: int
    server: str  # host:port of the registrar
    media_port: int
    send: Callable[[bytes], None]
    later: Callable[[float, Callable[[], None]], Timer]
    clock: Callable[[], float]


@dataclass
class _Sent:
    text: bytes
    on_final: Callable[[SipMessage | None], None]
    timer: Timer | None = None


class Transactions:
    """The unanswered requests of one seat. `own_retransmissions` is counted in `counts`."""

    def __init__(self, number: str, line: Line, counts: Counter[str]) -> None:
        self._number = number
        self._line = line
        self._counts = counts
        self._run = f"{int(line.clock() * 1e6):x}"
        self._serial = 0
        self._sent: dict[str, _Sent] = {}

    def new_tag(self) -> str:
        """A dialog tag that nobody used before."""
        self._serial += 1
        return f"{self._number}t{self._run}t{self._serial}"

    def new_via(self) -> str:
        """The Via value of the next request, with a branch that begins with the seat's number."""
        self._serial += 1
        return (
            f"SIP/2.0/UDP {self._line.host}:{self._line.port};branch=z9hG4bK{self._number}.{self._run}.{self._serial}"
        )

    def send(self, via: str, text: bytes, on_final: Callable[[SipMessage | None], None]) -> None:
        """Sends a request whose topmost Via is `via` until it is answered; `on_final(None)` when it never is."""
        branch = via.rpartition("=")[2]
        sent = self._sent[branch] = _Sent(text, on_final)
        self._repeat(branch, sent, 0.0, T1_S)

    def on_response(self, message: SipMessage) -> None:
        """Takes an answer; provisional and unknown ones are ignored."""
        if message.status < 200:
            return
        sent = self._sent.pop(message.branch, None)
        if sent is not None:
            if sent.timer is not None:
                sent.timer.cancel()
            sent.on_final(message)

    def stop(self) -> None:
        """Forgets everything that is unanswered."""
        for sent in self._sent.values():
            if sent.timer is not None:
                sent.timer.cancel()
        self._sent.clear()

    def _repeat(self, branch: str, sent: _Sent, waited_s: float, interval_s: float) -> None:
        if branch not in self._sent:
            return
        if waited_s >= GIVE_UP_S:
            del self._sent[branch]
            sent.on_final(None)
            return
        if waited_s:
            self._counts["own_retransmissions"] += 1
        self._line.send(sent.text)
        again = min(interval_s * 2, T2_S)
        sent.timer = self._line.later(interval_s, lambda: self._repeat(branch, sent, waited_s + interval_s, again))


def seat_of_branch(branch: str) -> str:
    """The number of the seat that made this branch."""
    return branch.removeprefix("z9hG4bK").partition(".")[0]
