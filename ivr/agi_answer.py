"""Asterisk's answers to AGI commands, as text lines to values.

Owns the grammar of an answer. Must not read sockets.
Source: Asterisk's res/res_agi.c: "200 result=R (data) key=value", 510, 511 and 520 with their texts, HANGUP on FastAGI.
"""

import re
from dataclasses import dataclass

_ANSWER = re.compile(r"(\d{3})(?: |-)(.*)", re.DOTALL | re.ASCII)
_RESULT = re.compile(r"result=(-?[^\s(]*)")
_ENDPOS = re.compile(r" endpos=(-?\d+)$", re.ASCII)
KEYS = "0123456789*#ABCD"
HANGUP = "HANGUP"
USAGE_BEGINS = "520-"
USAGE_ENDS = "520 "


class AgiAnswerError(ValueError):
    """Asterisk's line is no AGI answer: the connection is out of step and must be closed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """code 200, 510, 511 or 520; result as text; data is what stood in parentheses; endpos in samples if it was there."""

    code: int
    result: str = ""
    data: str = ""
    endpos: str = ""

    @property
    def is_timeout(self) -> bool:
        """Whether the caller let the time run out (as opposed to ending the input with #)."""
        return self.data == "timeout"


def parse_answer(line: str) -> Answer:
    """The answer that one line holds (for 520 its first line is enough); raises AgiAnswerError, with nothing of the line in its text.

    The data may hold anything that a channel variable may, parentheses and further `key=value` included: it is what stands between the
    first opening and the last closing parenthesis. Data that does not close has a line break in it: no answer either.
    """
    found = _ANSWER.match(line)
    if found is None:
        raise AgiAnswerError(f"not an AGI answer ({len(line)} characters)")
    code, rest = int(found[1]), found[2]
    if code != 200:
        return Answer(code)
    result = _RESULT.match(rest)
    if result is None:
        raise AgiAnswerError("200 without a result")
    tail = rest[result.end() :]
    endpos = _ENDPOS.search(tail)
    if endpos is not None:
        tail = tail[: endpos.start()]
    opening, closing = tail.find("("), tail.rfind(")")
    if opening > closing:
        raise AgiAnswerError("a value with a line break")
    data = tail[opening + 1 : closing] if opening >= 0 else ""
    return Answer(code, result[1], data, endpos[1] if endpos is not None else "")


def key_of(answer: Answer) -> str:
    """The key whose code is the result; empty for 0, which means none. Raises AgiAnswerError for anything that no telephone can send."""
    if answer.result == "0":
        return ""
    if re.fullmatch(r"\d{1,3}", answer.result, re.ASCII) is None or chr(int(answer.result)) not in KEYS:
        raise AgiAnswerError("the result is no key")
    return chr(int(answer.result))
