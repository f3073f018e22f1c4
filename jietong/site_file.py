"""Reads a site file and tells all of its mistakes at once, each with file and line.

Owns the way from bytes to a checked Site; must not start anything. Passwords and PINs never appear in a message.
Rules: the shape in site.py, the checks in site_checks.py, design.md section 5 (exit 2 lists everything).
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from jietong.calendar_file import overrides_in, read_calendar
from jietong.flow_files import check_folder, surroundings_of
from jietong.operator_file import Unreadable, read_bytes
from jietong.recordings import read_recordings
from jietong.site import Site
from jietong.site_checks import mistakes_across
from jietong.site_raw import Mistake, nearest
from jietong.site_values import IN_WORDS
from jietong.toml_lines import KeyPath, line_numbers

MAX_BYTES = 1_000_000  # 10,000 seats take 600 kB; anything larger is some other file
SECRET_KEYS = frozenset({"password", "pin", "url"})
BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
SHOWN_CHARACTERS = 40


class SiteFileError(Exception):
    """The site file cannot be used: correct what `mistakes` lists, `FILE:LINE: key: what is wrong`, and start again."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def load_site(path: Path) -> Site:
    """Returns the checked site that `path` describes; raises SiteFileError with every mistake."""
    try:
        content = read_bytes(path, MAX_BYTES, "site file")
    except FileNotFoundError:
        raise SiteFileError([f"{path}: no such file: name a site file (see docs/site-file.md)"]) from None
    except Unreadable as error:
        raise SiteFileError([f"{path}: {error}"]) from None
    name = _printable(str(path))
    mistakes: list[str] = []
    site: Site | None = None
    try:
        site = site_of(content, name)
    except SiteFileError as error:
        mistakes = error.mistakes
    calendar, recordings = _named_in(content, "calendar", "file"), _named_in(content, "prompts", "folder")
    flows = _named_in(content, "hotline", "flows")
    beside = path.absolute().parent
    if calendar is not None:
        mistakes += map(_printable, _calendar_mistakes(path, calendar, content, name))
    if recordings is not None:
        mistakes += map(_printable, _recordings_mistakes(path, recordings, content, name))
    whole = site and site.model_copy(
        update={
            "calendar": site.calendar.model_copy(update={"file": calendar and str(beside / calendar)}),
            "prompts": site.prompts.model_copy(update={"folder": recordings and str(beside / recordings)}),
            "hotline": site.hotline.model_copy(update={"flows": flows and str(beside / flows)}),
        }
    )
    if flows is not None:
        mistakes += map(_printable, _flows_mistakes(path, flows, content, name, whole))
    if mistakes or whole is None:
        raise SiteFileError(mistakes)
    return whole


def _calendar_mistakes(path: Path, calendar: str, content: bytes, name: str) -> list[str]:
    """Every mistake in the calendar file; one that cannot be read is a mistake of the line that names it."""
    file = path.absolute().parent / calendar
    try:
        return overrides_in(read_calendar(file), file)[1]
    except Unreadable as error:
        return [f"{name}:{_line_of(('calendar', 'file'), content)}: calendar.file: {file} {error}"]


def _recordings_mistakes(path: Path, recordings: str, content: bytes, name: str) -> list[str]:
    """Every mistake in the folder of recordings; a folder that is not there is a mistake of the line that names it."""
    folder = path.absolute().parent / recordings
    if not folder.is_dir():
        return [f"{name}:{_line_of(('prompts', 'folder'), content)}: prompts.folder: {folder} is no folder: make it"]
    return read_recordings(folder)[1]


def _flows_mistakes(path: Path, flows: str, content: bytes, name: str, site: Site | None) -> list[str]:
    """Every mistake in the flow files; a folder that is not there is a mistake of the line that names it."""
    folder = path.absolute().parent / flows
    if not folder.is_dir():
        return [f"{name}:{_line_of(('hotline', 'flows'), content)}: hotline.flows: {folder} is no folder: make it"]
    return check_folder(folder, surroundings_of(site))


def _line_of(key: KeyPath, content: bytes) -> int:
    return _line(key, _lines(content.decode("utf-8-sig")))


def _named_in(content: bytes, table: str, key: str) -> str | None:
    """The file or folder that a site file names, even one with mistakes, so that the mistakes of all are told together."""
    try:
        found = tomllib.loads(content.decode("utf-8-sig")).get(table)
    except (ValueError, RecursionError):
        return None
    file = found.get(key) if isinstance(found, dict) else None
    return file if isinstance(file, str) and file else None


def site_of(content: bytes, name: str) -> Site:
    """Returns the checked site that the bytes of a site file describe; `name` is what messages call the file.

    raises   SiteFileError with every mistake, in the order of lines; nothing else, whatever the bytes are
    """
    text = _decoded(content, name)
    raw = _parsed(text, name)
    mistakes = list(mistakes_across(raw))
    try:
        site = Site.model_validate(raw)
    except ValidationError as error:
        mistakes += _mistakes_in_values(error)
    else:
        if not mistakes:
            return site
    lines = _lines(text)
    placed = sorted({(_line(m.path, lines), f"{_dotted(m.path)}: {_printable(m.text)}") for m in mistakes})
    raise SiteFileError([f"{name}:{line}: {text}" for line, text in placed])


def _lines(text: str) -> dict[KeyPath, int]:
    try:
        return line_numbers(text)
    except RecursionError:  # just deep enough for the parser, too deep for us
        return {(): 1}


def _decoded(content: bytes, name: str) -> str:
    if len(content) > MAX_BYTES:
        raise SiteFileError([f"{name}: is larger than {MAX_BYTES // 1000} kB: this is no site file"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SiteFileError(
            [f"{name}:{line}: is not UTF-8 text (byte {error.start}): save the file as UTF-8"]
        ) from None


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise SiteFileError([f"{name}:1: is nested too deeply: this is no site file"]) from None
    except ValueError as error:  # TOMLDecodeError, or int() refusing a number of thousands of digits
        found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.DOTALL)
        if not found:
            raise SiteFileError([f"{name}:1: not TOML: a value has too many digits or is out of range"]) from None
        what, line, column = found.groups()
        place = f"{line}:{column}" if line else str(text.count("\n") + 1)
        raise SiteFileError([f"{name}:{place}: not TOML: {_printable(what[:1].lower() + what[1:])}"]) from None


def _mistakes_in_values(error: ValidationError) -> list[Mistake]:
    schema = Site.model_json_schema()
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
    text = _printable(str(value))
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


def _line(path: KeyPath, lines: dict[KeyPath, int]) -> int:
    """The line of `path`, or of the nearest table around it when the key itself isn't written."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _dotted(path: KeyPath) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f"{'.' if text else ''}{_key(step)}"
    return text or "the file"


def _key(step: str | int) -> str:
    text = str(step)
    if BARE_KEY.fullmatch(text):
        return text
    return '"' + _printable(text[:SHOWN_CHARACTERS]) + '"'


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
