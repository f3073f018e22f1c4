"""One benchmark seat, told step by step with a clock of its own: what it sends and what it measures."""

import heapq
import itertools
from collections.abc import Callable

import pytest

from bench.sip_agents import quantile, seats_of
from bench.sip_messages import SipMessage, parse, request
from bench.sip_seat import Habit, SipSeat
from bench.sip_transactions import Line


class Stage:
    """A seat with a fake line: what it sent, and a clock that moves when told."""

    def __init__(self, habit: Habit) -> None:
        self.now = 100.0
        self.sent: list[SipMessage] = []
        self._due: list[tuple[float, int, Timer]] = []
        self._ids = itertools.count()
        line = Line(
            "127.0.0.1",
            7000,
            "127.0.0.1:5060",
            7002,
            lambda text: self.sent.append(parse(text)),
            self._later,
            lambda: self.now,
        )
        self.seat = SipSeat("1001", "secret", line, habit)

    def _later(self, after_s: float, action: Callable[[], None]) -> "Timer":
        timer = Timer(action)
        heapq.heappush(self._due, (self.now + after_s, next(self._ids), timer))
        return timer

    def wait(self, span_s: float) -> None:
        until = self.now + span_s
        while self._due and self._due[0][0] <= until:
            self.now, _, timer = heapq.heappop(self._due)
            timer.fire()
        self.now = until

    def gets(self, method: str, call: str = "c1", cseq: int = 1, to_tag: str = "") -> None:
        headers = [
            ("Via", f"SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK{call}{method}{cseq}"),
            ("From", "<sip:139@127.0.0.1>;tag=f"),
            ("To", "<sip:1001@127.0.0.1>" + (f";tag={to_tag}" if to_tag else "")),
            ("Call-ID", call),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", "<sip:asterisk@127.0.0.1:5060>"),
        ]
        self.seat.on_message(parse(request(method, "sip:1001@127.0.0.1:7000", headers)), self.now)

    def is_answered(self, status: int, reason: str = "OK", extra: tuple[str, str] | None = None) -> None:
        last = next(message for message in reversed(self.sent) if message.method)
        lines = [
            f"SIP/2.0 {status} {reason}",
            f"Via: {last.get('via')}",
            f"CSeq: {last.get('cseq')}",
            *([": ".join(extra)] if extra else []),
        ]
        self.seat.on_message(parse("\r\n".join(lines).encode() + b"\r\n\r\n"), self.now)

    def words(self) -> list[str]:
        """What was sent since the last look: methods and status codes."""
        words = [message.method or str(message.status) for message in self.sent]
        self.sent.clear()
        return words


class Timer:
    def __init__(self, action: Callable[[], None]) -> None:
        self._action: Callable[[], None] | None = action

    def fire(self) -> None:
        if self._action is not None:
            self._action()

    def cancel(self) -> None:
        self._action = None


def test_an_agent_answers_talks_hangs_up_and_is_rung_again() -> None:
    """The time from the agent's BYE to the next INVITE is what is measured."""
    stage = Stage(Habit(answer_after_s=1.0, talk_s=5.0))
    stage.gets("INVITE")
    assert stage.words() == ["100", "180"]
    stage.wait(1.0)
    assert stage.words() == ["200"]
    stage.gets("ACK")
    stage.wait(5.0)
    bye = stage.sent[0]
    assert stage.words() == ["BYE"]
    assert (bye.uri, bye.call_id, bye.get("to")) == ("sip:asterisk@127.0.0.1:5060", "c1", "<sip:139@127.0.0.1>;tag=f")
    assert "tag=" in bye.get("from")
    stage.sent.append(bye)
    stage.is_answered(200)
    stage.wait(0.25)
    stage.gets("INVITE", "c2")
    (gap,) = stage.seat.gaps
    assert (gap.freed_by, gap.freed_at, gap.rung_at) == ("own_bye", 106.0, 106.25)
    assert gap.gap_ms == pytest.approx(250)


def test_the_next_call_may_come_before_the_bye_is_answered() -> None:
    """A quick hotline rings the agent before it has answered the BYE; that counts, too."""
    stage = Stage(Habit(talk_s=1.0))
    stage.gets("INVITE")
    stage.wait(0.0)
    stage.gets("ACK")
    stage.wait(1.0)
    stage.gets("INVITE", "c2")
    assert len(stage.seat.gaps) == 1
    assert stage.words()[-2:] == ["100", "180"]


def test_lost_messages_are_sent_again() -> None:
    """A 200 is repeated until the ACK, a BYE until its answer; a repeated INVITE rings only once."""
    stage = Stage(Habit(talk_s=1.0))
    stage.gets("INVITE")
    stage.gets("INVITE")
    assert stage.words() == ["100", "180", "180"]
    stage.wait(1.6)
    assert stage.words() == ["200", "200", "200"]
    stage.gets("INVITE")
    assert stage.words() == ["200"]
    stage.gets("ACK")
    stage.gets("ACK")
    stage.wait(2.6)
    assert stage.words() == ["BYE", "BYE", "BYE"]
    assert stage.seat.counts["calls"] == 1
    assert stage.seat.counts["own_retransmissions"] == 4
    stage.wait(60)
    assert stage.seat.counts["bye_unanswered"] == 1


