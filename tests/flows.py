"""The hotline's shipped flows for tests, spoken values told as kind-value."""

import tomllib
from pathlib import Path

import ivr
from ivr.flow_read import read_flow
from ivr.flow_visit import Flows

FOLDER = Path(ivr.__file__).parent / "flows"
LANGUAGES = ("zh-CN", "en")


def spoken(kind: str, value: str, language: str) -> tuple[str, ...]:
    """A value as one word."""
    return (f"{kind}-{value}",)


def flows_of(**files: str) -> Flows:
    """Flows from TOML texts, which hold no mistake."""
    found = {name: read_flow(name, tomllib.loads(text)) for name, text in files.items()}
    assert [mistake for read in found.values() for mistake in read.mistakes] == []
    return Flows({name: read.flow for name, read in found.items()}, LANGUAGES, spoken)


def shipped() -> Flows:
    """What a new site has."""
    return flows_of(**{file.stem: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.toml")})
