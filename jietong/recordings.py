"""The operator's own recordings: one folder with a folder for each language, a file for each prompt.

Owns which files there are and everything that is wrong with them. Must not play nor convert.
Rules: docs/guide/prompts.md. A recording of a shipped prompt's name is heard instead of it; others begin with one of OWN_NAMES.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

from ivr.connecting import QUEUE_WORD, TIER_WORD
from jietong.operator_file import Unreadable, read_bytes
from jietong.site_raw import nearest
from jietong.site_values import Language
from jietong.sound_file import MAX_BYTES, SUFFIXES, Unplayable, check_sound, conversion

SHIPPED = Path(__file__).resolve().parents[1] / "ivr" / "prompts"
LANGUAGES: tuple[str, ...] = get_args(Language)
OWN_NAMES = ("product-", "announcement-", "own-", TIER_WORD, QUEUE_WORD)
MAX_FILES = 2000

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAX_NAME = 64


class Recording(NamedTuple):
    """One file: what it is heard for, and its sound as it was when it was checked."""

    language: str
    name: str
    path: Path
    content: bytes


def shipped_names(language: str) -> frozenset[str]:
    """The prompts that come with the program."""
    return frozenset(path.stem for path in (SHIPPED / language).glob("*.wav"))


def prompt_names(folder: Path | None) -> dict[str, frozenset[str]]:
    """Every prompt that can be played, by language: those shipped and the operator's own; files with mistakes count too."""
    own = [(path.parent.name, path.stem) for path in folder.glob("*/*")] if folder is not None else []
    return {
        language: shipped_names(language) | {name for where, name in own if where == language} for language in LANGUAGES
    }


def read_recordings(folder: Path) -> tuple[list[Recording], list[str]]:
    """Every recording that can be played, by language and name, and every mistake as `FILE: what is wrong`."""
    recordings: list[Recording] = []
    mistakes: list[str] = []
    try:
        found = sorted(_files(folder, mistakes))
    except OSError as error:
        return [], [f"{folder}: cannot be read: {error.strerror or error}"]
    if len(found) > MAX_FILES:
        return [], [f"{folder}: holds more than {MAX_FILES} files: this is no folder of recordings"]
    for path in found:
        try:
            recordings.append(Recording(path.parent.name, path.stem, path, _content(path)))
        except (Unreadable, Unplayable) as wrong:
            mistakes.append(f"{path}: {wrong}")
        except FileNotFoundError:
            mistakes.append(f"{path}: is a link to a file that is not there")
    return recordings, sorted(mistakes + list(_in_two_formats(found)) + list(_in_one_language(found)))


def _files(folder: Path, mistakes: list[str]) -> Iterator[Path]:
    """Files in the languages' folders; whatever else lies about is a mistake, but names that begin with a dot."""
    for place in folder.iterdir():
        if place.name.startswith("."):
            continue
        if not place.is_dir():
            mistakes.append(f"{place}: lies beside the folders {' and '.join(LANGUAGES)}: put it into one of them")
        elif place.name not in LANGUAGES:
            mistakes.append(
                f"{place}: no language{nearest(place.name, list(LANGUAGES))} (allowed: {', '.join(LANGUAGES)})"
            )
        else:
            yield from (path for path in place.iterdir() if not path.name.startswith("."))


def _content(path: Path) -> bytes:
    """The file's bytes; raises Unreadable or Unplayable for everything that stands against playing it under its name."""
    if path.suffix not in SUFFIXES:
        if path.suffix.lower() in SUFFIXES:
            raise Unplayable(f"ends in {path.suffix}: Asterisk wants it small, {path.suffix.lower()}")
        raise Unplayable(
            f"ends in {path.suffix or 'nothing'}, which is not played; make a WAV file: {conversion(path)}"
        )
    if wrong := _wrong_name(path.parent.name, path.stem):
        raise Unplayable(wrong)
    content = read_bytes(path, MAX_BYTES, "recording of ten minutes at most")
    try:
        check_sound(content, path.suffix)
    except Unplayable as error:
        way_out = f": {conversion(path)}" if str(error).endswith("convert it") else ""
        raise Unplayable(f"{error}{way_out}") from None
    return content


def _wrong_name(language: str, name: str) -> str:
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
        return "use small letters, digits and single hyphens in the name, at most 64"
    shipped = shipped_names(language)
    if name in shipped or name.startswith(OWN_NAMES):
        return ""
    return f"no prompt {name!r}{nearest(name, sorted(shipped))}: your own ones begin with {', '.join(OWN_NAMES[:-1])} or {OWN_NAMES[-1]}"


def _in_two_formats(found: list[Path]) -> Iterator[str]:
    first: dict[tuple[str, str], Path] = {}
    for path in found:
        other = first.setdefault((path.parent.name, path.stem), path)
        if other != path and path.suffix in SUFFIXES and other.suffix in SUFFIXES:
            yield f"{path}: the same prompt as {other.name}: keep one of them"


def _in_one_language(found: list[Path]) -> Iterator[str]:
    """A prompt of the operator's own must be there for every caller."""
    names = {language: {path.stem for path in found if path.parent.name == language} for language in LANGUAGES}
    for path in found:
        missing = [language for language in LANGUAGES if path.stem not in names[language]]
        if missing and path.stem.startswith(OWN_NAMES) and path.stem not in shipped_names(path.parent.name):
            yield f"{path}: is not there in {', '.join(missing)}: record it in both languages, or copy it"
