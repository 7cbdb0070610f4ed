"""The states of an order and of its shipments. The code behind each guard and effect is in this package."""

import os

from flask_babel import lazy_gettext as _l

from storefront.kit.states import Machine
from storefront.orders.own_states import NOTHING, Own, read

NEW, HOLD, REVIEW, PROCESSING = "NEW", "HOLD", "REVIEW", "PROCESSING"
PARTIALLY_SHIPPED, SHIPPED, DELIVERED = "PARTIALLY_SHIPPED", "SHIPPED", "DELIVERED"
COMPLETED, FAILED, CANCELLED = "COMPLETED", "FAILED", "CANCELLED"

ALIASES = {"IN_PROGRESS": PROCESSING}  # other programs may say it like this
CLOSED = (FAILED, CANCELLED)
STATES_OF_THE_SHOP = (
    *(NEW, HOLD, REVIEW, PROCESSING),
    *(PARTIALLY_SHIPPED, SHIPPED, DELIVERED, COMPLETED, FAILED, CANCELLED),
)

_ROWS: tuple[tuple, ...] = (
    # event, from, to; when it may, and what follows from it
    (
        "held",
        (NEW, FAILED, CANCELLED),
        HOLD,
        _l(
            "Goods are set aside and an attempt to pay is open. A closed order only within a day, while its goods "
            "are there and nobody of the shop closed it."
        ),
        _l("The time to pay begins, with a silent grace after it. The shopper is told until when the goods are kept."),
    ),
    (
        "paid",
        (HOLD, REVIEW, FAILED, CANCELLED),
        PROCESSING,
        _l(
            "The gateway has proved a payment of exactly what is due, in the right currency, for a real shop or a "
            "test one as it should be; the goods are held or can be taken again; no review rule hits."
        ),
        _l(
            "The money counts for this order, the goods are its own, what was bought leaves the cart, parcels are "
            "planned, the receipt goes out."
        ),
    ),
    (
        "doubted",
        (HOLD, PROCESSING),
        REVIEW,
        _l(
            "Money came that does not fit, the goods are gone, a review rule hits, the bank disputes, or the "
            "gateway has been silent for too long."
        ),
        _l("The goods stay set aside without end, a row opens on the desk, owner and shopper are told."),
    ),
    (
        "released",
        (NEW, HOLD, REVIEW),
        PROCESSING,
        _l(
            "Nothing is due, the way to pay needs no payment before, the sum is reserved and is taken when a parcel "
            "leaves, or a person has looked and accepted."
        ),
        _l("The goods are the order's own, parcels are planned, the confirmation goes out."),
    ),
    (
        "failed",
        (NEW, HOLD),
        FAILED,
        _l(
            "A step of placing it went wrong, or its time is over and the last attempt was declined; every "
            "gateway has just said that nothing is paid."
        ),
        _l("Goods go back on the shelf, attempts are closed at the gateway, the cart stays as it is."),
    ),
    (
        "cancelled",
        (NEW, HOLD, REVIEW, PROCESSING),
        CANCELLED,
        _l(
            "The shopper or the shop does not want it, its time is over without any answer, or a newer order of "
            "the same cart took its place. Never while money may be on its way, but for a person of the shop who "
            "was warned."
        ),
        _l("Goods go back on the shelf or to the newer order, captured money is asked back, the cart stays as it is."),
    ),
    (
        "partially_shipped",
        (PROCESSING,),
        PARTIALLY_SHIPPED,
        _l("One parcel has left, another has not."),
    ),
    (
        "shipped",
        (PROCESSING, PARTIALLY_SHIPPED),
        SHIPPED,
        _l("The last parcel that is to be sent has left."),
        _l("The time until it is completed by itself begins."),
    ),
    (
        "delivered",
        (SHIPPED,),
        DELIVERED,
        _l("Every parcel has arrived."),
    ),
    (
        "completed",
        (PROCESSING, SHIPPED, DELIVERED),
        COMPLETED,
        _l(
            "Nothing is to be sent, the time after sending is over, or a person says so; nothing is on its way back, "
            "and the bank disputes nothing."
        ),
        _l("Nothing more happens by itself."),
    ),
)


def _own() -> tuple[Own, str]:
    """The merchant's own states, and why they cannot be used ("" if they can): create_app then refuses to start."""
    try:
        return read(SAID, STATES_OF_THE_SHOP, [row[0] for row in _ROWS]), ""
    except ValueError as refusal:
        return NOTHING, str(refusal)


