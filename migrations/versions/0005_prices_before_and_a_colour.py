"""A reduced price tells the lowest one of the 30 days before it; the shop may have a colour of its own"""

import sqlalchemy as sa
from alembic import op

from storefront.kit.db import Number, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    """Forward. What was asked before today is not known, so reductions that stand tell nothing."""
    op.add_column("stores", sa.Column("accent", sa.String(), nullable=False, server_default=""))
    op.add_column("prices", sa.Column("lowest_before_minor", Number, nullable=True))
    op.create_table(
        "past_prices",
        sa.Column("variant_id", Number, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount_minor", Number, nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_past_prices_variant_id_variants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("variant_id", "currency", "amount_minor", name=op.f("pk_past_prices")),
    )


def downgrade():
    """Back."""
    op.drop_table("past_prices")
    with op.batch_alter_table("prices") as prices:
        prices.drop_column("lowest_before_minor")
    with op.batch_alter_table("stores") as stores:
        stores.drop_column("accent")
