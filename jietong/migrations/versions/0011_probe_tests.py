"""Test calls and how they went.

Revision 0011. Columns are explained in probing/adapters/tables.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "probe_tests",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("tester", "condition", "result", "reason", "remark", "call")
        ),
        sa.Column("wait_s", sa.Double),
    )
    op.create_index("probe_tests_by_time", "probe_tests", ["at"])
