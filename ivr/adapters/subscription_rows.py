"""Products and subscriptions in the database, as people at a desk import, count and read them.

Owns these rows. Must not know files nor terminals. Rules: domain.md T8: subscriber and cancellation counts.
All functions raise SQLAlchemy's errors; what changes rows then changes nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from ivr.adapters.insert_once import insert_all_once, insert_once
from ivr.adapters.service_tables import products, subscriptions
from ivr.phone_numbers import normal_phone
from ivr.subscription_file import Product, SubscriptionRow


@dataclass(frozen=True, slots=True)
class ProductCounts:
    """A product and how many numbers have it in force, and how many orders of it were cancelled."""

    product: Product
    subscribed: int
    cancelled: int


def store_products(engine: Engine, rows: Sequence[Product]) -> None:
    """Adds or replaces products, all in one transaction; those that are not in `rows` stay."""
    with engine.begin() as connection:
        for row in rows:
            if not insert_once(connection, products, asdict(row)):
                connection.execute(update(products).where(products.c.code == row.code).values(**asdict(row)))


def store_subscriptions(engine: Engine, rows: Sequence[SubscriptionRow]) -> int:
    """Adds subscriptions, all in one transaction; returns how many were not there. One that is in force stays with
    its date, one that was cancelled since the same date stays cancelled. It reads before it writes.
    """
    with engine.begin() as connection:
        before = _count(connection)
        insert_all_once(connection, subscriptions, [asdict(row) | {"cancelled_by": ""} for row in rows])
        return _count(connection) - before


def product_codes(engine: Engine) -> frozenset[str]:
    """Codes of all products."""
    with engine.connect() as connection:
        return frozenset(connection.scalars(select(products.c.code)))


def product_counts(engine: Engine) -> list[ProductCounts]:
    """Every product, by code."""
    cancelled = func.count(subscriptions.c.cancelled_at)
    counts = select(subscriptions.c.product, func.count() - cancelled, cancelled).group_by(subscriptions.c.product)
    with engine.connect() as connection:
        by_code = {row[0]: (row[1], row[2]) for row in connection.execute(counts)}
        rows = connection.execute(select(products).order_by(products.c.code)).mappings()
        return [ProductCounts(Product(**row), *by_code.get(row["code"], (0, 0))) for row in rows]


def subscriptions_of(engine: Engine, phone: str) -> list[dict[str, Any]]:
    """Every order of a number in any spelling, cancelled ones too, the oldest first."""
    return _rows(engine, subscriptions.c.phone == normal_phone(phone), subscriptions.c.since)


def cancellations(engine: Engine) -> list[dict[str, Any]]:
    """Every cancelled order, the one cancelled last at the end."""
    return _rows(engine, subscriptions.c.cancelled_at.is_not(None), subscriptions.c.cancelled_at)


def _rows(engine: Engine, which: Any, order: Any) -> list[dict[str, Any]]:
    query = select(subscriptions).where(which).order_by(order, subscriptions.c.phone, subscriptions.c.product)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(subscriptions)) or 0
