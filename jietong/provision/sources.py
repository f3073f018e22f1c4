"""Reads where this machine gets its Debian packages from, so that no host is written into the project.

Owns the parsing of apt's sources, in one-line and deb822 form, and which of them carry Asterisk. Must not run anything
nor reach a network. Source of the two forms: sources.list(5); of the suites: asterisk.md.
"""

import re
from dataclasses import dataclass
from pathlib import Path

DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUITES = ("forky", "sid", "trixie-backports")  # testing carries Asterisk 22; the others when testing has just lost it
_ONE_LINE = re.compile(
    r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>[^\s\[]\S*)\s+(?P<suite>\S+)(?:\s+(?P<components>.+))?$"
)
_SCHEMES = ("http://", "https://", "file:", "mirror", "tor+http", "copy:")
_DEBIAN = re.compile(r"/debian(\.list)?/?$")
_UBUNTU = re.compile(r"/ubuntu(-ports)?(\.list)?/?$|/ubuntu-mirrors\.txt$")


@dataclass(frozen=True)
class Source:
    """One place that packages come from, as the machine's own configuration gives it."""

    uri: str
    suite: str
    signed_by: str = ""
    components: tuple[str, ...] = ("main",)
    is_trusted: bool = False

    def line(self) -> str:
        """The one-line form, for a sources.list of our own; without a readable key file, apt's own trusted keys decide."""
        keyring = self.signed_by if Path(self.signed_by).is_file() else ""
        if not keyring and _is_debian(self) and DEBIAN_KEYRING.is_file():
            keyring = str(DEBIAN_KEYRING)
        options = [f"signed-by={keyring}"] * bool(keyring) + ["trusted=yes"] * self.is_trusted
        uri = re.sub("^file:", "copy:", self.uri)  # with file: apt would leave the packages where they are
        return " ".join(["deb", *([f"[{' '.join(options)}]"] if options else []), uri, self.suite, *self.components])


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
            options = dict(pair.partition("=")[::2] for pair in (match["options"] or "").lower().split())
            paths = dict(pair.partition("=")[::2] for pair in (match["options"] or "").split())
            found.append(
                Source(
                    match["uri"],
                    match["suite"],
                    _key_file(paths.get("signed-by", "")),
                    tuple((match["components"] or "").split()),
                    options.get("trusted") == "yes",
                )
            )
    return found


def parse_deb822(text: str) -> list[Source]:
    """Sources of the form `Types: deb`, `URIs: ...`, `Suites: ...`; every URI with every suite."""
    found = []
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = _fields(stanza)
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() not in {
            "no",
            "false",
            "0",
        }:
            found += [
                Source(
                    uri,
                    suite,
                    _key_file(fields.get("signed-by", "")),
                    tuple(fields.get("components", "").split()),
                    fields.get("trusted", "").lower() == "yes",
                )
                for uri in fields.get("uris", "").split()
                for suite in fields.get("suites", "").split()
            ]
    return found


def places(sources: list[Source]) -> list[list[Source]]:
    """Where to look for the programs, best first; each place is the lines of one sources.list. Empty: nowhere.

    A Debian machine: its archive's testing, then unstable, then backports. An Ubuntu machine: what it is set up for, all at once.
    """
    for source in sources:
        if _is_debian(source) and "main" in source.components:
            return [[Source(source.uri, suite, source.signed_by, ("main",), source.is_trusted)] for suite in SUITES]
    of_ubuntu = [source for source in sources if _UBUNTU.search(source.uri) and source.uri.startswith(_SCHEMES)]
    return [of_ubuntu] if of_ubuntu else []


def _is_debian(source: Source) -> bool:
    """Whether that is Debian's main archive or a mirror of it, not its security archive and not another project's."""
    if "security" in source.suite or "security" in source.uri or not source.uri.startswith(_SCHEMES):
        return False
    return "debian-archive" in source.signed_by or _DEBIAN.search(source.uri) is not None


def _key_file(signed_by: str) -> str:
    """The key file's path; empty when keys are given in another way (inside the file, by fingerprint)."""
    first = re.split(r"[,\s]", signed_by, maxsplit=1)[0]
    return first if first.startswith("/") else ""


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1].isspace() and name:
            fields[name] += " " + line.strip()
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields
