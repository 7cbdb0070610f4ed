"""Words are found at once: PostgreSQL's index of them keeps no list of what waits to be sorted in"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEX = "ix_product_search_document"


def upgrade():
    """Forward. What waits is sorted in; nothing is left that a search would have to go through."""
    _set("SET (fastupdate = off)")


def downgrade():
    """Back."""
    _set("RESET (fastupdate)")


def _set(option):
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX {INDEX} {option}")
        op.execute(f"SELECT gin_clean_pending_list('{INDEX}')")
