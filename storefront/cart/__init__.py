"""What a visitor means to buy, and what it would cost right now.

Verbs: badge, current, current_or_new, left_behind, is_own, lies_in, ids_of_browser, adopt, leave_behind (whose cart);
add, change, write_note, choose, merge, touch, parse_quantity, cleaned, goods_of (what is in it); put_back, fit, tell
(what comes back into it); quote, read_token (what it costs); locked, claim, lines_of, part, take_out, set_open_order,
stale, purge (how it meets orders and time).
"""

from storefront.cart.aging import purge, stale
from storefront.cart.custom import cleaned, goods_of
from storefront.cart.paying import claim, lines_of, part, set_open_order, take_out
from storefront.cart.priced import QuoteLine
from storefront.cart.quote import Quote, read_token
from storefront.cart.quoting import quote
from storefront.cart.returning import fit, put_back
from storefront.cart.service import (
    Clamped,
    StaleCart,
    add,
    change,
    choose,
    locked,
    merge,
    parse_quantity,
    touch,
    write_note,
)
from storefront.cart.visitor import (
    adopt,
    badge,
    current,
    current_or_new,
    ids_of_browser,
    is_own,
    leave_behind,
    left_behind,
    lies_in,
    tell,
)

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
    "cleaned",
    "current",
    "current_or_new",
    "fit",
    "goods_of",
    "ids_of_browser",
    "is_own",
    "leave_behind",
    "left_behind",
    "lies_in",
    "lines_of",
    "locked",
    "merge",
    "parse_quantity",
    "part",
    "purge",
    "put_back",
    "quote",
    "read_token",
    "set_open_order",
    "stale",
    "take_out",
    "tell",
    "touch",
    "write_note",
]
