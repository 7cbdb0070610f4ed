"""The states of a reservation: set aside, sold, gone or given back."""

from flask_babel import lazy_gettext as _l

from storefront.kit.states import Machine

HELD, COMMITTED, CONSUMED = "HELD", "COMMITTED", "CONSUMED"
RELEASED, EXPIRED, RETURNED = "RELEASED", "EXPIRED", "RETURNED"
OPEN = (HELD, COMMITTED)

RESERVATION = Machine(
    "reservation",
    # event, from, to; when it may, and what follows from it
    (
        "committed",
        (HELD,),
        COMMITTED,
        _l("The order is paid or approved."),
        _l("The goods are this order's."),
    ),
    (
        "released",
        (HELD, COMMITTED),
        RELEASED,
        _l("The order was closed, or the line left the cart; the first who closes wins."),
        _l("Back on the shelf; whoever waits for it is told."),
    ),
    (
        "expired",
        (HELD,),
        EXPIRED,
        _l("The minutes of the cart, or the time of the order, are over."),
        _l("Back on the shelf; whoever waits for it is told."),
    ),
    (
        "consumed",
        (COMMITTED,),
        CONSUMED,
        _l("The parcel has left."),
        _l("The goods leave the stock for good."),
    ),
    (
        "returned",
        (CONSUMED,),
        RETURNED,
        _l("They came back, and staff put them on the shelf; never more than were sent."),
        _l("On the shelf again."),
    ),
)
