"""What a caller's number has ordered, and its cancellation: the doors that flows ask.

Owns both doors. Must not know how a caller is asked, nor how rows are imported and counted.
Rules: domain.md T8. A number is asked about itself only; who cancelled, when and in which call stands in the row itself.
"""

import time
from collections.abc import Callable, Mapping

import structlog
from sqlalchemy import Connection, Engine, func, select, update

from ivr.adapters.plain_text import plain
from ivr.adapters.service_tables import products, subscriptions
from ivr.look_up import FAILED, LookedUp
from ivr.phone_numbers import normal_phone

NONE, SOME, WITHHELD = "none", "some", "withheld"
CANCELLED, ALREADY = "cancelled", "already"
MOST = 9  # a key each
log = structlog.get_logger("agi")


class SubscriptionsDoor:
    """The door `subscriptions`: outcome NONE, SOME or WITHHELD."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self, caller: str, call: str, values: Mapping[str, str]) -> LookedUp:  # noqa: ARG002 - a door's shape
        """Values: count (all of them), and item_1_code, item_1_prompt, item_1_fee (fen), item_1_since ... of the first MOST, the oldest first.

        raises   SQLAlchemy's errors
        """
        phone = normal_phone(caller)
        if not phone:
            return LookedUp(WITHHELD, {})
        mine = (subscriptions.c.phone == phone, subscriptions.c.cancelled_at.is_(None))
        count = select(func.count()).select_from(subscriptions).where(*mine)
        rows = (
            select(products.c.code, products.c.prompt, products.c.monthly_fee_fen, subscriptions.c.since)
            .join_from(subscriptions, products)
            .where(*mine)
            .order_by(subscriptions.c.since, products.c.code)
            .limit(MOST)
        )
        with self._engine.connect() as connection:
            found = {"count": str(connection.scalar(count) or 0)}
            for key, (code, prompt, fee_fen, since) in enumerate(connection.execute(rows), 1):
                item = {"code": code, "prompt": prompt, "fee": str(fee_fen), "since": since}
                found |= {f"item_{key}_{name}": value for name, value in item.items()}
        return LookedUp(SOME if len(found) > 1 else NONE, found)


class CancelDoor:
    """The door `cancel_subscription`: value product (a code); outcome CANCELLED, ALREADY, WITHHELD or FAILED. `now` gives epoch seconds."""

    def __init__(self, engine: Engine, now: Callable[[], float] = time.time) -> None:
        self._engine, self._now = engine, now

    def __call__(self, caller: str, call: str, values: Mapping[str, str]) -> LookedUp:
        """Cancels the caller's own subscription, with its record, in one transaction; asked again in the same call it is CANCELLED again.

        FAILED: this number never had it. Raises SQLAlchemy's errors; then nothing is cancelled.
        """
        phone, product, by = normal_phone(caller), plain(values.get("product", "")), plain(call)
        if not phone:
            return LookedUp(WITHHELD, {})
        with self._engine.begin() as connection:
            outcome = self._cancel(connection, phone, product, by)
        log.info("subscription cancellation asked for", call=by, caller=phone, product=product, outcome=outcome)
        return LookedUp(outcome, {})

    def _cancel(self, connection: Connection, phone: str, product: str, by: str) -> str:
        mine = (subscriptions.c.phone == phone, subscriptions.c.product == product)
        in_force = update(subscriptions).where(*mine, subscriptions.c.cancelled_at.is_(None))
        if connection.execute(in_force.values(cancelled_at=self._now(), cancelled_by=by)).rowcount:
            return CANCELLED
        last = select(subscriptions.c.cancelled_by).where(*mine).order_by(subscriptions.c.cancelled_at.desc()).limit(1)
        cancelled_by = connection.scalar(last)
        if cancelled_by is None:
            return FAILED
        return CANCELLED if by and cancelled_by == by else ALREADY
