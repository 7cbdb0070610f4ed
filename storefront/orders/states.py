"""The states of an order and of its shipments. The code behind each guard and effect is in this package."""

from flask_babel import lazy_gettext as _l

from storefront.kit.states import Machine

NEW, HOLD, REVIEW, PROCESSING = "NEW", "HOLD", "REVIEW", "PROCESSING"
PARTIALLY_SHIPPED, SHIPPED, DELIVERED = "PARTIALLY_SHIPPED", "SHIPPED", "DELIVERED"
COMPLETED, FAILED, CANCELLED = "COMPLETED", "FAILED", "CANCELLED"

ALIASES = {"IN_PROGRESS": PROCESSING}  # other programs may say it like this
CLOSED = (FAILED, CANCELLED)
RELEASED_STATES = (PROCESSING, PARTIALLY_SHIPPED, SHIPPED, DELIVERED, COMPLETED)

ORDER = Machine(
    "order",
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
        (NEW, REVIEW),
        PROCESSING,
        _l("Nothing is due, the way to pay needs no payment before, or a person has looked and accepted."),
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
        _l("The last parcel has left."),
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
        _l("Nothing is to be sent, the time after sending is over, or a person says so."),
        _l("Nothing more happens by itself."),
    ),
)

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
        _l("What was promised from a later delivery is on the shelf now."),
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
        _l("The order is being packed and the parcel is not held back."),
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
        _l("The order went to review before the parcel left."),
        _l("Nobody may pack it."),
    ),
    (
        "awaited_again",
        (ONHOLD,),
        AWAITING_INVENTORY,
        _l("The order goes on, and goods are still missing."),
    ),
    (
        "assigned_again",
        (ONHOLD,),
        INVENTORY_ASSIGNED,
        _l("The order goes on."),
    ),
    (
        "cancelled",
        UNSHIPPED,
        CANCELLED,
        _l("The order was cancelled before the parcel left."),
        _l("The goods go back on the shelf."),
    ),
    (
        "failed",
        UNSHIPPED,
        FAILED_ORDER,
        _l("Only for a parcel that was made before the order was paid, by an extension."),
    ),
)

# Why an order was closed. Money that comes late may revive what time closed, never what a person closed.
ABANDONED, PAYMENT_FAILED, SUPERSEDED, STEP_FAILED = "abandoned", "payment_failed", "superseded", "step_failed"
BY_SHOPPER, BY_MERCHANT, BY_REVIEW = "shopper", "merchant", "review"
BY_TIME = (ABANDONED, PAYMENT_FAILED)
# Why an order is in review, beside what is wrong with its money: nobody could say whether it is paid; its time is over
# while money is only reserved for it; its goods are not there, as the merchant has counted again.
GATEWAY_SILENT, AUTHORIZED_ONLY, STOCK_CORRECTED = "gateway_silent", "authorized_only", "stock_corrected"
DOUBTS = (GATEWAY_SILENT, AUTHORIZED_ONLY, STOCK_CORRECTED)  # about the order itself, not about money of one bill
REVIVABLE = (ABANDONED, PAYMENT_FAILED, SUPERSEDED)
