"""WooCommerce's product CSV: simple products in a row, variable ones in a row with a row for each variation."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product as combinations

from flask_babel import gettext as _
from markupsafe import escape

from storefront import store
from storefront.catalog.completing import MOST_VARIANTS, as_html
from storefront.catalog.csvfile import Row, Table
from storefront.catalog.drafts import CategoryDraft, PictureDraft, ProductDraft, SaleDraft, VariantDraft
from storefront.catalog.naming import slug_of
from storefront.catalog.values import Found, Unfit, amount, grams, items, moment, whole, yes
from storefront.stock.models import BACKORDER, RESERVE_ON_CONFIRM, UNTRACKED

NEEDED = ("type", "name", "regular price")
_FACTORS = {"kg": Decimal(1000), "g": Decimal(1), "lbs": Decimal("453.59237"), "oz": Decimal("28.349523125")}
_ATTRIBUTES = range(1, 21)


@dataclass
class _Family:
    """A product's own row, and the rows of its variations."""

    row: Row
    kinds: set[str]
    variations: list[Row] = field(default_factory=list)

    @property
    def lines(self):
        return [self.row.line, *(row.line for row in self.variations)]


def read(table: Table, currency: str) -> Found:
    """The products of the table. One bad row leaves out its product, and only that."""
    found = Found()
    for family in _families(table, found):
        try:
            found.drafts.append(_Reader(table.headings, currency).product(family))
        except Unfit as unfit:
            found.refuse(unfit, family.row["name"], family.lines)
    return found


def _families(table, found):
    families: dict[int, _Family] = {}
    names: dict[str, _Family] = {}
    later = []
    for row in table.rows:
        kinds = set(items(row["type"].lower()))
        if "variation" in kinds:
            later.append(row)
            continue
        family = families[row.line] = _Family(row, kinds)
        names.update({name: family for name in (row["sku"], f"id:{row['id']}") if name not in ("", "id:")})
    for row in later:
        if row["parent"] in names:
            names[row["parent"]].variations.append(row)
        else:
            reason = _("the product '%(parent)s' of this variation is not in the file", parent=row["parent"])
            found.refuse(Unfit(row.line, reason), row["name"])
    return families.values()


class _Reader:
    """Reads the rows of one file. Holds what is the same for all of them."""

    def __init__(self, headings: list[str], currency: str):
        self.headings, self.currency = headings, currency
        units = (re.fullmatch(r"weight \((kg|g|lbs|oz)\)", heading) for heading in headings)
        self.unit = next((unit[1] for unit in units if unit), "")
        self.zone = store.current().timezone

    def product(self, family: _Family) -> ProductDraft:
        """The draft of one product. Raises Unfit."""
        row = family.row
        _refuse_kind(family)
        choices = _attributes(row) if "variable" in family.kinds else {}
        variants = self._variations(family, choices) if "variable" in family.kinds else [self._variant(row, {}, family)]
        used = {name for variant in variants for name in variant.options}
        return ProductDraft(
            slug=slug_of(row["name"]),
            title=row["name"],
            description=_description(row, {name: found for name, found in _shown(row).items() if name not in used}),
            tags=items(row["tags"]) if "tags" in self.headings else None,
            vendor=row["brands"] or None,
            categories=_categories(row["categories"]) if "categories" in self.headings else None,
            pictures=_pictures([row, *family.variations]),
            active=row["published"] in ("1", "") and row["visibility in catalog"].lower() != "hidden",
            variants=variants,
            line=row.line,
            slug_given=False,
        )

    def _variations(self, family, choices):
        if not family.variations:
            raise Unfit(family.row.line, _("the variable product has no variations in the file"))
        found = [variant for row in family.variations for variant in self._expanded(row, choices, family)]
        if len(found) > MOST_VARIANTS:
            raise Unfit(family.row.line, _("the product has more than %(most)d variants", most=MOST_VARIANTS))
        order = {name: {value: place for place, value in enumerate(values)} for name, values in choices.items()}
        return sorted(found, key=lambda v: [places.get(v.options.get(name, ""), 999) for name, places in order.items()])

    def _expanded(self, row, choices, family):
        """The variants of one variation: several where it is for any value of an attribute."""
        named = {name: values[:1] for name, values in _attributes(row).items()}
        values = {name: named[name] or choices.get(name, []) for name in [*choices, *named] if name in named}
        values = {name: found for name, found in values.items() if found}
        open_names = [name for name in values if not named[name]]
        several = list(combinations(*values.values()))
        if len(several) > 1 and row["stock"]:
            reason = _(
                "one stock for any %(names)s cannot be shared: give each its own row", names=", ".join(open_names)
            )
            raise Unfit(row.line, reason)
        for chosen in several[: MOST_VARIANTS + 1]:
            variant = self._variant(row, dict(zip(values, chosen, strict=True)), family)
            if len(several) > 1 and variant.sku:
                variant.sku += "".join(f"-{slug_of(variant.options[name])}" for name in open_names)
            yield variant

    def _variant(self, row, options, family):
        parent = family.row
        virtual = {"virtual", "downloadable"} & ({*items(row["type"].lower())} | family.kinds)
        pictures = items(row["images"])
        return VariantDraft(
            sku=row["sku"] or None,
            options=options,
            currency=self.currency,
            weight_g=self._grams(row) if self._grams(row) is not None else self._grams(parent),
            tax_category=_tax_category(row, parent),
            requires_shipping=not virtual,
            max_per_order=1 if yes(parent, "sold individually?") else None,
            active=row is parent or row["published"] in ("1", ""),
            picture=pictures[0] if pictures and row is not parent else None,
            line=row.line,
            **self._prices(row),
            **_stock(row),
        )

    def _grams(self, row):
        return grams(row, f"weight ({self.unit})", _FACTORS[self.unit]) if self.unit else None

    def _prices(self, row):
        """A sale without dates is the price, beside the regular one; one with dates comes and goes by itself."""
        regular = amount(row, "regular price", _("regular price"), self.currency)
        reduced = amount(row, "sale price", _("sale price"), self.currency)
        if regular is None:
            raise Unfit(row.line, _("the row has no regular price"))
        if reduced is None or reduced >= regular:
            return {"price_minor": regular, "sales": []}
        begins = moment(row, "date sale price starts", self.zone)
        ends = moment(row, "date sale price ends", self.zone, end=True)
        if begins or ends:
            return {"price_minor": regular, "sales": [SaleDraft(reduced, begins, ends)]}
        return {"price_minor": reduced, "compare_at_minor": regular, "sales": []}


