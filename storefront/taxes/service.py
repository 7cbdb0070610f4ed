"""The verbs of taxes for an order: the rows of its document, and the document's life."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import get_locale, gettext as _
from sqlalchemy import select, update

from storefront.kit import clock, money
from storefront.kit.db import db
from storefront.taxes.arithmetic import Charge
from storefront.taxes.models import TaxDocument


@dataclass(frozen=True)
class OrderTaxes:
    """What an order was taxed: (name, minor units) of each tax, summed; and the sentence of a reverse charge."""

    rows: list[Any] = field(default_factory=list)
    note: str = ""

    @property
    def included(self) -> list[tuple[str, int]]:
        """The taxes that are inside the prices."""
        return summed(row for row in self.rows if row["inclusive"])

    @property
    def on_top(self) -> list[tuple[str, int]]:
        """The taxes that are added to the prices."""
        return summed(row for row in self.rows if not row["inclusive"])


def rows_of(line: str, place: int, charges: Iterable[Charge]) -> list[dict[str, Any]]:
    """The rows of a document for one line: its SKU, or "shipping"; its place in the order; a row for each tax."""
    return [
        {
            "line": line,
            "place": place,
            "name": charge.rate.name,
            "rate_ppm": charge.rate.rate_ppm,
            "inclusive": charge.rate.inclusive,
            "compound": charge.rate.compound,
            "base_minor": charge.base_minor,
            "tax_minor": charge.tax_minor,
        }
        for charge in charges
    ]


def summed(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """(name, amount) of each tax over the rows of a quote or a document: ("VAT 21 % included", 745)."""
    sums: dict[str, int] = {}
    locale = str(get_locale() or "en")
    for row in rows:
        label = f"{row['name']} {money.percent(row['rate_ppm'], locale)}"
        label = _("%(tax)s included", tax=label) if row["inclusive"] else label
        sums[label] = sums.get(label, 0) + row["tax_minor"]
    return list(sums.items())


def of_order(order_id: int) -> OrderTaxes:
    """The taxes of an order as they were committed with it."""
    last = select(TaxDocument.lines, TaxDocument.note).filter_by(order_id=order_id).order_by(TaxDocument.id.desc())
    found = db.session.execute(last.limit(1)).first()
    return OrderTaxes(*found) if found else OrderTaxes()


def commit_document(order_id: int, lines: list[dict[str, Any]], note: str = "") -> None:
    """Keep what was taxed how, for as long as the order is kept."""
    db.session.add(TaxDocument(order_id=order_id, lines=lines, note=note, created_at=clock.now()))


def void_documents(order_ids: Collection[int]) -> None:
    """These orders did not come about, so their taxes did not either."""
    db.session.execute(update(TaxDocument).where(TaxDocument.order_id.in_(order_ids)).values(status="VOIDED"))


def revive_document(order_id: int) -> None:
    """The order lives again, and so do its taxes, as they were."""
    db.session.execute(update(TaxDocument).where(TaxDocument.order_id == order_id).values(status="COMMITTED"))
