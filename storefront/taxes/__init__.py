"""What the state takes: the rates for an address, the tax of a sum, and the document kept with an order.

Verbs: rates_for, tax_of, summed, of_order, commit_document, void_document, revive_document.
"""

from storefront.taxes.service import (
    NO_TAX,
    Rate,
    commit_document,
    of_order,
    rates_for,
    revive_document,
    summed,
    tax_of,
    void_document,
)

__all__ = [
    "NO_TAX",
    "Rate",
    "commit_document",
    "of_order",
    "rates_for",
    "revive_document",
    "summed",
    "tax_of",
    "void_document",
]
