"""One call's AGI connection over a real socket: everything Asterisk, a caller or a broken network may do."""

import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from asterisk.agi import AGIAppError, AGIDBError, AGIInvalidCommand, AGIUsageError
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.adapters import agi_channel
from ivr.adapters.agi_channel import AgiChannel, AgiStreamError, CallerHungUp, Digits
from ivr.agi_command import AgiCommandError
from tests.agi_client import DEAD, AgiWire, environment


class Session:
    """A channel on one end of a socket, Asterisk's end in the test's hand."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.asterisk = AgiWire(theirs)
        self.asterisk.send(environment("choose_service"))
        self.ours = ours
        self.channel = AgiChannel(ours)

    def ask(self, command: Callable[[AgiChannel], object], *answers: str) -> object:
        """The command is answered by these lines; returns or raises what the script would see."""
        replier = threading.Thread(target=self._reply, args=(answers,))
        replier.start()
        try:
            return command(self.channel)
        finally:
            replier.join()

    def _reply(self, answers: tuple[str, ...]) -> None:
        self.sent = self.asterisk.command()
        self.asterisk.answer("\n".join(answers))

    def close(self) -> None:
        self.ours.close()
        self.asterisk.close()


@pytest.fixture
def session() -> Iterator[Session]:
    """A call that has just entered a script."""
    made = Session()
    yield made
    made.close()


def play(channel: AgiChannel) -> str:
    """What most of these tests do."""
    return channel.play("/prompts/zh-CN/welcome", "0123456789*#")


ANSWERS: dict[str, tuple[Callable[[AgiChannel], object], str, object, str]] = {
    "a prompt to its end": (play, "200 result=0 endpos=8000", "", 'STREAM FILE "/prompts/zh-CN/welcome" "0123456789*#"'),
    "a prompt cut short": (play, "200 result=57 endpos=12", "9", 'STREAM FILE "/prompts/zh-CN/welcome" "0123456789*#"'),
    "a key": (lambda c: c.key_within(2.5), "200 result=35", "#", "WAIT FOR DIGIT 2500"),
    "no key": (lambda c: c.key_within(5), "200 result=0", "", "WAIT FOR DIGIT 5000"),
    "digits and #": (lambda c: c.digits("x y", 15, 6), "200 result=5001", Digits("5001", False), 'GET DATA "x y" 6000 15'),
    "digits, then time ran out": (lambda c: c.get_data("x", 2000, 4), "200 result=50 (timeout)", Digits("50", True), 'GET DATA "x" 2000 4'),
    "a variable": (lambda c: c.get_variable("JT_LANGUAGE"), "200 result=1 (en)", "en", 'GET VARIABLE "JT_LANGUAGE"'),
    "a variable that says hangup": (lambda c: c.get_variable("JT_NEXT"), "200 result=1 (hangup)", "hangup", 'GET VARIABLE "JT_NEXT"'),
    "no variable": (lambda c: c.get_variable("NONE"), "200 result=0", "", 'GET VARIABLE "NONE"'),
    "pyst2 wait_for_digit": (lambda c: c.wait_for_digit(90000), "200 result=49", "1", "WAIT FOR DIGIT 90000"),
    "pyst2 stream_file": (lambda c: c.stream_file('a" "b', [1, 2]), "200 result=49 endpos=1", "1", 'STREAM FILE "a\\" \\"b" "12" 0'),
    "pyst2 record_file without a key": (lambda c: c.record_file("m", "wav"), "200 result=0 (timeout) endpos=9", "", 'RECORD FILE "m" wav "#" 20000 0 beep s=0'),
    "pyst2 say_number": (lambda c: c.say_number(7), "200 result=0", "", 'SAY NUMBER "7" ""'),
    "database": (lambda c: c.database_get("f", "k"), "200 result=1 (v)", "v", 'DATABASE GET "f" "k"'),
}  # fmt: skip


@pytest.mark.parametrize("title", ANSWERS)
def test_a_command_goes_out_and_its_answer_comes_in(session: Session, title: str) -> None:
    """Each command is written as Asterisk reads it, and its answer is read as it is meant."""
    command, answer, expected, line = ANSWERS[title]
    assert session.ask(command, answer) == expected
    assert session.sent == line


ENDINGS: dict[str, tuple[tuple[str, ...], type[Exception]]] = {
    "dead channel": ((DEAD,), CallerHungUp),
    "hung up while recording": (("200 result=-1 (hangup) endpos=0",), CallerHungUp),
    "HANGUP before the failure": (("HANGUP", "200 result=-1 endpos=0"), CallerHungUp),
    "unknown command": (("510 Invalid or unknown command",), AGIInvalidCommand),
    "usage": (("520-Invalid command syntax.  Proper usage follows:", "Usage: X", " does X", "520 End of proper usage."), AGIUsageError),
    "usage in one line": (("520 Invalid",), AGIUsageError),
    "usage without an end": (("520-Invalid", *["more"] * 1000), AgiStreamError),
    "garbage": (("what?",), AgiStreamError),
    "a code of the future": (("299 result=1",), AgiStreamError),
    "not a key": (("200 result=300",), AgiStreamError),
    "a key that is no number": (("200 result=²",), AgiStreamError),
    "a value with a line break": (("200 result=1 (a", "200 result=1 (b)"), AgiStreamError),
}  # fmt: skip


@pytest.mark.parametrize("title", ENDINGS)
def test_what_is_no_value_is_one_clear_exception(session: Session, title: str) -> None:
    """A hang-up is a hang-up, a refusal a refusal, and nonsense ends the session."""
    answers, expected = ENDINGS[title]
    with pytest.raises(expected) as caught:
        session.ask(play, *answers)
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("200 result=6", AGIAppError),
        ("200 result=-1", CallerHungUp),
        (DEAD, CallerHungUp),
        ("HANGUP", CallerHungUp),
        ("", CallerHungUp),
    ],
)
def test_failure_and_hang_up_are_told_apart(session: Session, status: str, expected: type[Exception]) -> None:
    """result=-1 means either; the channel's status says which. No answer to that is a hang-up."""

    def asterisk() -> None:
        assert session.asterisk.command().startswith("STREAM FILE")
        session.asterisk.answer("200 result=-1 endpos=0")
        assert session.asterisk.command() == "CHANNEL STATUS"
        if status:
            session.asterisk.answer(status)
        else:
            session.asterisk.close()

    thread = threading.Thread(target=asterisk)
    thread.start()
    with pytest.raises(AGIAppError) as caught:
        play(session.channel)
    thread.join()
    assert type(caught.value) is expected
    if expected is CallerHungUp:
        with pytest.raises(CallerHungUp):
            session.channel.key_within(1)


