"""The SQL table of test calls.

Owns columns and index as the code uses them; the database gets them by the migrations in jietong/migrations.
Rules: domain.md H7; times are epoch seconds, words are those of probing/words.py.
"""

from sqlalchemy import Column, Double, Index, Integer, MetaData, Table, Text

probing_tables = MetaData()

probe_tests = Table(
    "probe_tests",
    probing_tables,
    Column("id", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    Column("tester", Text, nullable=False),
    Column("condition", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("remark", Text, nullable=False),
    Column("call", Text, nullable=False),  # empty: none was made, or no record of it was found
    Column("wait_s", Double),
    Index("probe_tests_by_time", "at"),
)
