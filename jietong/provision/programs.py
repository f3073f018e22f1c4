"""Finds the programs that a site and its tests need: on PATH when new enough, else a private copy.

Owns which program comes from which package, and how it is run. Must not know what it is used for.
Rules: asterisk.md (own loader and libraries of the private copy), design.md section 5.
"""

import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Protocol

from rich.console import Console

from jietong.provision import postgres
from jietong.provision.private_copy import Copy, ProvisionError, make_private_copy, published
from jietong.provision.sources import places, read_sources

ASTERISK_MIN = 20
COPIES = {
    "asterisk": ("asterisk", "asterisk-core-sounds-en-gsm"),
    "tools": ("prometheus", "sip-tester"),
    "postgres": ("postgresql",),
}
_BINARIES = {
    "asterisk": (("usr/sbin/asterisk", "-V"),),
    "tools": (("usr/bin/sipp", "-v"), ("usr/bin/prometheus", "--version"), ("usr/bin/promtool", "--version")),
}
_MODULE_FOLDERS = (
    "/usr/lib/{triplet}/asterisk/modules",
    "/usr/lib/asterisk/modules",
    "/usr/lib64/asterisk/modules",
    "/usr/local/lib/asterisk/modules",
)


@dataclass(frozen=True)
class Program:
    """A program and how to run it. `root`: its private copy, None when it is the system's own."""

    name: str
    argv: tuple[str, ...]
    root: Path | None
    version: str

    def command(self, *args: str) -> list[str]:
        """The argument list that runs it."""
        return [*self.argv, *args]


class Finder(Protocol):
    """Looks for a program without any download, and remembers the answer."""

    def __call__(self) -> Program | None:
        """The program; None when absent."""

    def cache_clear(self) -> None:
        """Forgets the answer."""


class Ensurer(Protocol):
    """Fetches a program when it is not there."""

    def __call__(self, progress: bool = True) -> Program:
        """The program; raises ProvisionError with the way out."""


def triplet() -> str:
    """Debian's name for this machine's libraries, such as x86_64-linux-gnu."""
    return f"{os.uname().machine}-linux-gnu"


@functools.cache
def find_asterisk() -> Program | None:
    """Asterisk without any download: PATH (20 or newer, with the modules that are used), else the private copy; None when absent."""
    path = shutil.which("asterisk")
    if path is not None:
        program = Program("asterisk", (path,), None, "")
        version = _version(program, "-V")
        if _is_new_enough(version) and _has_modules(program):
            return Program("asterisk", (path,), None, version)
    return _from_copy("asterisk", "asterisk", "usr/sbin/asterisk", "-V")


@functools.cache
def find_sipp() -> Program | None:
    """SIPp, from PATH or the private copy."""
    return _from_path("sipp", "-v") or _from_copy("sipp", "tools", "usr/bin/sipp", "-v")


@functools.cache
def find_prometheus() -> Program | None:
    """The Prometheus server, from PATH or the private copy."""
    return _from_path("prometheus", "--version") or _from_copy("prometheus", "tools", "usr/bin/prometheus", "--version")


@functools.cache
def find_promtool() -> Program | None:
    """Prometheus' checker, from PATH or the private copy."""
    return _from_path("promtool", "--version") or _from_copy("promtool", "tools", "usr/bin/promtool", "--version")


def ensure_asterisk(progress: bool = True) -> Program:
    """Asterisk, fetched if need be; raises ProvisionError with the way out."""
    return find_asterisk() or _fetch("asterisk", find_asterisk, progress)


def ensure_sipp(progress: bool = True) -> Program:
    """SIPp, fetched if need be; raises ProvisionError with the way out."""
    return find_sipp() or _fetch("tools", find_sipp, progress)


def ensure_prometheus(progress: bool = True) -> Program:
    """Prometheus, fetched if need be; raises ProvisionError with the way out."""
    return find_prometheus() or _fetch("tools", find_prometheus, progress)


def ensure_promtool(progress: bool = True) -> Program:
    """promtool, fetched if need be; raises ProvisionError with the way out."""
    return find_promtool() or _fetch("tools", find_promtool, progress)


@functools.cache
def find_postgres() -> Program | None:
    """The PostgreSQL server (13 or newer): PATH, Debian's own folders, else the private copy. `initdb` is beside it."""
    return next(
        (program for folder in postgres.folders(published("postgres")) if (program := _postgres_in(folder))), None
    )


def ensure_postgres(progress: bool = True) -> Program:
    """PostgreSQL, fetched if need be; raises ProvisionError with the way out."""
    return find_postgres() or _fetch("postgres", find_postgres, progress)


def _postgres_in(folder: Path) -> Program | None:
    program = Program("PostgreSQL", (str(folder / "postgres"),), None, "")
    version = _version(program, "--version") if (folder / "initdb").exists() else ""
    return replace(program, version=version) if _is_at_least(version, postgres.POSTGRES_MIN) else None


