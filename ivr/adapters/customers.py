"""The customer table: who a caller is, by one indexed query.

Owns look-up and storing of customers. Must not decide what a tier is worth.
Rules: issue 2 item 7: a look-up that fails is answered with "unknown", never with a lost call.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, RowMapping, bindparam, delete, func, insert, or_, select

from ivr.adapters.customers_table import customers
from ivr.phone_numbers import normal_phone

CHUNK = 500
# Made once: to make it anew for each call costs more than to run it.
_BY_PHONE = select(customers).where(customers.c.phone == bindparam("number"))


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer. `tier` and `class_` are words, `representative` a seat or agent number, 0 an unknown birth year; empty: not known."""

    phone: str
    name: str = ""
    tier: str = ""
    class_: str = ""
    representative: str = ""
    birth_year: int = 0
    language: str = ""


class Customers:
    """The table behind `engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look_up(self, phone: str) -> Customer | None:
        """The customer who calls from `phone`, in any spelling; None when unknown. Raises SQLAlchemy's errors: the caller's call goes on."""
        number = normal_phone(phone)
        if not number:
            return None
        with self._engine.connect() as connection:
            row = connection.execute(_BY_PHONE, {"number": number}).mappings().first()
        return _customer_of(row) if row is not None else None

    def notable(self, default_tier: str, at_most: int) -> list[Customer]:
        """Customers of another tier, of a class or with a representative, by phone number; raises SQLAlchemy's errors."""
        column = customers.c
        is_notable = or_(
            func.coalesce(column.tier, "").not_in(["", default_tier]),
            func.coalesce(column["class"], "") != "",
            func.coalesce(column.representative, "") != "",
        )
        wanted = select(customers).where(is_notable).order_by(column.phone).limit(at_most)
        with self._engine.connect() as connection:
            return [_customer_of(row) for row in connection.execute(wanted).mappings()]

    def store(self, rows: Iterable[Customer]) -> int:
        """Adds or replaces customers, all in one transaction; returns how many. Raises SQLAlchemy's errors; then nothing is changed."""
        values = [
            {
                "phone": row.phone,
                "name": row.name,
                "tier": row.tier,
                "class": row.class_,
                "representative": row.representative,
                "birth_year": row.birth_year or None,
                "language": row.language,
            }
            for row in rows
        ]
        with self._engine.begin() as connection:
            for start in range(0, len(values), CHUNK):
                chunk = values[start : start + CHUNK]
                connection.execute(delete(customers).where(customers.c.phone.in_([value["phone"] for value in chunk])))
                connection.execute(insert(customers), chunk)
        return len(values)

    def count(self) -> int:
        """How many customers there are."""
        with self._engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(customers)).scalar_one())


def _customer_of(row: RowMapping) -> Customer:
    return Customer(
        phone=row["phone"],
        name=row["name"] or "",
        tier=row["tier"] or "",
        class_=row["class"] or "",
        representative=row["representative"] or "",
        birth_year=row["birth_year"] or 0,
        language=row["language"] or "",
    )
