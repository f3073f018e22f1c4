"""A row that is written once, however often it comes.

Owns the two dialects' words for it. Must not know any table.
Rules: what waits in the store is read at least once, and its key tells a second reading.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

ROWS = 500  # sent at a time


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Inserts `row`; False when one with its key is there already, which then stays as it is."""
    inserted = _inserted(connection, table).returning(*table.primary_key.columns)  # rowcount is -1 with psycopg
    return connection.execute(inserted, dict(row)).first() is not None


def insert_all_once(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts those of `rows` whose keys are not there."""
    for start in range(0, len(rows), ROWS):
        connection.execute(_inserted(connection, table), [dict(row) for row in rows[start : start + ROWS]])


def _inserted(connection: Connection, table: Table) -> Insert:
    insert = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    return insert(table).on_conflict_do_nothing()
