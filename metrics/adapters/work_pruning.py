"""Which rows beside call records are too old to be kept.

Owns that choice. Must not delete. Rules: docs/operations.md: as long as call records.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Table

from metrics.adapters.work_tables import agent_time, queue_log, unanswered_offers


def too_old(before: float) -> Iterable[tuple[Table, ColumnElement[bool]]]:
    """Tables and their rows from before epoch second `before`."""
    return (
        (agent_time, agent_time.c.slot_at < before),
        (unanswered_offers, unanswered_offers.c.at < before),
        (queue_log, queue_log.c.at < before),
    )
