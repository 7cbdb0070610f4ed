"""Putting drafts into the shop: first what would change, then the change itself.

Saving the same drafts again changes nothing. Callers open the transaction; a few hundred drafts in one is a
good size. Everything is read and written for all of them together, not one by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from flask_babel import gettext as _

from storefront.catalog import listing, search, writing
from storefront.catalog.completing import completed, fault_of
from storefront.catalog.drafts import Difference, ProductDraft, differences
from storefront.catalog.naming import slug_of
from storefront.catalog.stored import Stored, ids_by_slug, owners, stored
from storefront.stock.models import BACKORDER

NEW, CHANGED, SAME, REFUSED = "new", "changed", "same", "refused"
_TOGETHER = 200


@dataclass
class Change:
    """What one draft would do, or did. `after` is the whole draft; `line` and `reason` explain a refusal."""

    kind: str
    slug: str
    title: str
    line: int = 0
    reason: str = ""
    differences: list[Difference] = field(default_factory=list)
    before: Stored | None = field(default=None, repr=False)
    after: ProductDraft | None = field(default=None, repr=False)
    pairs: dict[str, str] = field(default_factory=dict, repr=False)  # SKU after: SKU before
    draft: ProductDraft | None = field(default=None, repr=False)
    product_id: int | None = None


def compare(drafts: Sequence[ProductDraft | Change]) -> list[Change]:
    """What saving these drafts would do, in their order. Writes nothing and needs no transaction."""
    return [change for some in batches(alone(drafts)) for change in _compared(some, lock=False)]


def save(drafts: Sequence[ProductDraft | Change], *, actor: str, cause: str = "import", ref: str = "") -> list[Change]:
    """Save the drafts that can be saved; the others come back as refused. Inside the caller's transaction.

    Pictures are not fetched here: `add_pictures` does it afterwards, outside any transaction.
    """
    listing.one_at_a_time()
    changes = [change for some in batches(alone(drafts)) for change in _saved(some, actor, cause, ref)]
    touched = [change.product_id for change in changes if change.kind in (NEW, CHANGED)]
    if touched:
        listing.refresh(touched)
        search.index(touched)
    return changes


def batches(drafts: Sequence, size: int = _TOGETHER) -> Iterator[Sequence]:
    """The drafts in lots that fit one query and one transaction."""
    return (drafts[start : start + size] for start in range(0, len(drafts), size))


def alone(drafts: Sequence[ProductDraft | Change]) -> list[ProductDraft | Change]:
    """The drafts; where one takes the address or a SKU of an earlier one, its refusal instead."""
    slugs: dict[str, int] = {}
    skus: dict[str, int] = {}
    found: list[ProductDraft | Change] = []
    for draft in drafts:
        if isinstance(draft, Change):
            found.append(draft)
            continue
        draft = _own_slug(draft, slugs)
        named = [variant for variant in draft.variants if variant.sku]
        double = next((variant for variant in named if variant.sku in skus), None)
        twice = _twice(named)
        if draft.slug in slugs:
            found.append(_refused(draft, draft.line, _("line %(line)d has the same product", line=slugs[draft.slug])))
        elif double or twice:
            variant = double or twice
            line = skus.get(variant.sku, draft.line)
            reason = _("the SKU %(sku)s stands in line %(line)d already", sku=variant.sku, line=line)
            found.append(_refused(draft, variant.line or draft.line, reason))
        else:
            slugs[draft.slug] = draft.line
            skus.update((variant.sku, variant.line or draft.line) for variant in named)
            found.append(draft)
    return found


def _twice(variants):
    skus = [variant.sku for variant in variants]
    return next((variant for place, variant in enumerate(variants) if variant.sku in skus[:place]), None)


def _own_slug(draft, taken):
    """A slug made from a title gives way to an earlier one: two products may be called the same."""
    if draft.slug_given or draft.slug not in taken:
        return draft
    return replace(draft, slug=_told_apart(draft))


def _told_apart(draft):
    sku = next((variant.sku for variant in draft.variants if variant.sku), "")
    return f"{draft.slug}-{slug_of(sku)}" if sku else draft.slug


def _compared(drafts, lock):
    """The changes of one lot. Rows are read in five queries whatever the number of drafts."""
    real = [draft for draft in drafts if isinstance(draft, ProductDraft)]
    owner = owners({variant.sku for draft in real for variant in draft.variants if variant.sku})
    by_slug = ids_by_slug({draft.slug for draft in real})
    homes = {id(draft): _home(draft, by_slug, owner) for draft in real}
    by_slug.update(ids_by_slug({slug for slug, product_id in homes.values() if product_id is None}))
    here = stored(
        {by_slug.get(slug, product_id) for slug, product_id in homes.values()} - {None}, _currency(real), lock
    )
    changes = []
    for draft in drafts:
        if isinstance(draft, Change):
            changes.append(draft)
            continue
        slug, product_id = homes[id(draft)]
        changes.append(_change(replace(draft, slug=slug), here.get(by_slug.get(slug, product_id)), owner))
    return changes


def _currency(drafts):
    return next((variant.currency for draft in drafts for variant in draft.variants), "")


def _home(draft, by_slug, owner):
    """The slug a draft goes to, and the product there if its SKUs say so.

    A given slug is the product's name. One made from a title is a guess: SKUs that a product has already say
    better which one is meant (its title may have changed), and a product that shares no SKU is another one.
    """
    skus = [variant.sku for variant in draft.variants if variant.sku]
    known = {owner[sku] for sku in skus if sku in owner}
    if draft.slug_given or not skus:
        return draft.slug, by_slug.get(draft.slug)
    if len(known) == 1:
        product_id, slug = known.pop()
        return slug, product_id
    return (_told_apart(draft) if draft.slug in by_slug and not known else draft.slug), None


def _change(draft, before, owner):
    fault = fault_of(draft)
    if fault:
        return _refused(draft, fault.line, fault.reason)
    after, pairs = completed(draft, before.draft if before else None)
    refusal = (
        _foreign_sku(after, before, owner) or _without_price(after, pairs) or _below_reserved(after, before, pairs)
    )
    if refusal:
        return refusal
    change = Change(NEW, after.slug, after.title, draft.line, before=before, after=after, pairs=pairs, draft=draft)
    if before:
        change.product_id = before.id
        change.differences = list(differences(before.draft, after, pairs))
        change.kind = CHANGED if change.differences else SAME
    return change


def _foreign_sku(after, before, owner):
    for variant in after.variants:
        other = owner.get(variant.sku)
        if other and (before is None or other[0] != before.id):
            reason = _("the SKU %(sku)s belongs to the product %(slug)s", sku=variant.sku, slug=other[1])
            return _refused(after, variant.line or after.line, reason)
    return None


def _without_price(after, pairs):
    lacking = next(
        (variant for variant in after.variants if variant.price_minor is None and variant.sku not in pairs), None
    )
    return _refused(after, lacking.line or after.line, _("there is no price")) if lacking else None


def _below_reserved(after, before, pairs):
    for variant in after.variants:
        reserved = before.reserved.get(pairs.get(variant.sku, ""), 0) if before else 0
        if variant.stock_policy != BACKORDER and variant.on_hand < reserved:
            reason = _("%(count)d of %(sku)s are set aside for orders", count=reserved, sku=variant.sku)
            return _refused(after, variant.line or after.line, reason)
    return None


def _refused(draft, line, reason):
    return Change(REFUSED, draft.slug, draft.title, line, reason, draft=draft)


def _saved(drafts, actor, cause, ref):
    changes = _compared(drafts, lock=True)
    note = writing.Note(actor=actor, cause=cause, ref=ref)
    writing.add([change for change in changes if change.kind == NEW], note)
    for change in changes:
        if change.kind == CHANGED:
            writing.update(change.before, change.after, change.pairs, note)
    return changes
