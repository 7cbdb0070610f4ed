"""The states of orders in plain words, for shoppers, letters and staff."""

from flask_babel import lazy_gettext as _l

from storefront.orders import stage
from storefront.orders.states import OWN

LABELS = {
    stage.PAID: _l("Your order is paid."),
    stage.CONFIRMING: _l("We are still waiting for your bank."),
    stage.PENDING_STAGE: _l("Your payment is on its way."),
    stage.DECLINED: _l("The payment did not go through. Nothing was charged."),
    stage.LEFT: _l("You left the payment page. Nothing was charged."),
    stage.UNREACHABLE: _l("The payment service does not answer. Nothing was charged."),
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
    **OWN.states,
}

RELEASE_REFUSED = {  # why a parcel was not released for packing
    "stock": _l("its goods are not on the shelf"),
    "order": _l("its order must not be sent now"),
}

REASONS = {
    "card_error": _l("Something is wrong with the card details that were typed."),
    "card_expired": _l("The card has expired."),
    "card_declined": _l("The bank declined the card without giving a reason."),
    "insufficient_funds": _l("There is not enough money on the account."),
    "authentication_failed": _l("The bank could not confirm that it was you: its code or its app was not answered."),
    "limit_exceeded": _l("The sum is beyond the limit of this card."),
    "suspected_fraud": _l("The bank did not allow this payment. It can tell you why."),
    "invalid_reference": _l("The payment service did not accept our form. That was our mistake, not yours."),
    "duplicate_reference": _l("The payment service had seen this payment before. Begin a new one."),
    "session_expired": _l("The payment page was open for too long."),
    "technical_error": _l("Something broke at the payment service."),
    "user_cancelled": _l("The payment was cancelled on the payment page."),
    "unknown": _l("The payment service gave a reason that we do not know."),
}


def state_in_words(order):
    """An order's state as people say it."""
    return STATES[order.status]
