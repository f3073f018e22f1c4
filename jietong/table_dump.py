"""The tables of a site's database as JSON lines, from one moment, and back into either engine.

Owns how rows are written and read, and how an old database is put aside. Must not know any table's meaning.
Rules: docs/runbook.md. SQLite is copied by its online backup first, PostgreSQL read in one repeatable-read transaction;
writers go on meanwhile.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, MetaData, Table, insert, inspect, make_url, select, text

from jietong.database import BUSY_S, open_engine, sqlite_url, writing

VERSIONS = "alembic_version"
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
ROWS = 500  # read or written at a time


class DumpRefused(Exception):
    """The database, or a dump of it, is not what it should be: the text says which table and why."""


@contextmanager
def one_moment(url: str, folder: Path) -> Iterator[Connection]:
    """A connection that sees the database as it is at one moment, however long it is read; `folder` has room for a
    copy of a SQLite file.

    raises   DumpRefused for a damaged file; SQLAlchemy's and sqlite3's errors
    """
    path = make_url(url).database if is_sqlite(url) else None
    if path is not None:
        copy = folder / "copy.db"
        _copy(Path(path), copy)
        url = sqlite_url(copy)
    engine = open_engine(url)
    try:
        options: dict[str, Any] = {} if path else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.connect().execution_options(**options) as connection:
            yield connection
    finally:
        engine.dispose()


def is_sqlite(url: str) -> bool:
    """Whether the URL names a SQLite file."""
    return make_url(url).get_backend_name() == "sqlite"


def revision_of(connection: Connection) -> str | None:
    """Which migration the database is at; None: it has no tables of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def tables_of(connection: Connection) -> list[Table]:
    """Every table but the migrations' own, by name."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != VERSIONS]


def dump(connection: Connection, table: Table, target: Path) -> int:
    """Writes one line a row, a list in the order of the columns; returns how many."""
    query = select(table).order_by(*table.primary_key.columns)
    count = 0
    with target.open("w", encoding="ascii") as file:
        for row in connection.execution_options(yield_per=ROWS).execute(query):
            file.write(json.dumps(list(row), separators=(",", ":")) + "\n")
            count += 1
    return count


def load(connection: Connection, table: Table, columns: list[str], source: Path) -> int:
    """Inserts the rows of `source`; raises DumpRefused when they do not fit the table."""
    if set(columns) != set(table.columns.keys()):
        raise DumpRefused(f"table {table.name} of the backup has other columns than this version makes")
    count = 0
    with source.open(encoding="ascii") as file:
        for rows in _batches(file):
            connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])
            count += len(rows)
    return count


@contextmanager
def emptied(engine: Engine, aside: str) -> Iterator[Connection]:
    """A transaction on a database without tables; those that were there are in schema `aside` (PostgreSQL) afterwards.

    The transaction is rolled back as a whole when anything fails. Raises DumpRefused while others use old tables.
    """
    with writing(engine).begin() as connection:
        there = inspect(connection).get_table_names()
        if there:
            if others := connection.scalar(text(OTHERS)):
                raise DumpRefused(f"{others} other connections use the database: stop the site that runs on it")
            connection.execute(text(f'CREATE SCHEMA "{aside}"'))
        for name in there:
            connection.execute(text(f'ALTER TABLE "{name}" SET SCHEMA "{aside}"'))
        yield connection


def _batches(lines: Iterator[str]) -> Iterator[list[list[Any]]]:
    batch: list[list[Any]] = []
    for line in lines:
        batch.append(json.loads(line))
        if len(batch) == ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _copy(path: Path, target: Path) -> None:
    if not path.is_file():
        raise DumpRefused(f"{path} is not there: is it the right site? See [database] in the site file")
    target.touch(mode=0o600)
    with closing(sqlite3.connect(path, timeout=BUSY_S)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        verdict = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise DumpRefused(f"{path} is damaged ({verdict[:100]}): restore the last good backup")
