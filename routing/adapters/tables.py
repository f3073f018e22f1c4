"""SQL tables of the routing room: calls, their histories, the records reader's position, agents.

Owns columns and indexes as the code uses them; the database gets them by the migrations in jietong/migrations.
Rules: columns of call_records are the fields of facts.CallRecord without `at`; times are epoch seconds; text has no
length, callers send what they like.
"""

from sqlalchemy import JSON, Boolean, Column, Double, Index, Integer, MetaData, Table, Text, false

routing_tables = MetaData()

call_records = Table(
    "call_records",
    routing_tables,
    Column("call", Text, primary_key=True),
    Column("caller", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("seat", Text, nullable=False),
    Column("arrived_at", Double, nullable=False),
    Column("queued_at", Double),
    Column("answered_at", Double),
    Column("ended_at", Double, nullable=False),
    Column("wait_s", Double, nullable=False),
    Column("talk_s", Double, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("in_target", Boolean, nullable=False),
    Column("offers", Integer, nullable=False),
    Column("segment", Integer, primary_key=True, autoincrement=False),  # 1, one more for each transfer
    Column("entered_at", Double),
    Column("missed", Integer, nullable=False, server_default="0"),
    Column("ring_s", Double, nullable=False, server_default="0"),
    Column("hold_s", Double, nullable=False, server_default="0"),
    Column("wrap_up_s", Double),  # comes when the agent is done, mostly after the row
    Column("is_probe", Boolean, nullable=False, server_default=false()),
    Index("call_records_by_entry", "entered_at"),
    Index("call_records_by_arrival", "arrived_at"),
    Index("call_records_by_end", "ended_at"),
    Index("call_records_by_queueing", "queued_at"),
    Index("call_records_by_caller", "caller"),
)

call_history = Table(
    "call_history",
    routing_tables,
    Column("call", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 ... in each call
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", JSON, nullable=False),  # the fact as codec.to_plain gives it
)

callbacks = Table(
    "callbacks",
    routing_tables,
    Column("call", Text, primary_key=True),
    Column("caller", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("queued_at", Double, nullable=False),
    Column("promised_at", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("again_at", Double),
)

messages = Table(
    "messages",
    routing_tables,
    Column("call", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("caller", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("length_s", Double, nullable=False),
)

journal_position = Table(
    "journal_position",
    routing_tables,
    Column("reader", Text, primary_key=True),
    Column("entry_id", Text, nullable=False),
)

agents = Table(
    "agents",
    routing_tables,
    Column("number", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("pin_hash", Text, nullable=False),  # argon2id
    Column("pin_mark", Text, nullable=False),  # tells a changed PIN without hashing, see jietong/pins.py
)