def asterisk_module_dir(program: Program) -> Path:
    """Where that Asterisk's modules are."""
    if program.root is not None:
        return program.root / f"usr/lib/{triplet()}/asterisk/modules"
    folders = [Path(pattern.format(triplet=triplet())) for pattern in _MODULE_FOLDERS]
    return next((folder for folder in folders if folder.is_dir()), folders[0])


def asterisk_data_dir(program: Program) -> Path:
    """Where that Asterisk's own data (documentation, sounds) is."""
    if program.root is not None:
        return program.root / "usr/share/asterisk"
    return next(
        (p for p in map(Path, ("/usr/share/asterisk", "/var/lib/asterisk")) if p.is_dir()), Path("/usr/share/asterisk")
    )


def asterisk_sounds_dir(program: Program) -> Path:
    """Where that Asterisk's English sounds are."""
    return asterisk_data_dir(program) / "sounds"


def _fetch(copy: str, find: Finder, progress: bool) -> Program:
    console = Console(stderr=True, quiet=not progress, highlight=False)
    try:
        if copy == "postgres":
            wanted = Copy(
                copy, COPIES[copy], lambda root: _postgres_in(postgres.folder_of(root)) is not None, postgres.wrap
            )
        else:
            wanted = Copy(copy, COPIES[copy], functools.partial(_runs, copy))
        make_private_copy(wanted, places(read_sources()), console)
    except ProvisionError as error:
        raise ProvisionError(way_out(copy, str(error))) from error
    for cached in (find_asterisk, find_sipp, find_prometheus, find_promtool, find_postgres):
        cached.cache_clear()
    program = find()
    if program is None:
        raise ProvisionError(way_out(copy, "the private copy does not run here"))
    console.print(f"{program.name} {program.version} is ready")
    return program


def way_out(copy: str, why: str) -> str:
    """The one message of a failed provisioning: what is missing, why, and what to install."""
    missing = {"asterisk": "Asterisk", "tools": "SIPp or Prometheus", "postgres": "PostgreSQL"}[copy]
    packages = "asterisk" if copy == "asterisk" else " ".join(COPIES[copy])
    needed = f" (Asterisk {ASTERISK_MIN} or newer)" if copy == "asterisk" else ""
    return (
        f"{missing} is missing and could not be fetched: {why}\n"
        f"Way out: install it, as root: apt-get install {packages}{needed}; or run this once with a network on Debian; "
        "or use the image under docker/."
    )


def _runs(copy: str, root: Path) -> bool:
    """Whether every program of a private copy starts here, and an Asterisk is new enough."""
    versions = [_version(Program(copy, argv, root, ""), flag) for argv, flag in _commands(copy, root)]
    return (
        all(versions) and len(versions) == len(_BINARIES[copy]) and (copy != "asterisk" or _is_new_enough(versions[0]))
    )


def _commands(copy: str, root: Path) -> list[tuple[tuple[str, ...], str]]:
    commands = [(_through_loader(root, binary), flag) for binary, flag in _BINARIES[copy]]
    return [(argv, flag) for argv, flag in commands if argv is not None]


def _through_loader(root: Path, binary: str) -> tuple[str, ...] | None:
    """How to run a binary of a private copy with the C library of that copy; None when a part is missing."""
    libraries = root / "usr/lib" / triplet()
    loader = next(iter(sorted(libraries.glob("ld-linux-*.so.*"))), None)
    if loader is None or not (root / binary).exists():
        return None
    return (str(loader), "--library-path", str(libraries), str(root / binary))


def _from_path(name: str, version_flag: str) -> Program | None:
    path = shutil.which(name)
    program = Program(name, (path,), None, "") if path is not None else None
    version = _version(program, version_flag) if program is not None else ""
    return Program(name, program.argv, None, version) if program is not None and version else None


def _from_copy(name: str, copy: str, binary: str, version_flag: str) -> Program | None:
    root = published(copy)
    argv = _through_loader(root, binary) if root is not None else None
    if argv is None:
        return None
    version = _version(Program(name, argv, root, ""), version_flag)
    return Program(name, argv, root, version) if version else None


def _version(program: Program, flag: str) -> str:
    try:
        done = subprocess.run(
            program.command(flag), capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"(\d+\.\d+(?:\.\d+)?)", done.stdout + done.stderr)
    return found[1] if found else ""


def _is_new_enough(version: str) -> bool:
    return _is_at_least(version, ASTERISK_MIN)


def _is_at_least(version: str, least: int) -> bool:
    return bool(version) and int(version.split(".", maxsplit=1)[0]) >= least


def _has_modules(program: Program) -> bool:
    folder = asterisk_module_dir(program)
    return all((folder / module).exists() for module in needed_modules())


def needed_modules() -> list[str]:
    """The modules that our own modules.conf loads: an Asterisk without one of them is of no use."""
    template = resources.files("asterisk_conf") / "templates" / "modules.conf.j2"
    return re.findall(r"^load\s*=\s*(\w+\.so)", template.read_text(encoding="utf-8"), re.MULTILINE)
