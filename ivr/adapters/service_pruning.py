"""Which rows of self-service are too old to be kept.

Owns that choice. Must not delete. Rules: docs/guide/self-service.md: as long as call records; a case that is not closed stays.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Table, and_, exists, select

from ivr.adapters.service_tables import case_history, cases, ratings
from ivr.case import CaseState


def too_old(before: float) -> Iterable[tuple[Table, ColumnElement[bool]]]:
    """Tables and their rows from before epoch second `before`, histories before their cases."""
    is_over = and_(cases.c.opened_at < before, cases.c.state == CaseState.CLOSED.value)
    has_history = exists().where(case_history.c.number == cases.c.number)
    return (
        (ratings, ratings.c.at < before),
        (case_history, case_history.c.number.in_(select(cases.c.number).where(is_over))),
        (cases, and_(is_over, ~has_history)),
    )