def _with_own(row):
    """An order in an own state can be cancelled and doubted like one that is packed; it is sent only from there."""
    event, sources, *others = row
    like = event in ("cancelled", "doubted") and PROCESSING in sources
    return (event, (*sources, *OWN.states) if like else sources, *others)


def _own_rows():
    for event in dict.fromkeys(move.event for move in OWN.moves):
        mine = [move for move in OWN.moves if move.event == event]
        yield event, tuple(move.source for move in mine), mine[0].target, mine[0].label


SAID = os.environ.get("ORDER_STATES", "")  # states are part of the tables, which are made when the shop is loaded
OWN, OWN_PROBLEM = _own()
PREPARING = (PROCESSING, *OWN.states)  # paid, and nothing of it has been sent
RELEASED_STATES = (*PREPARING, PARTIALLY_SHIPPED, SHIPPED, DELIVERED, COMPLETED)
ORDER = Machine("order", *map(_with_own, _ROWS), *_own_rows())

AWAITING_INVENTORY, INVENTORY_ASSIGNED = "AWAITING_INVENTORY", "INVENTORY_ASSIGNED"
RELEASED, ONHOLD, FAILED_ORDER = "RELEASED", "ONHOLD", "FAILED_ORDER"
UNSHIPPED = (AWAITING_INVENTORY, INVENTORY_ASSIGNED, RELEASED, ONHOLD)

SHIPMENT = Machine(
    "order_shipment",
    # event, from, to; when it may, and what follows from it
    (
        "assigned",
        (AWAITING_INVENTORY,),
        INVENTORY_ASSIGNED,
        _l("What was promised from a later delivery is on the shelf now, and nobody has waited for it longer."),
        _l("These units are its own; if the order may be sent, the parcel may be packed at once."),
    ),
    (
        "released",
        (INVENTORY_ASSIGNED, ONHOLD),
        RELEASED,
        _l("The order is paid or approved and the goods are there."),
        _l("The parcel may be packed."),
    ),
    (
        "shipped",
        (RELEASED,),
        SHIPPED,
        _l("The order is being packed, the parcel is not held back, and money that was only reserved has been taken."),
        _l("The goods leave the stock; the letter with the tracking goes out."),
    ),
    (
        "delivered",
        (SHIPPED,),
        DELIVERED,
        _l("Somebody says so."),
    ),
    (
        "held",
        (AWAITING_INVENTORY, INVENTORY_ASSIGNED, RELEASED),
        ONHOLD,
        _l("The order went to review before the parcel left, or staff hold it back."),
        _l("Nobody may pack it."),
    ),
    (
        "awaited_again",
        (ONHOLD,),
        AWAITING_INVENTORY,
        _l("The order or staff let it go on, and goods are still missing."),
    ),
    (
        "assigned_again",
        (ONHOLD,),
        INVENTORY_ASSIGNED,
        _l("The order or staff let it go on."),
    ),
    (
        "cancelled",
        UNSHIPPED,
        CANCELLED,
        _l("The order, or the rest of it, was cancelled before the parcel left; or it became one with another."),
        _l("The goods go back on the shelf."),
    ),
    (
        "failed",
        UNSHIPPED,
        FAILED_ORDER,
        _l("The order failed. Only for a parcel that was made before the order was paid, by an extension."),
    ),
)

# Why an order was closed. Money that comes late may revive what time closed, never what a person closed.
ABANDONED, PAYMENT_FAILED, SUPERSEDED, STEP_FAILED = "abandoned", "payment_failed", "superseded", "step_failed"
SUBSTITUTED = "substituted"  # another article was taken instead: a newer order has its money
BY_SHOPPER, BY_MERCHANT, BY_REVIEW = "shopper", "merchant", "review"
BY_TIME = (ABANDONED, PAYMENT_FAILED)
# Why an order is in review, beside what is wrong with its money: nobody could say whether it is paid; its time is over
# while money is only reserved for it; its goods are not there, as the merchant has counted again; all of its money
# went back past the shop.
GATEWAY_SILENT, AUTHORIZED_ONLY, STOCK_CORRECTED = "gateway_silent", "authorized_only", "stock_corrected"
MONEY_GONE = "money_gone"
DOUBTS = (GATEWAY_SILENT, AUTHORIZED_ONLY, STOCK_CORRECTED, MONEY_GONE)  # about the order itself, not one bill's money
REVIVABLE = (ABANDONED, PAYMENT_FAILED, SUPERSEDED)
