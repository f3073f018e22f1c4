"""SQL tables behind self-service: ratings.

Owns columns and indexes as the code uses them; the database gets them by the migrations in jietong/migrations.
Rules: docs/guide/self-service.md; times are epoch seconds, telephone numbers in the spelling of ivr/phone_numbers.py.
"""

from sqlalchemy import Column, Double, Index, Integer, MetaData, Table, Text

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
