"""One SIP seat: registers, rings, answers, talks, hangs up, and notes when it became free and when it was rung again.

Owns the seat's dialog and its transactions; must not know sockets: it sends and waits through what it is given.
Rules: RFC 3261 over UDP (T1 0.5 s, T2 4 s, 64*T1); a seat has one call at a time and is busy for a second one.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bench import sip_messages as sip
from bench.sip_messages import SipMessage
from bench.sip_transactions import GIVE_UP_S, T1_S, T2_S, Line, Timer, Transactions

REFRESH_SHARE = 0.8  # of the registration's life


@dataclass(frozen=True)
class Habit:
    """How a seat treats calls. mode: answer, ignore (rings on), reject (603) or busy (486)."""

    mode: str = "answer"
    answer_after_s: float = 0.0
    talk_s: float | None = 10.0  # None: until the other side ends it
    talk_is_exponential: bool = False
    expires_s: int = 300


@dataclass(frozen=True)
class Gap:
    """From the moment a seat became free until it was rung again. Times are monotonic seconds."""

    seat: str
    freed_by: str  # own_bye, their_bye, cancel, refusal
    freed_at: float
    rung_at: float

    @property
    def gap_ms(self) -> float:
        """The span in milliseconds."""
        return (self.rung_at - self.freed_at) * 1000


@dataclass
class Ring:
    """One call at this seat: whose, when it rang and when it ended (monotonic seconds; 0.0 while it lasts), and by whom."""

    caller: str
    rung_at: float
    ended_at: float = 0.0
    ended_by: str = ""  # as `Gap.freed_by`


@dataclass
class _Call:
    invite: SipMessage
    tag: str
    ring: Ring
    answered: bool = False
    confirmed: bool = False
    last_answer: bytes = b""
    reinvite_cseq: int = 0
    timers: list[Timer] = field(default_factory=list)


class SipSeat:
    """One seat. Feed it with `on_message`; read `gaps`, `counts`, `is_registered`."""

    def __init__(self, number: str, password: str, line: Line, habit: Habit, seed: int = 1) -> None:
        self.number = number
        self.habit = habit
        self.gaps: list[Gap] = []
        self.rung_at: list[float] = []  # when each call came, monotonic seconds
        self.rings: list[Ring] = []
        self.counts: Counter[str] = Counter()
        self.is_registered = False
        self.refusal = ""
        self.on_registration: Callable[[], None] = lambda: None
        self._password = password
        self._line = line
        self._random = random.Random(f"{seed}:{number}")
        self._register_cseq = 0
        self._call: _Call | None = None
        self._transactions = Transactions(number, line, self.counts)
        self._freed: tuple[str, float] | None = None
        self._refresh: Timer | None = None

    @property
    def is_free(self) -> bool:
        """True while no call rings or talks here."""
        return self._call is None

    @property
    def caller(self) -> str:
        """The number of whoever rings or talks here; empty while the seat is free."""
        return sip.user_of(sip.uri_of(self._call.invite.get("from"))) if self._call is not None else ""

    def register(self, expires_s: int | None = None) -> None:
        """Sends REGISTER (0 = unregister); `on_registration` is called with the outcome."""
        self._send_register(self.habit.expires_s if expires_s is None else expires_s, "")

    def hang_up(self) -> None:
        """Ends the call that is there: BYE when answered, 480 when it only rings."""
        call = self._call
        if call is None:
            return
        if call.answered:
            self._send_bye(call)
            self._over(call, "own_bye")
        else:
            self._answer(call, 480, "Temporarily Unavailable")
            self._over(call, "refusal")

    def stop(self) -> None:
        """Calls off everything that is still to come."""
        if self._refresh is not None:
            self._refresh.cancel()
        self._transactions.stop()
        if self._call is not None:
            for timer in self._call.timers:
                timer.cancel()

    def on_message(self, message: SipMessage, at: float) -> None:
        """Takes one message that arrived `at` for this seat."""
        if message.status:
            self._transactions.on_response(message)
            return
        self.counts[f"{message.method.lower()}_received"] += 1
        action = {"INVITE": self._on_invite, "ACK": self._on_ack, "BYE": self._on_bye, "CANCEL": self._on_cancel}.get(
            message.method
        )
        if action is not None:
            action(message, at)
        elif message.method in ("OPTIONS", "INFO", "UPDATE", "NOTIFY", "MESSAGE"):
            self._line.send(sip.response(message, 200, "OK", self._transactions.new_tag()))
        else:
            self._line.send(
                sip.response(message, 405, "Method Not Allowed", self._transactions.new_tag(), [("Allow", _ALLOWED)])
            )

    def _on_invite(self, invite: SipMessage, at: float) -> None:
        call = self._call
        if call is not None and invite.call_id == call.invite.call_id:
            self._on_invite_again(call, invite)
            return
        if sip.tag_of(invite.get("to")):
            self._line.send(sip.response(invite, 481, "Call/Transaction Does Not Exist"))
            return
        if call is not None:
            self.counts["refused_second_call"] += 1
            self._line.send(sip.response(invite, 486, "Busy Here", self._transactions.new_tag()))
            return
        if self._freed is not None:
            self.gaps.append(Gap(self.number, *self._freed, at))
            self._freed = None
        self.counts["calls"] += 1
        self.rung_at.append(at)
        ring = Ring(sip.user_of(sip.uri_of(invite.get("from"))), at)
        self.rings.append(ring)
        self._call = call = _Call(invite, self._transactions.new_tag(), ring)
        self._line.send(sip.response(invite, 100, "Trying"))
        self._ring(call)

    def _on_invite_again(self, call: _Call, invite: SipMessage) -> None:
        if invite.cseq in (call.invite.cseq, call.reinvite_cseq):
            self.counts["invite_retransmissions"] += 1
            self._line.send(call.last_answer)
        elif call.answered:  # re-INVITE, such as a hold or a direct media change
            call.reinvite_cseq = invite.cseq
            self.counts["reinvites"] += 1
            call.last_answer = self._ok(call, invite)
            self._line.send(call.last_answer)
        else:
            self._line.send(sip.response(invite, 491, "Request Pending", call.tag))

    def _ring(self, call: _Call) -> None:
        habit = self.habit
        if habit.mode != "busy":
            self._answer(call, 180, "Ringing")
        if habit.mode == "answer":
            call.timers.append(self._line.later(habit.answer_after_s, lambda: self._pick_up(call)))
        elif habit.mode == "reject":
            call.timers.append(self._line.later(habit.answer_after_s, lambda: self._refuse(call, 603, "Decline")))
        elif habit.mode == "busy":
            self._refuse(call, 486, "Busy Here")

    def _pick_up(self, call: _Call) -> None:
        if self._call is not call:
            return
        call.answered = True
        call.last_answer = self._ok(call, call.invite)
        self.counts["answered"] += 1
        self._repeat_ok(call, 0.0, T1_S)

    def _repeat_ok(self, call: _Call, waited_s: float, interval_s: float) -> None:
        if self._call is not call or call.confirmed:
            return
        if waited_s >= GIVE_UP_S:
            self.counts["never_confirmed"] += 1
            self.hang_up()
            return
        if waited_s:
            self.counts["own_retransmissions"] += 1
        self._line.send(call.last_answer)
        again = min(interval_s * 2, T2_S)
        call.timers.append(self._line.later(interval_s, lambda: self._repeat_ok(call, waited_s + interval_s, again)))

    def _on_ack(self, ack: SipMessage, at: float) -> None:
        call = self._call
        if call is None or ack.call_id != call.invite.call_id or not call.answered or call.confirmed:
            return
        call.confirmed = True
        talk_s = self.habit.talk_s
        if talk_s is not None:
            if self.habit.talk_is_exponential:
                talk_s = self._random.expovariate(1 / talk_s)
            call.timers.append(self._line.later(talk_s, lambda: self.hang_up() if self._call is call else None))

    def _on_bye(self, bye: SipMessage, at: float) -> None:
        call = self._call
        self._line.send(sip.response(bye, 200, "OK"))
        if call is not None and bye.call_id == call.invite.call_id:
            self._over(call, "their_bye")

    def _on_cancel(self, cancel: SipMessage, at: float) -> None:
        call = self._call
        if call is None or cancel.call_id != call.invite.call_id:
            self._line.send(sip.response(cancel, 481, "Call/Transaction Does Not Exist", self._transactions.new_tag()))
            return
        if call.answered:  # too late: the answer is on its way, a BYE will follow
            self._line.send(sip.response(cancel, 200, "OK", call.tag))
            return
        self._line.send(sip.response(cancel, 200, "OK", call.tag))
        self._answer(call, 487, "Request Terminated")
        self._over(call, "cancel")

    def _refuse(self, call: _Call, status: int, reason: str) -> None:
        if self._call is call:
            self._answer(call, status, reason)
            self._over(call, "refusal")

    def _answer(self, call: _Call, status: int, reason: str) -> None:
        call.last_answer = sip.response(call.invite, status, reason, call.tag, [("Contact", self._contact)])
        self._line.send(call.last_answer)

    def _over(self, call: _Call, freed_by: str) -> None:
        for timer in call.timers:
            timer.cancel()
        self._call = None
        call.ring.ended_at, call.ring.ended_by = self._line.clock(), freed_by
        self.counts[freed_by] += 1
        if freed_by != "own_bye":  # _send_bye took its own time, just before sending
            self._freed = (freed_by, self._line.clock())

    def _send_bye(self, call: _Call) -> None:
        invite = call.invite
        via = self._transactions.new_via()
        headers = [
            ("Via", via),
            *(("Route", route) for route in invite.all("record-route")),
            ("From", f"{invite.get('to')};tag={call.tag}"),
            ("To", invite.get("from")),
            ("Call-ID", invite.call_id),
            ("CSeq", "1 BYE"),
        ]
        target = sip.uri_of(invite.get("contact")) or f"sip:{self._line.server}"
        self._freed = ("own_bye", self._line.clock())
        self._transactions.send(via, sip.request("BYE", target, headers), self._on_bye_answer)

    def _on_bye_answer(self, answer: SipMessage | None) -> None:
        if answer is None:
            self.counts["bye_unanswered"] += 1
        elif answer.status // 100 != 2:
            self.counts["bye_refused"] += 1  # 481: both hung up at the same moment

    def _send_register(self, expires_s: int, authorization: str) -> None:
        self._register_cseq += 1
        address = f"<sip:{self.number}@{self._line.server}>"
        via = self._transactions.new_via()
        headers = [
            ("Via", via),
            ("From", f"{address};tag=r{self.number}"),
            ("To", address),
            ("Call-ID", f"register-{self.number}-{self._line.port}@{self._line.host}"),
            ("CSeq", f"{self._register_cseq} REGISTER"),
            ("Contact", self._contact),
            ("Expires", str(expires_s)),
        ]
        if authorization:
            headers.append(("Authorization", authorization))
        uri = f"sip:{self._line.server}"
        self._transactions.send(
            via,
            sip.request("REGISTER", uri, headers),
            lambda answer: self._on_register_answer(answer, expires_s, bool(authorization)),
        )

    def _on_register_answer(self, answer: SipMessage | None, expires_s: int, had_authorization: bool) -> None:
        challenge = "" if answer is None else answer.get("www-authenticate")
        if answer is not None and answer.status == 401 and (not had_authorization or "stale=true" in challenge.lower()):
            uri = f"sip:{self._line.server}"
            self._send_register(expires_s, sip.authorization(challenge, self.number, self._password, "REGISTER", uri))
            return
        self.is_registered = answer is not None and answer.status == 200 and expires_s > 0
        self.refusal = (
            "" if self.is_registered else "no answer" if answer is None else f"{answer.status} {answer.reason}"
        )
        if self._refresh is not None:
            self._refresh.cancel()
            self._refresh = None
        if expires_s and not self.is_registered:
            self.counts["registrations_refused"] += 1
        if self.is_registered:
            self._refresh = self._line.later(expires_s * REFRESH_SHARE, self.register)
        self.on_registration()

    def _ok(self, call: _Call, invite: SipMessage) -> bytes:
        headers = [("Contact", self._contact), ("Allow", _ALLOWED), ("Content-Type", "application/sdp")]
        return sip.response(
            invite, 200, "OK", call.tag, headers, sip.silent_sdp(self._line.host, self._line.media_port)
        )

    @property
    def _contact(self) -> str:
        return f"<sip:{self.number}@{self._line.host}:{self._line.port}>"


_ALLOWED = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, NOTIFY"
