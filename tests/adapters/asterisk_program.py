"""Which Asterisk the tests run: the one that provisioning gives, in the shared cache.

Owns where its parts lie (modules, documentation, music); must not start it.
A missing Asterisk is an error, never a skip.
"""

import functools
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class AsteriskProgram:
    """How to run Asterisk, and where its parts lie."""

    argv: tuple[str, ...]
    module_dir: Path
    data_dir: Path
    music_dir: Path
    version: tuple[int, int]


@functools.cache
def asterisk_program() -> AsteriskProgram:
    """The Asterisk of JIETONG_TEST_ASTERISK_ROOT (an unpacked copy), else that of provisioning."""
    root = os.environ.get("JIETONG_TEST_ASTERISK_ROOT")
    if root is None:
        return _provisioned()
    usr = Path(root) / "usr"
    library = next(usr.glob("lib/*-linux-gnu"))
    loader = next(library.glob("ld-linux-*"))
    argv = (str(loader), "--library-path", str(library), str(usr / "sbin" / "asterisk"))
    return AsteriskProgram(argv, library / "asterisk" / "modules", usr / "share" / "asterisk", usr / "share" / "asterisk" / "moh", _version(argv))


def _provisioned() -> AsteriskProgram:
    raise NotImplementedError("provisioning is not there yet: set JIETONG_TEST_ASTERISK_ROOT")


def _version(argv: tuple[str, ...]) -> tuple[int, int]:
    text = subprocess.run([*argv, "-V"], capture_output=True, text=True, timeout=20, check=True).stdout
    found = re.search(r"Asterisk (\d+)\.(\d+)", text)
    assert found, f"no version in {text!r}"
    return int(found[1]), int(found[2])
