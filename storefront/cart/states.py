"""The states of a cart. There is no frozen one: a cart that is being paid for goes on living.

The moves that stay in OPEN are counted by the cart's version and leave no event of their own: they
happen with every press in the shop.
"""

from flask_babel import lazy_gettext as _l

from storefront.kit.states import Machine

OPEN, MERGED, CONVERTED, ABANDONED = "OPEN", "MERGED", "CONVERTED", "ABANDONED"

CART = Machine(
    "cart",
    # event, from, to; when it may, and what follows from it
    (
        "changed",
        (OPEN,),
        OPEN,
        _l("The page that was pressed showed the cart as it is now."),
        _l("Its version grows, by which older tabs are known."),
    ),
    (
        "subtracted",
        (OPEN,),
        OPEN,
        _l("The order is the one that this cart is being paid with."),
        _l("What was bought leaves the cart, once; the rest stays."),
    ),
    (
        "merged",
        (OPEN,),
        MERGED,
        _l("Somebody signed in who had another cart, or ordered apart."),
        _l("Its lines live on in the other cart, within the limits."),
    ),
    (
        "converted",
        (OPEN,),
        CONVERTED,
        _l("The order is paid, and nothing is left in the cart."),
        _l("The next thing begins a new cart."),
    ),
    (
        "abandoned",
        (OPEN,),
        ABANDONED,
        _l("Nobody came for long, and no order of it waits for money."),
        _l("What it held is back on the shelf."),
    ),
    (
        "reopened",
        (ABANDONED,),
        OPEN,
        _l("The shopper is back before it was removed."),
        _l("Prices and stock are looked at again."),
    ),
)
