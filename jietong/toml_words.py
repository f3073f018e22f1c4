"""Reads an operator's TOML file and says in words what is wrong with its values, each with file and line.

Owns the way from bytes to values and the words of mistakes, whatever the file's shape is. Must not know a shape. Secrets never appear in a
message. Rules: design.md section 5 (all mistakes at once).
"""

import re
import tomllib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from jietong.site_raw import Mistake, nearest
from jietong.site_values import IN_WORDS
from jietong.toml_lines import KeyPath, line_numbers

MAX_BYTES = 1_000_000  # 10,000 seats take 600 kB; anything larger is some other file
SECRET_KEYS = frozenset({"password", "pin", "url"})
BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
SHOWN_CHARACTERS = 40


class TomlFileError(Exception):
    """The file cannot be used: correct what `mistakes` lists, `FILE:LINE: key: what is wrong`."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def lines_of(text: str) -> dict[KeyPath, int]:
    """The line of every key; of a file that is too deep for us the first line only."""
    try:
        return line_numbers(text)
    except RecursionError:  # just deep enough for the parser, too deep for us
        return {(): 1}


def decoded(content: bytes, name: str, kind: str) -> str:
    """The text of a file that `kind` calls, such as `site file`; raises TomlFileError."""
    if len(content) > MAX_BYTES:
        raise TomlFileError([f"{name}: is larger than {MAX_BYTES // 1000} kB: this is no {kind}"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TomlFileError(
            [f"{name}:{line}: is not UTF-8 text (byte {error.start}): save the file as UTF-8"]
        ) from None


def parsed(text: str, name: str, kind: str) -> dict[str, Any]:
    """The values of a TOML text; raises TomlFileError with the place of its first slip."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise TomlFileError([f"{name}:1: is nested too deeply: this is no {kind}"]) from None
    except ValueError as error:  # TOMLDecodeError, or int() refusing a number of thousands of digits
        found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.DOTALL)
        if not found:
            raise TomlFileError([f"{name}:1: not TOML: a value has too many digits or is out of range"]) from None
        what, line, column = found.groups()
        place = f"{line}:{column}" if line else str(text.count("\n") + 1)
        raise TomlFileError([f"{name}:{place}: not TOML: {printable(what[:1].lower() + what[1:])}"]) from None


def mistakes_in_values(error: ValidationError, root: type[BaseModel]) -> list[Mistake]:
    """What is wrong with which values of a file whose shape is `root`, and what is allowed there."""
    schema = root.model_json_schema()
    return [_mistake(details, schema) for details in error.errors(include_url=False)]


def _mistake(details: ErrorDetails, schema: dict[str, Any]) -> Mistake:
    path = tuple(details["loc"])
    if path and path[-1] == "[key]":  # pydantic's mark for a key of `tiers` that is no word
        path = path[:-1]
        return Mistake(path, f"{_key(path[-1])} is no name for a tier; allowed: {IN_WORDS[_pattern_of_tiers(schema)]}")
    kind = details["type"]
    if kind == "extra_forbidden":
        known = sorted(_schema_at(path[:-1], schema).get("properties", {}))
        return Mistake(path, f"unknown key{nearest(str(path[-1]), known)} (allowed: {', '.join(known)})")
    allowed = _allowed(_schema_at(path, schema))
    if kind == "missing":
        return Mistake(path, f"is missing; allowed: {allowed}")
    if kind == "value_error":
        return Mistake(path, str(details.get("ctx", {}).get("error", details["msg"])))
    value = details["input"]
    shown = _shown(path, value)
    near = (
        nearest(value, _schema_at(path, schema)["enum"]) if kind == "literal_error" and isinstance(value, str) else ""
    )
    return Mistake(path, f"{shown} is not allowed{near}; allowed: {allowed}")


def _shown(path: KeyPath, value: object) -> str:
    """What a message shows of a value: never a secret, never a whole table, nothing that could disturb a terminal."""
    if SECRET_KEYS & set(path):
        return "this value"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array" if value else "an empty array"
    text = printable(str(value))
    text = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."
    return f"{text!r}" if isinstance(value, str) else text.lower() if isinstance(value, bool) else text


def _schema_at(path: KeyPath, schema: dict[str, Any]) -> dict[str, Any]:
    """Returns the JSON Schema of the value at `path`, or {} where the site file has no such place."""
    node = _resolved(schema, schema)
    for step in path:
        if isinstance(step, int):
            node = node.get("items", {})
        elif step in node.get("properties", {}):
            node = node["properties"][step]
        else:
            node = next(iter(node.get("patternProperties", {}).values()), {})
        node = _resolved(node, schema)
    return node


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in node:  # `X | None`: TOML has no null
        node = next(n for n in node["anyOf"] if n.get("type") != "null")
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def _pattern_of_tiers(schema: dict[str, Any]) -> str:
    return str(next(iter(schema["properties"]["tiers"]["patternProperties"])))


def _allowed(node: dict[str, Any]) -> str:
    """Says in words what a place of the schema takes."""
    if "enum" in node:
        return " or ".join(f'"{value}"' for value in node["enum"])
    if "pattern" in node:
        return f"{IN_WORDS[node['pattern']]}, in quotes"
    kind = node.get("type")
    if kind in ("integer", "number"):
        word = "a whole number" if kind == "integer" else "a number"
        low = f" above {node['exclusiveMinimum']}" if "exclusiveMinimum" in node else f" from {node.get('minimum')}"
        return f"{word}{low} to {node.get('maximum')}"
    if kind == "array":
        count = f", at least {node['minItems']}" if node.get("minItems") else ""
        return f"an array of {_element(node['items'])}{count}"
    words = {"boolean": "true or false", "string": "text in quotes", "object": "a table"}
    return words.get(str(kind), "see docs/site-file.md")


def _element(node: dict[str, Any]) -> str:
    return "tables" if "$ref" in node else "texts in quotes" if "pattern" not in node else IN_WORDS[node["pattern"]]


def line_at(path: KeyPath, lines: dict[KeyPath, int]) -> int:
    """The line of `path`, or of the nearest table around it when the key itself isn't written."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def placed(mistakes: Iterable[Mistake], text: str, name: str) -> list[str]:
    """The mistakes as `FILE:LINE: key: what is wrong`, in order of lines, each once."""
    lines = lines_of(text)
    found = sorted({(line_at(m.path, lines), f"{dotted(m.path)}: {printable(m.text)}") for m in mistakes})
    return [f"{name}:{line}: {told}" for line, told in found]


def dotted(path: KeyPath) -> str:
    """`seats[0].number`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f"{'.' if text else ''}{_key(step)}"
    return text or "the file"


def _key(step: str | int) -> str:
    text = str(step)
    if BARE_KEY.fullmatch(text):
        return text
    return '"' + printable(text[:SHOWN_CHARACTERS]) + '"'


def printable(text: str) -> str:
    """The text with nothing in it that could disturb a terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
