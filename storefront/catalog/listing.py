"""The read model of the lists: kept beside the goods, so that no page has to count or sort them all.

Called inside the transaction that changed the goods; nothing here commits.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import and_, delete, func, insert, or_, select

from storefront import store
from storefront.catalog.availability import left
from storefront.catalog.models import (
    Category,
    ListingCard,
    ListingCount,
    ListingEntry,
    ListingFacet,
    Price,
    Product,
    ProductImage,
    Variant,
    VariantOption,
    product_categories,
)
from storefront.catalog.offers import current_price
from storefront.catalog.words import folded
from storefront.kit.db import db
from storefront.stock.models import Stock

WHOLE_SHOP = 0  # the category_id under which every product is listed
CHUNK = 500
NAMED = 3  # so many choices stand on a card
_LOCK = 0x57F10  # any number, the same for all who keep the read models


def refresh(product_ids: Collection[int] | None = None) -> None:
    """Bring the lists up to date with some products; None: with all, after categories or the currency changed.

    Products that are gone, hidden or without a price leave the lists.
    """
    one_at_a_time()
    db.session.flush()
    ids = all_products() if product_ids is None else sorted(set(product_ids))
    touched = {WHOLE_SHOP} | _listed() if product_ids is None else {WHOLE_SHOP}
    parents = dict(db.session.execute(select(Category.id, Category.parent_id)).tuples().all())
    for some in chunks(ids):
        touched |= _relist(some, parents, store.current().currency)
    _recount(touched)


def refresh_sold_out() -> int:
    """Put right what changed without a change of goods: sold out or back again, prices whose day came."""
    stale = db.session.scalars(_stale(store.current().currency)).all()
    if stale:
        refresh(stale)
    return len(stale)


def one_at_a_time() -> None:
    """Until the transaction ends nobody else writes the read models (SQLite has one writer anyway)."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def all_products() -> list[int]:
    """The ids of all products, in their order."""
    return list(db.session.scalars(select(Product.id).order_by(Product.id)))


def chunks(ids: list[int]) -> Iterator[list[int]]:
    """The ids in portions that one statement can take."""
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _listed():
    return set(db.session.scalars(select(ListingCount.category_id)))


def _relist(ids, parents, currency):
    """Write the rows of some products anew. Returns the categories whose counts may have changed."""
    where = ListingEntry.product_id.in_(ids)
    touched = set(db.session.scalars(select(ListingEntry.category_id).where(where).distinct()))
    for table in (ListingEntry, ListingCard, VariantOption):
        db.session.execute(delete(table).where(table.product_id.in_(ids)))
    places, images = _places(ids, parents), _first_images(ids)
    entries, cards, options = [], [], []
    for product, variants in _goods(ids, currency):
        entry = _entry(product, variants)
        entries += [{"category_id": place, **entry} for place in places[product.id] | {WHOLE_SHOP}]
        cards.append(_card(product.id, variants, images.get(product.id), currency))
        options += _options(product.id, variants)
    for table, rows in ((ListingEntry, entries), (ListingCard, cards), (VariantOption, options)):
        if rows:
            db.session.execute(insert(table), rows)
    return touched | {entry["category_id"] for entry in entries}


def _goods(ids, currency) -> Iterable[tuple]:
    """Each active product that has a price, with its active variants in their order."""
    rows = db.session.execute(
        select(
            Product.id,
            Product.title,
            Product.created_at,
            Variant.id.label("variant_id"),
            Variant.options,
            Variant.position,
            Price.amount_minor,
            left().label("left"),
        )
        .join(Variant, Variant.product_id == Product.id)
        .join(Price, current_price(currency))
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .where(Product.id.in_(ids), Product.active, Variant.active)
        .order_by(Product.id, Variant.position, Variant.id)
    ).all()
    goods = defaultdict(list)
    for row in rows:
        goods[row.id].append(row)
    return [(variants[0], variants) for variants in goods.values()]


