"""What a flow asks of the hotline while a caller listens, and what it hears.

Owns the shape of question and answer. Must not know who answers: adapters do.
Rules: an answer is one word that the flow goes on by, and values that it may say or pass on.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

FAILED = "failed"


class LookedUp(NamedTuple):
    """The outcome word, and values by name; all text, as files and channels have it."""

    outcome: str
    values: Mapping[str, str]


class Door(Protocol):
    """Somebody who answers."""

    def __call__(self, caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        """The answer for `caller` (a number, empty when withheld) in the call of that id; may raise anything, which is the outcome FAILED."""
