"""Shopify's product CSV: one row a variant or a further picture, and all rows of one Handle are one product."""

import re
from collections.abc import Iterator
from decimal import Decimal

from flask_babel import gettext as _

from storefront.catalog import ownfields
from storefront.catalog.csvfile import Row, Table
from storefront.catalog.drafts import COUNTED, CategoryDraft, PictureDraft, ProductDraft, VariantDraft
from storefront.catalog.naming import slug_of
from storefront.catalog.values import Found, Unfit, amount, grams, whole, yes
from storefront.stock.models import BACKORDER, UNTRACKED

NEEDED = ("handle", "title", "variant price")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_GRAM = Decimal(1)

# The headings of Shopify's newer template, by the names that its older one has for the same.
_NEWER = {
    "url handle": "handle",
    "description": "body (html)",
    "published on online store": "published",
    "sku": "variant sku",
    "price": "variant price",
    "compare-at price": "variant compare at price",
    "weight value (grams)": "variant grams",
    "inventory tracker": "variant inventory tracker",
    "inventory quantity": "variant inventory qty",
    "continue selling when out of stock": "variant inventory policy",
    "requires shipping": "variant requires shipping",
    "charge tax": "variant taxable",
    "product image url": "image src",
    "variant image url": "variant image",
}


def known_headings(headings: list[str]) -> list[str]:
    """The headings by their older names, where the file is of the newer kind."""
    return [_NEWER.get(heading, heading) for heading in headings] if "url handle" in headings else headings


def read(table: Table, currency: str) -> Found:
    """The products of the table. One bad row leaves out its product, and only that."""
    found = Found()
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        if row["handle"]:
            groups.setdefault(row["handle"], []).append(row)
        else:
            found.refuse(Unfit(row.line, _("the row has no Handle")), row["title"])
    counted = 0
    for handle, rows in groups.items():
        try:
            draft = _product(handle, rows, table, currency)
        except Unfit as unfit:
            found.refuse(unfit, handle, [row.line for row in rows])
        else:
            found.drafts.append(draft)
            counted += sum(_is_counted_silently(row) for row in rows)
    if counted:
        found.notes.append(
            _("%(count)d variants have a quantity but no inventory tracker: they are counted as stock.", count=counted)
        )
    return found


def _product(handle, rows, table, currency):
    first = next((row for row in rows if row["title"]), rows[0])
    said = table.headings
    return ProductDraft(
        slug=handle if _SLUG.fullmatch(handle) else slug_of(handle),
        title=first["title"],
        description=first["body (html)"] if "body (html)" in said else None,
        vendor=first["vendor"] if "vendor" in said else None,
        tags=first["tags"].split(",") if "tags" in said else None,
        categories=ownfields.categories(first["storefront categories"]) or _category(first),
        pictures=list(_pictures(rows)),
        active=_active(first),
        seo_title=first["seo title"] if "seo title" in said else None,
        seo_description=first["seo description"] if "seo description" in said else None,
        variants=[_variant(row, first, said, currency) for row in rows if _sells(row)],
        line=first.line,
    )


def _category(row):
    name = row["custom product type"] or row["type"]
    return [CategoryDraft.named(name)] if name else None


def _active(row):
    """Hidden when it is not published, or kept as a draft or in the archive."""
    published = yes(row, "published")
    return (published is None or published) and row["status"].lower() in ("", "active")


def _sells(row):
    options = any(value and name.startswith("option") and name.endswith("value") for name, value in row.cells.items())
    if options or row["variant sku"] or row["variant price"]:
        return True
    if not row["image src"] and not row["title"]:
        raise Unfit(row.line, _("the row has neither a variant nor a picture"))
    return False


def _option_names(row):
    """The names of the options by the number of their column; none for a product without a choice."""
    names = {n: row[f"option{n} name"] for n in range(1, 10) if row[f"option{n} name"]}
    return {} if names == {1: "Title"} and row["option1 value"] in ("Default Title", "") else names


def _variant(row, first, said, currency):
    names, gift = _option_names(first), yes(row, "gift card")
    return VariantDraft(
        sku=row["variant sku"] or None,
        options={name: row[f"option{n} value"] for n, name in names.items() if row[f"option{n} value"]},
        price_minor=amount(row, "variant price", _("price"), currency),
        compare_at_minor=amount(row, "variant compare at price", _("compare-at price"), currency),
        currency=currency,
        weight_g=grams(row, "variant grams", _GRAM),
        tax_category=row["storefront tax category"] or ("zero" if yes(row, "variant taxable") is False else None),
        requires_shipping=yes(row, "variant requires shipping"),
        gift_certificate=yes(first, "gift card") if gift is None else gift,
        picture=row["variant image"] or None,
        line=row.line,
        **(ownfields.stock_of(row) or _stock(row)),
        **ownfields.of_variant(row, currency),
    )


def _stock(row):
    """How the variant is counted.

    "continue" sells on below zero. Without a tracker Shopify does not count and sells without end, and writes
    a quantity of 0 or none; a quantity above 0 is a number that the merchant knows, and is held to: better
    sold out too early than sold twice.
    """
    count = whole(row, "variant inventory qty", _("quantity"))
    if row["variant inventory policy"].lower() in ("continue", "true"):
        return {"stock_policy": BACKORDER, "on_hand": count}
    if not row["variant inventory tracker"] and not (count or 0) > 0:
        return {"stock_policy": UNTRACKED, "on_hand": None}
    return {"stock_policy": COUNTED, "on_hand": count}


def _is_counted_silently(row):
    policy = row["variant inventory policy"].lower()
    tracked = row["variant inventory tracker"] or policy in ("continue", "true") or not _sells(row)
    return not tracked and not row["storefront stock policy"] and (whole(row, "variant inventory qty", "") or 0) > 0


def _pictures(rows) -> Iterator[PictureDraft]:
    """Each picture once, in the order of their positions; a variant's own come last."""
    placed = [(whole(row, "image position", _("image position")) or 9999, row) for row in rows if row["image src"]]
    wanted = {row["image src"]: row["image alt text"] for _place, row in sorted(placed, key=lambda pair: pair[0])}
    for row in rows:
        if row["variant image"]:
            wanted.setdefault(row["variant image"], "")
    return (PictureDraft(source, alt) for source, alt in wanted.items())
