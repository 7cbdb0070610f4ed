"""A whole checkout: what accounts, shipping, taxes, promotions, certificates, parcels and other systems need"""

import sqlalchemy as sa
from alembic import op

from storefront.kit.db import Json, Number, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    """Forward."""


def downgrade():
    """Back."""
