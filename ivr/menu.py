"""A menu as data, and the pure step through it: (position, input) -> (position, output).

Owns what a key means and how often a caller may try. Must not know Asterisk, audio files or time.
Rules: domain.md H11 (services of the menu, a person at any time), H14 (a person without any key); design.md section 5 (the other language by key).
"""

from collections.abc import Mapping
from dataclasses import dataclass

# After this many failed tries in a row the caller goes to a person: nobody is dropped or kept from help by a menu.
MAX_FAILURES = 3
# And after being asked this often in all, however well: changing the language for ever must not hold a line of ours.
MAX_ASKED = 20
PERSON = "person"


@dataclass(frozen=True, slots=True)
class ToService:
    """The key leads to this service's queue."""

    service: str


@dataclass(frozen=True, slots=True)
class OtherLanguage:
    """The key asks again in the menu's next language."""


Option = ToService | OtherLanguage


@dataclass(frozen=True, slots=True)
class Menu:
    """What is said, and what each key leads to. Languages in the order in which their key goes round."""

    prompt: str
    options: Mapping[str, Option]
    languages: tuple[str, ...]
    greeting: str = "welcome"
    wrong_key: str = "wrong-key"
    no_key: str = "no-key"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a caller is: language, tries that failed since the last good one, and how often it was asked in all."""

    language: str
    failures: int = 0
    asked: int = 1


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class NothingPressed:
    """The time for a key is over."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Play these prompts, any key cuts them short, then wait for a key."""

    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """The caller wants this service. Nothing is played: an announcement would keep an idle agent waiting."""

    service: str


@dataclass(frozen=True, slots=True)
class End:
    """Nobody is there to be asked."""


Input = KeyPressed | NothingPressed | HungUp
Output = Ask | Choose | End


def start(menu: Menu, language: str) -> tuple[Position, Output]:
    """A caller enters the menu. An unknown language is answered in the first one."""
    known = language if language in menu.languages else menu.languages[0]
    return Position(known), Ask((menu.greeting, menu.prompt))


def step(menu: Menu, position: Position, what: Input) -> tuple[Position, Output]:
    """What follows from a key, from none, or from a hang-up: a service, another question, or the end.

    After MAX_FAILURES wrong or missing keys in a row, or MAX_ASKED questions, the service is PERSON.
    """
    if isinstance(what, HungUp):
        return position, End()
    option = menu.options.get(what.key) if isinstance(what, KeyPressed) else None
    if isinstance(option, ToService):
        return position, Choose(option.service)
    asked = position.asked + 1
    why: tuple[str, ...] = ()
    if isinstance(option, OtherLanguage):
        here = menu.languages.index(position.language)
        moved = Position(menu.languages[(here + 1) % len(menu.languages)], 0, asked)
    else:
        moved = Position(position.language, position.failures + 1, asked)
        why = (menu.wrong_key if isinstance(what, KeyPressed) else menu.no_key,)
    if moved.failures >= MAX_FAILURES or moved.asked > MAX_ASKED:
        return moved, Choose(PERSON)
    return moved, Ask((*why, menu.prompt))