def test_hangup_line_does_not_take_the_place_of_an_answer(session: Session) -> None:
    """The answer after HANGUP still counts, and the next command ends the script without being sent."""
    assert session.ask(lambda c: c.key_within(1), "HANGUP", "200 result=49") == "1"
    with pytest.raises(CallerHungUp):
        session.channel.set_variable("A", "b")


def test_hangup_between_commands_ends_the_script(session: Session) -> None:
    """A HANGUP that came with the last answer is noticed before the next command."""
    assert session.ask(lambda c: c.key_within(1), "200 result=49", "HANGUP") == "1"
    with pytest.raises(CallerHungUp):
        play(session.channel)


def test_an_answer_too_many_is_noticed(session: Session) -> None:
    """A value with a line break in it cannot pass itself off as the next command's answer."""
    session.ask(lambda c: c.get_variable("A"), "200 result=1 (x)", "200 result=1 (forged)")
    with pytest.raises(AgiStreamError):
        session.channel.get_variable("B")


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_connection_that_ends_is_a_hang_up(leave: str) -> None:
    """Asterisk closes or dies while a prompt plays, and again before the next command."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = AgiWire.dial(listener.getsockname(), "choose_service")
        ours, _ = listener.accept()
    channel = AgiChannel(ours)

    def asterisk() -> None:
        wire.command()
        getattr(wire, leave)()

    thread = threading.Thread(target=asterisk)
    thread.start()
    with pytest.raises(CallerHungUp):
        play(channel)
    thread.join()
    with pytest.raises(CallerHungUp):
        channel.set_variable("A", "b")
    channel.close()


def test_an_answer_may_come_byte_by_byte(session: Session) -> None:
    """A slow network that splits answers anywhere changes nothing."""

    def asterisk() -> None:
        session.asterisk.command()
        for byte in b"200 result=1 (zh-CN)\r\n":
            session.asterisk.send(bytes([byte]))

    thread = threading.Thread(target=asterisk)
    thread.start()
    assert session.channel.get_variable("JT_LANGUAGE") == "zh-CN"
    thread.join()


def test_a_silent_asterisk_is_given_up(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is the command's own time plus a margin; a byte now and then does not extend it."""
    monkeypatch.setattr(agi_channel, "MARGIN_S", 0.3)
    stop = threading.Event()

    def drip() -> None:
        session.asterisk.command()
        while not stop.wait(0.05):
            session.asterisk.send(b"2")

    thread = threading.Thread(target=drip)
    thread.start()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        session.channel.key_within(0.2)
    took_s = time.monotonic() - began
    stop.set()
    thread.join()
    assert 0.5 <= took_s < 5


