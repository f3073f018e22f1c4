"""The values that stand in a flow file: names, prompts, places to go on, what is said.

Owns how each is written, and the mistake when it is not. Must not know which node has which words: ivr/flow_read.py does.
Rules: docs/flows.md. A value with a mistake reads as its default, so that the rest of the file is read too.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ivr.flow import PROMPT, PROMPT_IN, RETURN, SPOKEN_KINDS, TARGETS, TO_FLOW, Each, Speech, Words
from ivr.flow_speech import PROMPT_NAME

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
Path = tuple[str | int, ...]


class Mistake(NamedTuple):
    """What is wrong at which key of a file."""

    path: Path
    text: str


def nearest(word: str, known: Sequence[str]) -> str:
    """`; did you mean X?` for the known word most like `word`, or nothing."""
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else ""


class Values:
    """Reads values of one file, and gathers the mistakes."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def wrong(self, path: Path, text: str) -> None:
        """Notes a mistake."""
        self.mistakes.append(Mistake(path, text))

    def text(self, table: Mapping[str, Any], path: Path, word: str, default: str) -> str:
        value = table.get(word, default)
        if not isinstance(value, str):
            self.wrong((*path, word), "not a text: write it in quotes")
            return default
        return value

    def word(self, table: Mapping[str, Any], path: Path, word: str, default: str) -> str:
        value = self.text(table, path, word, default)
        if value and not NAME.fullmatch(value):
            self.wrong((*path, word), f"not a name: {value[:40]!r}; small letters, digits, _ and -, a letter first")
        return value

    def name_of(self, name: str, table: Mapping[str, Any], word: str) -> str:
        if word not in table:
            self.wrong((name,), f'{word} is missing: write {word} = "name"')
            return ""
        value = self.word(table, (name,), word, "")
        if not value and isinstance(table[word], str):
            self.wrong((name, word), "empty: write a name")
        return value

    def prompt(self, table: Mapping[str, Any], path: Path, word: str, default: str) -> str:
        value = self.text(table, path, word, default)
        if value and not PROMPT_NAME.fullmatch(value):
            self.wrong((*path, word), f"not the name of a prompt: {value[:40]!r}; small letters, digits and -")
        return value

    def number(self, table: Mapping[str, Any], path: Path, word: str, default: int, *, within: tuple[int, int]) -> int:
        value = table.get(word, default)
        if not isinstance(value, int) or isinstance(value, bool) or not within[0] <= value <= within[1]:
            self.wrong((*path, word), f"not a whole number from {within[0]} to {within[1]}")
            return default
        return value

    def seconds(self, settings: Mapping[str, Any]) -> float:
        value = settings.get("key_within_s", 5)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 60:
            self.wrong(("flow", "key_within_s"), "not a number of seconds from 1 to 60")
            return 5.0
        return float(value)

    def flag(self, name: str, table: Mapping[str, Any], word: str) -> bool:
        value = table.get(word, True)
        if not isinstance(value, bool):
            self.wrong((name, word), "neither true nor false")
        return value is not False

    def target(self, name: str, table: Mapping[str, Any], word: str, default: str = "") -> str:
        if word not in table:
            if not default:
                self.wrong((name,), f'{word} is missing: say where to go on, {word} = "node"')
            return default
        value = table[word]
        if not isinstance(value, str) or not NAME.fullmatch(value.removeprefix(TO_FLOW)):
            self.wrong(
                (name, word),
                'not a place to go on: write the name of a node, of a flow ("flow:name"), or one of '
                + ", ".join(sorted(TARGETS)),
            )
            return default or RETURN
        return value

    def targets(self, name: str, table: Mapping[str, Any]) -> dict[str, str]:
        found = table.get("when", {})
        if not isinstance(found, dict):
            self.wrong((name, "when"), 'not a table: write when = { word = "node" }')
            return {}
        targets = {}
        for word, target in found.items():
            if isinstance(target, str) and NAME.fullmatch(target.removeprefix(TO_FLOW)):
                targets[word] = target
            else:
                self.wrong((name, "when", word), "not a place to go on: write the name of a node")
        return targets

    def texts(self, name: str, table: Mapping[str, Any], word: str) -> dict[str, str]:
        found = table.get(word, {})
        if not isinstance(found, dict) or not all(isinstance(v, str) and NAME.fullmatch(v) for v in found.values()):
            self.wrong((name, word), f'not a table of names: write {word} = {{ product = "item_code" }}')
            return {}
        return dict(found)

    def between(self, name: str, table: Mapping[str, Any]) -> tuple[str, str]:
        value = table["between"]
        if (
            isinstance(value, list)
            and len(value) == 2
            and all(isinstance(v, str) and CLOCK.fullmatch(v) for v in value)
        ):
            return value[0], value[1]
        self.wrong((name, "between"), 'not two times of day: write between = ["08:00", "18:00"]')
        return "00:00", "24:00"

    def each(self, name: str, table: Mapping[str, Any]) -> Each:
        return Each(self.name_of(name, table, "of"), self.speech(name, table, "each"))

    def speech(self, name: str, table: Mapping[str, Any], word: str) -> Speech:
        """A prompt's name, or a list of names and of tables such as { money = "item_fee" }."""
        if word not in table:
            self.wrong((name,), f'{word} is missing: write {word} = "prompt-name"')
            return ()
        value = table[word]
        items = value if isinstance(value, list) else [value]
        return tuple(
            words
            for at, item in enumerate(items)
            if (words := self._words((name, word, at) if isinstance(value, list) else (name, word), item))
        )

    def _words(self, path: Path, item: Any) -> Words | None:
        if isinstance(item, str):
            if PROMPT_NAME.fullmatch(item):
                return Words(PROMPT, item)
            self.wrong(path, f"not the name of a prompt: {item[:40]!r}; small letters, digits and -")
            return None
        if isinstance(item, dict) and len(item) == 1:
            kind, value = next(iter(item.items()))
            kind = PROMPT_IN if kind == "prompt" else kind
            if kind in (*SPOKEN_KINDS, PROMPT_IN) and isinstance(value, str) and NAME.fullmatch(value):
                return Words(kind, value)
        kinds = ", ".join(("prompt", *SPOKEN_KINDS))
        self.wrong(
            path,
            f'neither a prompt nor a value to be spoken: write "prompt-name" or {{ KIND = "value" }}, KIND one of {kinds}',
        )
        return None
