"""The site's database: migrations give what the code expects, SQLite waits its turn, PINs are hashed once."""

import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from argon2 import PasswordHasher
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from ivr.adapters.customers_table import customers_tables
from ivr.adapters.service_tables import service_tables
from jietong.database import DatabaseError, migrate, open_engine, sqlite_url, writing
from jietong.pins import store_agents
from metrics.adapters.work_tables import work_tables
from probing.adapters.tables import probing_tables
from routing.adapters.tables import agents, routing_tables

TABLES = [routing_tables, customers_tables, service_tables, work_tables, probing_tables]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database file that is not there yet, in a folder that is not there either."""
    return tmp_path / "new folder" / "50%.db"


@pytest.fixture
def url(database_url: str, file: Path) -> str:
    """A database that is not there yet, or empty."""
    return sqlite_url(file) if database_url.startswith("sqlite") else database_url


def test_migrations_make_the_tables_that_the_code_uses(url: str) -> None:
    """A new site's database has every table, column and index of the code; migrating again changes nothing."""
    migrate(url)
    migrate(url)
    engine = open_engine(url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), TABLES)
    assert differences == []
    engine.dispose()


def test_many_processes_may_migrate_at_once(url: str) -> None:
    """Everything of a site that starts at the same time finds the tables, and nobody stumbles over another."""
    failures: list[Exception] = []
    together = threading.Barrier(6)

    def start() -> None:
        together.wait()
        try:
            migrate(url)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_migration_cut_short_leaves_nothing_behind(url: str) -> None:
    """Tables are made all or none, so that a start after a crash in the middle works."""
    engine = open_engine(url)

    def cut_short() -> None:
        with writing(engine).begin() as connection:
            connection.execute(text("CREATE TABLE agents (number TEXT)"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_short()
    engine.dispose()
    migrate(url)


def test_readers_and_a_writer_do_not_block_each_other(url: str) -> None:
    """A log-in is checked while records are being written."""
    migrate(url)
    engine = open_engine(url)
    with writing(engine).begin() as busy, engine.connect() as other:
        busy.execute(text("INSERT INTO journal_position VALUES ('r', '1-0')"))
        assert other.scalar(text("SELECT count(*) FROM journal_position")) == 0
    engine.dispose()


def test_a_writer_waits_for_another(url: str) -> None:
    """Two processes that write at the same time both succeed, one after the other."""
    migrate(url)
    engine = open_engine(url)

    def add() -> None:
        for _ in range(50):
            with writing(engine).begin() as connection:
                if engine.dialect.name == "postgresql":
                    connection.execute(text("LOCK TABLE journal_position"))
                count = connection.scalar(text("SELECT count(*) FROM journal_position"))
                connection.execute(text("INSERT INTO journal_position VALUES (:r, '1-0')"), {"r": str(count)})

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM journal_position")) == 150
    engine.dispose()


def test_only_the_owner_reads_the_file(file: Path) -> None:
    """Customers' numbers are not for every user of the machine."""
    migrate(sqlite_url(file))
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "bad",
    [
        "nonsense",
        "mysql+nodriver://a:secret-word@h/d",
        "mysql+nodriver://h/d?password=secret-word",
        "sqlite:////proc/none/x.db",
    ],
)
def test_a_database_that_cannot_be_is_one_clear_error(bad: str) -> None:
    """The operator reads what is wrong with the URL, without the password in it."""
    with pytest.raises(DatabaseError) as refused:
        migrate(bad)
    assert "secret-word" not in str(refused.value)


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    """A damaged database file stops the start with its name, and is not overwritten."""
    path = tmp_path / "x.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(DatabaseError, match=r"x\.db"):
        migrate(sqlite_url(path))
    assert path.read_bytes().startswith(b"not a database")


def test_an_error_text_holds_no_phone_number(url: str) -> None:
    """What goes wrong with a customer's row can be logged."""
    engine = open_engine(url)
    with pytest.raises((OperationalError, ProgrammingError)) as refused, engine.begin() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:phone)"), {"phone": "13900000001"})
    assert "13900000001" not in str(refused.value)
    engine.dispose()


@pytest.fixture
def engine(url: str) -> Engine:
    """A migrated database."""
    migrate(url)
    return open_engine(url)


def rows(engine: Engine) -> dict[str, tuple[str, str]]:
    """Number -> name and hash."""
    with engine.connect() as connection:
        return {row.number: (row.name, row.pin_hash) for row in connection.execute(select(agents))}


def test_a_pin_is_hashed_once(engine: Engine, tmp_path: Path) -> None:
    """A start with the same agents is quick; a new name, a new PIN and a removed agent all show."""
    key = tmp_path / "pin.key"
    assert store_agents(engine, {"8001": ("李雷", "123456"), "8002": ("", "0000")}, key) == 2
    first = rows(engine)
    assert PasswordHasher().verify(first["8001"][1], "123456")
    assert "123456" not in str(first)
    assert key.stat().st_mode & 0o777 == 0o600
    assert store_agents(engine, {"8001": ("Li Lei", "123456"), "8002": ("", "0001")}, key) == 1
    second = rows(engine)
    assert second["8001"] == ("Li Lei", first["8001"][1])
    assert PasswordHasher().verify(second["8002"][1], "0001")
    assert store_agents(engine, {"8001": ("Li Lei", "123456")}, key) == 0
    assert list(rows(engine)) == ["8001"]
    assert store_agents(engine, {}, key) == 0
    assert rows(engine) == {}
    engine.dispose()


def test_a_lost_key_only_costs_time(engine: Engine, tmp_path: Path) -> None:
    """When the key file is gone or damaged every PIN is hashed again and log-ins go on working."""
    key = tmp_path / "pin.key"
    for damage in (b"", b"short"):
        key.write_bytes(damage)
        assert store_agents(engine, {"8001": ("", "123456")}, key) == 1
        assert PasswordHasher().verify(rows(engine)["8001"][1], "123456")
    engine.dispose()


def test_two_agents_with_one_pin_do_not_look_alike(engine: Engine, tmp_path: Path) -> None:
    """Whoever reads the table cannot tell that two agents chose the same PIN."""
    store_agents(engine, {"8001": ("", "1234"), "8002": ("", "1234")}, tmp_path / "k")
    with engine.connect() as connection:
        assert len({(row.pin_hash, row.pin_mark)[i] for row in connection.execute(select(agents)) for i in (0, 1)}) == 4
    engine.dispose()


def test_sqlite_takes_ddl_into_transactions(file: Path) -> None:
    """Guards the setting that the all-or-none migration stands on."""
    engine = open_engine(sqlite_url(file))
    raw = engine.raw_connection()
    assert isinstance(raw.driver_connection, sqlite3.Connection)
    assert raw.driver_connection.isolation_level is None
    assert raw.driver_connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()
    engine.dispose()
