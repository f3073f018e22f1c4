"""What the operator sells by the month, and who has ordered it.

Revision 0005. Columns are explained in ivr/adapters/service_tables.py.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds both tables."""
    op.create_table(
        "products",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("monthly_fee_fen", sa.Integer, nullable=False),
    )
    op.create_table(
        "subscriptions",
        sa.Column("phone", sa.Text, primary_key=True),
        sa.Column("product", sa.Text, sa.ForeignKey("products.code"), primary_key=True),
        sa.Column("since", sa.Text, primary_key=True),
        sa.Column("cancelled_at", sa.Double),
        sa.Column("cancelled_by", sa.Text, nullable=False, server_default=""),
    )
    in_force = sa.text("cancelled_at IS NULL")
    op.create_index(
        "subscriptions_in_force",
        "subscriptions",
        ["phone", "product"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
    op.create_index("subscriptions_by_product", "subscriptions", ["product"])
