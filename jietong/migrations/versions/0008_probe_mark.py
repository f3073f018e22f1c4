"""Which calls were tests of ours.

Revision 0008. Columns are explained in routing/adapters/tables.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the mark; calls before it were none."""
    op.add_column("call_records", sa.Column("is_probe", sa.Boolean, nullable=False, server_default=sa.false()))
