"""What every import of an operator's CSV file shares: reading the file, and telling its mistakes.

Owns both and the exit codes. Must not know what stands in a file. Rules: design.md section 5: all of it, or nothing.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ivr.csv_lines import CsvFileError
from jietong import exit_codes
from jietong.processes.site_database import DatabaseSilent, fail

MAX_BYTES = 512 * 1024 * 1024
SHOWN = 50
T = TypeVar("T")


def import_file(file: Path, parse: Callable[[bytes], T], store: Callable[[T], str], *, quiet: bool = False) -> int:
    """Reads, parses and stores `file`; tells what `store` says of it unless `quiet`. Returns the exit code.

    parse   raises CsvFileError with all mistakes       store   raises DatabaseSilent; then nothing is stored
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            return fail(f"{file}: larger than {MAX_BYTES >> 20} MiB: split it")
        content = file.read_bytes()
    except OSError as error:
        return fail(f"{file}: {error.strerror or error}")
    try:
        told = store(parse(content))
    except CsvFileError as error:
        return _tell_mistakes(error.mistakes)
    except DatabaseSilent as error:
        return fail(f"{error}: nothing imported")
    if not quiet:
        sys.stdout.write(f"{told}\n")
    return exit_codes.DONE


def _tell_mistakes(mistakes: list[str]) -> int:
    for mistake in mistakes[:SHOWN]:
        sys.stderr.write(f"{mistake}\n")
    if len(mistakes) > SHOWN:
        sys.stderr.write(f"... and {len(mistakes) - SHOWN} more\n")
    count = len(mistakes)
    sys.stderr.write(f"{count} mistake{'s' if count != 1 else ''}, nothing imported\n")
    return exit_codes.WRONG_CONFIGURATION
