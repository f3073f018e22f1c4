"""Reads a site file and tells all of its mistakes at once, each with file and line.

Owns the way from bytes to a checked Site; must not start anything. Passwords and PINs never appear in a message.
Rules: the shape in site.py, the checks in site_checks.py, design.md section 5 (exit 2 lists everything).
"""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from jietong.calendar_file import overrides_in, read_calendar
from jietong.flow_files import check_folder, surroundings_of
from jietong.operator_file import Unreadable, read_bytes
from jietong.recordings import read_recordings
from jietong.site import Site
from jietong.site_checks import mistakes_across
from jietong.toml_lines import KeyPath
from jietong.toml_words import (
    MAX_BYTES,
    TomlFileError,
    decoded,
    line_at,
    lines_of,
    mistakes_in_values,
    parsed,
    placed,
    printable,
)

KIND = "site file"


class SiteFileError(TomlFileError):
    """The site file cannot be used: correct what `mistakes` lists, `FILE:LINE: key: what is wrong`, and start again."""


def load_site(path: Path) -> Site:
    """Returns the checked site that `path` describes; raises SiteFileError with every mistake."""
    try:
        content = read_bytes(path, MAX_BYTES, KIND)
    except FileNotFoundError:
        raise SiteFileError([f"{path}: no such file: name a site file (see docs/site-file.md)"]) from None
    except Unreadable as error:
        raise SiteFileError([f"{path}: {error}"]) from None
    name = printable(str(path))
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
        mistakes += map(printable, _calendar_mistakes(path, calendar, content, name))
    if recordings is not None:
        mistakes += map(printable, _recordings_mistakes(path, recordings, content, name))
    whole = site and site.model_copy(
        update={
            "calendar": site.calendar.model_copy(update={"file": calendar and str(beside / calendar)}),
            "prompts": site.prompts.model_copy(update={"folder": recordings and str(beside / recordings)}),
            "hotline": site.hotline.model_copy(update={"flows": flows and str(beside / flows)}),
        }
    )
    if flows is not None:
        mistakes += map(printable, _flows_mistakes(path, flows, content, name, whole))
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
    return line_at(key, lines_of(content.decode("utf-8-sig")))


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
    try:
        text = decoded(content, name, KIND)
        raw = parsed(text, name, KIND)
    except TomlFileError as error:
        raise SiteFileError(error.mistakes) from None
    mistakes = list(mistakes_across(raw))
    try:
        site = Site.model_validate(raw)
    except ValidationError as error:
        mistakes += mistakes_in_values(error, Site)
    else:
        if not mistakes:
            return site
    raise SiteFileError(placed(mistakes, text, name))
