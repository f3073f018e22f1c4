"""Open callbacks, so that a router that finds no memory still knows whom to call, and messages that callers left.

Revision 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds both tables."""
    op.create_table(
        "callbacks",
        sa.Column("call", sa.Text, primary_key=True),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("queued_at", sa.Double, nullable=False),
        sa.Column("promised_at", sa.Double, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("again_at", sa.Double),
    )
    op.create_table(
        "messages",
        sa.Column("call", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("length_s", sa.Double, nullable=False),
    )
