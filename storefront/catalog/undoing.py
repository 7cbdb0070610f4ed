"""Taking an import back: new goods go, changed fields become what they were, stock moves the other way.

What somebody changed since is left as it is now, and said: an undo takes back the import and nothing else. What is
said before and what is done come of the same plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flask_babel import gettext as _
from sqlalchemy import column, delete, or_, select, table, union, update

from storefront.catalog import listing, search, writing
from storefront.catalog.drafts import PRODUCT_FIELDS, VARIANT_FIELDS, ProductDraft, from_json
from storefront.catalog.models import CatalogImport, CatalogImportItem, Category, Product, Variant, product_categories
from storefront.catalog.saving import batches
from storefront.catalog.stored import Stored, stored
from storefront.catalog.touched import other, rewritten, touched
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.imports import latest, mark_undone, standing
from storefront.stock.models import BACKORDER, StockReservation

_cart_lines = table("cart_lines", column("variant_id"))
_order_lines = table("order_lines", column("variant_id"))
_KNOWN_BY = (_cart_lines, _order_lines, StockReservation.__table__)


@dataclass
class Undone:
    """What was, or would be, taken back: counts of products, and a sentence for everything that stays.

    `removed`, `hidden` and `left` are the import's new products; `left` are those that somebody changed since.
    """

    import_id: int
    name: str
    removed: int = 0
    hidden: int = 0
    left: int = 0
    restored: int = 0
    kept: list[str] = field(default_factory=list)


@dataclass
class _Plan:
    """What is to be done to some products: ids to remove and to hide, and what becomes of the others."""

    gone: list[int] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    changes: list[tuple[Stored, ProductDraft, dict[str, str], set[int]]] = field(default_factory=list)


def imports(most: int = 50) -> list[CatalogImport]:
    """The latest imports, newest first."""
    return latest(CatalogImport, most)


def foreseen(import_id: int) -> Undone:
    """What taking an import back would do now. Writes nothing and waits for nobody.

    Raises NotFound when there is none, Conflict when it was undone already.
    """
    row = standing(CatalogImport, import_id)
    undone = Undone(row.id, row.name)
    for some in batches(_items(row)):
        _planned(some, row.currency, undone, lock=False)
    return undone


def undo(import_id: int | None = None, *, actor: str) -> Undone:
    """Take back one import, or the latest that still stands. Inside the caller's transaction: all of it or none.

    Raises NotFound when there is none, Conflict when it was undone already.
    """
    row = mark_undone(CatalogImport, import_id, actor)
    undone = Undone(row.id, row.name)
    listing.one_at_a_time()
    items = _items(row)
    note = writing.Note(actor=actor, cause="import", ref=f"undo of import {row.id}")
    for some in batches(items):
        _carry_out(_planned(some, row.currency, undone, lock=True), note)
    ids = [item.product_id for item in items if item.product_id]
    db.session.expire_all()
    listing.refresh(ids)
    search.index(ids)
    _remove_places(row.report.get("places", ()))
    return undone


def _items(row):
    wanted = select(CatalogImportItem).where(CatalogImportItem.import_id == row.id)
    return list(db.session.scalars(wanted.order_by(CatalogImportItem.id)))


def _planned(items, currency, undone, lock):
    """What is to be done to the products of some items; `undone` counts it and says what stays."""
    new = {item.product_id for item in items if not item.before} - {None}
    known = _known_products(new, lock)
    here = stored({item.product_id for item in items} - {None}, currency, lock)
    unsaid = rewritten({item.product_id for item in items if not item.before and not item.after} - {None})
    plan = _Plan()
    for item in items:
        now = here.get(item.product_id)
        if now is None:
            since = _("%(slug)s was removed since", slug=item.slug)
            undone.kept.append(since if item.before else _("%(slug)s was removed already", slug=item.slug))
        elif item.before:
            plan.changes.append((now, *_merged(now, item, undone)))
            undone.restored += 1
        else:
            changed = now.id in unsaid or touched(now, item, now.id in known)
            _end_of_new(now, changed, now.id in known, plan, undone)
    return plan


def _end_of_new(now, changed, known, plan, undone):
    """A new product goes; one that an order or a cart knows is hidden; one that somebody changed stays as it is."""
    if changed:
        undone.left += 1
        undone.kept.append(_("%(what)s stays as it is: somebody changed it since", what=now.draft.slug))
    elif known:
        plan.hidden.append(now.id)
        undone.hidden += 1
        undone.kept.append(_("%(slug)s is hidden, not removed: an order or a cart has it", slug=now.draft.slug))
    else:
        plan.gone.append(now.id)
        undone.removed += 1


def _carry_out(plan, note):
    if plan.gone:
        db.session.execute(delete(Product).where(Product.id.in_(plan.gone)))
    if plan.hidden:
        hide = update(Product).where(Product.id.in_(plan.hidden))
        db.session.execute(hide.values(active=False, updated_at=clock.now()))
    for now, merged, pairs, gone in plan.changes:
        writing.update(now, merged, pairs, note)
        if gone:
            db.session.execute(delete(Variant).where(Variant.id.in_(gone)))


def _known_products(ids, lock):
    query = select(Variant.id, Variant.product_id).where(Variant.product_id.in_(ids))
    variants = dict(db.session.execute(query.with_for_update() if lock else query).tuples().all())
    return {variants[id] for id in _known_variants(variants)}


def _known_variants(ids):
    """Those of these variants that an order or a cart knows."""
    uses = (select(place.c.variant_id).where(place.c.variant_id.in_(list(ids))) for place in _KNOWN_BY)
    return set(db.session.scalars(union(*uses))) if ids else set()


def _merged(now, item, undone):
    """The product as it is now with what the import changed put back; SKU pairs; ids of variants to remove."""
    before, after = from_json(item.before), from_json(item.after)
    merged = _put_back(now.draft, before, after, PRODUCT_FIELDS, undone.kept, item.slug)
    merged.pictures = _pictures_back(now.draft.pictures, before.pictures, after.pictures, item.pictures)
    was = {variant.sku: variant for variant in before.variants}
    did = {variant.sku: variant for variant in after.variants}
    ids = now.variant_ids
    new = {ids[v.sku] for v in now.draft.variants if v.sku in did and v.sku not in item.pairs}
    known = _known_variants(new)
    stay = {ids[v.sku] for v in now.draft.variants if ids[v.sku] in new and other(v, did[v.sku], ids[v.sku] in known)}
    merged.variants, pairs = [], {}
    for variant in now.draft.variants:
        old = was.get(item.pairs.get(variant.sku, ""))
        if old:
            back = _put_back(variant, old, did[variant.sku], VARIANT_FIELDS, undone.kept, variant.sku)
            back = _counted_back(back, variant, old, did[variant.sku], now, undone.kept)
        elif ids[variant.sku] in stay:
            back = variant
            undone.kept.append(_("%(what)s stays as it is: somebody changed it since", what=variant.sku))
        elif ids[variant.sku] in new:
            back = replace(variant, active=False)
        else:
            back = variant
        merged.variants.append(back)
        pairs[back.sku] = variant.sku
    order = {sku: place for place, sku in enumerate(was)}
    merged.variants.sort(key=lambda variant: order.get(variant.sku, len(order)))
    return merged, pairs, new - known - stay


def _put_back(now, before, after, names: Sequence[str], kept, what):
    """The fields that the import changed as they were, unless somebody changed them since."""
    values = {}
    for name in names:
        if name in ("on_hand", "pictures") or getattr(before, name) == getattr(after, name):
            continue
        if getattr(now, name) == getattr(after, name):
            values[name] = getattr(before, name)
        elif getattr(now, name) != getattr(before, name):
            kept.append(_("%(what)s: %(field)s was changed since and stays", what=what, field=name))
    return replace(now, **values)


def _pictures_back(now, before, after, brought):
    """Without those that the import brought; the words and the order of the others as they were."""
    old, did = ({picture.source: picture for picture in pictures} for pictures in (before, after))
    stay = [picture for picture in now if picture.source in old or picture.source not in brought]
    order = {source: place for place, source in enumerate(old)}
    back = [old[p.source] if p.source in old and did.get(p.source) == p else p for p in stay]
    return sorted(back, key=lambda picture: order.get(picture.source, len(order)))


def _counted_back(back, now, before, after, product, kept):
    """The opposite movement; never below what orders hold."""
    wanted = now.on_hand - ((after.on_hand or 0) - (before.on_hand or 0))
    reserved = product.reserved[now.sku]
    count = wanted if back.stock_policy == BACKORDER else max(wanted, reserved, 0)
    if back.stock_policy != BACKORDER and now.on_hand < reserved and now.stock_policy == BACKORDER:
        kept.append(_("%(sku)s: goes on being sold below zero, orders hold more than there are", sku=now.sku))
        return replace(back, stock_policy=BACKORDER, on_hand=wanted)
    if count != wanted:
        kept.append(_("%(sku)s: %(count)d stay counted, orders hold them", sku=now.sku, count=count))
    return replace(back, on_hand=count)


def _remove_places(paths):
    """Places that the import made, where nothing has come to stand in them since; the deepest first."""
    for path in sorted(paths, key=lambda path: -path.count("/")):
        child = select(Category.id).where(Category.path.like(f"{path}/%")).exists()
        goods = select(product_categories.c.product_id).join(Category).where(Category.path == path).exists()
        if not db.session.scalar(select(or_(child, goods))):
            db.session.execute(delete(Category).where(Category.path == path))
