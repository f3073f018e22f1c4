"""What a flow asks of whoever performs it, what it is told, and where a caller is in it.

Owns these three vocabularies. Must not know how a flow decides, nor AGI.
Rules: every output but `Leave` and `Gone` is answered by exactly one input.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ivr.flow import Leaving


class Prompt(NamedTuple):
    """A sound: folder and name. Keys cut it short when `cut`."""

    language: str
    name: str
    cut: bool = True


class Frame(NamedTuple):
    """A node of a flow."""

    flow: str
    node: str


# The calling flows' frames first, with the nodes at which they go on; the present one last. An empty node is the flow's first one.
Place = tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a caller is.

    place      the node, beneath it where the calling flows go on
    values     what is known about the caller and what the flow has learnt
    failures   wrong or missing keys since the last good one
    asked      questions in all; silent: other outputs since the last one
    behind     the menus that led here, the present one last
    speech     said by nodes already passed, not played yet
    plays      whether `speech` is being played before the node does its work
    """

    place: Place
    language: str
    values: Mapping[str, str] = field(default_factory=dict)
    failures: int = 0
    asked: int = 0
    silent: int = 0
    behind: tuple[Place, ...] = ()
    speech: tuple[Prompt, ...] = ()
    plays: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Play these, then wait for up to `most` keys, `within_s` seconds for each. Answered by Keys or Silence."""

    prompts: tuple[Prompt, ...]
    most: int
    within_s: float


@dataclass(frozen=True, slots=True)
class Play:
    """Play these. Answered by Played, or by Keys with the one key that cut them short."""

    prompts: tuple[Prompt, ...]


@dataclass(frozen=True, slots=True)
class Find:
    """Ask the door. Answered by LookedUp."""

    door: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tape:
    """Play these, then a tone, and record. Answered by Taped."""

    prompts: tuple[Prompt, ...]
    longest_s: int


@dataclass(frozen=True, slots=True)
class Leave:
    """The flow is over; nothing is left to be played."""

    how: Leaving
    language: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Nobody is there any more."""


Output = Ask | Play | Find | Tape | Leave | Gone


@dataclass(frozen=True, slots=True)
class Keys:
    """What the caller pressed, "#" only when it stood alone."""

    pressed: str


@dataclass(frozen=True, slots=True)
class Silence:
    """The time for a key is over."""


@dataclass(frozen=True, slots=True)
class Played:
    """Everything was heard, or could not be played."""


@dataclass(frozen=True, slots=True)
class Taped:
    """The recording's file name; empty when nothing was said."""

    file: str


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone."""
