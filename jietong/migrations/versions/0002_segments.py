"""A call that is transferred to a queue has one record for each segment.

Revision 0002. Records from before have one segment, which began to wait at queue entry.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds segment and its entry, and makes the segment part of the key."""
    op.add_column("call_records", sa.Column("segment", sa.Integer, nullable=False, server_default="1"))
    op.add_column("call_records", sa.Column("entered_at", sa.Double))
    op.execute("UPDATE call_records SET entered_at = queued_at")
    key = "call_records_pkey"
    with op.batch_alter_table(
        "call_records", recreate="auto", naming_convention={"pk": "%(table_name)s_pkey"}
    ) as table:
        table.drop_constraint(key, type_="primary")
        table.create_primary_key(key, ["call", "segment"])
