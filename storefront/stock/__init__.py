"""How many there are, and for whom they are set aside.

Verbs: start, start_all, set_on_hand, too_many, give_up (the merchant counts); keep, kept, shrink, let_go, end_hold,
overdue, in_reach (what carts keep for minutes); reserve, sell, release, reservations_of (an order's goods); consume,
take_back, release_part, on_hand_for_backorders (parcels leave, come back, or are not sent after all); join_line,
leave_line, waiting_by, may_come_free, awaited, tell_waiting, forget_waiting,
forget_who (who wants to know when one comes free).
"""

from storefront.stock.correcting import give_up, too_many
from storefront.stock.counting import set_on_hand, start, start_all
from storefront.stock.errors import BelowReserved, OutOfStock
from storefront.stock.holding import consume, release, reservations_of, reserve, sell, take_back
from storefront.stock.promising import on_hand_for_backorders, release_part
from storefront.stock.timed import end_hold, in_reach, keep, kept, let_go, overdue, shrink
from storefront.stock.waiting import (
    awaited,
    forget_waiting,
    forget_who,
    join_line,
    leave_line,
    may_come_free,
    tell_waiting,
    waiting_by,
)

__all__ = [
    "BelowReserved",
    "OutOfStock",
    "awaited",
    "consume",
    "end_hold",
    "forget_waiting",
    "forget_who",
    "give_up",
    "in_reach",
    "join_line",
    "keep",
    "kept",
    "leave_line",
    "let_go",
    "may_come_free",
    "on_hand_for_backorders",
    "overdue",
    "release",
    "release_part",
    "reservations_of",
    "reserve",
    "sell",
    "set_on_hand",
    "shrink",
    "start",
    "start_all",
    "take_back",
    "tell_waiting",
    "too_many",
    "waiting_by",
]
