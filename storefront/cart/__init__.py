"""What a visitor means to buy, and what it would cost right now.

Verbs: badge, current, current_or_new, is_own, adopt, leave_behind (whose cart); add, change, choose, merge, touch,
parse_quantity (what is in it); quote, read_token (what it costs); locked, claim, take_out, set_open_order, stale,
purge (how it meets orders and time).
"""

from storefront.cart.quote import Quote, QuoteLine, quote, read_token
from storefront.cart.service import (
    Clamped,
    StaleCart,
    add,
    change,
    choose,
    claim,
    locked,
    merge,
    parse_quantity,
    purge,
    set_open_order,
    stale,
    take_out,
    touch,
)
from storefront.cart.visitor import adopt, badge, current, current_or_new, is_own, leave_behind

__all__ = [
    "Clamped",
    "Quote",
    "QuoteLine",
    "StaleCart",
    "add",
    "adopt",
    "badge",
    "change",
    "choose",
    "claim",
    "current",
    "current_or_new",
    "is_own",
    "leave_behind",
    "locked",
    "merge",
    "parse_quantity",
    "purge",
    "quote",
    "read_token",
    "set_open_order",
    "stale",
    "take_out",
    "touch",
]
