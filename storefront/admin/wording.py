"""States, events and reasons in plain words, for the people behind the counter."""

from flask_babel import lazy_gettext as _l

PAYMENT = {
    "UNPAID": _l("Not paid"),
    "PENDING": _l("On its way"),
    "AUTHORIZED": _l("Authorized"),
    "PARTIALLY_PAID": _l("Partly paid"),
    "PAID": _l("Paid"),
    "OVERPAID": _l("Paid too much"),
    "PARTIALLY_REFUNDED": _l("Partly refunded"),
    "REFUNDED": _l("Refunded"),
    "DISPUTED": _l("Disputed"),
}
FULFILMENT = {
    "UNFULFILLED": _l("Not sent"),
    "PARTIALLY_SHIPPED": _l("Partly sent"),
    "SHIPPED": _l("Sent"),
    "DELIVERED": _l("Delivered"),
    "NOTHING_TO_SHIP": _l("Nothing to send"),
}
SHIPMENT = {
    "AWAITING_INVENTORY": _l("Waits for goods"),
    "INVENTORY_ASSIGNED": _l("Goods are there"),
    "RELEASED": _l("Ready to send"),
    "SHIPPED": _l("Sent"),
    "DELIVERED": _l("Delivered"),
    "ONHOLD": _l("Held back"),
    "CANCELLED": _l("Cancelled"),
    "FAILED_ORDER": _l("Cancelled"),
}
BILL = {
    "CREATED": _l("Shopper has not left yet"),
    "REDIRECTED": _l("Shopper is at the gateway"),
    "PENDING": _l("On its way"),
    "AUTHORIZED": _l("Authorized"),
    "PAID": _l("Paid"),
    "PARTIALLY_REFUNDED": _l("Partly refunded"),
    "REFUNDED": _l("Refunded"),
    "DISPUTED": _l("Disputed"),
    "FAILED": _l("Declined"),
    "CANCELLED": _l("Cancelled"),
    "EXPIRED": _l("Ran out"),
}
REFUND = {
    "REQUESTED": _l("Asked for"),
    "SENT": _l("Sent, no answer yet"),
    "SUCCEEDED": _l("Done"),
    "FAILED": _l("Failed: do it at the gateway"),
}
INBOX = {
    "RECEIVED": _l("waits to be read"),
    "REJECTED": _l("refused: its signature is wrong"),
    "UNMATCHED": _l("speaks of no payment that we know"),
    "DUPLICATE": _l("said what we knew already"),
    "APPLIED": _l("changed the payment"),
    "NO_EFFECT": _l("changed nothing"),
    "ERROR": _l("could not be read; tried again"),
}
WHY_WAITING = {
    "amount_mismatch": _l("The sum is not what the order costs."),
    "currency_mismatch": _l("It came in another currency."),
    "late_order_closed": _l("It came after the order was closed."),
    "duplicate_payment": _l("The order was paid already."),
    "stock_lost": _l("The goods were sold to somebody else meanwhile."),
    "mode_mismatch": _l("It is a test payment for a real order, or the other way round."),
    "unknown_reference": _l("No order fits it."),
    "gateway_silent": _l("The gateway has not answered for hours."),
    "disputed": _l("The shopper's bank disputes the payment."),
}
CLOSED_BECAUSE = {
    "abandoned": _l("nobody paid in time"),
    "payment_failed": _l("the payment failed"),
    "superseded": _l("a newer order took its place"),
    "step_failed": _l("something went wrong while it was placed"),
    "shopper": _l("the shopper cancelled it"),
    "merchant": _l("we cancelled it"),
    "review": _l("we refused it after a look"),
}
REASONS = {
    "paid": _l("it is paid"),
    "approved": _l("this way to pay needs no payment before"),
    "nothing_due": _l("there was nothing to pay"),
    "accepted": _l("somebody looked and accepted it"),
    "nothing_to_ship": _l("nothing has to be sent"),
    "paid_by_another": _l("another attempt paid"),
    "new_attempt": _l("the shopper began another one"),
    "shopper": _l("asked by the shopper"),
    "pending": _l("the gateway does not know yet"),
    "card_error": _l("something is wrong with the card's details"),
    "card_expired": _l("the card has expired"),
    "card_declined": _l("the bank said no"),
    "insufficient_funds": _l("not enough money on the account"),
    "user_cancelled": _l("the shopper left the payment page"),
    "refunded": _l("sent back"),
}
ACTORS = {
    "shopper": _l("shopper"),
    "gateway": _l("gateway"),
    "job": _l("by itself"),
    "staff": _l("staff"),
    "system": _l("shop"),
}
EVENTS = {
    "ORDER_CREATED": _l("Order placed"),
    "ORDER_HELD": _l("Waits for its payment; the goods are kept"),
    "ORDER_HOLD_PROLONGED": _l("The goods are kept longer"),
    "ORDER_PAID": _l("Paid"),
    "ORDER_RELEASED": _l("Goes to packing"),
    "ORDER_DOUBTED": _l("Needs a person"),
    "ORDER_FAILED": _l("Closed: not paid"),
    "ORDER_CANCELLED": _l("Cancelled"),
    "ORDER_PARTIALLY_SHIPPED": _l("Partly sent"),
    "ORDER_SHIPPED": _l("Everything is sent"),
    "ORDER_DELIVERED": _l("Everything has arrived"),
    "ORDER_COMPLETED": _l("Completed"),
    "ORDER_SHIPMENT_CREATED": _l("Parcel planned"),
    "ORDER_SHIPMENT_ASSIGNED": _l("The goods of the parcel are on the shelf"),
    "ORDER_SHIPMENT_RELEASED": _l("Parcel may be packed"),
    "ORDER_SHIPMENT_RELEASE_FAILED": _l("Parcel could not be released: goods are missing"),
    "ORDER_SHIPMENT_SHIPPED": _l("Parcel sent"),
    "ORDER_SHIPMENT_DELIVERED": _l("Parcel delivered"),
    "ORDER_SHIPMENT_HELD": _l("Parcel held back"),
    "ORDER_SHIPMENT_CANCELLED": _l("Parcel cancelled"),
    "ORDER_SHIPMENT_FAILED": _l("Parcel cancelled"),
    "BILL_REDIRECTED": _l("Shopper left for the payment page"),
    "BILL_PENDING": _l("The gateway says: on its way"),
    "BILL_AUTHORIZED": _l("The gateway says: authorized"),
    "BILL_PAID": _l("The gateway says: paid"),
    "BILL_FAILED": _l("The gateway says: declined"),
    "BILL_CANCELLED": _l("Attempt to pay ended"),
    "BILL_VOIDED": _l("Authorization ended"),
    "BILL_EXPIRED": _l("Attempt to pay ran out"),
    "BILL_PARTIALLY_REFUNDED": _l("The gateway says: partly refunded"),
    "BILL_REFUNDED": _l("The gateway says: refunded"),
    "BILL_DISPUTED": _l("The shopper's bank disputes the payment"),
    "BILL_QUARANTINED": _l("Money came that does not fit; it waits for a decision"),
    "BILL_RESOLVED": _l("Decided about the money that waited"),
    "BILL_REFUNDED_TOO_MUCH": _l("More came back than was paid: look into it"),
    "BILL_TRANSACTION_REUSED": _l("The gateway named a transaction of another payment: not counted"),
    "REFUND_REQUESTED": _l("Refund asked for"),
    "REFUND_SUCCEEDED": _l("Refund done"),
    "REFUND_FAILED": _l("Refund failed"),
    "STOCK_HELD": _l("Goods set aside"),
    "STOCK_COMMITTED": _l("Goods are this order's"),
    "STOCK_RELEASED": _l("Goods back on the shelf"),
    "STOCK_RETURNED": _l("Returned goods back on the shelf"),
    "LETTER_RESENT": _l("Letter sent again"),
}
LETTERS = {
    "ORDER_HELD": _l("Order received, with the link to pay"),
    "ORDER_PAID": _l("Receipt"),
    "ORDER_RELEASED": _l("Order confirmed"),
    "ORDER_CANCELLED": _l("Order cancelled"),
    "ORDER_SHIPMENT_SHIPPED": _l("On its way, with tracking"),
    "REFUND_SUCCEEDED": _l("Refund"),
}
_KINDS = {
    "ok": {"PAID", "SHIPPED", "DELIVERED", "COMPLETED", "SUCCEEDED", "SENT"},
    "warn": {
        "PROCESSING",
        "RELEASED",
        "PARTIALLY_SHIPPED",
        "PARTIALLY_PAID",
        "PARTIALLY_REFUNDED",
        "REQUESTED",
        "OVERPAID",
    },
    "info": {"NEW", "HOLD", "PENDING", "AUTHORIZED", "REDIRECTED", "INVENTORY_ASSIGNED", "AWAITING_INVENTORY"},
    "danger": {"REVIEW", "DISPUTED", "FAILED", "ONHOLD"},
}


def kind_of(state: str) -> str:
    """The colour of a state's badge; the word is in the badge, too."""
    return next((kind for kind, states in _KINDS.items() if state in states), "")
