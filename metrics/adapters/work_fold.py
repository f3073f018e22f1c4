"""Agents' time and unanswered offers in the database, in the same transaction as the call records.

Owns these rows. Must not know a formula, nor the journal: it is handed the facts of a batch that was in no batch before.
Rules: docs/reports.md. What is known of agents is read anew in each batch, so that a second writer is harmless.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from ivr.adapters.insert_once import insert_all_once
from ivr.adapters.plain_text import plain
from metrics.adapters.work_tables import agent_now, agent_time, unanswered_offers
from metrics.agent_time import AgentTimes
from routing.facts import AgentChanged, AgentState, Fact, OfferClosed

ANSWERED = "answered"
_SPANS = ("ready_s", "ringing_s", "talking_s", "wrap_up_s", "missed_s", "not_ready_s")


class WorkFold:
    """Writes what reports need beside call records. `shift_s`: of the site's time zone, see spans.Slots."""

    def __init__(self, shift_s: float = 0.0) -> None:
        self._shift_s = shift_s

    def __call__(self, connection: Connection, facts: Sequence[Fact]) -> None:
        """Adds one batch. Raises SQLAlchemy's errors."""
        changes = [fact for fact in facts if isinstance(fact, AgentChanged)]
        if changes:
            self._add_times(connection, changes)
        _add_offers(connection, (fact for fact in facts if isinstance(fact, OfferClosed)))

    def _add_times(self, connection: Connection, changes: Sequence[AgentChanged]) -> None:
        agents = {plain(fact.agent) for fact in changes}
        known = connection.execute(select(agent_now).where(agent_now.c.agent.in_(agents)))
        times = AgentTimes({row.agent: (AgentState(row.state), row.since) for row in known}, shift_s=self._shift_s)
        for fact in changes:
            times.add(fact)
        insert = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
        state = insert(agent_now)
        state = state.on_conflict_do_update(
            index_elements=["agent"], set_={"state": state.excluded.state, "since": state.excluded.since}
        )
        rows = [
            {"agent": plain(agent), "state": word.value, "since": since} for agent, (word, since) in times.now.items()
        ]
        connection.execute(state, rows)
        if times.seconds:
            spent = insert(agent_time)
            spent = spent.on_conflict_do_update(
                index_elements=["agent", "slot_at"],
                set_={name: agent_time.c[name] + spent.excluded[name] for name in _SPANS},
            )
            more = [
                {"agent": plain(agent), "slot_at": slot_at} | {name: getattr(seconds, name) for name in _SPANS}
                for (agent, slot_at), seconds in times.seconds.items()
            ]
            connection.execute(spent, more)


def _add_offers(connection: Connection, offers: Iterable[OfferClosed]) -> None:
    rows = [
        {
            "call": plain(fact.call),
            "at": fact.at,
            "seat": plain(fact.seat),
            "agent": plain(fact.agent),
            "queue": plain(fact.queue),
            "tier": plain(fact.tier),
            "result": fact.result,
            "rang_s": fact.rang_s,
            "is_probe": fact.is_probe,
        }
        for fact in offers
        if fact.result != ANSWERED
    ]
    if rows:
        insert_all_once(connection, unanswered_offers, rows)
