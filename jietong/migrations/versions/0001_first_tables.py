"""Calls, their histories, agents and customers.

Revision 0001, the first. Columns are explained where the code declares them: routing/adapters/tables.py,
ivr/adapters/customers_table.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=False)


def upgrade() -> None:
    """Creates all tables."""
    _call_tables()
    op.create_table("journal_position", sa.Column("reader", sa.Text, primary_key=True), _text("entry_id"))
    op.create_table(
        "agents", sa.Column("number", sa.Text, primary_key=True), _text("name"), _text("pin_hash"), _text("pin_mark")
    )
    op.create_table(
        "customers",
        sa.Column("phone", sa.Text, primary_key=True),
        _text("name"),
        _text("tier"),
        _text("class"),
        _text("representative"),
        sa.Column("birth_year", sa.Integer),
        _text("language"),
    )


def _call_tables() -> None:
    op.create_table(
        "call_records",
        sa.Column("call", sa.Text, primary_key=True),
        *(_text(name) for name in ("caller", "queue", "tier", "service", "language", "agent", "seat")),
        sa.Column("arrived_at", sa.Double, nullable=False),
        sa.Column("queued_at", sa.Double),
        sa.Column("answered_at", sa.Double),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("ended_at", "wait_s", "talk_s")),
        _text("outcome"),
        _text("reason"),
        sa.Column("in_target", sa.Boolean, nullable=False),
        sa.Column("offers", sa.Integer, nullable=False),
    )
    op.create_index("call_records_by_end", "call_records", ["ended_at"])
    op.create_index("call_records_by_queueing", "call_records", ["queued_at"])
    op.create_index("call_records_by_caller", "call_records", ["caller"])
    op.create_table(
        "call_history",
        sa.Column("call", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        _text("kind"),
        sa.Column("detail", sa.JSON, nullable=False),
    )
