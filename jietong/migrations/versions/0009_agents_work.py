"""Agents' time by half-hour and offers that were not answered: what reports need beside call records.

Revision 0009. Columns are explained in metrics/adapters/work_tables.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _text(name: str, *, key: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, primary_key=key, nullable=False)


def upgrade() -> None:
    """Adds the tables."""
    spans = ("ready_s", "ringing_s", "talking_s", "wrap_up_s", "missed_s", "not_ready_s")
    op.create_table(
        "agent_time",
        _text("agent", key=True),
        sa.Column("slot_at", sa.Double, primary_key=True),
        *(sa.Column(name, sa.Double, nullable=False) for name in spans),
    )
    op.create_index("agent_time_by_slot", "agent_time", ["slot_at"])
    op.create_table(
        "agent_now", _text("agent", key=True), _text("state"), sa.Column("since", sa.Double, nullable=False)
    )
    op.create_table(
        "unanswered_offers",
        _text("call", key=True),
        sa.Column("at", sa.Double, primary_key=True),
        _text("seat", key=True),
        *(_text(name) for name in ("agent", "queue", "tier", "result")),
        sa.Column("rang_s", sa.Double, nullable=False),
        sa.Column("is_probe", sa.Boolean, nullable=False),
    )
    op.create_index("unanswered_offers_by_time", "unanswered_offers", ["at"])
