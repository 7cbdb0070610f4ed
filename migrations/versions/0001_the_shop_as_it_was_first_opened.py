"""The shop as it was first opened"""

import sqlalchemy as sa
from alembic import op

from storefront.catalog import fulltext
from storefront.kit.db import Json, Number, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


LATER = (  # keys of tables that point at each other
    ("carts", "open_order_id", "orders"),
    ("carts", "restored_from_order_id", "orders"),
    ("customers", "preferred_shipping_address_id", "customer_addresses"),
    ("customers", "preferred_billing_address_id", "customer_addresses"),
)


def upgrade():
    """Forward."""
    op.create_table(
        "audit_entries",
        sa.Column("id", Number, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("before", Json, nullable=False),
        sa.Column("after", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("prev_hash", name=op.f("uq_audit_entries_prev_hash")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entries_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_target"), ["target"], unique=False)

    op.create_table(
        "catalog_imports",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("added", Number, nullable=False),
        sa.Column("changed", Number, nullable=False),
        sa.Column("same", Number, nullable=False),
        sa.Column("refused", Number, nullable=False),
        sa.Column("report", Json, nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_imports")),
    )
    op.create_table(
        "categories",
        sa.Column("id", Number, nullable=False),
        sa.Column("parent_id", Number, nullable=True),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["categories.id"], name=op.f("fk_categories_parent_id_categories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("path", name=op.f("uq_categories_path")),
    )
    with op.batch_alter_table("categories", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_categories_parent_id_position"), ["parent_id", "position"], unique=False)

    op.create_table(
        "customers",
        sa.Column("id", Number, nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.Column("preferred_shipping_address_id", Number, nullable=True),
        sa.Column("preferred_billing_address_id", Number, nullable=True),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("consent", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["preferred_billing_address_id"],
            ["customer_addresses.id"],
            name=op.f("fk_customers_preferred_billing_address_id_customer_addresses"),
            ondelete="SET NULL",
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["preferred_shipping_address_id"],
            ["customer_addresses.id"],
            name=op.f("fk_customers_preferred_shipping_address_id_customer_addresses"),
            ondelete="SET NULL",
            use_alter=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("email", name=op.f("uq_customers_email")),
    )
    op.create_table(
        "gateway_configs",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("properties", Json, nullable=False),
        sa.Column("secrets", Json, nullable=False),
        sa.Column("certificates", Json, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("last_notice_at", UtcDateTime(), nullable=True),
        sa.Column("last_ok_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_configs")),
        sa.UniqueConstraint("name", name=op.f("uq_gateway_configs_name")),
    )
    op.create_table(
        "job_leases",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_leases")),
    )
    op.create_table(
        "job_runs",
        sa.Column("id", Number, nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("started", UtcDateTime(), nullable=False),
        sa.Column("ended", UtcDateTime(), nullable=True),
        sa.Column("counts", Json, nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_runs")),
    )
    with op.batch_alter_table("job_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_runs_job_started"), ["job", "started"], unique=False)

    op.create_table(
        "listing_facets",
        sa.Column("category_id", Number, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("goods", Number, nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.PrimaryKeyConstraint("category_id", "name", "value", name=op.f("pk_listing_facets")),
    )
    op.create_table(
        "order_addresses",
        sa.Column("id", Number, nullable=False),
        sa.Column("name_folded", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("last_name_first", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("line1", sa.String(), nullable=False),
        sa.Column("line2", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("subdivision", sa.String(), nullable=False),
        sa.Column("postcode", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_addresses")),
    )
    with op.batch_alter_table("order_addresses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_addresses_last_name_first"), ["last_name_first"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_addresses_name_folded"), ["name_folded"], unique=False)

    op.create_table(
        "order_tombstones",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("total_minor", Number, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("references", Json, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_order_tombstones")),
    )
    op.create_table(
        "pages",
        sa.Column("id", Number, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
        sa.UniqueConstraint("slug", name=op.f("uq_pages_slug")),
    )
    op.create_table(
        "products",
        sa.Column("id", Number, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("tags", Json, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("seo_title", sa.String(), nullable=False),
        sa.Column("seo_description", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("slug", name=op.f("uq_products_slug")),
    )
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_products_active_created_at"), ["active", "created_at"], unique=False)

    op.create_table(
        "promotions",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("priority", Number, nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("conditions", Json, nullable=False),
        sa.Column("actions", Json, nullable=False),
        sa.Column("limit_total", Number, nullable=True),
        sa.Column("used", Number, nullable=False),
        sa.Column("held", Number, nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.CheckConstraint("limit_total IS NULL OR used + held <= limit_total", name=op.f("ck_promotions_limit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
    )
    op.create_table(
        "sandbox_notices",
        sa.Column("id", Number, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("tries", Number, nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_notices")),
    )
    with op.batch_alter_table("sandbox_notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sandbox_notices_status_due_at"), ["status", "due_at"], unique=False)

    op.create_table(
        "sandbox_payments",
        sa.Column("id", Number, nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("amount_minor", Number, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("transaction", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("scenario", sa.String(), nullable=False),
        sa.Column("captured_minor", Number, nullable=False),
        sa.Column("refunded_minor", Number, nullable=False),
        sa.Column("refunds", Json, nullable=False),
        sa.Column("unreachable", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_payments")),
        sa.UniqueConstraint("reference", name=op.f("uq_sandbox_payments_reference")),
    )
    op.create_table(
        "search_documents",
        sa.Column("product_id", Number, autoincrement=False, nullable=False),
        sa.Column("words", Json, nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_search_documents")),
    )
    op.create_table(
        "search_words",
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("uses", Number, nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_words")),
    )
    op.create_table(
        "sequences",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("next_value", Number, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sequences")),
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "shipping_regions",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("countries", Json, nullable=False),
        sa.Column("subdivisions", Json, nullable=False),
        sa.Column("postcodes", Json, nullable=False),
        sa.Column("cities", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_regions")),
    )
    op.create_table(
        "staff_users",
        sa.Column("id", Number, nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("totp", sa.String(), nullable=True),
        sa.Column("recovery_codes", Json, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("invite_hash", sa.String(), nullable=True),
        sa.Column("invite_until", UtcDateTime(), nullable=True),
        sa.Column("last_login", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_users")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_users_login")),
    )
    op.create_table(
        "stores",
        sa.Column("id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("legal_name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("vat_number", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("order_prefix", sa.String(), nullable=False),
        sa.Column("payment_window_min", Number, nullable=False),
        sa.Column("hold_grace_min", Number, nullable=False),
        sa.Column("pending_window_h", Number, nullable=False),
        sa.Column("retention_failed_days", Number, nullable=False),
        sa.Column("review_rules", Json, nullable=False),
        sa.Column("late_policy", sa.String(), nullable=False),
        sa.Column("cart_abandon_days", Number, nullable=False),
        sa.Column("cart_abandon_days_customer", Number, nullable=False),
        sa.Column("complete_after_days", Number, nullable=False),
        sa.Column("return_days", Number, nullable=False),
        sa.Column("require_account", sa.Boolean(), nullable=False),
        sa.Column("max_quantity", Number, nullable=False),
        sa.Column("max_lines", Number, nullable=False),
        sa.CheckConstraint("payment_window_min > 0 AND hold_grace_min >= 0", name=op.f("ck_stores_windows")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stores")),
    )
    op.create_table(
        "tax_categories",
        sa.Column("id", Number, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_categories")),
        sa.UniqueConstraint("code", name=op.f("uq_tax_categories_code")),
    )
    op.create_table(
        "catalog_import_items",
        sa.Column("id", Number, nullable=False),
        sa.Column("import_id", Number, nullable=False),
        sa.Column("product_id", Number, nullable=True),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("before", Json, nullable=False),
        sa.Column("after", Json, nullable=False),
        sa.Column("pairs", Json, nullable=False),
        sa.Column("pictures", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["catalog_imports.id"],
            name=op.f("fk_catalog_import_items_import_id_catalog_imports"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_catalog_import_items_product_id_products"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_import_items")),
    )
    with op.batch_alter_table("catalog_import_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_catalog_import_items_import_id_id"), ["import_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_catalog_import_items_product_id"), ["product_id"], unique=False)

    op.create_table(
        "coupons",
        sa.Column("id", Number, nullable=False),
        sa.Column("promotion_id", Number, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("customer_id", Number, nullable=True),
        sa.Column("limit", Number, nullable=True),
        sa.Column("used", Number, nullable=False),
        sa.Column("held", Number, nullable=False),
        sa.CheckConstraint('"limit" IS NULL OR used + held <= "limit"', name=op.f("ck_coupons_limit")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_coupons_customer_id_customers")),
        sa.ForeignKeyConstraint(["promotion_id"], ["promotions.id"], name=op.f("fk_coupons_promotion_id_promotions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
        sa.UniqueConstraint("code", name=op.f("uq_coupons_code")),
    )
    with op.batch_alter_table("coupons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coupons_promotion_id"), ["promotion_id"], unique=False)

    op.create_table(
        "customer_addresses",
        sa.Column("id", Number, nullable=False),
        sa.Column("customer_id", Number, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("line1", sa.String(), nullable=False),
        sa.Column("line2", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("subdivision", sa.String(), nullable=False),
        sa.Column("postcode", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_addresses_customer_id_customers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_addresses")),
    )
    with op.batch_alter_table("customer_addresses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_addresses_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "listing_entries",
        sa.Column("category_id", Number, autoincrement=False, nullable=False),
        sa.Column("product_id", Number, autoincrement=False, nullable=False),
        sa.Column("sold_out", sa.Boolean(), nullable=False),
        sa.Column("price_min", Number, nullable=False),
        sa.Column("price_max", Number, nullable=False),
        sa.Column("price_down", Number, nullable=False),
        sa.Column("age", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_listing_entries_product_id_products"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("category_id", "product_id", name=op.f("pk_listing_entries")),
    )
    with op.batch_alter_table("listing_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_listing_entries_cheapest", ["category_id", "sold_out", "price_min", "product_id"], unique=False
        )
        batch_op.create_index(
            "ix_listing_entries_dearest", ["category_id", "sold_out", "price_down", "product_id"], unique=False
        )
        batch_op.create_index(
            "ix_listing_entries_name", ["category_id", "sold_out", "name", "product_id"], unique=False
        )
        batch_op.create_index(
            "ix_listing_entries_newest", ["category_id", "sold_out", "age", "product_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_listing_entries_product_id"), ["product_id"], unique=False)

    op.create_table(
        "payment_methods",
        sa.Column("id", Number, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("backend_config_id", Number, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("auto_approve", sa.Boolean(), nullable=False),
        sa.Column("min_minor", Number, nullable=True),
        sa.Column("max_minor", Number, nullable=True),
        sa.Column("countries", Json, nullable=False),
        sa.Column("currencies", Json, nullable=False),
        sa.Column("card_types", Json, nullable=False),
        sa.Column("ask_cvv", sa.Boolean(), nullable=False),
        sa.Column("tokenize", sa.Boolean(), nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["backend_config_id"],
            ["gateway_configs.id"],
            name=op.f("fk_payment_methods_backend_config_id_gateway_configs"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_methods")),
        sa.UniqueConstraint("code", name=op.f("uq_payment_methods_code")),
    )
    op.create_table(
        "product_categories",
        sa.Column("product_id", Number, nullable=False),
        sa.Column("category_id", Number, nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["categories.id"],
            name=op.f("fk_product_categories_category_id_categories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_categories_product_id_products"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", "category_id", name=op.f("pk_product_categories")),
    )
    with op.batch_alter_table("product_categories", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_categories_category_id"), ["category_id"], unique=False)

    op.create_table(
        "product_images",
        sa.Column("id", Number, nullable=False),
        sa.Column("product_id", Number, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("alt", sa.String(), nullable=False),
        sa.Column("width", Number, nullable=False),
        sa.Column("height", Number, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_product_images_product_id_products"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_images")),
    )
    with op.batch_alter_table("product_images", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_product_images_product_id_position"), ["product_id", "position"], unique=False
        )

    op.create_table(
        "search_neighbours",
        sa.Column("spelling", sa.String(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["word"], ["search_words.word"], name=op.f("fk_search_neighbours_word_search_words"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("spelling", "word", name=op.f("pk_search_neighbours")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("search_neighbours", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_neighbours_word"), ["word"], unique=False)

    op.create_table(
        "service_levels",
        sa.Column("id", Number, nullable=False),
        sa.Column("region_id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("params", Json, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("days_min", Number, nullable=False),
        sa.Column("days_max", Number, nullable=False),
        sa.Column("tax_category_id", Number, nullable=True),
        sa.Column("position", Number, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id"], ["shipping_regions.id"], name=op.f("fk_service_levels_region_id_shipping_regions")
        ),
        sa.ForeignKeyConstraint(
            ["tax_category_id"], ["tax_categories.id"], name=op.f("fk_service_levels_tax_category_id_tax_categories")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_levels")),
    )
    with op.batch_alter_table("service_levels", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_service_levels_region_id_position"), ["region_id", "position"], unique=False
        )

    op.create_table(
        "tax_rates",
        sa.Column("id", Number, nullable=False),
        sa.Column("region_id", Number, nullable=False),
        sa.Column("category_id", Number, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rate_ppm", Number, nullable=False),
        sa.Column("inclusive", sa.Boolean(), nullable=False),
        sa.Column("priority", Number, nullable=False),
        sa.Column("compound", sa.Boolean(), nullable=False),
        sa.Column("applies_to_shipping", sa.Boolean(), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=True),
        sa.Column("valid_to", UtcDateTime(), nullable=True),
        sa.CheckConstraint("rate_ppm >= 0", name=op.f("ck_tax_rates_rate")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["tax_categories.id"], name=op.f("fk_tax_rates_category_id_tax_categories")
        ),
        sa.ForeignKeyConstraint(
            ["region_id"], ["shipping_regions.id"], name=op.f("fk_tax_rates_region_id_shipping_regions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rates")),
    )
    with op.batch_alter_table("tax_rates", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tax_rates_region_id_category_id"), ["region_id", "category_id"], unique=False
        )

    op.create_table(
        "carts",
        sa.Column("id", Number, nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("customer_id", Number, nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("shipping_address_id", Number, nullable=True),
        sa.Column("billing_address_id", Number, nullable=True),
        sa.Column("service_level_id", Number, nullable=True),
        sa.Column("payment_method_id", Number, nullable=True),
        sa.Column("coupon_codes", Json, nullable=False),
        sa.Column("certificate_codes", Json, nullable=False),
        sa.Column("custom", Json, nullable=False),
        sa.Column("seen", Json, nullable=False),
        sa.Column("open_order_id", Number, nullable=True),
        sa.Column("restored_from_order_id", Number, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["billing_address_id"],
            ["customer_addresses.id"],
            name=op.f("fk_carts_billing_address_id_customer_addresses"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_carts_customer_id_customers")),
        sa.ForeignKeyConstraint(
            ["open_order_id"],
            ["orders.id"],
            name=op.f("fk_carts_open_order_id_orders"),
            ondelete="SET NULL",
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["payment_method_id"],
            ["payment_methods.id"],
            name=op.f("fk_carts_payment_method_id_payment_methods"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["restored_from_order_id"],
            ["orders.id"],
            name=op.f("fk_carts_restored_from_order_id_orders"),
            ondelete="SET NULL",
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["service_level_id"],
            ["service_levels.id"],
            name=op.f("fk_carts_service_level_id_service_levels"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["shipping_address_id"],
            ["customer_addresses.id"],
            name=op.f("fk_carts_shipping_address_id_customer_addresses"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carts")),
    )
    with op.batch_alter_table("carts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_carts_status_updated_at"), ["status", "updated_at"], unique=False)
        batch_op.create_index(
            "uq_carts_open_customer",
            ["customer_id"],
            unique=True,
            sqlite_where=sa.text("status = 'OPEN'"),
            postgresql_where=sa.text("status = 'OPEN'"),
        )
        batch_op.create_index(
            "uq_carts_open_token",
            ["token_hash"],
            unique=True,
            sqlite_where=sa.text("status = 'OPEN'"),
            postgresql_where=sa.text("status = 'OPEN'"),
        )

    op.create_table(
        "listing_cards",
        sa.Column("product_id", Number, autoincrement=False, nullable=False),
        sa.Column("image_id", Number, nullable=True),
        sa.Column("choices", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"],
            ["product_images.id"],
            name=op.f("fk_listing_cards_image_id_product_images"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_listing_cards_product_id_products"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_listing_cards")),
    )
    op.create_table(
        "listing_counts",
        sa.Column("category_id", Number, autoincrement=False, nullable=False),
        sa.Column("goods", Number, nullable=False),
        sa.Column("image_id", Number, nullable=True),
        sa.ForeignKeyConstraint(
            ["image_id"],
            ["product_images.id"],
            name=op.f("fk_listing_counts_image_id_product_images"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("category_id", name=op.f("pk_listing_counts")),
    )
    op.create_table(
        "variants",
        sa.Column("id", Number, nullable=False),
        sa.Column("product_id", Number, nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("weight_g", Number, nullable=False),
        sa.Column("tax_category_id", Number, nullable=True),
        sa.Column("requires_shipping", sa.Boolean(), nullable=False),
        sa.Column("stock_policy", sa.String(), nullable=False),
        sa.Column("hold_minutes", Number, nullable=False),
        sa.Column("max_per_order", Number, nullable=True),
        sa.Column("image_id", Number, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("weight_g >= 0", name=op.f("ck_variants_weight")),
        sa.ForeignKeyConstraint(
            ["image_id"], ["product_images.id"], name=op.f("fk_variants_image_id_product_images"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_variants_product_id_products"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tax_category_id"], ["tax_categories.id"], name=op.f("fk_variants_tax_category_id_tax_categories")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variants")),
        sa.UniqueConstraint("sku", name=op.f("uq_variants_sku")),
    )
    with op.batch_alter_table("variants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_variants_product_id_position"), ["product_id", "position"], unique=False)

    op.create_table(
        "cart_lines",
        sa.Column("id", Number, nullable=False),
        sa.Column("cart_id", Number, nullable=False),
        sa.Column("variant_id", Number, nullable=False),
        sa.Column("qty", Number, nullable=False),
        sa.Column("custom", Json, nullable=False),
        sa.Column("custom_hash", sa.String(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("qty > 0", name=op.f("ck_cart_lines_qty")),
        sa.ForeignKeyConstraint(
            ["cart_id"], ["carts.id"], name=op.f("fk_cart_lines_cart_id_carts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_cart_lines_variant_id_variants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart_lines")),
        sa.UniqueConstraint(
            "cart_id", "variant_id", "custom_hash", name=op.f("uq_cart_lines_cart_id_variant_id_custom_hash")
        ),
    )
    with op.batch_alter_table("cart_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cart_lines_variant_id"), ["variant_id"], unique=False)

    op.create_table(
        "orders",
        sa.Column("id", Number, nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("previous_keys", Json, nullable=False),
        sa.Column("store_id", Number, nullable=False),
        sa.Column("customer_id", Number, nullable=True),
        sa.Column("email", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("close_reason", sa.String(), nullable=False),
        sa.Column("review_reason", sa.String(), nullable=False),
        sa.Column("payment_status", sa.String(), nullable=False),
        sa.Column("fulfilment_status", sa.String(), nullable=False),
        sa.Column("goods_minor", Number, nullable=False),
        sa.Column("discount_minor", Number, nullable=False),
        sa.Column("shipping_minor", Number, nullable=False),
        sa.Column("tax_minor", Number, nullable=False),
        sa.Column("total_minor", Number, nullable=False),
        sa.Column("due_minor", Number, nullable=False),
        sa.Column("paid_minor", Number, nullable=False),
        sa.Column("refunded_minor", Number, nullable=False),
        sa.Column("hold_expires_at", UtcDateTime(), nullable=True),
        sa.Column("grace_min", Number, nullable=False),
        sa.Column("prolonged", Number, nullable=False),
        sa.Column("extensions", Number, nullable=False),
        sa.Column("shipping_address_id", Number, nullable=True),
        sa.Column("billing_address_id", Number, nullable=True),
        sa.Column("service_level", Json, nullable=False),
        sa.Column("payment_method", Json, nullable=False),
        sa.Column("cart_id", Number, nullable=True),
        sa.Column("cart_version", Number, nullable=False),
        sa.Column("confirm_token", sa.String(), nullable=False),
        sa.Column("quote_hash", sa.String(), nullable=False),
        sa.Column("supersedes_order_id", Number, nullable=True),
        sa.Column("superseded_by_order_id", Number, nullable=True),
        sa.Column("restored_cart_id", Number, nullable=True),
        sa.Column("custom", Json, nullable=False),
        sa.Column("ip_hash", sa.String(), nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("paid_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("total_minor >= 0 AND due_minor >= 0", name=op.f("ck_orders_totals")),
        sa.ForeignKeyConstraint(
            ["billing_address_id"], ["order_addresses.id"], name=op.f("fk_orders_billing_address_id_order_addresses")
        ),
        sa.ForeignKeyConstraint(["cart_id"], ["carts.id"], name=op.f("fk_orders_cart_id_carts"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_orders_customer_id_customers")),
        sa.ForeignKeyConstraint(
            ["shipping_address_id"], ["order_addresses.id"], name=op.f("fk_orders_shipping_address_id_order_addresses")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_orders_store_id_stores")),
        sa.ForeignKeyConstraint(
            ["superseded_by_order_id"],
            ["orders.id"],
            name=op.f("fk_orders_superseded_by_order_id_orders"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_order_id"],
            ["orders.id"],
            name=op.f("fk_orders_supersedes_order_id_orders"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("confirm_token", name=op.f("uq_orders_confirm_token")),
        sa.UniqueConstraint("key", name=op.f("uq_orders_key")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_orders_billing_address_id"), ["billing_address_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_cart_id"), ["cart_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_customer_id_placed_at"), ["customer_id", "placed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_email_id"), ["email", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_placed_at_id"), ["placed_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_shipping_address_id"), ["shipping_address_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_orders_status_hold_expires_at"), ["status", "hold_expires_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_orders_status_placed_at_id"), ["status", "placed_at", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_orders_status_total_minor_id"), ["status", "total_minor", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_orders_total_minor_id"), ["total_minor", "id"], unique=False)

    op.create_table(
        "prices",
        sa.Column("id", Number, nullable=False),
        sa.Column("variant_id", Number, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("amount_minor", Number, nullable=False),
        sa.Column("compare_at_minor", Number, nullable=True),
        sa.Column("valid_from", UtcDateTime(), nullable=True),
        sa.Column("valid_to", UtcDateTime(), nullable=True),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_prices_amount")),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_prices_variant_id_variants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
        sa.UniqueConstraint(
            "variant_id", "currency", "valid_from", name=op.f("uq_prices_variant_id_currency_valid_from")
        ),
    )
    with op.batch_alter_table("prices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_prices_variant_id"), ["variant_id"], unique=False)

    op.create_table(
        "stock",
        sa.Column("variant_id", Number, nullable=False),
        sa.Column("on_hand", Number, nullable=False),
        sa.Column("reserved", Number, nullable=False),
        sa.Column("backorder", sa.Boolean(), nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.CheckConstraint("backorder OR on_hand - reserved >= 0", name=op.f("ck_stock_available")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_stock_reserved")),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_stock_variant_id_variants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("variant_id", name=op.f("pk_stock")),
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", Number, nullable=False),
        sa.Column("variant_id", Number, nullable=False),
        sa.Column("delta_on_hand", Number, nullable=False),
        sa.Column("delta_reserved", Number, nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_stock_movements_variant_id_variants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
    )
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_movements_variant_id_at"), ["variant_id", "at"], unique=False)

    op.create_table(
        "variant_options",
        sa.Column("variant_id", Number, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("product_id", Number, nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_variant_options_product_id_products"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_variant_options_variant_id_variants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("variant_id", "name", name=op.f("pk_variant_options")),
    )
    with op.batch_alter_table("variant_options", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_variant_options_product_id"), ["product_id"], unique=False)

    op.create_table(
        "bills",
        sa.Column("id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=True),
        sa.Column("backend", sa.String(), nullable=False),
        sa.Column("method_id", Number, nullable=True),
        sa.Column("attempt_no", Number, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("amount_minor", Number, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("transaction_id", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("disposition", sa.String(), nullable=False),
        sa.Column("quarantine_reason", sa.String(), nullable=False),
        sa.Column("resolution", sa.String(), nullable=False),
        sa.Column("next_step", sa.String(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("extra", Json, nullable=False),
        sa.Column("error_type", sa.String(), nullable=False),
        sa.Column("vendor_code", sa.String(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_bills_amount")),
        sa.ForeignKeyConstraint(
            ["method_id"], ["payment_methods.id"], name=op.f("fk_bills_method_id_payment_methods"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_bills_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bills")),
        sa.UniqueConstraint("backend", "transaction_id", name=op.f("uq_bills_backend_transaction_id")),
        sa.UniqueConstraint("key", name=op.f("uq_bills_key")),
        sa.UniqueConstraint("order_id", "attempt_no", name=op.f("uq_bills_order_id_attempt_no")),
        sa.UniqueConstraint("reference", name=op.f("uq_bills_reference")),
    )
    with op.batch_alter_table("bills", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_bills_disposition_created_at"), ["disposition", "created_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_bills_status_expires_at"), ["status", "expires_at"], unique=False)
        batch_op.create_index(
            "uq_bills_applied_order",
            ["order_id"],
            unique=True,
            sqlite_where=sa.text("disposition = 'APPLIED'"),
            postgresql_where=sa.text("disposition = 'APPLIED'"),
        )

    op.create_table(
        "order_lines",
        sa.Column("id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=False),
        sa.Column("variant_id", Number, nullable=True),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("image_key", sa.String(), nullable=False),
        sa.Column("qty", Number, nullable=False),
        sa.Column("unit_minor", Number, nullable=False),
        sa.Column("discount_minor", Number, nullable=False),
        sa.Column("tax_minor", Number, nullable=False),
        sa.Column("tax_rate_ppm", Number, nullable=False),
        sa.Column("tax_inclusive", sa.Boolean(), nullable=False),
        sa.Column("total_minor", Number, nullable=False),
        sa.Column("weight_g", Number, nullable=False),
        sa.Column("requires_shipping", sa.Boolean(), nullable=False),
        sa.Column("custom", Json, nullable=False),
        sa.Column("stock_policy", sa.String(), nullable=False),
        sa.CheckConstraint("qty > 0", name=op.f("ck_order_lines_qty")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_lines_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_order_lines_variant_id_variants"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
    )
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_lines_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_order_lines_sku_order_id"), ["sku", "order_id"], unique=False)

    op.create_table(
        "order_notes",
        sa.Column("id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_notes_order_id_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_notes")),
    )
    with op.batch_alter_table("order_notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_notes_order_id"), ["order_id"], unique=False)

    op.create_table(
        "shipments",
        sa.Column("id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("held_status", sa.String(), nullable=False),
        sa.Column("address_id", Number, nullable=True),
        sa.Column("service_level", Json, nullable=False),
        sa.Column("cost_minor", Number, nullable=False),
        sa.Column("tax_minor", Number, nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("tracking", sa.String(), nullable=False),
        sa.Column("shipped_at", UtcDateTime(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["address_id"], ["order_addresses.id"], name=op.f("fk_shipments_address_id_order_addresses")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_shipments_order_id_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
    )
    with op.batch_alter_table("shipments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shipments_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_shipments_status"), ["status"], unique=False)

    op.create_table(
        "tax_documents",
        sa.Column("id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_tax_documents_order_id_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_documents")),
    )
    with op.batch_alter_table("tax_documents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tax_documents_order_id"), ["order_id"], unique=False)

    op.create_table(
        "usage_holds",
        sa.Column("id", Number, nullable=False),
        sa.Column("promotion_id", Number, nullable=False),
        sa.Column("coupon_id", Number, nullable=True),
        sa.Column("order_id", Number, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["coupon_id"], ["coupons.id"], name=op.f("fk_usage_holds_coupon_id_coupons")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_usage_holds_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_usage_holds_promotion_id_promotions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_holds")),
        sa.UniqueConstraint(
            "order_id", "promotion_id", "coupon_id", name=op.f("uq_usage_holds_order_id_promotion_id_coupon_id")
        ),
    )
    op.create_table(
        "gift_certificates",
        sa.Column("id", Number, nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("last4", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("initial_minor", Number, nullable=False),
        sa.Column("balance_minor", Number, nullable=False),
        sa.Column("held_minor", Number, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("bought_in_line_id", Number, nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "balance_minor >= held_minor AND held_minor >= 0", name=op.f("ck_gift_certificates_balance")
        ),
        sa.ForeignKeyConstraint(
            ["bought_in_line_id"], ["order_lines.id"], name=op.f("fk_gift_certificates_bought_in_line_id_order_lines")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_certificates")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_gift_certificates_code_hash")),
    )
    op.create_table(
        "inbox_messages",
        sa.Column("id", Number, nullable=False),
        sa.Column("backend", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("headers", Json, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("remote_addr", sa.String(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("event_key", sa.String(), nullable=True),
        sa.Column("bill_id", Number, nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("tries", Number, nullable=False),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_inbox_messages_bill_id_bills")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_messages")),
    )
    with op.batch_alter_table("inbox_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbox_messages_bill_id"), ["bill_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_inbox_messages_outcome_received_at"), ["outcome", "received_at"], unique=False
        )
        batch_op.create_index(
            "uq_inbox_messages_applied",
            ["backend", "event_key"],
            unique=True,
            sqlite_where=sa.text("outcome = 'APPLIED'"),
            postgresql_where=sa.text("outcome = 'APPLIED'"),
        )

    op.create_table(
        "ledger_entries",
        sa.Column("id", Number, nullable=False),
        sa.Column("bill_id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=True),
        sa.Column("backend", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount_minor", Number, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("gateway_event_key", sa.String(), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_ledger_entries_amount")),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_ledger_entries_bill_id_bills")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_ledger_entries_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint(
            "backend", "gateway_event_key", "kind", name=op.f("uq_ledger_entries_backend_gateway_event_key_kind")
        ),
    )
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ledger_entries_bill_id"), ["bill_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entries_order_id"), ["order_id"], unique=False)

    op.create_table(
        "order_adjustments",
        sa.Column("id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=False),
        sa.Column("line_id", Number, nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.Column("amount_minor", Number, nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["order_lines.id"], name=op.f("fk_order_adjustments_line_id_order_lines"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_adjustments_order_id_orders"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_adjustments")),
    )
    with op.batch_alter_table("order_adjustments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_adjustments_order_id"), ["order_id"], unique=False)

    op.create_table(
        "refunds",
        sa.Column("id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=True),
        sa.Column("bill_id", Number, nullable=False),
        sa.Column("amount_minor", Number, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("restock", Json, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("request_key", sa.String(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_amount")),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_refunds_bill_id_bills")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("request_key", name=op.f("uq_refunds_request_key")),
    )
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refunds_bill_id"), ["bill_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_refunds_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_refunds_status"), ["status"], unique=False)

    op.create_table(
        "shipment_lines",
        sa.Column("shipment_id", Number, nullable=False),
        sa.Column("order_line_id", Number, nullable=False),
        sa.Column("qty", Number, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["order_lines.id"],
            name=op.f("fk_shipment_lines_order_line_id_order_lines"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["shipment_id"], ["shipments.id"], name=op.f("fk_shipment_lines_shipment_id_shipments"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shipment_id", "order_line_id", name=op.f("pk_shipment_lines")),
    )
    op.create_table(
        "stock_reservations",
        sa.Column("id", Number, nullable=False),
        sa.Column("variant_id", Number, nullable=False),
        sa.Column("owner_kind", sa.String(), nullable=False),
        sa.Column("cart_line_id", Number, nullable=True),
        sa.Column("order_id", Number, nullable=True),
        sa.Column("order_line_id", Number, nullable=True),
        sa.Column("qty", Number, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("qty > 0", name=op.f("ck_stock_reservations_qty")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_stock_reservations_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"],
            ["order_lines.id"],
            name=op.f("fk_stock_reservations_order_line_id_order_lines"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_stock_reservations_variant_id_variants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_reservations")),
    )
    with op.batch_alter_table("stock_reservations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_reservations_order_id"), ["order_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_stock_reservations_variant_id_status"), ["variant_id", "status"], unique=False
        )
        batch_op.create_index(
            "uq_stock_reservations_open_cart_line",
            ["cart_line_id"],
            unique=True,
            sqlite_where=sa.text("status = 'HELD' AND owner_kind = 'cart'"),
            postgresql_where=sa.text("status = 'HELD' AND owner_kind = 'cart'"),
        )
        batch_op.create_index(
            "uq_stock_reservations_open_order_line",
            ["order_line_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('HELD','COMMITTED')"),
            postgresql_where=sa.text("status IN ('HELD','COMMITTED')"),
        )

    op.create_table(
        "certificate_transactions",
        sa.Column("id", Number, nullable=False),
        sa.Column("certificate_id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("amount_minor", Number, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["gift_certificates.id"],
            name=op.f("fk_certificate_transactions_certificate_id_gift_certificates"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_certificate_transactions_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_transactions")),
    )
    with op.batch_alter_table("certificate_transactions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_certificate_transactions_certificate_id"), ["certificate_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_certificate_transactions_order_id"), ["order_id"], unique=False)

    op.create_table(
        "order_events",
        sa.Column("id", Number, nullable=False),
        sa.Column("order_id", Number, nullable=True),
        sa.Column("seq", Number, nullable=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("cause_inbox_id", Number, nullable=True),
        sa.Column("data", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cause_inbox_id"], ["inbox_messages.id"], name=op.f("fk_order_events_cause_inbox_id_inbox_messages")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
        sa.UniqueConstraint("order_id", "seq", name=op.f("uq_order_events_order_id_seq")),
    )
    with op.batch_alter_table("order_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_events_type_at"), ["type", "at"], unique=False)

    op.create_table(
        "outbox_messages",
        sa.Column("id", Number, nullable=False),
        sa.Column("event_id", Number, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("tries", Number, nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["order_events.id"], name=op.f("fk_outbox_messages_event_id_order_events")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_messages")),
        sa.UniqueConstraint("event_id", "kind", "target", name=op.f("uq_outbox_messages_event_id_kind_target")),
    )
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outbox_messages_status_next_try_at"), ["status", "next_try_at"], unique=False
        )

    fulltext.create_tables(op.get_bind())
    if op.get_bind().dialect.name != "sqlite":  # SQLite made these with their tables: it knows no order
        for table, column, target in LATER:
            op.create_foreign_key(
                op.f(f"fk_{table}_{column}_{target}"), table, target, [column], ["id"], ondelete="SET NULL"
            )


def downgrade():
    """Back."""
    if op.get_bind().dialect.name != "sqlite":
        for table, column, target in LATER:
            op.drop_constraint(op.f(f"fk_{table}_{column}_{target}"), table, type_="foreignkey")
    op.execute(f"DROP TABLE {fulltext.NAME}")
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_messages_status_next_try_at"))

    op.drop_table("outbox_messages")
    with op.batch_alter_table("order_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_events_type_at"))

    op.drop_table("order_events")
    with op.batch_alter_table("certificate_transactions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificate_transactions_order_id"))
        batch_op.drop_index(batch_op.f("ix_certificate_transactions_certificate_id"))

    op.drop_table("certificate_transactions")
    with op.batch_alter_table("stock_reservations", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_stock_reservations_open_order_line",
            sqlite_where=sa.text("status IN ('HELD','COMMITTED')"),
            postgresql_where=sa.text("status IN ('HELD','COMMITTED')"),
        )
        batch_op.drop_index(
            "uq_stock_reservations_open_cart_line",
            sqlite_where=sa.text("status = 'HELD' AND owner_kind = 'cart'"),
            postgresql_where=sa.text("status = 'HELD' AND owner_kind = 'cart'"),
        )
        batch_op.drop_index(batch_op.f("ix_stock_reservations_variant_id_status"))
        batch_op.drop_index(batch_op.f("ix_stock_reservations_order_id"))

    op.drop_table("stock_reservations")
    op.drop_table("shipment_lines")
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refunds_status"))
        batch_op.drop_index(batch_op.f("ix_refunds_order_id"))
        batch_op.drop_index(batch_op.f("ix_refunds_bill_id"))

    op.drop_table("refunds")
    with op.batch_alter_table("order_adjustments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_adjustments_order_id"))

    op.drop_table("order_adjustments")
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_entries_order_id"))
        batch_op.drop_index(batch_op.f("ix_ledger_entries_bill_id"))

    op.drop_table("ledger_entries")
    with op.batch_alter_table("inbox_messages", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_inbox_messages_applied",
            sqlite_where=sa.text("outcome = 'APPLIED'"),
            postgresql_where=sa.text("outcome = 'APPLIED'"),
        )
        batch_op.drop_index(batch_op.f("ix_inbox_messages_outcome_received_at"))
        batch_op.drop_index(batch_op.f("ix_inbox_messages_bill_id"))

    op.drop_table("inbox_messages")
    op.drop_table("gift_certificates")
    op.drop_table("usage_holds")
    with op.batch_alter_table("tax_documents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tax_documents_order_id"))

    op.drop_table("tax_documents")
    with op.batch_alter_table("shipments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shipments_status"))
        batch_op.drop_index(batch_op.f("ix_shipments_order_id"))

    op.drop_table("shipments")
    with op.batch_alter_table("order_notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_notes_order_id"))

    op.drop_table("order_notes")
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_lines_sku_order_id"))
        batch_op.drop_index(batch_op.f("ix_order_lines_order_id"))

    op.drop_table("order_lines")
    with op.batch_alter_table("bills", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_bills_applied_order",
            sqlite_where=sa.text("disposition = 'APPLIED'"),
            postgresql_where=sa.text("disposition = 'APPLIED'"),
        )
        batch_op.drop_index(batch_op.f("ix_bills_status_expires_at"))
        batch_op.drop_index(batch_op.f("ix_bills_disposition_created_at"))

    op.drop_table("bills")
    with op.batch_alter_table("variant_options", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_variant_options_product_id"))

    op.drop_table("variant_options")
    with op.batch_alter_table("stock_movements", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stock_movements_variant_id_at"))

    op.drop_table("stock_movements")
    op.drop_table("stock")
    with op.batch_alter_table("prices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_prices_variant_id"))

    op.drop_table("prices")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_orders_total_minor_id"))
        batch_op.drop_index(batch_op.f("ix_orders_status_total_minor_id"))
        batch_op.drop_index(batch_op.f("ix_orders_status_placed_at_id"))
        batch_op.drop_index(batch_op.f("ix_orders_status_hold_expires_at"))
        batch_op.drop_index(batch_op.f("ix_orders_shipping_address_id"))
        batch_op.drop_index(batch_op.f("ix_orders_placed_at_id"))
        batch_op.drop_index(batch_op.f("ix_orders_email_id"))
        batch_op.drop_index(batch_op.f("ix_orders_customer_id_placed_at"))
        batch_op.drop_index(batch_op.f("ix_orders_cart_id"))
        batch_op.drop_index(batch_op.f("ix_orders_billing_address_id"))

    op.drop_table("orders")
    with op.batch_alter_table("cart_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cart_lines_variant_id"))

    op.drop_table("cart_lines")
    with op.batch_alter_table("variants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_variants_product_id_position"))

    op.drop_table("variants")
    op.drop_table("listing_counts")
    op.drop_table("listing_cards")
    with op.batch_alter_table("carts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_carts_open_token", sqlite_where=sa.text("status = 'OPEN'"), postgresql_where=sa.text("status = 'OPEN'")
        )
        batch_op.drop_index(
            "uq_carts_open_customer",
            sqlite_where=sa.text("status = 'OPEN'"),
            postgresql_where=sa.text("status = 'OPEN'"),
        )
        batch_op.drop_index(batch_op.f("ix_carts_status_updated_at"))

    op.drop_table("carts")
    with op.batch_alter_table("tax_rates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tax_rates_region_id_category_id"))

    op.drop_table("tax_rates")
    with op.batch_alter_table("service_levels", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_service_levels_region_id_position"))

    op.drop_table("service_levels")
    with op.batch_alter_table("search_neighbours", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_search_neighbours_word"))

    op.drop_table("search_neighbours")
    with op.batch_alter_table("product_images", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_product_images_product_id_position"))

    op.drop_table("product_images")
    with op.batch_alter_table("product_categories", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_product_categories_category_id"))

    op.drop_table("product_categories")
    op.drop_table("payment_methods")
    with op.batch_alter_table("listing_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_listing_entries_product_id"))
        batch_op.drop_index("ix_listing_entries_newest")
        batch_op.drop_index("ix_listing_entries_name")
        batch_op.drop_index("ix_listing_entries_dearest")
        batch_op.drop_index("ix_listing_entries_cheapest")

    op.drop_table("listing_entries")
    with op.batch_alter_table("customer_addresses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_addresses_customer_id"))

    op.drop_table("customer_addresses")
    with op.batch_alter_table("coupons", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_coupons_promotion_id"))

    op.drop_table("coupons")
    with op.batch_alter_table("catalog_import_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_catalog_import_items_product_id"))
        batch_op.drop_index(batch_op.f("ix_catalog_import_items_import_id_id"))

    op.drop_table("catalog_import_items")
    op.drop_table("tax_categories")
    op.drop_table("stores")
    op.drop_table("staff_users")
    op.drop_table("shipping_regions")
    op.drop_table("settings")
    op.drop_table("sequences")
    op.drop_table("search_words")
    op.drop_table("search_documents")
    op.drop_table("sandbox_payments")
    with op.batch_alter_table("sandbox_notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sandbox_notices_status_due_at"))

    op.drop_table("sandbox_notices")
    op.drop_table("promotions")
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_products_active_created_at"))

    op.drop_table("products")
    op.drop_table("pages")
    op.drop_table("order_tombstones")
    with op.batch_alter_table("order_addresses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_addresses_name_folded"))
        batch_op.drop_index(batch_op.f("ix_order_addresses_last_name_first"))

    op.drop_table("order_addresses")
    op.drop_table("listing_facets")
    with op.batch_alter_table("job_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_runs_job_started"))

    op.drop_table("job_runs")
    op.drop_table("job_leases")
    op.drop_table("gateway_configs")
    op.drop_table("customers")
    with op.batch_alter_table("categories", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_categories_parent_id_position"))

    op.drop_table("categories")
    op.drop_table("catalog_imports")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entries_target"))
        batch_op.drop_index(batch_op.f("ix_audit_entries_at"))

    op.drop_table("audit_entries")
