"""The verbs of taxes. Rounding happens once per line and rate, half away from zero."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select, update

from storefront.kit import clock, money
from storefront.kit.db import db
from storefront.shipping.models import ShippingRegion
from storefront.shipping.service import in_region
from storefront.taxes.models import TaxDocument, TaxRate


@dataclass(frozen=True)
class Rate:
    """One rate as it applies to an address: parts per million, inside the price or on top of it."""

    name: str
    rate_ppm: int
    inclusive: bool
    applies_to_shipping: bool


NO_TAX = Rate("", 0, True, False)


def rates_for(address: Mapping[str, str]) -> dict[int, Rate]:
    """The rate of each tax category at an address, by category id; one query."""
    now = clock.here()
    rows = db.session.execute(
        select(TaxRate, ShippingRegion)
        .join(ShippingRegion, ShippingRegion.id == TaxRate.region_id)
        .where(or_(TaxRate.valid_from.is_(None), TaxRate.valid_from <= now))
        .where(or_(TaxRate.valid_to.is_(None), TaxRate.valid_to > now))
        .order_by(TaxRate.priority, TaxRate.id)
    )
    found: dict[int, Rate] = {}
    for rate, region in rows:
        if in_region(region, address):
            found.setdefault(rate.category_id, Rate(rate.name, rate.rate_ppm, rate.inclusive, rate.applies_to_shipping))
    return found


def tax_of(amount_minor: int, rate: Rate) -> int:
    """The tax of a sum: what is inside it, or what comes on top."""
    return (money.included if rate.inclusive else money.share)(amount_minor, rate.rate_ppm)


def summed(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """(name, amount) of each tax over the rows of a quote or a document: ("VAT 21 % included", 745)."""
    sums: dict[str, int] = {}
    for row in rows:
        label = f"{row['name']} {money.percent(row['rate_ppm'])}"
        label = _("%(tax)s included", tax=label) if row["inclusive"] else label
        sums[label] = sums.get(label, 0) + row["tax_minor"]
    return list(sums.items())


def of_order(order_id: int) -> list[tuple[str, int]]:
    """The taxes of an order as they were committed with it, summed by name."""
    rows = db.session.scalar(
        select(TaxDocument.lines).filter_by(order_id=order_id).order_by(TaxDocument.id.desc()).limit(1)
    )
    return summed(rows or ())


def commit_document(order_id: int, lines: list[dict[str, Any]]) -> None:
    """Keep what was taxed how, for as long as the order is kept."""
    db.session.add(TaxDocument(order_id=order_id, lines=lines, created_at=clock.now()))


def void_document(order_id: int) -> None:
    """The order did not come about, so its taxes did not either."""
    db.session.execute(update(TaxDocument).where(TaxDocument.order_id == order_id).values(status="VOIDED"))


def revive_document(order_id: int) -> None:
    """The order lives again, and so do its taxes, as they were."""
    db.session.execute(update(TaxDocument).where(TaxDocument.order_id == order_id).values(status="COMMITTED"))
