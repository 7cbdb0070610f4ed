"""What a source of goods says of a product, in the one shape into which every source is translated.

None means "the source does not say": what the shop knows stays, or the default is taken. A draft in which
nothing is left unsaid is called whole; what stands in the tables is read as whole drafts (`stored`).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from flask_babel import gettext as _

from storefront.catalog.naming import slug_of
from storefront.kit import money

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)  # a sale without a beginning: it must come before the base price
COUNTED = "counted"  # a stock policy: as it is counted now, or reserve_on_confirm if it is not


@dataclass(frozen=True)
class CategoryDraft:
    """A place in the tree. `names` are those from the root, for places that have to be made."""

    path: str
    names: tuple[str, ...] = field(compare=False)

    @classmethod
    def named(cls, *names: str) -> "CategoryDraft":
        """The place that these names, from the root, lead to."""
        return cls("/".join(slug_of(name) for name in names), names)


@dataclass(frozen=True)
class PictureDraft:
    """A picture by its address, or by a file of this machine. An empty `alt` says nothing."""

    source: str
    alt: str = ""
    path: Path | None = field(default=None, compare=False)
    key: str = field(default="", compare=False)  # of the kept picture, once it is here


@dataclass(frozen=True)
class SaleDraft:
    """Another price for a time. Minor units; None on either side is open."""

    price_minor: int
    begins: datetime | None = None
    ends: datetime | None = None


@dataclass
class VariantDraft:
    """One sellable thing. Money in minor units of `currency`, weight in grams, `line` of the file.

    `compare_at_minor` is read together with `price_minor`; `max_per_order` 0 means no limit.
    """

    sku: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    price_minor: int | None = None
    compare_at_minor: int | None = None
    currency: str = "EUR"
    sales: list[SaleDraft] | None = None
    weight_g: int | None = None
    tax_category: str | None = None
    requires_shipping: bool | None = None
    on_hand: int | None = None
    stock_policy: str | None = None
    hold_minutes: int | None = None
    max_per_order: int | None = None
    gift_certificate: bool | None = None  # it buys one: nothing to send, nothing to count, no tax
    active: bool = True
    picture: str | None = None  # the source of one of the product's pictures
    line: int = field(default=0, compare=False)


@dataclass
class ProductDraft:
    """One product with its variants. `slug_given` is False where the slug was made from the title."""

    slug: str
    title: str
    description: str | None = None  # HTML, cleaned on the way in
    vendor: str | None = None
    tags: list[str] | None = None
    categories: list[CategoryDraft] | None = None
    pictures: list[PictureDraft] = field(default_factory=list)
    active: bool | None = None
    seo_title: str | None = None
    seo_description: str | None = None
    variants: list[VariantDraft] = field(default_factory=list)
    line: int = field(default=0, compare=False)
    slug_given: bool = field(default=True, compare=False)


class Difference(NamedTuple):
    """One field, as it is and as it would be, in words. `sku` is empty for the product's own fields."""

    sku: str
    field: str
    before: str
    after: str


PRODUCT_FIELDS = (
    "title",
    "description",
    "vendor",
    "tags",
    "categories",
    "pictures",
    "active",
    "seo_title",
    "seo_description",
)
VARIANT_FIELDS = (
    "sku", "options", "price_minor", "compare_at_minor", "sales", "weight_g", "tax_category", "requires_shipping",
    "on_hand", "stock_policy", "hold_minutes", "max_per_order", "gift_certificate", "active", "picture",
)  # fmt: skip


def differences(before: ProductDraft, after: ProductDraft, pairs: dict[str, str]) -> Iterator[Difference]:
    """Field by field what changes between two whole drafts. `pairs` maps the SKUs after to those before."""
    yield from _unlike("", PRODUCT_FIELDS, before, after)
    old = {variant.sku: variant for variant in before.variants}
    for variant in after.variants:
        was = old.get(pairs.get(variant.sku or "", ""))
        if was is None:
            yield Difference(variant.sku or "", "variant", "", options_shown(variant.options))
        else:
            yield from _unlike(variant.sku or "", VARIANT_FIELDS, was, variant)
    if [pairs[v.sku or ""] for v in after.variants if v.sku in pairs] != list(old):
        yield Difference("", "order", ", ".join(map(str, old)), ", ".join(str(v.sku) for v in after.variants))


def _unlike(sku, names, before, after):
    for name in names:
        was, will = getattr(before, name), getattr(after, name)
        if was != will:
            currency = getattr(after, "currency", "")
            yield Difference(sku, name, shown(was, name, currency), shown(will, name, currency))


def shown(value: Any, name: str, currency: str = "") -> str:
    """A field's value as a person reads it."""
    if name.endswith("_minor") and value is not None:
        return money.plain(value, currency)
    if isinstance(value, dict):
        return options_shown(value)
    if isinstance(value, list):
        return ", ".join(_item_shown(item, currency) for item in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else str(value)


def options_shown(options: dict[str, str]) -> str:
    """Size: M, Colour: Sand."""
    return ", ".join(f"{name}: {value}" for name, value in options.items())


def _item_shown(item, currency):
    if isinstance(item, CategoryDraft):
        return item.path
    if isinstance(item, PictureDraft):
        return f"{item.source} ({item.alt})"
    if isinstance(item, SaleDraft):
        times = " – ".join(time.isoformat()[:16] if time else "" for time in (item.begins, item.ends))
        return f"{money.plain(item.price_minor, currency)} ({times})"
    return str(item)


def as_json(draft: ProductDraft) -> dict[str, Any]:
    """A whole draft as JSON, for the record of an import."""
    kept = asdict(draft)
    for picture in kept["pictures"]:
        del picture["path"]
    for variant in kept["variants"]:
        variant["sales"] = [
            {**sale, "begins": _iso(sale["begins"]), "ends": _iso(sale["ends"])} for sale in variant["sales"] or ()
        ]
    return kept


def from_json(kept: dict[str, Any]) -> ProductDraft:
    """The whole draft again."""
    variants = [
        VariantDraft(**{**variant, "sales": [_sale(sale) for sale in variant["sales"]]}) for variant in kept["variants"]
    ]
    return ProductDraft(
        **{
            **kept,
            "categories": [CategoryDraft(place["path"], tuple(place["names"])) for place in kept["categories"]],
            "pictures": [PictureDraft(**picture) for picture in kept["pictures"]],
            "variants": variants,
        }
    )


def _iso(time):
    return time and time.isoformat()


def _sale(kept):
    times = {name: kept[name] and datetime.fromisoformat(kept[name]) for name in ("begins", "ends")}
    return SaleDraft(kept["price_minor"], **times)
