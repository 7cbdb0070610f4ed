"""Words are found at once: PostgreSQL's index of them keeps no list of what waits to be sorted in"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEX = "ix_product_search_document"


def upgrade():
    """Forward. What waits is sorted in; searches wait for that (of four megabytes at most, as the list may grow)."""
    _set("SET (fastupdate = off)")
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"SELECT gin_clean_pending_list('{INDEX}')")


def downgrade():
    """Back."""
    _set("RESET (fastupdate)")


def _set(option):
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX {INDEX} {option}")
