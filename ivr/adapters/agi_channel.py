"""The one subclass of pyst2's AGI: its vocabulary of commands over a FastAGI socket, with its transport replaced.

Owns the socket of one call: time limits, quoting, answers, and hang-ups, which all become CallerHungUp. Must not know any menu.
Rules: style.md section 5.2, ecosystem.md section 3 (signals, bytes, quoting, HANGUP, EOF, 511, 520, -1, stderr).
"""

import socket
from typing import Any

from asterisk.agi import AGI, AGIAppError, AGIHangup, AGIInvalidCommand, AGIUsageError

from ivr.agi_answer import HANGUP, USAGE_BEGINS, USAGE_ENDS, AgiAnswerError, parse_answer

MAX_LINE_BYTES = 64 * 1024
MAX_ENV_LINES = 200
MAX_USAGE_LINES = 500
ENVIRONMENT_WITHIN_S = 5.0
MARGIN_S = 30.0  # a command may take as long as it was told to, plus this; then Asterisk is taken for dead


class CallerHungUp(AGIHangup):  # type: ignore[misc]
    """The caller is gone, or was taken out of the script: there is nothing left to say."""


class AgiStreamError(Exception):
    """What Asterisk sent is not AGI, or too much of it: the connection is closed and the dialplan goes on."""


class AgiChannel(AGI):  # type: ignore[misc]
    """One call's AGI session. All of pyst2's commands work; every sure hang-up raises CallerHungUp.

    env     the environment that Asterisk sent, such as agi_callerid; values as they came
    raises  CallerHungUp, AgiStreamError, TimeoutError when Asterisk is silent for too long
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._reader = connection.makefile("rb")
        self._got_sighup = False
        self._commands = 0
        self.env: dict[str, str] = {}
        connection.settimeout(ENVIRONMENT_WITHIN_S)
        self._read_environment()

    @property
    def caller(self) -> str:
        """The caller's number as Asterisk knows it; empty when withheld."""
        number = self.env.get("agi_callerid", "")
        return "" if number in ("", "unknown") else number[:64]

    def close(self) -> None:
        """Ends the session; the dialplan goes on."""
        self._reader.close()
        self._connection.close()

    def command(self, name: str, *args: str, limit_s: float = 0.0) -> Any:
        """Sends a command that may take `limit_s` seconds; returns pyst2's result table."""
        self._connection.settimeout(limit_s + MARGIN_S)
        return self.execute(name, *args)

    def play(self, file: str, keys: str, limit_s: float = 120.0) -> str:
        """Plays a sound file (path without ending); returns the key among `keys` that cut it short, else an empty string."""
        return _key(self.command("STREAM FILE", self._quote(file), self._quote(keys), limit_s=limit_s)["result"][0])

    def key_within(self, wait_s: float) -> str:
        """The next key within `wait_s` seconds; empty when none came."""
        return _key(self.command("WAIT FOR DIGIT", str(int(wait_s * 1000)), limit_s=wait_s)["result"][0])

    def digits(self, file: str, max_digits: int, wait_s: float) -> tuple[str, bool]:
        """Plays a file and gathers digits up to `#`, `max_digits`, or `wait_s` without one; returns them and whether time ran out."""
        arguments = (self._quote(file), str(int(wait_s * 1000)), str(max_digits))
        value, data = self.command("GET DATA", *arguments, limit_s=120 + wait_s * max_digits)["result"]
        return value, data == "timeout"

    def execute(self, command: str, *args: object) -> Any:
        """One command and its answer; the same for every method of pyst2."""
        if self._got_sighup:
            raise CallerHungUp("hung up before the command")
        line = " ".join((command, *map(str, args))).strip()
        if any(c in line for c in "\r\n\0"):
            raise AgiStreamError("a command may not hold a line break")
        self._commands += 1
        try:
            self._connection.sendall(line.encode() + b"\n")
        except TimeoutError:
            raise
        except OSError as error:
            raise CallerHungUp("the connection is gone") from error
        return self.get_result()

    def get_result(self, stdin: object = None) -> Any:  # noqa: ARG002 - pyst2's signature
        """Reads one answer into pyst2's form: {"result": (value, data), "endpos": (value, "")}."""
        line = self._line()
        while line.startswith(HANGUP):
            self._got_sighup = True
            line = self._line()
        try:
            answer = parse_answer(line)
        except AgiAnswerError as error:
            raise AgiStreamError(str(error)) from error
        if answer.code == 511 or answer.data == "hangup":
            raise CallerHungUp("the channel is dead")
        if answer.code == 510:
            raise AGIInvalidCommand("Asterisk does not know the command")
        if answer.code == 520:
            self._skip_usage(line)
            raise AGIUsageError("Asterisk refuses the command's arguments")
        if answer.code != 200:
            raise AgiStreamError(f"answer with code {answer.code}")
        if answer.result == "-1":
            raise CallerHungUp("gone during the command") if self._is_gone() else AGIAppError("the command failed")
        return {"result": (answer.result, answer.data), "endpos": (answer.endpos, "")}

    def _is_gone(self) -> bool:
        """After result=-1, which means failure or hang-up: Asterisk says of a hung-up channel 511, HANGUP or -1 again."""
        if self._got_sighup:
            return True
        try:
            self._connection.sendall(b"CHANNEL STATUS\n")
            line = self._line()
        except (CallerHungUp, OSError):
            return True
        return not line.startswith("200 result=") or line.startswith("200 result=-1")

    def _quote(self, string: object) -> str:
        """A value in quotes that cannot end the command: backslash and quote escaped, control characters turned to spaces."""
        text = "".join(c if c >= " " and c != "\x7f" else " " for c in str(string))
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _read_environment(self) -> None:
        for _ in range(MAX_ENV_LINES):
            line = self._line()
            if not line:
                return
            name, _, value = line.partition(":")
            self.env[name.strip()] = value.strip()
        raise AgiStreamError("the environment does not end")

    def _skip_usage(self, line: str) -> None:
        if not line.startswith(USAGE_BEGINS):
            return
        for _ in range(MAX_USAGE_LINES):
            if self._line().startswith(USAGE_ENDS):
                return
        raise AgiStreamError("the usage text does not end")

    def _line(self) -> str:
        try:
            raw = self._reader.readline(MAX_LINE_BYTES)
        except TimeoutError:
            raise
        except (OSError, ValueError) as error:
            raise CallerHungUp("the connection is gone") from error
        if not raw:
            raise CallerHungUp("the connection is closed")
        if not raw.endswith(b"\n"):
            raise AgiStreamError("a line without an end")
        return raw.decode("utf-8", "replace").rstrip("\r\n")


def _key(code: str) -> str:
    if not code.isdigit() or not 0 <= int(code) < 128:
        raise AgiStreamError("a key's code is not a number")
    return chr(int(code)) if code != "0" else ""
