"""Which Asterisk the tests run: the one that provisioning gives, in the shared cache.

Owns where its parts lie (modules, documentation); must not start it.
A missing Asterisk is an error that says what to install, never a skip.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from jietong.provision.programs import asterisk_data_dir, asterisk_module_dir, ensure_asterisk


@dataclass(frozen=True)
class AsteriskProgram:
    """How to run Asterisk, and where its parts lie."""

    argv: tuple[str, ...]
    module_dir: Path
    data_dir: Path
    version: tuple[int, int]


@functools.cache
def asterisk_program() -> AsteriskProgram:
    """The Asterisk that `jietong up` would run; fetched when it is not there."""
    program = ensure_asterisk(progress=False)
    major, minor, *_ = (int(part) for part in program.version.split("."))
    return AsteriskProgram(program.argv, asterisk_module_dir(program), asterisk_data_dir(program), (major, minor))
