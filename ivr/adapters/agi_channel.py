"""The one subclass of pyst2's AGI: its vocabulary of commands over a FastAGI socket, with its transport replaced.

Owns the socket of one call: time limits, and hang-ups, which all become CallerHungUp. Must not know any menu.
Rules: style.md section 5.2, ecosystem.md section 3 (signals, bytes, quoting, HANGUP, EOF, 511, 520, -1, stderr).
"""

import contextlib
import socket
import time
from typing import Any, NamedTuple

from asterisk.agi import AGI, AGIAppError, AGIDBError, AGIException, AGIHangup, AGIInvalidCommand, AGIUsageError

from ivr.agi_answer import HANGUP, USAGE_BEGINS, USAGE_ENDS, AgiAnswerError, Answer, key_of, parse_answer
from ivr.agi_command import Quoted, command_line, longest_s, quoted

# The rest of the house knows pyst2 by these names only.
__all__ = ["AGIAppError", "AGIException", "AgiChannel", "AgiStreamError", "CallerHungUp", "Digits"]

MAX_LINE_BYTES = 64 * 1024
MAX_ENV_LINES = 200  # Asterisk sends about 25, and one for each argument of AGI()
MAX_USAGE_LINES = 500  # the longest usage text of Asterisk 22 has 40
ENVIRONMENT_WITHIN_S = 5.0
MARGIN_S = 30.0  # a command may take as long as it was told to, plus this; then Asterisk is taken for dead


class CallerHungUp(AGIHangup):  # type: ignore[misc]
    """The caller is gone, or was taken out of the script: there is nothing left to say."""


class AgiStreamError(Exception):
    """What Asterisk sent is not AGI, or too much of it: the connection is closed and the dialplan goes on."""


class Digits(NamedTuple):
    """What the caller typed, and whether the time ran out (as opposed to #, or enough digits)."""

    typed: str
    is_timeout: bool


