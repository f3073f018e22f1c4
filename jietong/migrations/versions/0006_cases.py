"""What callers complained of, and what became of it.

Revision 0006. Columns are explained in ivr/adapters/service_tables.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=False)


def _moment(name: str) -> "sa.Column[float]":
    return sa.Column(name, sa.Double, nullable=False)


def upgrade() -> None:
    """Adds both tables."""
    op.create_table(
        "cases",
        sa.Column("number", sa.Text, primary_key=True),
        *(_text(name) for name in ("phone", "type", "description", "recording", "state")),
        *(_moment(name) for name in ("opened_at", "first_reply_due_at", "due_at")),
        *(_text(name) for name in ("agent", "queue", "call", "language")),
    )
    op.create_index("cases_by_call", "cases", ["call"])
    op.create_index("cases_by_opening", "cases", ["opened_at"])
    op.create_table(
        "case_history",
        sa.Column("number", sa.Text, sa.ForeignKey("cases.number"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        _moment("at"),
        _text("state"),
        _text("by"),
    )