def _refuse_kind(family):
    kinds, row = family.kinds, family.row
    if "grouped" in kinds:
        raise Unfit(row.line, _("a grouped product has no price of its own: its parts are sold one by one"))
    if "external" in kinds:
        raise Unfit(row.line, _("an external product is sold by another shop (%(url)s)", url=row["external url"][:80]))
    unknown = kinds - {"simple", "variable", "virtual", "downloadable"}
    if unknown or not kinds:
        raise Unfit(row.line, _("the type '%(kind)s' is not known", kind=row["type"][:40]))


def _attributes(row):
    """The values of each attribute, in their order."""
    return {
        row[f"attribute {n} name"]: items(row[f"attribute {n} value(s)"])
        for n in _ATTRIBUTES
        if row[f"attribute {n} name"]
    }


def _shown(row):
    """The attributes that the product's page shows."""
    seen = {row[f"attribute {n} name"] for n in _ATTRIBUTES if row[f"attribute {n} visible"] != "0"}
    return {name: values for name, values in _attributes(row).items() if name in seen and values}


def _description(row, attributes):
    """Short and long description, and as a list the attributes that are not for choosing."""
    parts = [as_html(row[name].replace("\\n", "\n")) for name in ("short description", "description")]
    facts = "".join(f"<li>{escape(name)}: {escape(', '.join(values))}</li>" for name, values in attributes.items())
    return "".join(parts) + (f"<ul>{facts}</ul>" if facts else "")


def _categories(text):
    return [CategoryDraft.named(*items(path, ">")) for path in items(text)]


def _pictures(rows):
    sources = dict.fromkeys(source for row in rows for source in items(row["images"]))
    return [PictureDraft(source) for source in sources]


def _tax_category(row, parent):
    """Ours for WooCommerce's class: "reduced-rate" is reduced, an empty one standard, untaxed goods are zero."""
    if row["tax status"].lower() in ("none", "shipping"):
        return "zero"
    name = row["tax class"] if row["tax class"] != "parent" else parent["tax class"]
    return slug_of(name).removesuffix("-rate") if name else "standard"


def _stock(row):
    """Counted where there is a number, or none left; otherwise nobody counts."""
    if row["stock"].lower() == "parent":
        raise Unfit(row.line, _("the variations share one stock: give each its own"))
    count = whole(row, "stock", _("stock"))
    if row["backorders allowed?"].lower() in ("1", "yes", "notify") or row["in stock?"].lower() == "backorder":
        return {"stock_policy": BACKORDER, "on_hand": count or 0}
    if count is None and yes(row, "in stock?") is False:
        count = 0
    return {"stock_policy": UNTRACKED if count is None else RESERVE_ON_CONFIRM, "on_hand": count}