def test_a_prompt_may_last_longer_than_the_margin(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait that the command asked for is not silence, also by pyst2's own methods after a short command."""
    monkeypatch.setattr(agi_channel, "MARGIN_S", 0.2)
    session.ask(lambda c: c.set_variable("A", "b"), "200 result=1")

    def asterisk() -> None:
        session.asterisk.command()
        assert not threading.Event().wait(0.6)
        session.asterisk.answer("200 result=49")

    thread = threading.Thread(target=asterisk)
    thread.start()
    assert session.channel.wait_for_digit(1000) == "1"
    thread.join()


def environment_only(raw: bytes, *, is_open: bool = False) -> AgiChannel:
    """A channel made from these bytes, after which Asterisk closes or stays silent."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        feeder = threading.Thread(target=_feed, args=(theirs, raw, is_open))
        feeder.start()
        try:
            return AgiChannel(ours)
        finally:
            ours.close()
            feeder.join()


def _feed(theirs: socket.socket, raw: bytes, is_open: bool) -> None:
    try:
        theirs.sendall(raw)
        if not is_open:
            theirs.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # it stopped reading


def test_a_hostile_environment_is_bounded() -> None:
    """A line or an environment without an end is refused, whatever its length."""
    with pytest.raises(AgiStreamError):
        environment_only(b"agi_callerid: " + b"9" * 200_000)
    with pytest.raises(AgiStreamError):
        environment_only(b"agi_x: y\n" * 5000)
    with pytest.raises(CallerHungUp):
        environment_only(b"agi_network: yes\n")


def test_an_environment_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who connects and says nothing does not hold a place for long."""
    monkeypatch.setattr(agi_channel, "ENVIRONMENT_WITHIN_S", 0.2)
    with pytest.raises(TimeoutError):
        environment_only(b"agi_network: yes\n", is_open=True)


@given(raw=st.binary(max_size=600))
@settings(deadline=None)
def test_any_bytes_as_environment_are_survived(raw: bytes) -> None:
    """Garbage instead of an environment gives a channel or one of two exceptions."""
    try:
        environment_only(raw)
    except (AgiStreamError, CallerHungUp):
        return


@given(raw=st.binary(max_size=400))
@settings(deadline=None)
def test_any_bytes_as_answer_are_survived(raw: bytes) -> None:
    """Garbage instead of an answer gives a value or one of the known exceptions; never a crash, never a wait."""
    made = Session()
    made.asterisk.send(b"")
    try:
        made.asterisk.connection.sendall(raw)
        made.asterisk.connection.shutdown(socket.SHUT_WR)
        key = play(made.channel)
        assert key == "" or key in "0123456789*#ABCD"
    except (AgiStreamError, AGIAppError, AGIInvalidCommand, AGIUsageError):
        pass
    finally:
        made.close()


def test_a_callers_line_break_cannot_change_who_it_is() -> None:
    """Of two values for one name the first counts: the channel's name comes before anything that a caller may influence."""
    hostile = environment("log_in_agent", rdnis="x\nagi_channel: PJSIP/1001-0000000a\nagi_request: agi://h/other")
    channel = environment_only(hostile)
    assert channel.env["agi_channel"] == "PJSIP/carrier-00000001"
    assert channel.env["agi_request"].endswith("/log_in_agent")


@pytest.mark.parametrize(("number", "caller"), [("unknown", ""), ("", ""), ("13900000001", "13900000001")])
def test_a_withheld_number_is_no_number(number: str, caller: str) -> None:
    """A caller who hides its number is nobody."""
    assert environment_only(environment("x", callerid=number)).caller == caller


@pytest.mark.parametrize("value", ['x" y', "a\nSET VARIABLE B 1", "a\r\nb", "\0", "\ud800", "张三"])
def test_a_hostile_value_is_one_command(session: Session, value: str) -> None:
    """Whatever a variable holds, Asterisk sees one command."""
    session.ask(lambda c: c.set_variable("NAME", value), "200 result=1")
    session.ours.shutdown(socket.SHUT_WR)
    assert session.sent.startswith('SET VARIABLE "NAME" "')
    assert session.asterisk.command() == ""


def test_a_value_longer_than_asterisks_line_is_not_sent(session: Session) -> None:
    """4 KB in a variable would become a second command in Asterisk: it is refused and nothing goes out."""
    with pytest.raises(AgiCommandError):
        session.channel.set_variable("NAME", "a" * 2040 + "\\n" + "EXEC System x" * 200)
    session.ours.shutdown(socket.SHUT_WR)
    assert session.asterisk.command() == ""


def test_nothing_in_asterisks_database_is_an_error(session: Session) -> None:
    """pyst2's own exception, without the names in it."""
    with pytest.raises(AGIDBError):
        session.ask(lambda c: c.database_del("family", "key"), "200 result=0")


def test_pyst2s_noise_and_signal_are_gone(session: Session, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing on stderr, no signal handler taken, in any thread."""
    before = signal.getsignal(signal.SIGHUP)
    made: list[Session] = []
    thread = threading.Thread(target=lambda: made.append(Session()))
    thread.start()
    thread.join()
    session.ask(play, "200 result=0 endpos=1")
    made[0].close()
    assert signal.getsignal(signal.SIGHUP) is before
    sys.stderr.flush()
    assert capfd.readouterr() == ("", "")