def _places(ids, parents):
    """The categories of each product and all that lie above them."""
    places: dict[int, set[int]] = defaultdict(set)
    rows = db.session.execute(
        select(product_categories.c.product_id, product_categories.c.category_id).where(
            product_categories.c.product_id.in_(ids)
        )
    )
    for product_id, place in rows.tuples():
        above: int | None = place
        while above is not None and above not in places[product_id]:
            places[product_id].add(above)
            above = parents.get(above)
    return places


def _first_images(ids):
    rows = db.session.execute(
        select(ProductImage.product_id, ProductImage.id)
        .where(ProductImage.product_id.in_(ids))
        .order_by(ProductImage.position.desc(), ProductImage.id.desc())
    )
    return dict(rows.tuples().all())  # the last one written is the first picture


def _entry(product, variants):
    prices = [variant.amount_minor for variant in variants]
    return {
        "product_id": product.id,
        "sold_out": max(variant.left for variant in variants) <= 0,
        "price_min": min(prices),
        "price_max": max(prices),
        "price_down": -min(prices),
        "age": -int(product.created_at.timestamp()),
        "name": folded(product.title)[:80],
    }


def _card(product_id, variants, image_id, currency):
    values = [str(value) for variant in variants for value in list(variant.options.values())[:1]]
    named = list(dict.fromkeys(values))
    choices = ", ".join(named[:NAMED]) + ("…" if len(named) > NAMED else "")
    return {
        "product_id": product_id,
        "image_id": image_id,
        "choices": choices[:80] if len(named) > 1 else "",
        "currency": currency,
    }


def _options(product_id, variants):
    return [
        {
            "variant_id": variant.variant_id,
            "name": str(name),
            "value": str(value),
            "product_id": product_id,
            "position": variant.position,
        }
        for variant in variants
        for name, value in variant.options.items()
    ]


def _recount(touched):
    """Count the goods and the options of some categories."""
    for table in (ListingCount, ListingFacet):
        db.session.execute(delete(table).where(table.category_id.in_(touched)))
    entry, best = ListingEntry, ListingEntry.__table__.alias("best")
    image = (
        select(ListingCard.image_id)
        .join(best, best.c.product_id == ListingCard.product_id)
        .where(best.c.category_id == entry.category_id, ListingCard.image_id.is_not(None))
        .order_by(best.c.sold_out, best.c.age.desc(), best.c.product_id)  # the oldest: the newest are shown beside it
        .limit(1)
        .correlate(entry)
        .scalar_subquery()
    )
    counts = select(entry.category_id, func.count(), image).where(entry.category_id.in_(touched))
    db.session.execute(
        insert(ListingCount).from_select(["category_id", "goods", "image_id"], counts.group_by(entry.category_id))
    )
    columns = (entry.category_id, VariantOption.name, VariantOption.value)
    facets = (
        select(*columns, func.count(entry.product_id.distinct()), func.min(VariantOption.position))
        .join(VariantOption, VariantOption.product_id == entry.product_id)
        .where(entry.category_id.in_(touched - {WHOLE_SHOP}))
        .group_by(*columns)
    )
    db.session.execute(insert(ListingFacet).from_select(["category_id", "name", "value", "goods", "position"], facets))


def _stale(currency):
    """The products whose entry no longer says what their variants say."""
    live = (
        select(
            Variant.product_id,
            func.min(Price.amount_minor).label("price_min"),
            func.max(Price.amount_minor).label("price_max"),
            func.max(left()).label("left"),
        )
        .join(Price, current_price(currency))
        .outerjoin(Stock, Stock.variant_id == Variant.id)
        .where(Variant.active)
        .group_by(Variant.product_id)
        .subquery()
    )
    entry = ListingEntry
    differs = or_(
        entry.sold_out != (live.c.left <= 0),
        entry.price_min != live.c.price_min,
        entry.price_max != live.c.price_max,
        entry.product_id.is_(None) != live.c.product_id.is_(None),
        ListingCard.currency != currency,
    )
    return (
        select(Product.id)
        .outerjoin(live, live.c.product_id == Product.id)
        .outerjoin(entry, and_(entry.product_id == Product.id, entry.category_id == WHOLE_SHOP))
        .outerjoin(ListingCard, ListingCard.product_id == Product.id)
        .where(Product.active, differs)
    )
