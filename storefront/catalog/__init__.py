"""What is for sale: products, variants, prices, pictures and places; how goods come in and go out.

Verbs: offers, offer_of (a variant as it is for sale now); menu (the top categories); compare, save,
add_pictures, make_places (how goods come in); read_file, import_reading, refused_of, imports, foreseen, undo,
export (goods as files); refresh, refresh_sold_out, index (the lists and the search, kept beside the goods); is_empty;
shelves_moved, note_low_stock (what runs low); delivery_told_by, cart_told_by (who knows what delivery costs, and what
lies in the visitor's cart).
"""

from storefront.catalog.carts import told_by as cart_told_by
from storefront.catalog.categories import menu
from storefront.catalog.deliveries import Delivery, told_by as delivery_told_by
from storefront.catalog.exporting import export
from storefront.catalog.importing import Outcome, Reading, import_reading, read_file, refused_of
from storefront.catalog.listing import refresh, refresh_sold_out
from storefront.catalog.offers import Offer, offer_of, offers
from storefront.catalog.picturing import Wanted, add_pictures
from storefront.catalog.running_low import note_low_stock, shelves_moved
from storefront.catalog.saving import compare, save
from storefront.catalog.search import index
from storefront.catalog.undoing import Undone, foreseen, imports, undo
from storefront.catalog.writing import is_empty, make_places

__all__ = [
    "Delivery",
    "Offer",
    "Outcome",
    "Reading",
    "Undone",
    "Wanted",
    "add_pictures",
    "cart_told_by",
    "compare",
    "delivery_told_by",
    "export",
    "foreseen",
    "import_reading",
    "imports",
    "index",
    "is_empty",
    "make_places",
    "menu",
    "note_low_stock",
    "offer_of",
    "offers",
    "read_file",
    "refresh",
    "refresh_sold_out",
    "refused_of",
    "save",
    "shelves_moved",
    "undo",
]
