"""Commands to Asterisk: one line each, whatever a caller calls itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.agi_command import (
    ENDLESS_S,
    MAX_COMMAND_BYTES,
    PROMPT_S,
    AgiCommandError,
    command_line,
    longest_s,
    quoted,
)
from tests.agi_client import arguments_of

HOSTILE = [
    'Bob" x\nEXEC System "touch pwned',
    "a\\",
    '\\" EXEC System "x',
    "${SHELL(id)}",
    "a,b;c",
    "张三",
    "\x00\x01\r\n\x7f",
    "\ud800",
    "",
    " ",
]
ANY_TEXT = st.text(max_size=300)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_name_stays_one_value(value: str) -> None:
    """Quotes, backslashes, line breaks and half characters reach Asterisk as one harmless argument."""
    line = command_line("SET VARIABLE", (quoted("NAME"), quoted(value)))
    assert line.count(b"\n") == 1
    assert len(arguments_of(line.decode().rstrip("\n"))) == 4


@given(value=ANY_TEXT)
def test_any_value_is_one_line_and_one_argument(value: str) -> None:
    """Whatever the value, exactly one line goes out and Asterisk reads the value back, control characters as spaces."""
    line = command_line("SET VARIABLE", (quoted("NAME"), quoted(value)))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    harmless = "".join(c if c >= " " and c != "\x7f" else " " for c in value).encode("utf-8", "replace").decode()
    assert arguments_of(line.decode()[:-1]) == ["SET", "VARIABLE", "NAME", harmless]


@given(value=ANY_TEXT)
def test_what_pyst2_forgets_to_quote_is_quoted(value: str) -> None:
    """A raw argument with anything but plain characters is put in quotes too: it cannot bring a further argument."""
    assert len(arguments_of(command_line("STREAM FILE", (value, quoted(""), 0)).decode()[:-1])) == 5


@pytest.mark.parametrize("length", [MAX_COMMAND_BYTES, 4096, 70_000])
def test_a_line_longer_than_asterisk_reads_is_not_sent(length: int) -> None:
    """Asterisk takes what is beyond its buffer for a second command; so such a line never goes out."""
    with pytest.raises(AgiCommandError, match="bytes"):
        command_line("SET VARIABLE", (quoted("X"), quoted("a" * length)))


def test_the_longest_line_goes_out() -> None:
    """The limit is Asterisk's, not lower."""
    room = MAX_COMMAND_BYTES - len(command_line("SET VARIABLE", (quoted("X"), quoted(""))))
    assert len(command_line("SET VARIABLE", (quoted("X"), quoted("a" * room)))) == MAX_COMMAND_BYTES


@pytest.mark.parametrize("command", ["NOOP\nHANGUP", "NOOP\r", "NO\0OP", "", 'EXEC "', "NOOP\u2028"])
def test_a_command_is_plain_words(command: str) -> None:
    """No line break, quote or NUL in a command's name."""
    with pytest.raises(AgiCommandError):
        command_line(command, ())


def test_too_many_arguments_are_refused() -> None:
    """Asterisk would drop the rest silently."""
    with pytest.raises(AgiCommandError, match="arguments"):
        command_line("EXEC", ["x"] * 200)


LIMITS = {
    "a variable": ("SET VARIABLE", ("X", "1"), 0.0),
    "a prompt": ("STREAM FILE", ("x", ""), PROMPT_S),
    "a key within 5 s": ("WAIT FOR DIGIT", (5000,), 5.0),
    "a key, for ever": ("WAIT FOR DIGIT", (-1,), ENDLESS_S),
    "digits": ("GET DATA", ("x", 6000, 15), PROMPT_S + 90),
    "digits without limit": ("GET DATA", ("x", 60_000_000), ENDLESS_S),
    "a message": ("RECORD FILE", ("x", "wav", "#", 20000), PROMPT_S + 20),
    "a message, for ever": ("record file", ("x", "wav", "#", "-1"), PROMPT_S + ENDLESS_S),
    "an application": ("EXEC", ("Wait", "5"), ENDLESS_S),
    "numbers": ("SAY DIGITS", ("123", ""), PROMPT_S),
    "not a number": ("WAIT FOR DIGIT", ("soon",), 0.0),
}


@pytest.mark.parametrize("title", LIMITS)
def test_a_command_may_take_what_it_was_told(title: str) -> None:
    """A wait of a minute is not taken for a dead Asterisk, a variable that takes a minute is."""
    command, arguments, expected = LIMITS[title]
    assert longest_s(command, arguments) == expected
