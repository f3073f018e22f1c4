"""Reads where this machine gets its Debian packages from, so that no host is written into the project.

Owns the parsing of apt's sources, in one-line and deb822 form. Must not run anything nor reach a network.
Source of the two forms: sources.list(5).
"""

import re
from dataclasses import dataclass
from pathlib import Path

DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)$")


@dataclass(frozen=True)
class Source:
    """One place that packages come from."""

    uri: str
    suite: str
    signed_by: str = ""


def read_sources(apt_folder: Path = Path("/etc/apt")) -> list[Source]:
    """Every enabled source of the machine, in the order of the files; unreadable files and broken lines are passed over."""
    files = [apt_folder / "sources.list", *sorted((apt_folder / "sources.list.d").glob("*"))]
    found: list[Source] = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if file.suffix == ".sources":
            found += parse_deb822(text)
        elif file.suffix == ".list":
            found += parse_one_line(text)
    return found


def parse_one_line(text: str) -> list[Source]:
    """Sources of the form `deb [options] URI SUITE COMPONENT...`."""
    found = []
    for line in text.splitlines():
        match = _ONE_LINE.match(line.split("#", 1)[0].strip())
        if match is not None:
            options = dict(pair.partition("=")[::2] for pair in (match["options"] or "").split())
            found.append(Source(match["uri"], match["suite"], options.get("signed-by", "")))
    return found


def parse_deb822(text: str) -> list[Source]:
    """Sources of the form `Types: deb`, `URIs: ...`, `Suites: ...`; every URI with every suite."""
    found = []
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line[:1].isspace() and name:
                fields[name] += " " + line.strip()
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            signed_by = fields.get("signed-by", "")
            found += [
                Source(uri, suite, signed_by if signed_by.startswith("/") else "")
                for uri in fields.get("uris", "").split()
                for suite in fields.get("suites", "").split()
            ]
    return found


def debian_archive(sources: list[Source]) -> str | None:
    """The URI of Debian's main archive among the sources; None when the machine has none (Ubuntu, or a bare image)."""
    for source in sources:
        base = source.suite.split("/")[0]
        is_security = "security" in base or "security" in source.uri
        by_debian = "debian-archive" in source.signed_by or re.search(r"/debian/?$", source.uri) is not None
        if by_debian and not is_security and source.uri.startswith(("http://", "https://", "file:", "mirror")):
            return source.uri
    return None
