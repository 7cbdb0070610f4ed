"""Whether somebody changed goods since an import made them: then taking the import back leaves them alone."""

from collections.abc import Collection

from sqlalchemy import select

from storefront.catalog.drafts import (
    PRODUCT_FIELDS,
    VARIANT_FIELDS,
    PictureDraft,
    ProductDraft,
    VariantDraft,
    from_json,
)
from storefront.catalog.models import CatalogImportItem, Product
from storefront.catalog.stored import Stored
from storefront.kit.db import db


def touched(now: Stored, item: CatalogImportItem, known: bool) -> bool:
    """Whether a new product is not what its import made of it. `known`: sales may have moved its counts.

    A picture that was taken away goes unnoticed: it may never have been fetched.
    """
    if any(picture.source not in item.pictures for picture in now.draft.pictures):
        return True
    if not item.after:
        return False
    after = from_json(item.after)
    did = {variant.sku: variant for variant in after.variants}
    return (
        any(getattr(now.draft, name) != getattr(after, name) for name in PRODUCT_FIELDS if name != "pictures")
        or _other_pictures(now.draft.pictures, after)
        or [variant.sku for variant in now.draft.variants] != list(did)
        or any(other(variant, did[variant.sku], known) for variant in now.draft.variants)
    )


def other(variant: VariantDraft, did: VariantDraft, known: bool) -> bool:
    """Whether a variant is not what the import made of it; its picture came later."""
    names = [name for name in VARIANT_FIELDS if name != "picture" and not (known and name == "on_hand")]
    return any(getattr(variant, name) != getattr(did, name) for name in names)


def rewritten(product_ids: Collection[int]) -> set[int]:
    """Those of these products that were written again after they were made.

    For older imports, which kept nothing of a new product but its slug and the addresses of its pictures.
    """
    again = select(Product.id).where(Product.id.in_(product_ids), Product.updated_at != Product.created_at)
    return set(db.session.scalars(again)) if product_ids else set()


def _other_pictures(pictures: list[PictureDraft], after: ProductDraft) -> bool:
    """Whether pictures stand in another order than they came in, or with other words."""
    said = {picture.source: _plain(picture.alt or after.title) for picture in after.pictures}
    order = [source for source in said if source in {picture.source for picture in pictures}]
    return [(each.source, _plain(each.alt)) for each in pictures] != [(source, said[source]) for source in order]


def _plain(text):
    return " ".join(text.split())
