"""Money and time: what the rules of the races need"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from storefront.kit.db import Json, Number, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    """Forward."""
    _make_the_desk()
    _let_messages_wait()
    _let_shoppers_write()
    _let_people_wait()
    _make_the_board()
    _let_money_be_asked_about()
    _let_settlements_be_compared()


def downgrade():
    """Back."""
    _forget_settlements()
    _forget_who_was_asked()
    _remove_the_board()
    _let_nobody_wait()
    _let_nobody_write()
    _let_messages_wait_no_longer()
    _remove_the_desk()


def _make_the_desk():
    """Rows that wait for a person, and after how many days time decides."""
    open_ones = sa.text("status = 'OPEN'")
    op.create_table(
        "desk_rows",
        sa.Column("id", Number, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("order_id", Number, nullable=True),
        sa.Column("bill_id", Number, nullable=True),
        sa.Column("message_id", Number, nullable=True),
        sa.Column("amount_minor", Number, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("suggested", sa.String(), nullable=False),
        sa.Column("default_action", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("assignee", sa.String(), nullable=False),
        sa.Column("offer", Json, nullable=False),
        sa.Column("reminded", Number, nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_desk_rows_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_desk_rows_order_id_orders")),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_desk_rows_bill_id_bills")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["inbox_messages.id"], name=op.f("fk_desk_rows_message_id_inbox_messages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_rows")),
    )
    with op.batch_alter_table("desk_rows", schema=None) as batch_op:
        batch_op.create_index(
            "uq_desk_rows_open_subject", ["subject"], unique=True, sqlite_where=open_ones, postgresql_where=open_ones
        )
        for columns in (["status", "due_at", "id"], ["status", "closed_at", "id"]):
            batch_op.create_index(batch_op.f(f"ix_desk_rows_{'_'.join(columns)}"), columns, unique=False)
        for column in ("order_id", "bill_id", "message_id"):
            batch_op.create_index(batch_op.f(f"ix_desk_rows_{column}"), [column], unique=False)
    with op.batch_alter_table("stores", schema=None) as batch_op:
        batch_op.add_column(sa.Column("desk_days", Number, nullable=False, server_default="7"))
    _put_on_it_what_waits()


def _put_on_it_what_waits():
    """Money that fits nowhere and orders in review stood in no list of their own before."""
    bills, orders, ledger = (
        sa.table(name, *(sa.column(column) for column in columns.split()))
        for name, columns in (
            ("bills", "id order_id currency disposition quarantine_reason"),
            ("orders", "id status review_reason due_minor currency"),
            ("ledger_entries", "bill_id kind amount_minor currency"),
        )
    )
    captured = (ledger.c.bill_id == bills.c.id, ledger.c.kind == "captured")
    came = sa.select(sa.func.coalesce(sa.func.sum(ledger.c.amount_minor), 0)).where(*captured).scalar_subquery()
    paid_in = sa.select(sa.func.coalesce(sa.func.max(ledger.c.currency), bills.c.currency)).where(*captured)
    waiting = sa.select(bills.c.quarantine_reason, bills.c.order_id, bills.c.id, came, paid_in.scalar_subquery()).where(
        bills.c.disposition == "QUARANTINED"
    )
    watched = sa.select(orders.c.review_reason, orders.c.id, sa.null(), orders.c.due_minor, orders.c.currency).where(
        orders.c.status == "REVIEW", orders.c.review_reason.in_(("gateway_silent", "disputed"))
    )
    rows = [row for query in (waiting, watched) for row in op.get_bind().execute(query)]
    if rows:
        op.bulk_insert(_DESK, [_waiting(*row) for row in rows])


def _waiting(reason, order_id, bill_id, amount, currency):
    now = datetime.now(UTC)
    default = "cancel" if bill_id is None else "refund"
    return {
        "reason": reason,
        "subject": f"{reason}:{bill_id or ''}::{order_id or ''}",
        "order_id": order_id,
        "bill_id": bill_id,
        "amount_minor": int(amount),
        "currency": currency,
        "evidence": {},
        "suggested": "wait" if bill_id is None else "refund",
        "default_action": default,
        "status": "OPEN",
        "decision": "",
        "actor": "",
        "assignee": "",
        "offer": {},
        "reminded": 0,
        "opened_at": now,
        "due_at": now + timedelta(days=7),
    }


_TYPES = {"evidence": Json, "offer": Json, "opened_at": UtcDateTime(), "due_at": UtcDateTime()}
_DESK = sa.table("desk_rows", *(sa.column(name, _TYPES.get(name)) for name in _waiting("", 0, 0, 0, "")))


def _remove_the_desk():
    with op.batch_alter_table("stores", schema=None) as batch_op:
        batch_op.drop_column("desk_days")
    op.drop_table("desk_rows")


def _let_messages_wait():
    """When a message that could not be applied is tried again; what failed before is tried at once."""
    with op.batch_alter_table("inbox_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("next_try_at", UtcDateTime(), nullable=True))
        batch_op.create_index(batch_op.f("ix_inbox_messages_outcome_next_try_at"), ["outcome", "next_try_at"])
    op.execute("UPDATE inbox_messages SET next_try_at = received_at WHERE outcome IN ('ERROR', 'UNMATCHED')")
    with op.batch_alter_table("sandbox_notices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("turn", sa.String(), nullable=False, server_default=""))


def _let_messages_wait_no_longer():
    with op.batch_alter_table("sandbox_notices", schema=None) as batch_op:
        batch_op.drop_column("turn")
    with op.batch_alter_table("inbox_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbox_messages_outcome_next_try_at"))
        batch_op.drop_column("next_try_at")


def _asked_columns():
    """What refunds and captures know of the calls to their gateway."""
    return [
        sa.Column("gateway_id", sa.String(), nullable=False, server_default=""),
        sa.Column("tries", Number, nullable=False, server_default="0"),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("alarmed_at", UtcDateTime(), nullable=True),
    ]


def _let_money_be_asked_about():
    """Refunds are asked about in growing gaps; authorized sums are taken or given up; gateways fall silent."""
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        for column in _asked_columns():
            batch_op.add_column(column)
    op.create_table(
        "captures",
        sa.Column("id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=False),
        sa.Column("bill_id", Number, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount_minor", Number, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("request_key", sa.String(), nullable=False),
        *_asked_columns(),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_captures_order_id_orders")),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_captures_bill_id_bills")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captures")),
        sa.UniqueConstraint("request_key", name=op.f("uq_captures_request_key")),
    )
    for column in ("status", "order_id", "bill_id"):
        op.create_index(op.f(f"ix_captures_{column}"), "captures", [column], unique=False)
    with op.batch_alter_table("gateway_configs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("silent_since", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("silent_cause", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("settlement", Json, nullable=False, server_default="{}"))
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.alter_column("bill_id", existing_type=Number, nullable=True)
        batch_op.create_index(batch_op.f("ix_ledger_entries_backend_recorded_at"), ["backend", "recorded_at"])
    with op.batch_alter_table("sandbox_payments", schema=None) as batch_op:
        for name in ("chargebacks", "operations"):
            batch_op.add_column(sa.Column(name, Json, nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("captured_at", UtcDateTime(), nullable=True))


def _forget_who_was_asked():
    with op.batch_alter_table("sandbox_payments", schema=None) as batch_op:
        for name in ("captured_at", "operations", "chargebacks"):
            batch_op.drop_column(name)
    op.execute("DELETE FROM ledger_entries WHERE bill_id IS NULL")
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_entries_backend_recorded_at"))
        batch_op.alter_column("bill_id", existing_type=Number, nullable=False)
    with op.batch_alter_table("gateway_configs", schema=None) as batch_op:
        for name in ("settlement", "silent_cause", "silent_since"):
            batch_op.drop_column(name)
    op.drop_table("captures")
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        for column in reversed(_asked_columns()):
            batch_op.drop_column(column.name)


def _let_settlements_be_compared():
    """Files of gateways, and where they differ from the ledger."""
    op.create_table(
        "settlements",
        sa.Column("id", Number, nullable=False),
        sa.Column("backend", sa.String(), nullable=False),
        sa.Column("message_id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["inbox_messages.id"], name=op.f("fk_settlements_message_id_inbox_messages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlements")),
    )
    op.create_index(op.f("ix_settlements_backend_id"), "settlements", ["backend", "id"], unique=False)
    op.create_index(op.f("ix_settlements_message_id"), "settlements", ["message_id"], unique=False)
    op.create_table(
        "settlement_findings",
        sa.Column("id", Number, nullable=False),
        sa.Column("settlement_id", Number, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("line", Number, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("transaction", sa.String(), nullable=False),
        sa.Column("ours_minor", Number, nullable=True),
        sa.Column("theirs_minor", Number, nullable=True),
        sa.Column("our_currency", sa.String(), nullable=False),
        sa.Column("their_currency", sa.String(), nullable=False),
        sa.Column("bill_id", Number, nullable=True),
        sa.Column("became", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["settlement_id"],
            ["settlements.id"],
            name=op.f("fk_settlement_findings_settlement_id_settlements"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_settlement_findings_bill_id_bills")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_findings")),
    )
    for columns in (["settlement_id", "id"], ["bill_id"]):
        name = op.f(f"ix_settlement_findings_{'_'.join(columns)}")
        op.create_index(name, "settlement_findings", columns, unique=False)


def _forget_settlements():
    op.drop_table("settlement_findings")
    op.drop_table("settlements")


def _let_shoppers_write():
    """Whether shoppers may write a note for each article."""
    with op.batch_alter_table("stores", schema=None) as batch_op:
        batch_op.add_column(sa.Column("line_notes", sa.Boolean(), nullable=False, server_default=sa.true()))


def _let_nobody_write():
    with op.batch_alter_table("stores", schema=None) as batch_op:
        batch_op.drop_column("line_notes")


def _let_people_wait():
    """Holds of carts are found by their end; and a line of those who want to know when one comes free."""
    with op.batch_alter_table("stock_reservations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_reservations_status_expires_at"), ["status", "expires_at"])
    op.create_table(
        "waiting_entries",
        sa.Column("id", Number, nullable=False),
        sa.Column("variant_id", Number, nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_waiting_entries_variant_id_variants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_entries")),
        sa.UniqueConstraint("variant_id", "email", name=op.f("uq_waiting_entries_variant_id_email")),
        sa.UniqueConstraint("key", name=op.f("uq_waiting_entries_key")),
    )
    for columns in (["variant_id", "told_at", "since"], ["since"]):
        op.create_index(op.f(f"ix_waiting_entries_{'_'.join(columns)}"), "waiting_entries", columns, unique=False)


def _let_nobody_wait():
    op.drop_table("waiting_entries")
    with op.batch_alter_table("stock_reservations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stock_reservations_status_expires_at"))


def _make_the_board():
    """What the last look at each line of the proof found."""
    op.create_table(
        "proof_results",
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("count", Number, nullable=False),
        sa.Column("rows", Json, nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.Column("whole_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("line", name=op.f("pk_proof_results")),
    )


def _remove_the_board():
    op.drop_table("proof_results")
