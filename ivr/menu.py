"""The first menu as data, and the pure step through it: (position, input) -> (position, outputs).

Owns what a key means and how often a caller may try. Must not know Asterisk, audio files or time.
Rules: domain.md H11 (five services, a person at any time), design.md section 5 (9 for the other language).
"""

from collections.abc import Mapping
from dataclasses import dataclass

# After this many failed tries in a row the caller goes to a person: nobody is dropped or kept from help by a menu.
MAX_FAILURES = 3
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu: its prompt, and for each key a service, or the other language."""

    prompt: str
    services: Mapping[str, str]
    languages: tuple[str, ...]
    language_key: str
    wrong_key: str = "wrong-key"
    no_key: str = "no-key"
    greeting: str = "welcome"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a caller is: language, and tries that failed since the last good one."""

    language: str
    failures: int = 0


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class NothingPressed:
    """The time for a key is over."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Play these prompts, any key cuts them short, then wait for a key."""

    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """The caller wants this service. Nothing is played: an announcement would keep an idle agent waiting."""

    service: str


Input = KeyPressed | NothingPressed
Output = Ask | Choose


def start(menu: Menu, language: str) -> tuple[Position, Output]:
    """A caller enters the menu. An unknown language is answered in the first one."""
    known = language if language in menu.languages else menu.languages[0]
    return Position(known), Ask((menu.greeting, menu.prompt))


def step(menu: Menu, position: Position, what: Input) -> tuple[Position, Output]:
    """What follows from a key or from none: a service, the other language, or another try; after MAX_FAILURES a person."""
    if isinstance(what, KeyPressed):
        if what.key in menu.services:
            return position, Choose(menu.services[what.key])
        if what.key == menu.language_key:
            here = menu.languages.index(position.language)
            other = menu.languages[(here + 1) % len(menu.languages)]
            return Position(other), Ask((menu.prompt,))
    failed = Position(position.language, position.failures + 1)
    if failed.failures >= MAX_FAILURES:
        return failed, Choose(PERSON)
    why = menu.wrong_key if isinstance(what, KeyPressed) else menu.no_key
    return failed, Ask((why, menu.prompt))


MAIN_MENU = Menu(
    prompt="main-menu",
    services={
        "1": "consultation",
        "2": "business",
        "3": "query",
        "4": "cancel",
        "5": "complaint",
        "0": PERSON,
    },
    languages=("zh-CN", "en"),
    language_key="9",
)
