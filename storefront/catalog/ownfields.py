"""What Shopify's format has no column for: columns of our own at its end, so that an export loses nothing."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from storefront.catalog.drafts import CategoryDraft, ProductDraft, SaleDraft, VariantDraft
from storefront.catalog.naming import slug_of
from storefront.catalog.values import Unfit, whole, yes
from storefront.kit import money
from storefront.kit.errors import Invalid

HEADINGS = (
    "Storefront Categories", "Storefront Tax Category", "Storefront Stock Policy", "Storefront Stock Count",
    "Storefront Hold Minutes", "Storefront Max Per Order", "Storefront Variant Active", "Storefront Sales",
)  # fmt: skip
_NEVER = "-"


def of_variant(row, currency: str) -> dict[str, Any]:
    """What the columns say of a variant; nothing where the file does not have them."""
    if "storefront stock policy" not in row.cells:
        return {}
    return {
        "hold_minutes": whole(row, "storefront hold minutes", _("hold minutes")),
        "max_per_order": whole(row, "storefront max per order", _("most per order")) or 0,
        "active": yes(row, "storefront variant active") is not False,
        "sales": [_sale(row, text, currency) for text in row["storefront sales"].split(" | ") if text],
    }


def stock_of(row) -> dict[str, Any] | None:
    """How the variant is counted, by our own columns; None where the file does not have them."""
    if not row["storefront stock policy"]:
        return None
    count = whole(row, "storefront stock count", _("stock"))
    return {"stock_policy": row["storefront stock policy"], "on_hand": count}


def for_product(draft: ProductDraft, names: dict[str, str]) -> dict[str, str]:
    """The product's own cells. `names` are those of all places, by path."""
    return {"Storefront Categories": " | ".join(_category_cell(place.path, names) for place in draft.categories or ())}


def for_variant(variant: VariantDraft) -> dict[str, Any]:
    """The variant's own cells."""
    return {
        "Storefront Tax Category": variant.tax_category,
        "Storefront Stock Policy": variant.stock_policy,
        "Storefront Stock Count": variant.on_hand,
        "Storefront Hold Minutes": variant.hold_minutes,
        "Storefront Max Per Order": variant.max_per_order or "",
        "Storefront Variant Active": "true" if variant.active else "false",
        "Storefront Sales": " | ".join(_sale_cell(sale, variant.currency) for sale in variant.sales or ()),
    }


def _category_cell(path, names):
    """Kitchen > Tea towels [kitchen/towels]: the names, and the address where it is not made of them."""
    slugs = path.split("/")
    titles = [names.get("/".join(slugs[: depth + 1]), slug) for depth, slug in enumerate(slugs)]
    shown = " > ".join(titles)
    return shown if [slug_of(title) for title in titles] == slugs else f"{shown} [{path}]"


def categories(cell: str) -> list[CategoryDraft]:
    """The places that such a cell names."""
    return [_category(part.strip()) for part in cell.split(" | ") if part.strip()]


def _category(text):
    shown, _bracket, path = text.removesuffix("]").rpartition(" [") if text.endswith("]") else (text, "", "")
    names = tuple(name.strip() for name in shown.split(" > "))
    slugs = [slug_of(slug) for slug in path.split("/")] if path else [slug_of(name) for name in names]
    return CategoryDraft("/".join(slugs), names)


def _sale_cell(sale, currency):
    times = (time.isoformat() if time else _NEVER for time in (sale.begins, sale.ends))
    return " ".join([money.plain(sale.price_minor, currency), *times])


def _sale(row, text, currency):
    try:
        price, begins, ends = text.split()
        return SaleDraft(money.parsed(price, currency), _time(begins), _time(ends))
    except (ValueError, Invalid):
        raise Unfit(row.line, _("'%(text)s' is not a sale", text=text[:60])) from None


def _time(text):
    return None if text == _NEVER else datetime.fromisoformat(text)
