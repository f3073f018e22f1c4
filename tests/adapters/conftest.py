"""Databases for every test of this folder: each that asks for `database_url` runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jietong.database import sqlite_url
from tests.adapters.postgres_server import PostgresServer, a_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all; each test has a database of its own."""
    with a_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "site.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()
