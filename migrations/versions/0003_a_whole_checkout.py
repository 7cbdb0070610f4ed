"""A whole checkout: what accounts, shipping, taxes, promotions, certificates, parcels and other systems need"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.elements import conv

from storefront.customers.text import folded
from storefront.kit.db import Bytewise, Json, Number, UtcDateTime
from storefront.orders import words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    """Forward."""
    accounts()
    _let_parcels_split_and_goods_return()
    taxes()
    promotions()
    certificates()
    shipping()
    events_outward()
    many_gateways()
    languages()


def downgrade():
    """Back."""
    undo_languages()
    undo_many_gateways()
    undo_events_outward()
    undo_shipping()
    undo_certificates()
    undo_promotions()
    undo_taxes()
    undo_accounts()
    _let_nothing_return()


def _let_parcels_split_and_goods_return():
    """Who holds a parcel back, where goods lie and when they are few, and what comes back."""
    _add("shipments", sa.Column("held_by", sa.String(), nullable=False, server_default=""))
    op.execute("UPDATE shipments SET held_by = 'order' WHERE status = 'ONHOLD'")
    _add(
        "stock",
        sa.Column("shelf", sa.String(), nullable=False, server_default=""),
        sa.Column("low_at", Number, nullable=True),
        sa.Column("low_told", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _add("order_notes", sa.Column("to_shopper", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add("stores", sa.Column("low_stock", Number, nullable=False, server_default="3"))
    op.create_table(
        "order_returns",
        sa.Column("id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("refund_id", Number, nullable=True),
        sa.Column("replacement_order_id", Number, nullable=True),
        sa.Column("credit_minor", Number, nullable=False),
        sa.Column("settled_minor", Number, nullable=False),
        sa.Column("announced_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_returns_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_order_returns_refund_id_refunds")),
        sa.ForeignKeyConstraint(
            ["replacement_order_id"], ["orders.id"], name=op.f("fk_order_returns_replacement_order_id_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_returns")),
    )
    with op.batch_alter_table("order_returns", schema=None) as batch_op:
        for columns in (["order_id"], ["status", "announced_at"]):
            batch_op.create_index(batch_op.f(f"ix_order_returns_{'_'.join(columns)}"), columns, unique=False)
    op.create_table(
        "order_return_lines",
        sa.Column("return_id", Number, nullable=False),
        sa.Column("order_line_id", Number, nullable=False),
        sa.Column("qty", Number, nullable=False),
        sa.Column("received", Number, nullable=False),
        sa.Column("restocked", Number, nullable=False),
        sa.CheckConstraint(
            "qty > 0 AND received >= 0 AND received <= qty", name=op.f("ck_order_return_lines_received")
        ),
        sa.CheckConstraint("restocked >= 0 AND restocked <= received", name=op.f("ck_order_return_lines_restocked")),
        sa.ForeignKeyConstraint(
            ["return_id"],
            ["order_returns.id"],
            name=op.f("fk_order_return_lines_return_id_order_returns"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["order_lines.id"],
            name=op.f("fk_order_return_lines_order_line_id_order_lines"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("return_id", "order_line_id", name=op.f("pk_order_return_lines")),
    )


def _let_nothing_return():
    op.drop_table("order_return_lines")
    op.drop_table("order_returns")
    for table, columns in (
        ("order_notes", ("to_shopper",)),
        ("stores", ("low_stock",)),
        ("stock", ("low_told", "low_at", "shelf")),
        ("shipments", ("held_by",)),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.drop_column(column)


def _add(table, *columns):
    """Columns at the end of a table that is there."""
    for column in columns:
        op.add_column(table, column)


ORDER_INDEXES = {
    "orders": (["payment_status", "placed_at", "id"], ["fulfilment_status", "placed_at", "id"]),
    "shipments": (["status", "order_id"],),
    "bills": (["status", "order_id"],),
}
ADDRESS = "name company line1 line2 city subdivision postcode country".split()


def accounts():
    """What accounts remember, carts that joined another, orders whose shopper was erased, and ways to find orders."""
    with op.batch_alter_table("customers") as table:
        table.add_column(sa.Column("new_email", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("previous_email", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("sessions", Number, nullable=False, server_default="0"))
        table.add_column(sa.Column("name_folded", Bytewise, nullable=False, server_default=""))
        table.create_index(table.f("ix_customers_name_folded"), ["name_folded"])
    op.create_table(
        "customer_notes",
        sa.Column("id", Number, nullable=False),
        sa.Column("customer_id", Number, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_notes_customer_id_customers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_notes")),
    )
    op.create_index(op.f("ix_customer_notes_customer_id"), "customer_notes", ["customer_id"])
    with op.batch_alter_table("carts") as table:
        table.add_column(sa.Column("merged_into_id", Number, nullable=True))
        key = table.f("fk_carts_merged_into_id_carts")
        table.create_foreign_key(key, "carts", ["merged_into_id"], ["id"], ondelete="SET NULL")
        table.create_index(table.f("ix_carts_merged_into_id"), ["merged_into_id"])
        table.create_index(table.f("ix_carts_open_order_id"), ["open_order_id"])
        table.create_index(table.f("ix_carts_shipping_address_id"), ["shipping_address_id"])
        table.create_index(table.f("ix_carts_billing_address_id"), ["billing_address_id"])
    with op.batch_alter_table("orders") as table:
        table.add_column(sa.Column("erased_at", UtcDateTime(), nullable=True))
    for name, indexes in ORDER_INDEXES.items():
        for columns in indexes:
            op.create_index(op.f(f"ix_{name}_{'_'.join(columns)}"), name, columns)
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute('ALTER TABLE customers ALTER COLUMN email TYPE varchar COLLATE "C"')
    _fold_names(connection)
    words.create_tables(connection)
    _index_orders(connection)


def _fold_names(connection):
    """Customers are found by their names, however these are written."""
    (customers,) = _tables(connection, "customers")
    found, last = sa.select(customers.c.id, customers.c.name).order_by(customers.c.id).limit(1000), 0
    change = sa.update(customers).where(customers.c.id == sa.bindparam("row")).values(name_folded=sa.bindparam("to"))
    while rows := connection.execute(found.where(customers.c.id > last)).all():
        connection.execute(change, [{"row": row.id, "to": folded(row.name)} for row in rows])
        last = rows[-1].id


def _index_orders(connection):
    """Every order is found by what its addresses say; a thousand at a time."""
    orders, addresses = _tables(connection, "orders", "order_addresses")
    shipping, billing = addresses.alias(), addresses.alias()
    parts = [one.c[part].label(f"p{at}{part}") for at, one in enumerate((shipping, billing)) for part in ADDRESS]
    found = sa.select(orders.c.id, *parts).order_by(orders.c.id).limit(1000)
    found = found.outerjoin(shipping, shipping.c.id == orders.c.shipping_address_id)
    found = found.outerjoin(billing, billing.c.id == orders.c.billing_address_id)
    last = 0
    while rows := connection.execute(found.where(orders.c.id > last)).all():
        for order_id, *texts in rows:
            words.put(connection, order_id, [text for text in texts if text])
        last = rows[-1].id


def _tables(connection, *names):
    known = sa.MetaData()
    known.reflect(connection, only=names)
    return [known.tables[name] for name in names]


def undo_accounts():
    """The other way round."""
    op.execute(f"DROP TABLE {words.NAME}")
    for name, indexes in ORDER_INDEXES.items():
        for columns in indexes:
            op.drop_index(op.f(f"ix_{name}_{'_'.join(columns)}"), name)
    with op.batch_alter_table("orders") as table:
        table.drop_column("erased_at")
    with op.batch_alter_table("carts") as table:
        table.drop_constraint(table.f("fk_carts_merged_into_id_carts"), type_="foreignkey")
        table.drop_index(table.f("ix_carts_billing_address_id"))
        table.drop_index(table.f("ix_carts_shipping_address_id"))
        table.drop_index(table.f("ix_carts_open_order_id"))
        table.drop_index(table.f("ix_carts_merged_into_id"))
        table.drop_column("merged_into_id")
    op.drop_table("customer_notes")
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE customers ALTER COLUMN email TYPE varchar COLLATE "default"')
    with op.batch_alter_table("customers") as table:
        table.drop_index(table.f("ix_customers_name_folded"))
        for name in ("name_folded", "sessions", "previous_email", "new_email"):
            table.drop_column(name)


def taxes():
    """Rates are found by an index, files of them can be taken back, and a document keeps its sentence."""
    _add("stores", sa.Column("tax_rules", Json, nullable=False, server_default="{}"))
    _add("tax_documents", sa.Column("note", sa.String(), nullable=False, server_default=""))
    _add("shipping_regions", sa.Column("taxes_only", sa.Boolean(), nullable=False, server_default=sa.false()))
    ones = ("only_country", "only_subdivision", "only_postcode")
    _add("shipping_regions", *(sa.Column(name, sa.String(), nullable=False, server_default="") for name in ones))
    with op.batch_alter_table("shipping_regions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f(f"ix_shipping_regions_{'_'.join(ones)}"), list(ones))
    _note_the_one_country(op.get_bind())
    op.execute(
        "UPDATE shipping_regions SET taxes_only = true WHERE id IN (SELECT region_id FROM tax_rates)"
        " AND id NOT IN (SELECT region_id FROM service_levels)"
    )
    op.create_table(
        "tax_imports",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        *(sa.Column(name, Number, nullable=False) for name in ("added", "changed", "same", "refused")),
        sa.Column("report", Json, nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_imports")),
    )
    imports, rates = "fk_tax_import_items_import_id_tax_imports", "fk_tax_import_items_rate_id_tax_rates"
    op.create_table(
        "tax_import_items",
        sa.Column("id", Number, nullable=False),
        sa.Column("import_id", Number, nullable=False),
        sa.Column("rate_id", Number, nullable=True),
        sa.Column("before", Json, nullable=False),
        sa.Column("after", Json, nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["tax_imports.id"], name=op.f(imports), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["rate_id"], ["tax_rates.id"], name=op.f(rates), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_import_items")),
    )
    with op.batch_alter_table("tax_import_items", schema=None) as batch_op:
        for column in ("import_id", "rate_id"):
            batch_op.create_index(batch_op.f(f"ix_tax_import_items_{column}"), [column])


def _note_the_one_country(connection):
    """Regions of one country, or one subdivision, are found by it."""
    columns = [sa.Column("id", Number), sa.Column("countries", Json), sa.Column("subdivisions", Json)]
    names = sa.Column("only_country", sa.String()), sa.Column("only_subdivision", sa.String())
    regions = sa.Table("shipping_regions", sa.MetaData(), *columns, *names)
    for region in connection.execute(sa.select(*columns)).all():
        lists = ("country", region.countries), ("subdivision", region.subdivisions)
        one = {f"only_{what}": listed[0] for what, listed in lists if len(listed) == 1}
        if one:
            connection.execute(regions.update().where(regions.c.id == region.id).values(**one))


def undo_taxes():
    """Without them."""
    op.drop_table("tax_import_items")
    op.drop_table("tax_imports")
    ones = ("only_country", "only_subdivision", "only_postcode")
    with op.batch_alter_table("shipping_regions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f(f"ix_shipping_regions_{'_'.join(ones)}"))
        for column in (*ones, "taxes_only"):
            batch_op.drop_column(column)
    for table, column in (("tax_documents", "note"), ("stores", "tax_rules")):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column(column)


def promotions():
    """What rules are called and limited by, whose a code is, who has used what, and how a discount came about."""
    with op.batch_alter_table("promotions", table_args=_most_uses("promotions")) as table:
        table.add_column(sa.Column("label", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("with_code", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("limit_per_customer", Number, nullable=True))
        table.create_check_constraint(table.f("ck_promotions_counts"), "used >= 0 AND held >= 0")
        table.create_index(table.f("ix_promotions_active_with_code"), ["active", "with_code"])
    with op.batch_alter_table("coupons", table_args=_most_uses("coupons")) as table:
        table.add_column(sa.Column("email_hash", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("ends_at", UtcDateTime(), nullable=True))
        table.add_column(sa.Column("batch", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("issued_by_order_id", Number, nullable=True))
        table.add_column(sa.Column("created_at", UtcDateTime(), nullable=True))
        key = table.f("fk_coupons_issued_by_order_id_orders")
        table.create_foreign_key(key, "orders", ["issued_by_order_id"], ["id"], ondelete="SET NULL")
        once = ["issued_by_order_id", "promotion_id"]
        table.create_unique_constraint(table.f("uq_coupons_issued_by_order_id_promotion_id"), once)
        table.create_check_constraint(table.f("ck_coupons_counts"), "used >= 0 AND held >= 0")
    with op.batch_alter_table("usage_holds") as table:
        table.add_column(sa.Column("customer_id", Number, nullable=True))
        table.add_column(sa.Column("email_hash", sa.String(), nullable=False, server_default=""))
        key = table.f("fk_usage_holds_customer_id_customers")
        table.create_foreign_key(key, "customers", ["customer_id"], ["id"], ondelete="SET NULL")
        table.drop_constraint(table.f("uq_usage_holds_order_id_promotion_id_coupon_id"), type_="unique")
        table.create_unique_constraint(table.f("uq_usage_holds_order_id_promotion_id"), ["order_id", "promotion_id"])
        for columns in USES:
            table.create_index(table.f(f"ix_usage_holds_{'_'.join(columns)}"), columns)
    with op.batch_alter_table("order_adjustments") as table:
        table.add_column(sa.Column("promotion_id", Number, nullable=True))
        table.add_column(sa.Column("coupon_id", Number, nullable=True))
        table.add_column(sa.Column("detail", Json, nullable=False, server_default="{}"))
    op.create_table(
        "customer_groups",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_customer_groups_name")),
    )
    op.create_table(
        "group_members",
        sa.Column("group_id", Number, nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["customer_groups.id"],
            name=op.f("fk_group_members_group_id_customer_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group_id", "email", name=op.f("pk_group_members")),
    )
    op.create_index(op.f("ix_group_members_email"), "group_members", ["email"])


USES = (["promotion_id", "email_hash"], ["promotion_id", "customer_id"], ["coupon_id"])
MOST_USES = {"promotions": "limit_total", "coupons": '"limit"'}


def _most_uses(table):
    """SQLite makes a table anew, and knows of a check only what it is told."""
    limit = MOST_USES[table]
    return (sa.CheckConstraint(f"{limit} IS NULL OR used + held <= {limit}", name=conv(f"ck_{table}_limit")),)


def undo_promotions():
    """The other way round."""
    op.drop_table("group_members")
    op.drop_table("customer_groups")
    with op.batch_alter_table("order_adjustments") as table:
        for name in ("detail", "coupon_id", "promotion_id"):
            table.drop_column(name)
    with op.batch_alter_table("usage_holds") as table:
        for columns in USES:
            table.drop_index(table.f(f"ix_usage_holds_{'_'.join(columns)}"))
        table.drop_constraint(table.f("uq_usage_holds_order_id_promotion_id"), type_="unique")
        once = ["order_id", "promotion_id", "coupon_id"]
        table.create_unique_constraint(table.f("uq_usage_holds_order_id_promotion_id_coupon_id"), once)
        table.drop_constraint(table.f("fk_usage_holds_customer_id_customers"), type_="foreignkey")
        for name in ("email_hash", "customer_id"):
            table.drop_column(name)
    with op.batch_alter_table("coupons", table_args=_most_uses("coupons")) as table:
        table.drop_constraint(table.f("ck_coupons_counts"), type_="check")
        table.drop_constraint(table.f("uq_coupons_issued_by_order_id_promotion_id"), type_="unique")
        table.drop_constraint(table.f("fk_coupons_issued_by_order_id_orders"), type_="foreignkey")
        for name in ("created_at", "issued_by_order_id", "batch", "ends_at", "email_hash"):
            table.drop_column(name)
    with op.batch_alter_table("promotions", table_args=_most_uses("promotions")) as table:
        table.drop_index(table.f("ix_promotions_active_with_code"))
        table.drop_constraint(table.f("ck_promotions_counts"), type_="check")
        for name in ("limit_per_customer", "with_code", "label"):
            table.drop_column(name)


CERTIFICATE_COLUMNS = {
    "gift_certificates": (
        sa.Column("seed", sa.String(), nullable=False, server_default=""),
        sa.Column("place", Number, nullable=True),
        sa.Column("issued_by", sa.String(), nullable=False, server_default=""),
        sa.Column("note", sa.String(), nullable=False, server_default=""),
        sa.Column("created_at", UtcDateTime(), nullable=True),
    ),
    "certificate_transactions": (sa.Column("ref", sa.String(), nullable=False, server_default=""),),
    "variants": (sa.Column("gift_certificate", sa.Boolean(), nullable=False, server_default=sa.false()),),
    "order_lines": (sa.Column("gift_certificate", sa.Boolean(), nullable=False, server_default=sa.false()),),
    "stores": (sa.Column("certificate_days", Number, nullable=False, server_default="1095"),),
}
CERTIFICATE_INDEXES = (  # name, table, columns, unique
    ("uq_gift_certificates_line_place", "gift_certificates", ["bought_in_line_id", "place"], True),
    ("ix_gift_certificates_last4_id", "gift_certificates", ["last4", "id"], False),
    ("ix_gift_certificates_status_expires_at", "gift_certificates", ["status", "expires_at"], False),
    ("ix_certificate_transactions_ref", "certificate_transactions", ["ref"], False),
)


def certificates():
    """Which goods are gift certificates, how their codes are made, and what orders use of them."""
    for table, columns in CERTIFICATE_COLUMNS.items():
        _add(table, *columns)
    for name, table, columns, unique in CERTIFICATE_INDEXES:
        op.create_index(op.f(name), table, columns, unique=unique)
    used = "fk_certificate_uses_certificate_id_gift_certificates"
    op.create_table(
        "certificate_uses",
        sa.Column("id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=False),
        sa.Column("certificate_id", Number, nullable=False),
        sa.Column("place", Number, nullable=False),
        sa.Column("amount_minor", Number, nullable=False),
        sa.Column("refunded_minor", Number, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.CheckConstraint(
            "amount_minor > 0 AND refunded_minor BETWEEN 0 AND amount_minor", name=op.f("ck_certificate_uses_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_certificate_uses_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["certificate_id"], ["gift_certificates.id"], name=op.f(used)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_uses")),
        sa.UniqueConstraint("order_id", "certificate_id", name=op.f("uq_certificate_uses_order_id_certificate_id")),
    )
    pair = ["certificate_id", "order_id"]
    op.create_index(op.f("ix_certificate_uses_certificate_id_order_id"), "certificate_uses", pair)


def undo_certificates():
    """The other way round; SQLite drops a column in place, and keeps the checks of the table."""
    op.drop_table("certificate_uses")
    for name, table, _columns, _unique in CERTIFICATE_INDEXES:
        op.drop_index(op.f(name), table)
    for table, columns in CERTIFICATE_COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column.name}")


def shipping():
    """Regions stand in an order, and levels say what they carry."""
    with op.batch_alter_table("shipping_regions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("position", Number, nullable=False, server_default="0"))
    with op.batch_alter_table("service_levels", schema=None) as batch_op:
        batch_op.add_column(sa.Column("weight_min_g", Number, nullable=True))
        batch_op.add_column(sa.Column("weight_max_g", Number, nullable=True))


def undo_shipping():
    """As many as there are of a region count alike again, and levels carry everything."""
    with op.batch_alter_table("service_levels", schema=None) as batch_op:
        batch_op.drop_column("weight_max_g")
        batch_op.drop_column("weight_min_g")
    with op.batch_alter_table("shipping_regions", schema=None) as batch_op:
        batch_op.drop_column("position")


def events_outward():
    """A place in the feed for each event; tokens of other systems, and the addresses that are told."""
    with op.batch_alter_table("order_events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("feed_position", Number, nullable=True))
        batch_op.create_index(batch_op.f("ix_order_events_feed_position"), ["feed_position"], unique=True)
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_messages_kind_target_id"), ["kind", "target", "id"], unique=False)
    op.create_table(
        "api_tokens",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("last4", sa.String(), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", Number, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("old_secret", sa.String(), nullable=False),
        sa.Column("old_until", UtcDateTime(), nullable=True),
        sa.Column("topics", Json, nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("failures", Number, nullable=False),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_table(
        "webhook_tries",
        sa.Column("id", Number, nullable=False),
        sa.Column("endpoint_id", Number, nullable=False),
        sa.Column("outbox_id", Number, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("status", Number, nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name=op.f("fk_webhook_tries_endpoint_id_webhook_endpoints"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["outbox_id"],
            ["outbox_messages.id"],
            name=op.f("fk_webhook_tries_outbox_id_outbox_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_tries")),
    )
    with op.batch_alter_table("webhook_tries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_tries_endpoint_id_id"), ["endpoint_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_webhook_tries_outbox_id"), ["outbox_id"], unique=False)


def undo_events_outward():
    """Nobody is told."""
    for table in ("webhook_tries", "webhook_endpoints", "api_tokens"):
        op.drop_table(table)
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_messages_kind_target_id"))
    with op.batch_alter_table("order_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_events_feed_position"))
        batch_op.drop_column("feed_position")


def many_gateways():
    """What a gateway calls an attempt, and how the sandbox speaks as another service."""
    op.add_column("bills", sa.Column("gateway_reference", sa.String(), nullable=True))
    op.create_index("uq_bills_backend_gateway_reference", "bills", ["backend", "gateway_reference"], unique=True)
    op.add_column("sandbox_notices", sa.Column("headers", Json, nullable=False, server_default="{}"))
    op.add_column("sandbox_payments", sa.Column("player", sa.String(), nullable=False, server_default=""))
    _add(
        "gateway_configs",
        sa.Column("rotation", Json, nullable=False, server_default="{}"),
        sa.Column("only_sources", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("mode_since", UtcDateTime(), nullable=True),
        sa.Column("checklist", Json, nullable=False, server_default="{}"),
    )


def undo_many_gateways():
    """An attempt is called what the shop calls it."""
    for name in ("checklist", "mode_since", "only_sources", "rotation"):
        op.drop_column("gateway_configs", name)
    op.drop_column("sandbox_payments", "player")
    op.drop_column("sandbox_notices", "headers")
    op.drop_index("uq_bills_backend_gateway_reference", "bills")
    op.drop_column("bills", "gateway_reference")


def languages():
    """Which languages the shop offers beside its own, and in which one somebody waits for goods."""
    _add("stores", sa.Column("languages", sa.String(), nullable=False, server_default=""))
    _add("waiting_entries", sa.Column("locale", sa.String(), nullable=False, server_default="en"))


def undo_languages():
    """One language for everybody."""
    op.drop_column("waiting_entries", "locale")
    op.drop_column("stores", "languages")
