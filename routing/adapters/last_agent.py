"""Who talked to a caller last: the first-contact agent, by one indexed query over the call records.

Owns that query. Must not decide whether the agent is tried.
Rules: domain.md H10 (首问责任制): the same person is tried first when the customer calls again.
"""

from sqlalchemy import Engine, bindparam, select

from routing.adapters.tables import call_records

_columns = call_records.c
# Made once: to make it anew for each call costs more than to run it.
_NEWEST = (
    select(_columns.agent)
    .where(_columns.caller == bindparam("caller"), _columns.ended_at >= bindparam("since"))
    .where(_columns.answered_at.is_not(None))
    .where(_columns.is_probe.is_(False))  # a test call meets whoever a stranger would
    .order_by(_columns.ended_at.desc())
    .limit(1)
)


class LastAgents:
    """The call records behind `engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, caller: str, since: float) -> str:
        """Number of the agent whose talk with `caller` ended last, at or after `since` (epoch seconds); empty when there is none.

        raises   SQLAlchemy's errors: the caller is served by anyone then
        """
        if not caller:
            return ""
        with self._engine.connect() as connection:
            return str(connection.execute(_NEWEST, {"caller": caller, "since": since}).scalar() or "")
