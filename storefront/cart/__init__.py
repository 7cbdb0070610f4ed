"""What a visitor means to buy, and what it would cost right now.

Verbs: badge, current, current_or_new, left_behind, is_own, lies_in, adopt, leave_behind, forget_devices,
forget_person (whose cart);
add, change, write_note, choose, merge, touch, parse_quantity, cleaned, goods_of (what is in it);
put_back, put_in, fit, tell (what comes back into it); add_certificate, remove_certificate,
why_short (gift certificates in it); quote, read_token (what it costs); locked, still_open, open_orders, claim,
lines_of, part, take_out, set_open_order, reclaim, forget_orders,
stale, purge (how it meets orders and time).
"""

from storefront.cart.aging import purge, stale
from storefront.cart.codes import apply_code, remove_code
from storefront.cart.custom import cleaned, goods_of
from storefront.cart.gifts import add_certificate, remove_certificate, why_short
from storefront.cart.joined import open_orders
from storefront.cart.paying import claim, forget_orders, lines_of, part, reclaim, set_open_order, take_out
from storefront.cart.priced import QuoteLine
from storefront.cart.quote import Quote, read_token
from storefront.cart.quoting import quote
from storefront.cart.returning import fit, put_back, put_in
from storefront.cart.service import (
    Clamped,
    StaleCart,
    add,
    change,
    choose,
    locked,
    merge,
    parse_quantity,
    still_open,
    touch,
    write_note,
)
from storefront.cart.visitor import (
    adopt,
    badge,
    current,
    current_or_new,
    forget_devices,
    forget_person,
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
    "add_certificate",
    "adopt",
    "apply_code",
    "badge",
    "change",
    "choose",
    "claim",
    "cleaned",
    "current",
    "current_or_new",
    "fit",
    "forget_devices",
    "forget_orders",
    "forget_person",
    "goods_of",
    "is_own",
    "leave_behind",
    "left_behind",
    "lies_in",
    "lines_of",
    "locked",
    "merge",
    "open_orders",
    "parse_quantity",
    "part",
    "purge",
    "put_back",
    "put_in",
    "quote",
    "read_token",
    "reclaim",
    "remove_certificate",
    "remove_code",
    "set_open_order",
    "stale",
    "still_open",
    "take_out",
    "tell",
    "touch",
    "why_short",
    "write_note",
]
