"""Whole drafts into rows. New products go in together, table by table; changed ones field by field."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, insert, select, update as sql_update

from storefront import stock
from storefront.catalog import reductions
from storefront.catalog.drafts import PRODUCT_FIELDS, ProductDraft, SaleDraft, VariantDraft
from storefront.catalog.models import Category, Price, Product, ProductImage, Variant, product_categories
from storefront.catalog.stored import Stored, tax_categories
from storefront.kit import clock
from storefront.kit.db import db

_OWN = ("slug", "title", "description", "vendor", "tags", "active", "seo_title", "seo_description")


class Note(NamedTuple):
    """Who changes the stock, why, and by which import: for its movements."""

    actor: str
    cause: str
    ref: str = ""


def add(changes: Sequence, note: Note) -> None:
    """Put new products in; each change learns the id of its product."""
    if not changes:
        return
    now = clock.now()
    rows = [{**_product_row(change.after), "created_at": now, "updated_at": now} for change in changes]
    ids = db.session.scalars(insert(Product).returning(Product.id, sort_by_parameter_order=True), rows).all()
    for change, product_id in zip(changes, ids, strict=True):
        change.product_id = product_id
    put_in_categories({change.product_id: change.after.categories for change in changes})
    add_variants([(c.product_id, place, v) for c in changes for place, v in enumerate(c.after.variants)], note)


def _product_row(draft):
    return {name: getattr(draft, name) for name in _OWN}


def put_in_categories(wanted: dict[int, list]) -> None:
    """Each product stands in these places and no others; places that are missing are made."""
    db.session.execute(delete(product_categories).where(product_categories.c.product_id.in_(wanted)))
    ids = make_places({place.path: place.names for drafts in wanted.values() for place in drafts})
    rows = [{"product_id": id, "category_id": ids[place.path]} for id, drafts in wanted.items() for place in drafts]
    if rows:
        db.session.execute(insert(product_categories), rows)


def make_places(wanted: dict[str, tuple[str, ...]], positions: dict[str, int] | None = None) -> dict[str, int]:
    """The ids of these paths of the tree, with their parents; missing ones are made with the given names."""
    names: dict[str, str] = {}
    for path, titles in wanted.items():
        slugs = path.split("/")
        for depth in range(1, len(slugs) + 1):
            names.setdefault("/".join(slugs[:depth]), titles[depth - 1] if depth <= len(titles) else slugs[depth - 1])
    ids = dict(db.session.execute(select(Category.path, Category.id).where(Category.path.in_(names))).tuples().all())
    for path in sorted(names.keys() - ids.keys(), key=lambda path: (path.count("/"), path)):
        above, _, slug = path.rpartition("/")
        made = Category(parent_id=ids.get(above), slug=slug, path=path, name=names[path])
        made.position = (positions or {}).get(path, 0)
        db.session.add(made)
        db.session.flush()
        ids[path] = made.id
    return ids


def tax_ids(codes: set[str]) -> dict[str, int]:
    """The ids of tax categories by code; a missing one is made."""
    ids = dict(db.session.execute(select(tax_categories.c.code, tax_categories.c.id)).tuples().all())
    for code in sorted(codes - ids.keys()):
        name = code.replace("-", " ").capitalize()
        db.session.execute(tax_categories.insert().values(code=code, name=name))
    if codes - ids.keys():
        return tax_ids(codes)
    return ids


def add_variants(placed: Sequence[tuple[int, int, VariantDraft]], note: Note) -> None:
    """Put variants in, as (product id, position, whole draft), with their prices and counters."""
    taxes = tax_ids({variant.tax_category or "" for _, _, variant in placed})
    rows = [{"product_id": id, **_variant_row(variant, place, taxes)} for id, place, variant in placed]
    ids = db.session.scalars(insert(Variant).returning(Variant.id, sort_by_parameter_order=True), rows).all()
    priced = zip(ids, placed, strict=True)
    prices = [row for id, (_, _, variant) in priced for row in reductions.first(list(_price_rows(id, variant)))]
    if prices:
        db.session.execute(insert(Price), prices)
    counts = [(id, v.on_hand or 0, v.stock_policy or "") for id, (_, _, v) in zip(ids, placed, strict=True)]
    stock.start_all(counts, cause=note.cause, actor=note.actor, ref=note.ref)


def _variant_row(variant, place, taxes):
    same = (
        "sku",
        "options",
        "weight_g",
        "requires_shipping",
        "stock_policy",
        "hold_minutes",
        "active",
        "gift_certificate",
    )
    return {
        **{name: getattr(variant, name) for name in same},
        "position": place,
        "tax_category_id": taxes[variant.tax_category],
        "max_per_order": variant.max_per_order or None,
    }


def _price_rows(variant_id, variant):
    if variant.price_minor is None:
        return
    yield _price_row(variant_id, variant, SaleDraft(variant.price_minor), variant.compare_at_minor)
    for sale in variant.sales or ():
        compare = variant.price_minor if variant.price_minor > sale.price_minor else None
        yield _price_row(variant_id, variant, sale, compare)


def _price_row(variant_id, variant, price, compare_at_minor):
    return {
        "variant_id": variant_id,
        "currency": variant.currency,
        "amount_minor": price.price_minor,
        "compare_at_minor": compare_at_minor,
        "valid_from": price.begins,
        "valid_to": price.ends,
    }


def update(before: Stored, after: ProductDraft, pairs: dict[str, str], note: Note) -> None:
    """Change a product's rows to the whole draft. `pairs` maps its SKUs to those that stand."""
    changed = {name for name in PRODUCT_FIELDS if getattr(before.draft, name) != getattr(after, name)}
    values = {name: getattr(after, name) for name in changed & set(_OWN)}
    db.session.execute(sql_update(Product).where(Product.id == before.id).values(**values, updated_at=clock.now()))
    if "categories" in changed:
        put_in_categories({before.id: after.categories or []})
    if "pictures" in changed:
        _arrange_pictures(before, after)
    _update_variants(before, after, pairs, note)


