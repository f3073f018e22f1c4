"""AGI commands as lines: what may be sent, how values are quoted, and how long each command may take.

Owns the rule that one command is exactly one line, whatever a caller's name or a variable holds. Must not read sockets.
Source: Asterisk's res/res_agi.c (parse_args: backslash escapes inside quotes; AGI_BUF_LEN 2048, MAX_ARGS 128).
"""

import re
from collections.abc import Sequence

# Older Asterisks read a line into 2048 bytes with the NUL, Asterisk 22 into 8192 (measured). What is beyond is taken for a second
# command: an injection.
MAX_COMMAND_BYTES = 2047
MAX_ARGUMENTS = 100
PROMPT_S = 600.0  # the longest announcement that anyone listens to
ENDLESS_S = 4 * 3600.0  # for commands told to take as long as it takes
_PLAIN = re.compile(r"[A-Za-z0-9_./:=*#+-]+", re.ASCII)


class AgiCommandError(ValueError):
    """The command cannot be sent as one line: it was not sent at all."""


class Quoted(str):
    """A value that is already in quotes."""

    __slots__ = ()


def quoted(value: object) -> Quoted:
    """`value` in quotes that it cannot end: backslash and quote escaped, control characters turned to spaces."""
    text = "".join(c if c >= " " and c != "\x7f" else " " for c in str(value))
    return Quoted('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')


def command_line(command: str, arguments: Sequence[object]) -> bytes:
    """The line to send, with its end; arguments that are not plain words are quoted.

    raises   AgiCommandError when a line break is in the command's name, or the line is longer than Asterisk reads
    """
    if not all(_PLAIN.fullmatch(word) for word in command.split(" ")):
        raise AgiCommandError("a command's name is plain words")
    if len(arguments) > MAX_ARGUMENTS:
        raise AgiCommandError(f"{len(arguments)} arguments: Asterisk takes {MAX_ARGUMENTS}")
    words = (a if isinstance(a, Quoted) else _word(str(a)) for a in arguments)
    text = " ".join((command, *words))
    if any(c in text for c in "\r\n\0"):
        raise AgiCommandError("a command may not hold a line break or a NUL")
    line = text.encode("utf-8", "replace") + b"\n"
    if len(line) > MAX_COMMAND_BYTES:
        raise AgiCommandError(f"a command of {len(line)} bytes: Asterisk reads {MAX_COMMAND_BYTES}")
    return line


def longest_s(command: str, arguments: Sequence[object]) -> float:
    """Seconds that Asterisk may take for the command by its own arguments; a wait without an end counts as ENDLESS_S."""
    command = command.upper()
    if command == "WAIT FOR DIGIT":
        return _wait_s(arguments, 0)
    if command in ("RECEIVE CHAR", "RECEIVE TEXT"):
        return _wait_s(arguments, 0) or ENDLESS_S
    if command == "GET OPTION":
        return PROMPT_S + _wait_s(arguments, 2)
    if command == "GET DATA":
        digits = _number(arguments, 2) or 1024
        return min(ENDLESS_S, PROMPT_S + _wait_s(arguments, 1) * max(1, digits))
    if command == "RECORD FILE":
        return PROMPT_S + _wait_s(arguments, 3)
    if command in ("STREAM FILE", "CONTROL STREAM FILE") or command.startswith("SAY "):
        return PROMPT_S
    return ENDLESS_S if command == "EXEC" else 0.0


def _word(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quoted(text)


def _number(arguments: Sequence[object], at: int) -> int:
    text = str(arguments[at]).strip('"') if len(arguments) > at else ""
    return int(text) if re.fullmatch(r"-?\d{1,12}", text, re.ASCII) else 0


def _wait_s(arguments: Sequence[object], at: int) -> float:
    """The argument, which is in milliseconds; negative means for ever."""
    milliseconds = _number(arguments, at)
    return ENDLESS_S if milliseconds < 0 else min(ENDLESS_S, milliseconds / 1000)
