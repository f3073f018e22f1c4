"""The customers table as the code uses it.

Owns its columns; the database gets them by the migrations in jietong/migrations.
Rules: design.md section 5 (phone,name,tier,class,representative,birth_year,language); third normal form.
"""

from sqlalchemy import Column, Integer, MetaData, Table, Text

customers_tables = MetaData()

customers = Table(
    "customers",
    customers_tables,
    Column("phone", Text, primary_key=True),  # in the spelling of ivr/phone_numbers.py
    Column("name", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("class", Text, nullable=False),
    Column("representative", Text, nullable=False),
    Column("birth_year", Integer),
    Column("language", Text, nullable=False),
)
