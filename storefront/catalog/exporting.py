"""The goods as Shopify's product CSV, with a few columns of our own behind: it imports back without a change."""

import csv
import io
from collections.abc import Iterator

from flask import current_app
from sqlalchemy import select

from storefront import store
from storefront.catalog import ownfields
from storefront.catalog.csvfile import guarded
from storefront.catalog.models import Category, Product, Variant
from storefront.catalog.pictures import WIDTHS
from storefront.catalog.saving import batches
from storefront.catalog.stored import stored
from storefront.kit import money
from storefront.kit.db import db
from storefront.stock.models import BACKORDER, UNTRACKED

_OPTIONS = 3
_HEADINGS = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published",
    *(f"Option{n} {word}" for n in range(1, _OPTIONS + 1) for word in ("Name", "Value")),
    "Variant SKU", "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy",
    "Variant Fulfillment Service", "Variant Price", "Variant Compare At Price", "Variant Requires Shipping",
    "Variant Taxable", "Image Src", "Image Position", "Image Alt Text", "Gift Card", "SEO Title", "SEO Description",
    "Variant Image", "Variant Weight Unit", "Status",
)  # fmt: skip


def export() -> Iterator[str]:
    """The file, line by line, each with its line end; all products in the order in which they came."""
    ids = list(db.session.scalars(select(Product.id).order_by(Product.id)))
    names = dict(db.session.execute(select(Category.path, Category.name)).tuples().all())
    currency = store.current().currency
    most = _most_options()
    extra = [f"Option{n} {word}" for n in range(_OPTIONS + 1, most + 1) for word in ("Name", "Value")]
    headings = (*_HEADINGS, *extra, *ownfields.HEADINGS)
    yield _line(headings)
    for some in batches(ids):
        found = stored(some, currency)
        for product_id in some:
            for row in _rows(found[product_id].draft, names, most):
                yield _line([row.get(heading, "") for heading in headings])


def _line(cells):
    text = io.StringIO()
    csv.writer(text).writerow([guarded(str(cell)) if cell is not None else "" for cell in cells])
    return text.getvalue()


def _most_options():
    """How many options the variant with the most has: Shopify itself knows three."""
    return max((len(options) for options in db.session.scalars(select(Variant.options))), default=0)


def _rows(draft, names, most) -> Iterator[dict]:
    """One row a variant, and further rows when there are more pictures."""
    pictures = [_picture_cells(picture, place) for place, picture in enumerate(draft.pictures, 1)]
    options = list(dict.fromkeys(name for variant in draft.variants for name in variant.options))
    for place in range(max(len(draft.variants), len(pictures))):
        row = {"Handle": draft.slug}
        if place == 0:
            row |= _product_cells(draft, options) | ownfields.for_product(draft, names)
        if place < len(draft.variants):
            row |= _variant_cells(draft.variants[place], options, draft) | ownfields.for_variant(draft.variants[place])
        if place < len(pictures):
            row |= pictures[place]
        yield row


def _product_cells(draft, options):
    place = draft.categories[0] if draft.categories else None
    return {
        "Title": draft.title,
        "Body (HTML)": draft.description,
        "Vendor": draft.vendor,
        "Type": place.names[-1] if place else "",
        "Tags": ", ".join(draft.tags or ()),
        "Published": "true" if draft.active else "false",
        "SEO Title": draft.seo_title,
        "SEO Description": draft.seo_description,
        "Status": "active" if draft.active else "draft",
        **({f"Option{n} Name": name for n, name in enumerate(options, 1)} or {"Option1 Name": "Title"}),
    }


def _variant_cells(variant, options, draft):
    untracked = variant.stock_policy == UNTRACKED
    picture = next((picture for picture in draft.pictures if picture.source == variant.picture), None)
    return {
        **({f"Option{n} Value": variant.options.get(name, "") for n, name in enumerate(options, 1)} or _NO_CHOICE),
        "Variant SKU": variant.sku,
        "Variant Grams": variant.weight_g,
        "Variant Inventory Tracker": "" if untracked else "shopify",
        "Variant Inventory Qty": "" if untracked else variant.on_hand,
        "Variant Inventory Policy": "continue" if variant.stock_policy in (BACKORDER, UNTRACKED) else "deny",
        "Variant Fulfillment Service": "manual",
        "Variant Price": _amount(variant.price_minor, variant),
        "Variant Compare At Price": _amount(variant.compare_at_minor, variant),
        "Gift Card": "true" if variant.gift_certificate else "false",
        "Variant Requires Shipping": "true" if variant.requires_shipping else "false",
        "Variant Taxable": "false" if variant.tax_category == "zero" else "true",
        "Variant Image": _address(picture) if picture else "",
        "Variant Weight Unit": "g",
    }


def _amount(minor, variant):
    return "" if minor is None else money.plain(minor, variant.currency)


_NO_CHOICE = {"Option1 Value": "Default Title"}


def _picture_cells(picture, place):
    return {"Image Src": _address(picture), "Image Position": place, "Image Alt Text": picture.alt}


def _address(picture):
    """Where the picture came from, or our own address of it."""
    if picture.source.startswith(("http://", "https://")):
        return picture.source
    return f"{current_app.config['PUBLIC_URL']}/media/{picture.key}-{WIDTHS[-1]}.webp"