def _arrange_pictures(before, after):
    """Order and words of the pictures that are here; one that is no longer named goes."""
    left = dict(before.image_ids)
    for place, picture in enumerate(after.pictures):
        row = sql_update(ProductImage).where(ProductImage.id == left.pop(picture.source))
        db.session.execute(row.values(position=place, alt=picture.alt))
    if left:
        db.session.execute(delete(ProductImage).where(ProductImage.id.in_(left.values())))


def _update_variants(before, after, pairs, note):
    was = {variant.sku: (place, variant) for place, variant in enumerate(before.draft.variants)}
    new = [(before.id, place, v) for place, v in enumerate(after.variants) if v.sku not in pairs]
    known = [(place, v, *was[pairs[v.sku]]) for place, v in enumerate(after.variants) if v.sku in pairs]
    for place, variant, old_place, old in known:
        if place != old_place or variant != old:
            _update_variant(before, variant, place, old, note)
    _change_prices({before.variant_ids[old.sku]: (variant, old) for _, variant, _, old in known})
    if new:
        add_variants(new, note)


def _update_variant(before, variant, place, old, note):
    variant_id = before.variant_ids[old.sku]
    values = _variant_row(variant, place, tax_ids({variant.tax_category}))
    values["image_id"] = before.image_ids.get(variant.picture)
    db.session.execute(sql_update(Variant).where(Variant.id == variant_id).values(**values))
    if variant.stock_policy != old.stock_policy:
        stock.start(variant_id, 0, variant.stock_policy, cause=note.cause, actor=note.actor, ref=note.ref)
    if variant.on_hand != old.on_hand:
        stock.set_on_hand(variant_id, variant.on_hand, cause=note.cause, actor=note.actor, ref=note.ref)


def _change_prices(pairs):
    """`pairs`: what each variant, by id, is to be and was."""
    priced = ("price_minor", "compare_at_minor", "sales")
    by_currency = defaultdict[str, dict[int, list]](dict)
    for variant_id, (variant, old) in pairs.items():
        if any(getattr(variant, name) != getattr(old, name) for name in priced):
            by_currency[variant.currency][variant_id] = list(_price_rows(variant_id, variant))
    for currency, wanted in by_currency.items():
        reductions.change(wanted, currency)


def is_empty() -> bool:
    """Whether there is not a single product."""
    return db.session.scalar(select(Product.id).limit(1)) is None
