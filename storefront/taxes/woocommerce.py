"""A file of tax rates as WooCommerce writes it, and as others do who follow it: known by its headings.

`*` or nothing stands for all of a country, state, postcode or city; several are parted by semicolons; a postcode may
end in * or be a range (90000...90099). Rates are percentages with at most four decimals.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from storefront import customers
from storefront.catalog.csvfile import read_table
from storefront.catalog.naming import slug_of
from storefront.catalog.values import Refused
from storefront.kit.errors import Invalid
from storefront.shipping import postcodes
from storefront.taxes.regions import Area, area

STANDARD = "standard"
MOST_PPM, MOST_PRIORITY, LONGEST_NAME = 1_000_000, 100, 60
_NAMES = {  # the heading that we use: the others by which it is known
    "country code": ("country", "country_code"),
    "state code": ("state", "province", "state / province", "state_code", "region"),
    "zip/postcode": ("zip", "postcode", "zip code", "zipcode", "postcode / zip", "postal code"),
    "city": ("cities",),
    "rate %": ("rate", "tax rate", "rate (%)", "rate percent", "percentage"),
    "tax name": ("name", "label", "tax"),
    "priority": (),
    "compound": (),
    "shipping": ("applies to shipping", "on shipping"),
    "tax class": ("class", "tax category", "category"),
}
_KNOWN = {other: name for name, others in _NAMES.items() for other in (name, *others)}
_NEEDED = {"country code", "rate %"}
_PERCENT = re.compile(r"\d{1,9}(?:[.,]\d{1,9})?")
_WORDS = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


@dataclass(frozen=True)
class RateDraft:
    """One row of a file: the rate of a category of goods at a place."""

    line: int
    area: Area
    category: str
    name: str
    rate_ppm: int
    priority: int
    compound: bool
    applies_to_shipping: bool

    @property
    def key(self) -> tuple[Area, str, int]:
        """What makes it the same rate in another file: place, category, priority."""
        return self.area, self.category, self.priority


@dataclass
class Reading:
    """What a file holds: rates that can be compared and saved, and rows that cannot, in the order of lines."""

    name: str
    kind: str
    drafts: list[RateDraft] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    notes: list[Refused] = field(default_factory=list)  # parts of rows that mean nothing and were left out


def read_file(name: str, data: bytes) -> Reading:
    """Understand a CSV file of tax rates. Raises Invalid when it is none."""
    table = read_table(data, lambda headings: [_KNOWN.get(heading, heading) for heading in headings])
    missing = _NEEDED - set(table.headings)
    if missing:
        raise Invalid(
            _("This is no file of tax rates: it has no column %(names)s.", names=", ".join(sorted(missing)).title())
        )
    seen: dict[Any, int] = {}
    reading = Reading(name, "WooCommerce")
    reading.refused += [Refused(line, "", reason) for line, reason in table.faults]
    for row in table.rows:
        try:
            draft = _draft(row, reading)
            if draft.key in seen:
                raise Invalid(_("the same place, category and priority as line %(line)d", line=seen[draft.key]))
        except Invalid as problem:
            reading.refused.append(Refused(row.line, row["tax name"], problem.message))
        else:
            seen[draft.key] = row.line
            reading.drafts.append(draft)
    reading.refused.sort(key=lambda one: one.line)
    return reading


def _draft(row, reading):
    name = customers.plain_line(row["tax name"]) or _("Tax")
    if len(name) > LONGEST_NAME:
        raise Invalid(_("the name of the tax is longer than %(most)d letters", most=LONGEST_NAME))
    return RateDraft(
        line=row.line,
        area=_area(row, reading),
        category=category_of(row["tax class"]),
        name=name,
        rate_ppm=ppm(row["rate %"]),
        priority=_priority(row["priority"]),
        compound=_yes(row, "compound", default=False),
        applies_to_shipping=_yes(row, "shipping", default=True),
    )


def _area(row, reading):
    """The place of a row. Postcodes that its country can have none of are left out, and noted."""
    country, state, codes, cities = (row[name] for name in ("country code", "state code", "zip/postcode", "city"))
    place = area(country, state, "" if country.upper() in customers.COUNTRIES else codes, cities)
    usable, problem = [], None
    for text in (text.strip() for text in re.split(r"[;,\n]", codes)):
        try:
            usable += postcodes.cleaned(text, country.upper()) if text not in ("", "*") else []
        except Invalid as found:
            problem = found
            reading.notes.append(Refused(row.line, text, found.message))
    if problem and not usable:
        raise problem
    return place._replace(postcodes=tuple(sorted(set(usable))))


def category_of(name: str) -> str:
    """Our code for WooCommerce's class: "reduced-rate" is reduced, an empty one standard."""
    code = slug_of(name).removesuffix("-rate") if name else STANDARD
    if len(code) > LONGEST_NAME:
        raise Invalid(_("the tax class is longer than %(most)d letters", most=LONGEST_NAME))
    return code or STANDARD


def ppm(text: str) -> int:
    """Parts per million from a percentage: 8.875 is 88750. Raises Invalid."""
    bare = text.removesuffix("%").strip()
    if not _PERCENT.fullmatch(bare) or not bare.isascii():
        raise Invalid(_("‘%(text)s’ is no percentage: write a number like 8.875", text=text[:20]))
    rate = Decimal(bare.replace(",", ".")).scaleb(4)
    if rate != rate.to_integral_value():
        raise Invalid(_("‘%(text)s’ has more than four decimals", text=text[:20]))
    if rate > MOST_PPM:
        raise Invalid(_("‘%(text)s’ is more than 100 percent", text=text[:20]))
    return int(rate)


def _priority(text):
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST_PRIORITY):
        raise Invalid(_("‘%(text)s’ is no priority: write a whole number from 1 to 100", text=text[:20]))
    return int(text)


def _yes(row, heading, *, default):
    text = row[heading].lower()
    if text and text not in _WORDS:
        raise Invalid(_("‘%(text)s’ under %(heading)s: write 1 or 0", text=text[:20], heading=heading.title()))
    return _WORDS.get(text, default)
