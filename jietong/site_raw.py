"""Reading a parsed site file whose values may be wrong: rows, tables, texts and levels, whatever stands there.

Owns these readers and what a mistake is. Must not judge values: site_checks.py and its neighbours do.
A value of another type than asked for reads as nothing.
"""

import difflib
from collections.abc import Iterator
from typing import Any, NamedTuple

from jietong.toml_lines import KeyPath


class Mistake(NamedTuple):
    """What is wrong at which key."""

    path: KeyPath
    text: str


def nearest(word: str, known: list[str]) -> str:
    """Returns `; did you mean X?` for the known word most like `word`, or nothing."""
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {found[0]}?" if found else ""


def rows(raw: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields index and row of the array of tables `name`."""
    found = raw.get(name)
    for index, row in enumerate(found if isinstance(found, list) else []):
        if isinstance(row, dict):
            yield index, row


def table_of(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """Returns the table `name`, empty when it isn't there."""
    found = raw.get(name)
    return found if isinstance(found, dict) else {}


def texts(values: object) -> list[tuple[int, str]]:
    """Returns index and value of each text in an array."""
    return [(i, v) for i, v in enumerate(values) if isinstance(v, str)] if isinstance(values, list) else []


def has(row: object, key: str) -> bool:
    """Whether `row` is a table with that key."""
    return isinstance(row, dict) and key in row


def levels(skills: object) -> list[tuple[str, int]]:
    """Returns skill and level of each pair whose level is a whole number."""
    pairs = skills.items() if isinstance(skills, dict) else ()
    return [(skill, level) for skill, level in pairs if isinstance(level, int) and not isinstance(level, bool)]
