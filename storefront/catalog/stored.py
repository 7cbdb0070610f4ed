"""What stands in the tables, read as whole drafts: many products in a constant number of queries."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import column, select, table

from storefront.catalog.drafts import CategoryDraft, PictureDraft, ProductDraft, SaleDraft, VariantDraft
from storefront.catalog.models import Category, Price, Product, ProductImage, Variant, product_categories
from storefront.kit.db import db
from storefront.stock.models import Stock

tax_categories = table("tax_categories", column("id"), column("code"), column("name"))


@dataclass
class Stored:
    """One product as it stands, and the ids under which its parts do."""

    id: int
    draft: ProductDraft
    variant_ids: dict[str, int] = field(default_factory=dict)
    image_ids: dict[str, int] = field(default_factory=dict)  # by source
    reserved: dict[str, int] = field(default_factory=dict)


def stored(product_ids: Collection[int], currency: str, lock: bool = False) -> dict[int, Stored]:
    """The products by id, with prices in one currency. `lock` keeps others from their counters meanwhile."""
    if not product_ids:
        return {}
    rows = db.session.execute(select(*_PRODUCT).where(Product.id.in_(product_ids))).all()
    found = {row.id: Stored(row.id, _product(row)) for row in rows}
    images = _add_pictures(found)
    _add_categories(found)
    _add_variants(found, currency, images, lock)
    return found


_PRODUCT = (
    Product.id, Product.slug, Product.title, Product.description, Product.vendor, Product.tags, Product.active,
    Product.seo_title, Product.seo_description,
)  # fmt: skip


def _product(row):
    said = {name: getattr(row, name) for name in ("slug", "title", "description", "vendor", "active")}
    return ProductDraft(
        **said,
        tags=sorted(row.tags),
        categories=[],
        seo_title=row.seo_title,
        seo_description=row.seo_description,
    )


def _add_pictures(found):
    """Fills in the pictures; gives their sources by id."""
    rows = db.session.execute(
        select(ProductImage.id, ProductImage.product_id, ProductImage.key, ProductImage.alt, ProductImage.source)
        .where(ProductImage.product_id.in_(found))
        .order_by(ProductImage.position, ProductImage.id)
    )
    sources = {}
    for row in rows:
        source = sources[row.id] = row.source or row.key
        found[row.product_id].draft.pictures.append(PictureDraft(source, row.alt, key=row.key))
        found[row.product_id].image_ids[source] = row.id
    return sources


def _add_categories(found):
    rows = db.session.execute(
        select(product_categories.c.product_id, Category.path, Category.name)
        .join(Category, Category.id == product_categories.c.category_id)
        .where(product_categories.c.product_id.in_(found))
    )
    for product_id, path, name in sorted(rows):  # as Python sorts: databases differ
        found[product_id].draft.categories.append(CategoryDraft(path, (*path.split("/")[:-1], name)))


def _add_variants(found, currency, images, lock):
    query = (
        select(Variant, Stock, tax_categories.c.code)
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .outerjoin(tax_categories, tax_categories.c.id == Variant.tax_category_id)
        .where(Variant.product_id.in_(found))
        .order_by(Variant.product_id, Variant.position, Variant.id)
        .execution_options(populate_existing=True)
    )
    if lock:
        counters = select(Stock.variant_id).join(Variant, Variant.id == Stock.variant_id)
        chosen = counters.where(Variant.product_id.in_(found)).order_by(Stock.variant_id)
        db.session.execute(chosen.with_for_update(of=Stock)).all()
    prices = _prices(found, currency)
    for variant, stock, tax_code in db.session.execute(query):
        here = found[variant.product_id]
        here.variant_ids[variant.sku] = variant.id
        here.reserved[variant.sku] = stock.reserved if stock else 0
        here.draft.variants.append(_variant(variant, stock, tax_code, prices[variant.id], currency, images))


def _prices(found, currency):
    rows = db.session.scalars(
        select(Price)
        .join(Variant, Variant.id == Price.variant_id)
        .where(Variant.product_id.in_(found), Price.currency == currency)
        .order_by(Price.valid_from, Price.id)
    )
    prices = defaultdict(list)
    for price in rows:
        prices[price.variant_id].append(price)
    return prices


def is_base(price: Price) -> bool:
    """Whether it is the price that holds when no sale does."""
    return price.valid_from is None and price.valid_to is None


def _variant(variant, stock, tax_code, prices, currency, images):
    base = next((price for price in reversed(prices) if is_base(price)), None)
    return VariantDraft(
        sku=variant.sku,
        options=dict(variant.options),
        price_minor=base.amount_minor if base else None,
        compare_at_minor=base.compare_at_minor if base else None,
        currency=currency,
        sales=[SaleDraft(p.amount_minor, p.valid_from, p.valid_to) for p in prices if not is_base(p)],
        weight_g=variant.weight_g,
        tax_category=tax_code or "standard",
        requires_shipping=variant.requires_shipping,
        on_hand=stock.on_hand if stock else 0,
        stock_policy=variant.stock_policy,
        hold_minutes=variant.hold_minutes,
        max_per_order=variant.max_per_order or 0,
        gift_certificate=variant.gift_certificate,
        active=variant.active,
        picture=images.get(variant.image_id),
    )


def ids_by_slug(slugs: Collection[str]) -> dict[str, int]:
    """Which products have these slugs."""
    rows = db.session.execute(select(Product.slug, Product.id).where(Product.slug.in_(slugs)))
    return dict(rows.tuples().all())


def owners(skus: Collection[str]) -> dict[str, tuple[int, str]]:
    """Which product, by id and slug, each of these SKUs belongs to."""
    rows = db.session.execute(select(Variant.sku, Product.id, Product.slug).join(Product).where(Variant.sku.in_(skus)))
    return {sku: (id, slug) for sku, id, slug in rows}
