"""Ratings in the database: how they get there, and what they say of each agent.

Owns the door that a flow rates by, and the rows. Must not know how a caller is asked.
Rules: domain.md H13, P1. A rating waits in the store; only when that is away it is written at once. The first of a call counts.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict

from sqlalchemy import Connection, Engine, case, func, select

from ivr.adapters.insert_once import insert_once
from ivr.adapters.notes import Notes
from ivr.adapters.plain_text import plain
from ivr.adapters.service_tables import ratings
from ivr.look_up import FAILED, LookedUp
from ivr.rating import AgentRatings, Rating, by_agent, rating_in
from routing.adapters.redis_clients import StoreAway
from routing.adapters.tables import call_records

NOTED = "noted"


class RatingDoor:
    """The door `rate`: values agent, queue, tier, rating; outcome NOTED or FAILED. `now` gives epoch seconds."""

    def __init__(self, notes: Notes, engine: Engine, now: Callable[[], float] = time.time) -> None:
        self._notes, self._engine, self._now = notes, engine, now

    def __call__(self, caller: str, call: str, values: Mapping[str, str]) -> LookedUp:  # noqa: ARG002 - a door's shape
        """Keeps the rating of this call. Raises ValueError for what is no rating, SQLAlchemy's errors with store and database away."""
        if not call:
            return LookedUp(FAILED, {})
        agent, queue, tier = (plain(values.get(name, "")) for name in ("agent", "queue", "tier"))
        rating = Rating(plain(call), agent, queue, tier, rating_in(values.get("rating", "")), self._now())
        try:
            self._notes.keep(rating)
        except StoreAway:
            with self._engine.begin() as connection:
                write_rating(connection, rating)
        return LookedUp(NOTED, {})


def write_rating(connection: Connection, rating: Rating) -> bool:
    """Writes it; False when the call has one."""
    return insert_once(connection, ratings, asdict(rating))


def ratings_by_agent(engine: Engine, since: float) -> list[AgentRatings]:
    """Every agent with a rating or an answered call since epoch second `since`, by number. Raises SQLAlchemy's errors.

    A rating that came without its agent counts for the one who talked in the call last, when its record is there.
    """
    talked_last = (
        select(call_records.c.agent)
        .where(call_records.c.call == ratings.c.call, call_records.c.agent != "")
        .order_by(call_records.c.segment.desc())
        .limit(1)
        .scalar_subquery()
    )
    agent = case((ratings.c.agent != "", ratings.c.agent), else_=func.coalesce(talked_last, "")).label("agent")
    each = select(agent, ratings.c.rating).where(ratings.c.at >= since).subquery()
    rated = select(each.c.agent, each.c.rating, func.count()).group_by(each.c.agent, each.c.rating)
    answered = (
        select(call_records.c.agent, func.count())
        .where(call_records.c.ended_at >= since, call_records.c.answered_at.is_not(None), call_records.c.agent != "")
        .where(call_records.c.is_probe.is_(False))
        .group_by(call_records.c.agent)
    )
    with engine.connect() as connection:
        found = [(row[0], row[1], row[2]) for row in connection.execute(rated)]
        return by_agent(found, {row[0]: row[1] for row in connection.execute(answered)})
