"""Flows as data: what a caller hears, which key leads where, what is asked of whom.

Owns the shape of a flow and the words that it is written in. Must not know files, Asterisk or how a flow is walked.
Rules: domain.md H11 to H14; docs/flows.md tells operators the same in their words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

PERSON = "person"
# Targets that every flow has without writing them down.
BACK, RETURN, END = "back", "return", "end"
TARGETS = frozenset({PERSON, BACK, RETURN, END})
TO_FLOW = "flow:"  # before the name of another flow, in a target
KEYS = "0123456789*#"
# What the keys mean where a menu says nothing else.
PERSON_KEY, AGAIN_KEY, BACK_KEY = "0", "*", "#"
PROMPT, PROMPT_IN = "prompt", "prompt_in"
SPOKEN_KINDS = ("number", "count", "digits", "phone", "money", "date", "weekday", "time", "duration", "agent", "case")
MAX_DIGITS = 30
MAX_CHOICES = 9


@dataclass(frozen=True, slots=True)
class Words:
    """Something said. kind PROMPT: `text` is a prompt; PROMPT_IN: a value that names one; else the value spoken as a number of that kind."""

    kind: str
    text: str


Speech = tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Each:
    """Said for every item of a list: values `of_1_x`, `of_2_x` ... are `of_x` in it, and `of_key` the item's number."""

    of: str
    speech: Speech


@dataclass(frozen=True, slots=True)
class Say:
    """Says it and goes on. Keys cut it short unless `barge_in` is false."""

    speech: Speech
    next: str
    each: Each | None = None
    barge_in: bool = True


@dataclass(frozen=True, slots=True)
class Menu:
    """Says what there is and waits for a key."""

    speech: Speech
    keys: Mapping[str, str]
    barge_in: bool = True


@dataclass(frozen=True, slots=True)
class Choose:
    """A menu made of a list's items, key 1 for the first. The chosen one's values become `of_x`."""

    speech: Speech
    each: Each
    next: str
    empty: str


@dataclass(frozen=True, slots=True)
class Digits:
    """Asks for `least` to `most` digits, ended by # or by a pause. `check`: "", "luhn" or "phone"; `pattern`: the whole of it."""

    speech: Speech
    into: str
    next: str
    least: int = 1
    most: int = MAX_DIGITS
    check: str = ""
    pattern: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Speak:
    """Goes on in another language: one of the hotline's, or the "next"."""

    language: str
    next: str


@dataclass(frozen=True, slots=True)
class LookUp:
    """Asks a door of the hotline, with values renamed by `give`; its outcome word chooses where to go on."""

    door: str
    outcomes: Mapping[str, str]
    otherwise: str
    give: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Test:
    """Looks at a value. `outcomes` by word; or `then` when the number is at least `at_least`, or the time is in `between`."""

    value: str
    otherwise: str
    outcomes: Mapping[str, str] = field(default_factory=dict)
    then: str = ""
    at_least: int | None = None
    between: tuple[str, str] | None = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Records what the caller says after a tone, at most `longest_s` seconds; the file's name becomes the value `into`."""

    speech: Speech
    into: str
    next: str
    nothing: str
    longest_s: int = 120


@dataclass(frozen=True, slots=True)
class Announce:
    """Says what a supervisor has switched on, for everyone or for the service's queue, and goes on."""

    service: str
    next: str


@dataclass(frozen=True, slots=True)
class SubFlow:
    """Another flow; where it returns, this one goes on."""

    flow: str
    next: str


@dataclass(frozen=True, slots=True)
class ToQueue:
    """The caller waits for an agent of the service."""

    service: str


@dataclass(frozen=True, slots=True)
class CallBack:
    """The caller hangs up and is called back when it is its turn in the service's queue."""

    service: str


@dataclass(frozen=True, slots=True)
class Message:
    """The caller leaves a message for the service's queue."""

    service: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """The caller is put through to a listed number outside."""

    number: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Says it and ends the call."""

    speech: Speech


@dataclass(frozen=True, slots=True)
class Return:
    """The end of a flow that another one called."""


Leaving = ToQueue | CallBack | Message | Transfer | HangUp
Node = Say | Menu | Choose | Digits | Speak | LookUp | Test | Record | Announce | SubFlow | Return | Leaving


# What the targets mean that need no node of their own.
GOODBYE = "goodbye"
BUILT_IN: Mapping[str, Node] = {RETURN: Return(), END: HangUp((Words(PROMPT, GOODBYE),))}


@dataclass(frozen=True, slots=True)
class Flow:
    """One file: nodes by name in the order of the file, and what holds for all of its questions.

    start      the node to begin with
    person     the service whose agents the key 0 leads to
    too_many   where a caller goes on after `tries` wrong or missing keys in a row
    wrong, silent   prompts before a question comes again
    """

    name: str
    start: str
    nodes: Mapping[str, Node]
    tries: int = 3
    key_within_s: float = 5.0
    wrong: str = "wrong-key"
    silent: str = "no-key"
    person: str = PERSON
    too_many: str = PERSON


def targets_of(node: Node) -> tuple[tuple[str, str], ...]:
    """Every place that a node may lead to by what the file says: (key of the file, target), in the file's order."""
    found: list[tuple[str, str]] = []
    for name in ("keys", "outcomes"):
        found += [(f"{name}.{word}", target) for word, target in getattr(node, name, {}).items()]
    for name in ("then", "next", "empty", "nothing", "otherwise"):
        target = getattr(node, name, "")
        if target:
            found.append((name, target))
    if isinstance(node, SubFlow):
        found.append(("flow", TO_FLOW + node.flow))
    return tuple(found)


def speech_of(node: Node) -> Speech:
    """Everything that a node may say of its own."""
    each = getattr(node, "each", None)
    own = getattr(node, "speech", ())
    wrong = getattr(node, "wrong", "")
    return (*own, *(each.speech if each is not None else ()), *((Words(PROMPT, wrong),) if wrong else ()))
