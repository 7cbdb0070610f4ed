"""How many there are, and for whom they are set aside.

Verbs: start, start_all, set_on_hand (the merchant counts); reserve, sell, release, reservations_of (an order's goods);
consume, take_back (parcels leave and come back).
"""

from storefront.stock.counting import set_on_hand, start, start_all
from storefront.stock.errors import BelowReserved, OutOfStock
from storefront.stock.holding import consume, release, reservations_of, reserve, sell, take_back

__all__ = [
    "BelowReserved",
    "OutOfStock",
    "consume",
    "release",
    "reservations_of",
    "reserve",
    "sell",
    "set_on_hand",
    "start",
    "start_all",
    "take_back",
]
