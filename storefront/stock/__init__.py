"""How many there are, and for whom they are set aside.

Verbs: start, start_all, set_on_hand (the merchant counts); reserve, commit, release, hand_over (an order's goods);
consume, restock (parcels leave and come back); reservations_of, missing.
"""

from storefront.stock.counting import restock, set_on_hand, start, start_all
from storefront.stock.errors import BelowReserved, OutOfStock
from storefront.stock.holding import commit, consume, hand_over, missing, release, reservations_of, reserve

__all__ = [
    "BelowReserved",
    "OutOfStock",
    "commit",
    "consume",
    "hand_over",
    "missing",
    "release",
    "reservations_of",
    "reserve",
    "restock",
    "set_on_hand",
    "start",
    "start_all",
]