class AgiChannel(AGI):  # type: ignore[misc]
    """One call's AGI session. All of pyst2's commands work; every sure hang-up raises CallerHungUp.

    env     the environment that Asterisk sent, such as agi_callerid; values as they came
    raises  CallerHungUp, AgiStreamError, AgiCommandError, TimeoutError when Asterisk is silent for too long, pyst2's own for refused commands
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = bytearray()
        self._got_sighup = False  # pyst2's name; here: the caller is gone
        self.env: dict[str, str] = {}
        self._within(ENVIRONMENT_WITHIN_S)
        self._read_environment()

    @property
    def caller(self) -> str:
        """The caller's number as Asterisk knows it; empty when withheld."""
        number = self.env.get("agi_callerid", "")
        return "" if number in ("", "unknown") else number[:64]

    @property
    def call(self) -> str:
        """The call's id; empty when Asterisk sent none."""
        return self.env.get("agi_uniqueid", "")[:64]

    def close(self) -> None:
        """Ends the session; the dialplan goes on."""
        with contextlib.suppress(OSError):
            self._connection.close()

    def play(self, file: str, keys: str) -> str:
        """Plays a sound file (path without ending); returns the key among `keys` that cut it short, else an empty string."""
        return self._key("STREAM FILE", quoted(file), quoted(keys))

    def key_within(self, wait_s: float) -> str:
        """The next key within `wait_s` seconds; empty when none came."""
        return self._key("WAIT FOR DIGIT", int(wait_s * 1000))

    def variables(self, *names: str) -> dict[str, str]:
        """Channel variables by one command; empty where there is none. Values must hold no vertical bar."""
        answer = self._ask("GET FULL VARIABLE", quoted("|".join(f"${{{name}}}" for name in names)))
        values = answer.data.split("|")
        return dict(zip(names, values, strict=True)) if len(values) == len(names) else dict.fromkeys(names, "")

    def digits(self, file: str, max_digits: int, wait_s: float) -> Digits:
        """Plays a file and gathers digits up to `#`, `max_digits`, or `wait_s` without one."""
        answer = self._ask("GET DATA", quoted(file), int(wait_s * 1000), max_digits)
        return Digits(answer.result, answer.is_timeout)

    def record(self, file: str, ends: str, longest_s: int, silence_s: int) -> None:
        """Records what is said into a wav file (path without ending), until a key of `ends`, silence, or `longest_s` seconds."""
        self._ask("RECORD FILE", quoted(file), "wav", quoted(ends), longest_s * 1000, f"s={silence_s}")

    def get_data(self, filename: str, timeout: int = 2000, max_digits: int = 255) -> Digits:
        """pyst2's command in its units (ms), with the timeout flag kept."""
        return self.digits(filename, max_digits, timeout / 1000)

    def record_file(self, *arguments: Any, **options: Any) -> str:
        """pyst2's command; empty instead of a NUL when no key ended the recording."""
        return str(super().record_file(*arguments, **options)).replace("\0", "")

    def database_get(self, family: str, key: str) -> str:
        """A value of Asterisk's own database; pyst2 quotes it twice. Raises AGIDBError when there is none."""
        answer = self._ask("DATABASE GET", quoted(family), quoted(key))
        if answer.result != "1":
            raise AGIDBError("not in Asterisk's database")
        return answer.data

    def database_put(self, family: str, key: str, value: object) -> None:
        """Keeps a value in Asterisk's own database. Raises AGIDBError when it cannot."""
        self._change("DATABASE PUT", family, key, value)

    def database_del(self, family: str, key: str) -> None:
        """Removes a value. Raises AGIDBError when there is none."""
        self._change("DATABASE DEL", family, key)

    def database_deltree(self, family: str, key: str = "") -> None:
        """Removes a family, or its part below `key`. Raises AGIDBError when there is none."""
        self._change("DATABASE DELTREE", family, *([key] if key else []))

    def execute(self, command: str, *args: object) -> Any:
        """One command and its answer in pyst2's form; every method of pyst2 comes through here."""
        answer = self._ask(command, *args)
        return {"result": (answer.result, answer.data), "endpos": (answer.endpos, "")}

    def send_command(self, command: str, *args: object) -> None:
        """One line to Asterisk; nothing is sent when it cannot be one line. Raises CallerHungUp when nobody is there to read it."""
        line = command_line(command.strip(), args)
        if not self._got_sighup:
            self._expect_silence()
        if self._got_sighup:
            raise self._gone("hung up before the command")
        self._within(longest_s(command, args) + MARGIN_S)
        self._send(line)

    def get_result(self, stdin: object = None) -> Any:  # noqa: ARG002 - pyst2's signature
        """The next answer in pyst2's form."""
        answer = self._answer()
        return {"result": (answer.result, answer.data), "endpos": (answer.endpos, "")}

    def _change(self, command: str, *values: object) -> None:
        if self._ask(command, *(quoted(value) for value in values)).result != "1":
            raise AGIDBError("not in Asterisk's database")

    def _key(self, command: str, *args: object) -> str:
        try:
            return key_of(self._ask(command, *args))
        except AgiAnswerError as error:
            raise AgiStreamError(str(error)) from error

    def _ask(self, command: str, *args: object) -> Answer:
        self.send_command(command, *args)
        return self._answer()

    def _answer(self) -> Answer:
        line = self._line()
        while line.startswith(HANGUP):
            self._got_sighup = True
            line = self._line()
        try:
            answer = parse_answer(line)
        except AgiAnswerError as error:
            raise AgiStreamError(str(error)) from error
        if answer.code == 511:
            raise self._gone("the channel is dead")
        if answer.code == 510:
            raise AGIInvalidCommand("Asterisk does not know the command")
        if answer.code == 520:
            self._skip_usage(line)
            raise AGIUsageError("Asterisk refuses the command's arguments")
        if answer.code != 200:
            raise AgiStreamError(f"answer with code {answer.code}")
        if answer.result == "-1":
            is_gone = answer.data == "hangup" or self._is_gone()
            raise self._gone("gone during the command") if is_gone else AGIAppError("the command failed")
        return answer

    def _is_gone(self) -> bool:
        """After result=-1, which means failure or hang-up: Asterisk says of a hung-up channel 511, HANGUP or -1 again."""
        if self._got_sighup:
            return True
        try:
            self._within(MARGIN_S)
            self._send(b"CHANNEL STATUS\n")
            line = self._line()
        except CallerHungUp:
            return True
        return not line.startswith("200 result=") or line.startswith("200 result=-1")

    def _quote(self, string: object) -> Quoted:
        return quoted(string)

    def _read_environment(self) -> None:
        """The first word on each name counts: what a caller can influence comes after what a script trusts (agi_channel, agi_uniqueid)."""
        for _ in range(MAX_ENV_LINES):
            line = self._line()
            if not line:
                return
            name, _, value = line.partition(":")
            self.env.setdefault(name.strip(), value.strip())
        raise AgiStreamError("the environment does not end")

    def _skip_usage(self, line: str) -> None:
        if not line.startswith(USAGE_BEGINS):
            return
        for _ in range(MAX_USAGE_LINES):
            if self._line().startswith(USAGE_ENDS):
                return
        raise AgiStreamError("the usage text does not end")

    def _expect_silence(self) -> None:
        """Whatever lies there before a command is sent is no answer to it: HANGUP, or a value with a line break that put us out of step."""
        with contextlib.suppress(BlockingIOError):
            self._receive(0)
        if b"\n" in self._received:
            if not self._line().startswith(HANGUP):
                raise AgiStreamError("an answer that nobody asked for")
            self._got_sighup = True

    def _gone(self, how: str) -> CallerHungUp:
        """Whoever is gone stays gone: answers that are still on their way belong to nobody."""
        self._got_sighup = True
        return CallerHungUp(how)

    def _within(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds

    def _send(self, line: bytes) -> None:
        try:
            self._connection.settimeout(max(0.001, self._deadline - time.monotonic()))
            self._connection.sendall(line)
        except TimeoutError:
            raise
        except OSError as error:
            raise self._gone("the connection is gone") from error

    def _line(self) -> str:
        looked = 0
        while (end := self._received.find(b"\n", looked)) < 0:
            looked = len(self._received)
            if looked > MAX_LINE_BYTES:
                raise AgiStreamError("a line without an end")
            left_s = self._deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("Asterisk is silent")
            self._receive(left_s)
        line = self._received[:end].decode("utf-8", "replace")
        del self._received[: end + 1]
        return line.rstrip("\r")

    def _receive(self, wait_s: float) -> None:
        try:
            self._connection.settimeout(wait_s)
            received = self._connection.recv(8192)
        except BlockingIOError:
            raise
        except TimeoutError:
            raise TimeoutError("Asterisk is silent") from None
        except OSError as error:
            raise self._gone("the connection is gone") from error
        if not received:
            raise self._gone("the connection is closed")
        self._received += received
