"""Which prompts, one after another, say a number, an amount, a date or a time.

Owns the kinds of values, what each looks like as text, and who reads it out. Must not know sounds, files or channels.
Rules: issue 5 item 4; the grammars of say_mandarin.py and say_english.py; the words are prompts of ivr/prompts/prompts.toml.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Protocol

from ivr import say_english, say_mandarin

MOST_FIGURES = 12
LARGEST = 10**MOST_FIGURES - 1
LONGEST_S = 100 * 86_400 - 1
FEN_IN_YUAN = 100
OWN_COUNTRY = "+86"

Prompts = tuple[str, ...]


class Grammar(Protocol):
    """What a language has: one function for each kind of value; amounts are never negative."""

    def whole(self, count: int) -> Prompts:
        """A whole number from 0 to LARGEST."""

    def counted(self, count: int) -> Prompts:
        """The same before what is counted."""

    def amount(self, yuan: int, fen: int) -> Prompts:
        """Money; fen are 0 to 99."""

    def calendar_day(self, day: date) -> Prompts:
        """A date without its day of the week."""

    def time_of_day(self, hour: int, minute: int) -> Prompts:
        """A time on a clock of 24 hours."""

    def length(self, seconds: int) -> Prompts:
        """How long something takes, from 0 to LONGEST_S."""

    def plain_digit(self, digit: str) -> str:
        """A digit of a row that is compared digit by digit."""

    def number_digit(self, digit: str) -> str:
        """A digit of a telephone, agent or case number."""


_GRAMMARS: Mapping[str, Grammar] = {"zh-CN": say_mandarin, "en": say_english}


def prompts_for(kind: str, value: str, language: str) -> Prompts:
    """Names of the prompts that say `value`, in the order they are played.

    number    whole number, negative too, of at most twelve digits
    count     whole number before what is counted (两项, where `number` says 二), not negative
    digits    a row of digits, each by itself; hyphens and spaces are left out, as in the next three
    phone     telephone number, in groups with a short pause; +86 and any other `+` are not said
    agent     agent number (1 is 幺, as in telephone numbers)
    case      case number, in groups of four
    money     whole number of fen, negative too
    date      2026-11-23
    weekday   the day of the week of such a date
    time      21:05, seconds are not said
    duration  whole seconds, less than a hundred days
    Raises ValueError for a value that is no such thing, an unknown kind and an unknown language; it never repeats the value,
    which may be a caller's number.
    """
    if language not in _GRAMMARS:
        raise ValueError(f"nothing can be said in {language!r}: use {' or '.join(_GRAMMARS)}")
    if kind not in KINDS:
        raise ValueError(f"no kind of value {kind!r}: use one of {', '.join(KINDS)}")
    return KINDS[kind](value, _GRAMMARS[language])


def _number(value: str, grammar: Grammar) -> Prompts:
    number = _whole(value, LARGEST, "a whole number of at most twelve digits")
    return _signed(number, grammar.whole(abs(number)))


def _count(value: str, grammar: Grammar) -> Prompts:
    count = _whole(value, LARGEST, "a whole number of at most twelve digits")
    if count < 0:
        raise ValueError("not a count: it is negative")
    return grammar.counted(count)


def _money(value: str, grammar: Grammar) -> Prompts:
    fen = _whole(value, LARGEST * FEN_IN_YUAN, "an amount in fen, a whole number")
    return _signed(fen, grammar.amount(*divmod(abs(fen), FEN_IN_YUAN)))


def _duration(value: str, grammar: Grammar) -> Prompts:
    seconds = _whole(value, LONGEST_S, "a length in whole seconds, less than a hundred days")
    if seconds < 0:
        raise ValueError("a length of time is not negative")
    return grammar.length(seconds)


def _date(value: str, grammar: Grammar) -> Prompts:
    return grammar.calendar_day(_day(value))


def _weekday(value: str, grammar: Grammar) -> Prompts:  # every language has the same prompts for it
    return (f"weekday-{_day(value).isoweekday()}",)


def _time(value: str, grammar: Grammar) -> Prompts:
    try:
        if not re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?", value):
            raise ValueError
        at = time.fromisoformat(value)
    except ValueError:
        raise ValueError("not a time of day: write it as 09:30") from None
    return grammar.time_of_day(at.hour, at.minute)


def _digits(value: str, grammar: Grammar) -> Prompts:
    return tuple(grammar.plain_digit(digit) for digit in _row(value))


def _agent(value: str, grammar: Grammar) -> Prompts:
    return tuple(grammar.number_digit(digit) for digit in _row(value))


def _case(value: str, grammar: Grammar) -> Prompts:
    row = _row(value)
    return _grouped([row[at : at + 4] for at in range(0, len(row), 4)], grammar)


def _phone(value: str, grammar: Grammar) -> Prompts:
    return _grouped(phone_groups(_row(value.removeprefix(OWN_COUNTRY).removeprefix("+"))), grammar)


def phone_groups(number: str) -> list[str]:
    """A telephone number as people read it: 138 1234 5678, 400 810 0000, 6555 1234, 10010; else fours from the right."""
    if len(number) <= 6:
        return [number]
    if len(number) == 10:
        return [number[:3], number[3:6], number[6:]]
    head = len(number) % 4
    first = head if head > 1 else head + 4  # no group of one
    return [number[:first], *(number[at : at + 4] for at in range(first, len(number), 4))]


def _grouped(groups: list[str], grammar: Grammar) -> Prompts:
    said: list[str] = []
    for group in groups:
        said += ["pause"] if said else []
        said += [grammar.number_digit(digit) for digit in group]
    return tuple(said)


def _signed(number: int, said: Prompts) -> Prompts:
    return ("word-minus", *said) if number < 0 else said


def _whole(value: str, largest: int, what: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,16}", value) or abs(int(value)) > largest:
        raise ValueError(f"not {what}")
    return int(value)


def _day(value: str) -> date:
    try:
        if not re.fullmatch(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("not a date: write it as 2026-11-23") from None


def _row(value: str) -> str:
    row = re.sub(r"[ -]", "", value)
    if not re.fullmatch(r"[0-9]{1,32}", row):
        raise ValueError("not a row of at most 32 digits")
    return row


KINDS: Mapping[str, Callable[[str, Grammar], Prompts]] = {
    "number": _number,
    "count": _count,
    "digits": _digits,
    "phone": _phone,
    "money": _money,
    "date": _date,
    "weekday": _weekday,
    "time": _time,
    "duration": _duration,
    "agent": _agent,
    "case": _case,
}
