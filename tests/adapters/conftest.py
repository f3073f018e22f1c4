"""For every test of this folder: each that asks for `database_url` runs on SQLite and on PostgreSQL; `ami` and `peer` belong to the module's `asterisk`."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from jietong.database import sqlite_url
from tests.adapters.ami_tap import AmiTap, ami_tap
from tests.adapters.asterisk_fixture import PrivateAsterisk
from tests.adapters.postgres_server import PostgresServer, a_postgres
from tests.adapters.sip_peer import SipPeer, sip_peer


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


@pytest_asyncio.fixture(loop_scope="module")
async def ami(asterisk: PrivateAsterisk) -> AsyncIterator[AmiTap]:
    """The router's view."""
    async with ami_tap(asterisk.settings.ami_port) as tap:
        await tap.event("FullyBooted")
        yield tap


@pytest_asyncio.fixture(loop_scope="module")
async def peer(asterisk: PrivateAsterisk) -> AsyncIterator[SipPeer]:
    """A caller on the trunk."""
    async with sip_peer(asterisk.settings.sip_port) as caller:
        yield caller
