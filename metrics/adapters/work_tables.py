"""SQL tables of the metrics room: agents' time by half-hour, offers that were not answered, and the queue_log.

Owns columns and indexes as the code uses them; the database gets them by the migrations in jietong/migrations.
Rules: docs/reports.md, docs/queue-log.md. Times are epoch seconds; all rows are written in the transaction of the call records.
"""

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, Table, Text

work_tables = MetaData()

agent_time = Table(
    "agent_time",
    work_tables,
    Column("agent", Text, primary_key=True),
    Column("slot_at", Double, primary_key=True),  # beginning of a half-hour
    Column("ready_s", Double, nullable=False),
    Column("ringing_s", Double, nullable=False),
    Column("talking_s", Double, nullable=False),
    Column("wrap_up_s", Double, nullable=False),
    Column("missed_s", Double, nullable=False),
    Column("not_ready_s", Double, nullable=False),
    Index("agent_time_by_slot", "slot_at"),
)

agent_now = Table(
    "agent_now",
    work_tables,
    Column("agent", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("since", Double, nullable=False),
)

unanswered_offers = Table(
    "unanswered_offers",
    work_tables,
    Column("call", Text, primary_key=True),
    Column("at", Double, primary_key=True),
    Column("seat", Text, primary_key=True),
    Column("agent", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("result", Text, nullable=False),  # a word of facts.OfferClosed
    Column("rang_s", Double, nullable=False),
    Column("is_probe", Boolean, nullable=False),
    Index("unanswered_offers_by_time", "at"),
)

# The columns by which Asterisk itself writes queue_log to a database, and the epoch second.
queue_log = Table(
    "queue_log",
    work_tables,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 ... in the order of the facts
    Column("at", Double, nullable=False),
    Column("time", Text, nullable=False),  # 2026-11-26 09:00:00.123456 on the site's clock
    Column("callid", Text, nullable=False),
    Column("queuename", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("data1", Text, nullable=False),
    Column("data2", Text, nullable=False),
    Column("data3", Text, nullable=False),
    Column("data4", Text, nullable=False),
    Column("data5", Text, nullable=False),
    Index("queue_log_by_time", "at"),
)

# Callers whose lines are not complete.
queue_log_open = Table(
    "queue_log_open",
    work_tables,
    Column("call", Text, primary_key=True),
    Column("queue", Text, nullable=False),
    Column("entered_at", Double, nullable=False),
    Column("position", Integer, nullable=False),  # at entry
    Column("ring_s", Double, nullable=False),
    Column("is_connected", Boolean, nullable=False),
)
