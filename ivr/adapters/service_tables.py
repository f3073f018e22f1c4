"""SQL tables behind self-service: ratings, products, subscriptions, cases.

Owns columns and indexes as the code uses them; the database gets them by the migrations in jietong/migrations.
Rules: docs/guide/self-service.md; times are epoch seconds, telephone numbers in the spelling of ivr/phone_numbers.py.
"""

from sqlalchemy import Column, Double, ForeignKey, Index, Integer, MetaData, Table, Text, text

service_tables = MetaData()

ratings = Table(
    "ratings",
    service_tables,
    Column("call", Text, primary_key=True),  # one a call
    Column("agent", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("rating", Integer, nullable=False),  # 1 to 5
    Column("at", Double, nullable=False),
    Index("ratings_by_time", "at"),
)

products = Table(
    "products",
    service_tables,
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("prompt", Text, nullable=False),  # says the name
    Column("monthly_fee_fen", Integer, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    service_tables,
    Column("phone", Text, primary_key=True),
    Column("product", Text, ForeignKey("products.code"), primary_key=True),
    Column("since", Text, primary_key=True),  # 2026-11-24; who cancels and orders again has two rows
    Column("cancelled_at", Double),  # empty: in force
    Column("cancelled_by", Text, nullable=False),  # the call
)
Index(
    "subscriptions_in_force",
    subscriptions.c.phone,
    subscriptions.c.product,
    unique=True,
    sqlite_where=text("cancelled_at IS NULL"),
    postgresql_where=text("cancelled_at IS NULL"),
)
Index("subscriptions_by_product", subscriptions.c.product)

cases = Table(
    "cases",
    service_tables,
    Column("number", Text, primary_key=True),  # nine digits, see ivr/case.py
    Column("phone", Text, nullable=False),  # empty: withheld
    Column("type", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("recording", Text, nullable=False),  # a file in DIR/data/messages
    Column("state", Text, nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("first_reply_due_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("agent", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("call", Text, nullable=False),
    Column("language", Text, nullable=False),
    Index("cases_by_call", "call"),
    Index("cases_by_opening", "opened_at"),
)

case_history = Table(
    "case_history",
    service_tables,
    Column("number", Text, ForeignKey("cases.number"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 ... in each case
    Column("at", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("by", Text, nullable=False),  # caller, or the login of who set it
)
