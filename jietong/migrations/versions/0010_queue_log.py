"""The queue_log, as tools that read Asterisk's expect it.

Revision 0010. Columns are explained in metrics/adapters/work_tables.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the log, and the callers whose lines are not complete."""
    words = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")
    op.create_table(
        "queue_log",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        *(sa.Column(word, sa.Text, nullable=False) for word in words),
    )
    op.create_index("queue_log_by_time", "queue_log", ["at"])
    op.create_table(
        "queue_log_open",
        sa.Column("call", sa.Text, primary_key=True),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("entered_at", sa.Double, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("ring_s", sa.Double, nullable=False),
        sa.Column("is_connected", sa.Boolean, nullable=False),
    )
