"""Asterisk's answer lines: each form is understood, anything else is one clear error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.agi_answer import AgiAnswerError, Answer, key_of, parse_answer

ROWS = {
    "set": ("200 result=1", Answer(200, "1")),
    "a key": ("200 result=48 endpos=1234", Answer(200, "48", "", "1234")),
    "no key": ("200 result=0 endpos=0", Answer(200, "0", "", "0")),
    "typed and #": ("200 result=1901", Answer(200, "1901")),
    "typed, then time ran out": ("200 result=19 (timeout)", Answer(200, "19", "timeout")),
    "nothing typed": ("200 result= (timeout)", Answer(200, "", "timeout")),
    "star typed": ("200 result=*71", Answer(200, "*71")),
    "a value": ("200 result=1 (zh-CN)", Answer(200, "1", "zh-CN")),
    "an empty value": ("200 result=1 ()", Answer(200, "1", "")),
    "a value with parentheses": ("200 result=1 (a (b) c=d e)", Answer(200, "1", "a (b) c=d e")),
    "a value that is a word of the protocol": ("200 result=1 (hangup)", Answer(200, "1", "hangup")),
    "no such variable": ("200 result=0", Answer(200, "0")),
    "failure": ("200 result=-1 endpos=0", Answer(200, "-1", "", "0")),
    "hung up while recording": ("200 result=-1 (hangup) endpos=80", Answer(200, "-1", "hangup", "80")),
    "dead": ("511 result=-1 Command Not Permitted on a dead channel or intercept routine", Answer(511)),
    "unknown": ("510 Invalid or unknown command", Answer(510)),
    "wrong arguments": ("520-Invalid command syntax.  Proper usage follows:", Answer(520)),
}
BROKEN = [
    "",
    "200",
    "200 ",
    "200 rsult=1",
    "HANGUP",
    "20 result=1",
    "2000 result=1",
    "٢٠٠ result=1",
    "200 result=1 (first line",
    "second line)",
    "result=1",
]


@pytest.mark.parametrize("title", ROWS)
def test_an_answer_is_understood(title: str) -> None:
    """Each form that Asterisk's AGI answers with is read as the table says."""
    line, expected = ROWS[title]
    assert parse_answer(line) == expected


@pytest.mark.parametrize("line", BROKEN)
def test_anything_else_is_refused(line: str) -> None:
    """A line that is no answer never becomes a value, and the error repeats nothing of it."""
    with pytest.raises(AgiAnswerError) as caught:
        parse_answer(line)
    assert line[4:] not in str(caught.value) or len(line) < 6


@given(st.binary(max_size=400).map(lambda raw: raw.decode("utf-8", "replace")))
def test_any_bytes_give_an_answer_or_one_error(line: str) -> None:
    """Garbage on the wire is survived."""
    try:
        answer = parse_answer(line)
    except AgiAnswerError:
        return
    assert 0 <= answer.code <= 999


@given(st.from_regex(r"200 result=[^\n]{0,40}", fullmatch=True))
def test_a_key_is_a_key_of_a_telephone(line: str) -> None:
    """Whatever the result says, what the menu gets is a key, nothing, or an error."""
    try:
        key = key_of(parse_answer(line))
    except AgiAnswerError:
        return
    assert key == "" or key in "0123456789*#ABCD"


def test_a_long_hostile_line_costs_nothing() -> None:
    """64 KB of brackets and endings are read in no time."""
    line = "200 result=1 " + "(a) endpos=1" * 5000
    assert parse_answer(line).result == "1"
