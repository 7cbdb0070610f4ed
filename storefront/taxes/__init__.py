"""What the state takes: categories and rates by region, the tax of a sum, and the document kept with an order.

Verbs: at (what an address does to prices), rules, vat_number, rows_of, summed, combined_ppm; of_order (what an order
was taxed), commit_document, void_documents, revive_document; read_file, compare, import_rates, imports, undo (files).
"""

from storefront.taxes.arithmetic import Charge, Rate, combined_ppm
from storefront.taxes.importing import compare, import_rates
from storefront.taxes.place import Place, at
from storefront.taxes.rules import rules
from storefront.taxes.service import (
    OrderTaxes,
    commit_document,
    of_order,
    revive_document,
    rows_of,
    summed,
    void_documents,
)
from storefront.taxes.undoing import imports, undo
from storefront.taxes.vat import vat_number
from storefront.taxes.woocommerce import read_file

__all__ = [
    "Charge",
    "OrderTaxes",
    "Place",
    "Rate",
    "at",
    "combined_ppm",
    "commit_document",
    "compare",
    "import_rates",
    "imports",
    "of_order",
    "read_file",
    "revive_document",
    "rows_of",
    "rules",
    "summed",
    "undo",
    "vat_number",
    "void_documents",
]
