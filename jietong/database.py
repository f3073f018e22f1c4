"""The site's SQL database: how it is opened and brought to the present tables.

Owns engine settings and migrations; must not know any table's meaning.
Rules: SQLite in WAL mode by default, PostgreSQL by URL. Statement parameters never reach an error text: they hold
phone numbers.
"""

import sqlite3
import time
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

BUSY_S = 3  # how long SQLite waits for another process's transaction; a process has 5 s to end
POSTGRESQL = {
    "connect_timeout": 3,  # seconds
    "tcp_user_timeout": 4000,  # milliseconds: a server that vanished
    "options": "-c lock_timeout=4000",  # milliseconds
}
MIGRATION_LOCK = 0x6A696574  # any number that others of the same PostgreSQL do not use ("jiet")


class DatabaseError(Exception):
    """The database cannot be opened or migrated: see the text; the URL is [database] url in the site file."""


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path.absolute()}"


def open_engine(url: str) -> Engine:
    """An engine for `url`; connects at its first use. Transactions on SQLite take the write lock at their first write.

    SQLite: WAL, foreign keys on, waits `BUSY_S` for a lock, whole transactions including DDL. PostgreSQL: dead
    connections are noticed.
    raises   DatabaseError for a URL that is none, or a folder that cannot be made
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _open_sqlite(url, parsed.database)
        engine = create_engine(parsed, pool_pre_ping=True, hide_parameters=True, connect_args=POSTGRESQL)
        event.listen(engine, "handle_error", _hide_row)
        return engine
    except (ArgumentError, ModuleNotFoundError, OSError) as error:
        raise DatabaseError(f"database cannot be opened: {type(error).__name__} ({_shown(url)})") from error


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that read before they write: on SQLite they take the write lock at their
    beginning.

    Without it a transaction that read first is refused at once when another process wrote meanwhile, however long the
    busy timeout.
    """
    return engine.execution_options(sqlite_begin="IMMEDIATE")


def migrate(url: str) -> None:
    """Brings the database at `url` to the present tables; does nothing when it has them. Safe to call from several
    processes at once.

    raises   DatabaseError
    """
    engine = open_engine(url)
    try:
        with writing(engine).begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            migrate_on(connection)
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise DatabaseError(f"database {_shown(url)} cannot be migrated: {cause}") from error
    finally:
        engine.dispose()


def migrate_on(connection: Connection, revision: str = "head") -> None:
    """Brings the database to `revision` inside the connection's transaction; never back to an older one."""
    config = _migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def knows_revision(revision: str) -> bool:
    """Whether this version of the program has that migration."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(_migrations()).walk_revisions())


def newest_revision() -> str:
    """The migration to which this version of the program brings a database."""
    return ScriptDirectory.from_config(_migrations()).get_current_head() or ""


def _migrations() -> Config:
    config = Config()  # no ini file: works from an installed package and in any folder
    config.set_main_option("script_location", "jietong:migrations")
    return config


def _open_sqlite(url: str, path: str | None) -> Engine:
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch(mode=0o600)  # phone numbers; SQLite gives its other files the same mode
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_S})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: Any) -> None:
        connection.isolation_level = (
            None  # sqlite3 would begin and commit by its own rules, and leave DDL out of transactions
        )
        _write_ahead(connection)
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Puts the file into WAL mode. Of several processes that open a new file, SQLite refuses all but one at once,
    without waiting as it does for other locks.
    """
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.02)


def _hide_row(context: ExceptionContext) -> None:
    """PostgreSQL tells the whole row, with the caller's number, in the detail of an error."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None:
            error.args = tuple(arg.split("\nDETAIL:")[0] if isinstance(arg, str) else arg for arg in error.args)


def _shown(url: str) -> str:
    """The address without secrets: a query may carry a password too."""
    try:
        return make_url(url).set(query={}).render_as_string(hide_password=True)
    except ArgumentError:
        return "not a database URL"