def test_a_call_without_ack_ends_by_itself() -> None:
    """A seat never stays busy with a call that the hotline has forgotten."""
    stage = Stage(Habit())
    stage.gets("INVITE")
    stage.wait(40)
    assert stage.seat.is_free
    assert stage.seat.counts["never_confirmed"] == 1


@pytest.mark.parametrize(
    ("habit", "words", "freed_by"),
    [
        (Habit(mode="busy"), ["100", "486"], "refusal"),
        (Habit(mode="reject"), ["100", "180", "603"], "refusal"),
        (Habit(mode="ignore"), ["100", "180"], None),
        (Habit(answer_after_s=9), ["100", "180"], None),
    ],
)
def test_an_agent_may_not_answer(habit: Habit, words: list[str], freed_by: str | None) -> None:
    """Busy, reject and ignore look as they do from a real phone."""
    stage = Stage(habit)
    stage.gets("INVITE")
    stage.wait(0.0)
    assert stage.words() == words
    assert stage.seat.is_free == (freed_by is not None)


def test_a_cancelled_ring_is_over() -> None:
    """When the caller gives up or ring_s ends, the seat is free and the INVITE is answered with 487."""
    stage = Stage(Habit(mode="ignore"))
    stage.gets("INVITE")
    stage.words()
    stage.gets("CANCEL")
    assert stage.words() == ["200", "487"]
    stage.gets("ACK")
    assert stage.seat.is_free
    stage.gets("INVITE", "c2")
    assert stage.seat.gaps[0].freed_by == "cancel"
    stage.gets("CANCEL", "unknown")
    assert stage.words()[-1] == "481"


def test_the_caller_hangs_up() -> None:
    """An incoming BYE frees the seat; no BYE of its own follows."""
    stage = Stage(Habit(talk_s=5))
    stage.gets("INVITE")
    stage.wait(0)
    stage.gets("ACK")
    stage.words()
    stage.gets("BYE", cseq=2)
    stage.wait(20)
    assert stage.words() == ["200"]
    assert stage.seat.counts["their_bye"] == 1


def test_a_second_call_is_busy_and_a_media_change_is_not_a_call() -> None:
    """One call a seat; a re-INVITE within it is answered and not counted."""
    stage = Stage(Habit(talk_s=None))
    stage.gets("INVITE")
    stage.wait(0)
    stage.gets("ACK")
    stage.words()
    stage.gets("INVITE", "c2")
    stage.gets("INVITE", "c1", 2, "x")
    stage.gets("OPTIONS", "o")
    stage.gets("PUBLISH", "p")
    assert stage.words() == ["486", "200", "200", "405"]
    assert (stage.seat.counts["calls"], stage.seat.counts["reinvites"], stage.seat.counts["refused_second_call"]) == (
        1,
        1,
        1,
    )


def test_a_seat_registers_with_its_password_and_stays_registered() -> None:
    """Challenge, answer, refresh before it runs out, and away again."""
    stage = Stage(Habit(expires_s=100))
    challenge = ("WWW-Authenticate", 'Digest realm="asterisk", nonce="n", qop="auth"')
    stage.seat.register()
    stage.is_answered(401, "Unauthorized", challenge)
    assert 'username="1001"' in stage.sent[-1].get("authorization")
    stage.is_answered(200)
    assert stage.seat.is_registered
    assert stage.words() == ["REGISTER", "REGISTER"]
    stage.wait(79)
    assert stage.words() == []
    stage.wait(1.1)
    assert stage.words() == ["REGISTER"]


def test_a_wrong_password_is_a_refusal() -> None:
    """A second 401 ends the attempt: no endless loop of tries."""
    stage = Stage(Habit())
    challenge = ("WWW-Authenticate", 'Digest realm="asterisk", nonce="n"')
    stage.seat.register()
    stage.is_answered(401, "Unauthorized", challenge)
    stage.is_answered(401, "Unauthorized", challenge)
    assert not stage.seat.is_registered
    assert stage.seat.refusal == "401 Unauthorized"


def test_talk_times_are_exponential_and_repeatable() -> None:
    """The same seed gives the same talk times, so that two runs can be compared."""
    ends = []
    for _ in range(2):
        stage = Stage(Habit(talk_s=10, talk_is_exponential=True))
        stage.gets("INVITE")
        stage.wait(0)
        stage.gets("ACK")
        stage.wait(1000)
        ends.append(stage.seat._freed)
    assert ends[0] == ends[1] != ("own_bye", 110.0)


@pytest.mark.parametrize(
    ("ordered", "share", "expected"),
    [
        ([], 0.5, None),
        ([1.0], 0.99, 1.0),
        ([1.0, 2.0], 0.5, 1.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([1.0, 2.0, 3.0], 0.0, 1.0),
    ],
)
def test_quantiles(ordered: list[float], share: float, expected: float | None) -> None:
    """p99 of a hundred values is the ninety-ninth."""
    assert quantile(ordered, share) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("1001", ["1001"]), ("1001-1003,1901", ["1001", "1002", "1003", "1901"])]
)
def test_seat_lists(text: str, expected: list[str]) -> None:
    """Seats are named as people write them."""
    assert seats_of(text) == expected


@pytest.mark.parametrize("text", ["", "a", "1003-1001", "1-", "1,,2"])
def test_wrong_seat_lists_are_refused(text: str) -> None:
    """A typing mistake does not start a half benchmark."""
    with pytest.raises(ValueError, match="write 1001"):
        seats_of(text)
