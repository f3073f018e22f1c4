"""Open callbacks and messages in the SQL database, folded from the same facts as the records.

Owns both tables' rows. Must not know when a callback is made. Rules: design.md section 4; a batch read again changes nothing.
A callback's row goes when its record comes.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from routing.adapters import codec
from routing.adapters.tables import callbacks, messages
from routing.facts import CallbackPromised, CallbackTried, CallRecord, Fact, MessageTaken


def write_promises(connection: Connection, facts: Sequence[Fact]) -> None:
    """Applies the facts to both tables, in order."""
    for fact in facts:
        if isinstance(fact, CallbackPromised):
            connection.execute(delete(callbacks).where(callbacks.c.call == fact.call))
            connection.execute(insert(callbacks).values(**_columns(fact, callbacks), tries=0, again_at=None))
        elif isinstance(fact, CallbackTried):
            row = callbacks.c.call == fact.call
            connection.execute(update(callbacks).where(row).values(tries=fact.tries, again_at=fact.again_at))
        elif isinstance(fact, CallRecord):
            connection.execute(delete(callbacks).where(callbacks.c.call == fact.call))
        elif isinstance(fact, MessageTaken):
            connection.execute(delete(messages).where(messages.c.call == fact.call))
            connection.execute(insert(messages).values(**_columns(fact, messages)))


def open_callbacks(engine: Engine) -> list[dict[str, Any]]:
    """Every open callback as its row, the longest waiting first. Raises SQLAlchemy's errors."""
    with engine.connect() as connection:
        rows = connection.execute(select(callbacks).order_by(callbacks.c.queued_at, callbacks.c.call))
        return [dict(row) for row in rows.mappings()]


def all_messages(engine: Engine) -> list[dict[str, Any]]:
    """Every message as its row, the oldest first. Raises SQLAlchemy's errors."""
    with engine.connect() as connection:
        rows = connection.execute(select(messages).order_by(messages.c.at, messages.c.call))
        return [dict(row) for row in rows.mappings()]


def _columns(fact: Fact, table: Any) -> dict[str, Any]:
    plain = codec.to_plain(fact)
    return {name: value for name, value in plain.items() if name in table.c}
