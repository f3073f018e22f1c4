"""The decorator of events, actions and facts: dataclasses that nobody changes.

Owns how such a record is made. Must not know what any of them means.
Rules: the type checker refuses an assignment, as for a frozen dataclass. At run time they are not frozen: a frozen one sets each
field by a function call, which cost a sixth of every decision (bench/engine_step.py).
"""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(cls: type[T]) -> type[T]:
    """A dataclass with slots, compared and hashed by its fields, that must not be changed."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
