"""What reports need of each call: offers that rang in vain, ring time, hold, after-call work; and records by entry.

Revision 0007. Calls from before have no hold and no offers in vain on record; their after-call work is unknown.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds columns and indexes."""
    op.add_column("call_records", sa.Column("missed", sa.Integer, nullable=False, server_default="0"))
    op.add_column("call_records", sa.Column("ring_s", sa.Double, nullable=False, server_default="0"))
    op.add_column("call_records", sa.Column("hold_s", sa.Double, nullable=False, server_default="0"))
    op.add_column("call_records", sa.Column("wrap_up_s", sa.Double))
    op.create_index("call_records_by_entry", "call_records", ["entered_at"])
    op.create_index("call_records_by_arrival", "call_records", ["arrived_at"])
