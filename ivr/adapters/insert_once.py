"""A row that is written once, however often it comes.

Owns the two dialects' words for it. Must not know any table.
Rules: what waits in the store is read at least once, and its key tells a second reading.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite


def insert_once(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Inserts `row`; False when one with its key is there already, which then stays as it is."""
    insert = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    return connection.execute(insert(table).values(dict(row)).on_conflict_do_nothing()).rowcount == 1
