"""Where PostgreSQL's programs are, and what makes a private copy of them run.

Owns Debian's folders and the wrapping of a copy. Must not run a server.
Rules: PostgreSQL's programs find each other, and their files, by the folder they are called from; so a copy keeps its
folder, and in place of each program stands a script that starts it with the C library of the copy.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

POSTGRES_MIN = 13
DEBIAN = Path("/usr/lib/postgresql")
_WRAPPED = ("postgres", "initdb")
_SCRIPT = """#!/bin/sh
folder=$(cd "$(dirname "$0")" && pwd)
libraries="$folder/../../../{triplet}"
exec "$libraries/{loader}" --argv0 "$folder/{name}" --library-path "$libraries" "$folder/{name}.real" "$@"
"""


def folders(copy: Path | None) -> Iterator[Path]:
    """Folders that may hold `postgres` and `initdb`, the best first: PATH, Debian's newest, the private copy."""
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).parent
    yield from sorted(DEBIAN.glob("*/bin"), key=_version_of, reverse=True)
    if copy is not None:
        yield folder_of(copy)


def folder_of(root: Path) -> Path:
    """The folder of programs under `root`; one that is not there when there is none."""
    found = sorted(root.glob(f"{str(DEBIAN)[1:]}/*/bin"), key=_version_of)
    return found[-1] if found else root / "no-postgresql"


def wrap(root: Path) -> None:
    """Puts the scripts in place; does nothing where programs or the copy's loader are missing."""
    folder, triplet = folder_of(root), f"{os.uname().machine}-linux-gnu"
    loader = next(iter(sorted((root / "usr/lib" / triplet).glob("ld-linux-*.so.*"))), None)
    for name in _WRAPPED:
        program = folder / name
        if loader is None or not program.exists():
            return
        program.rename(folder / f"{name}.real")
        program.write_text(_SCRIPT.format(triplet=triplet, loader=loader.name, name=name), encoding="utf-8")
        program.chmod(0o755)


def _version_of(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0
