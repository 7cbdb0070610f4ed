"""The states of orders in plain words, for shoppers, letters and staff."""

from flask_babel import lazy_gettext as _l

from storefront.orders import stage

LABELS = {
    stage.PAID: _l("Your order is paid."),
    stage.CONFIRMING: _l("We are still waiting for your bank."),
    stage.PENDING_STAGE: _l("Your payment is on its way."),
    stage.DECLINED: _l("The payment did not go through. Nothing was charged."),
    stage.LEFT: _l("You left the payment page. Nothing was charged."),
    stage.UNPAID: _l("This order is not paid yet."),
    stage.EXPIRED: _l("We could not keep the goods any longer. Nothing was charged."),
    stage.CLOSED_STAGE: _l("This order is cancelled."),
    stage.ATTENTION: _l("We are checking your payment."),
    stage.REFUNDED: _l("This order is refunded."),
    stage.SUPERSEDED_STAGE: _l("This order was replaced by a newer one."),
    stage.LATE_MONEY: _l("We are checking your payment."),
}

STATES = {
    "NEW": _l("Being placed"),
    "HOLD": _l("Waiting for payment"),
    "REVIEW": _l("Being checked"),
    "PROCESSING": _l("Being packed"),
    "PARTIALLY_SHIPPED": _l("Partly sent"),
    "SHIPPED": _l("Sent"),
    "DELIVERED": _l("Delivered"),
    "COMPLETED": _l("Completed"),
    "FAILED": _l("Not paid"),
    "CANCELLED": _l("Cancelled"),
}

REASONS = {
    "card_error": _l("Something is wrong with the card details that were typed."),
    "card_expired": _l("The card has expired."),
    "card_declined": _l("The bank declined the card without giving a reason."),
    "insufficient_funds": _l("There is not enough money on the account."),
}


def state_in_words(order):
    """An order's state as people say it."""
    return STATES[order.status]
