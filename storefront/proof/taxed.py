"""What the books must say of taxes: each is its rate of its sum, lines and documents agree and end together.

What SQL cannot say is computed anew from the document alone, as it was when the order was placed.
"""

from collections import Counter
from itertools import groupby
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from storefront.orders.models import Order, OrderLine
from storefront.proof.chains import Found, among, streamed
from storefront.proof.line import Finding, Part
from storefront.taxes import Rate, arithmetic
from storefront.taxes.models import TaxDocument


def wrong_taxes(part: Part) -> Found:
    """Rows of documents whose tax is not what their rates make of their sum."""
    wanted = select(TaxDocument.lines, Order.id, Order.number).join(Order, Order.id == TaxDocument.order_id)
    for document in streamed(wanted.where(among(Order.id, part)).order_by(Order.id)):
        places = groupby(enumerate(document.lines), key=lambda found: found[1].get("place", -1 - found[0]))
        for _place, rows in places:
            row = _wrong([row for _at, row in rows])
            if row:
                facts = {name: row[name] for name in ("line", "rate_ppm", "base_minor", "tax_minor")}
                yield "order", document.id, document.number, document.number, facts


def _wrong(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first row of a line that does not follow from its rates; documents from before places have a row a line."""
    rates = [Rate(row["name"], row["rate_ppm"], row["inclusive"], compound=row.get("compound", False)) for row in rows]
    charges = arithmetic.charges(rows[0]["base_minor"], rates)
    pairs = zip(rows, charges, strict=True)
    return next((row for row, right in pairs if row["tax_minor"] != right.tax_minor), None)


def lines_apart(part: Part) -> Found:
    """Orders whose lines say another tax than their document does."""
    lines = select(OrderLine.order_id, OrderLine.sku, OrderLine.tax_minor, Order.number, TaxDocument.lines)
    joined = lines.join(Order, Order.id == OrderLine.order_id).join(TaxDocument, TaxDocument.order_id == Order.id)
    found = streamed(joined.where(among(Order.id, part)).order_by(OrderLine.order_id, OrderLine.id))
    for order_id, rows in groupby(found, key=lambda row: row.order_id):
        of_lines: Counter[str] = Counter()
        for row in rows:
            of_lines[row.sku] += row.tax_minor
            document, number = row.lines, row.number
        told: Counter[str] = Counter()
        for tax in document:
            told[tax["line"]] += tax["tax_minor"]
        apart = [sku for sku, tax in of_lines.items() if told[sku] != tax]
        if apart:
            yield "order", order_id, number, number, {"sku": apart[0], "of the line": of_lines[apart[0]]}


TAXES = (
    Finding(_l("has a tax that is not its rate of its sum"), wrong_taxes),
    Finding(_l("has a line with another tax than its document"), lines_apart),
    Finding(
        _l("has ended and is taxed, or stands and is not"),
        """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.status AS state, d.status AS document
        FROM orders o JOIN tax_documents d ON d.order_id = o.id
        WHERE o.id {part} AND (d.status = 'VOIDED') <> (o.status IN ({closed}))""",
    ),
    Finding(
        _l("is taxed, though its buyer accounts for the tax"),
        """SELECT 'order' AS thing, o.id, o.number AS name, o.number, o.tax_minor AS tax
        FROM orders o JOIN tax_documents d ON d.order_id = o.id
        WHERE o.id {part} AND d.note <> '' AND o.tax_minor <> 0""",
    ),
)
