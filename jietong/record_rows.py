"""Reads the call records of a site's folder or of a SQLite database, as rows.

Owns where they are found. Must not know what becomes of them. The newest MOST_CALLS; older ones tell little of tomorrow.
"""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jietong.database import open_engine, sqlite_url
from jietong.running import RunningSite
from routing.adapters.records import recent_calls

MOST_CALLS = 10_000_000
SQLITE = b"SQLite format 3\x00"


def is_database(path: Path) -> bool:
    """Whether the file is a SQLite database."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Every record as a row, the oldest first; raises NoRunningSite for a folder that is none's, and DatabaseAway."""
    engine = open_engine(RunningSite.load(path.absolute()).database_url if path.is_dir() else sqlite_url(path))
    try:
        for record in recent_calls(engine, MOST_CALLS):
            yield asdict(record) | {"outcome": record.outcome.value}
    finally:
        engine.dispose()
