"""What may be done about something that waits, in the words of buttons, suggestions and letters."""

from flask_babel import lazy_gettext as _l

from storefront.payments.reasons import (
    ACCEPT,
    AGAIN,
    BY_HAND,
    CANCEL,
    DONE,
    MOVE,
    OFFER,
    REFUND,
    REMIND,
    REST,
    VOID,
    WAIT,
)

BUTTONS = {
    ACCEPT: _l("Accept the order"),
    REFUND: _l("Send the money back"),
    MOVE: _l("Move it to another order"),
    OFFER: _l("Let the shopper choose"),
    WAIT: _l("Let it wait"),
    CANCEL: _l("Cancel the order"),
    DONE: _l("It is seen to"),
    REST: _l("Ask for the rest"),
    VOID: _l("Give up the reserved sum"),
    AGAIN: _l("Try the refund again"),
    BY_HAND: _l("The customer has the money"),
}
SUGGESTIONS = {
    ACCEPT: _l("accept the order as it is; what is too much goes back"),
    REFUND: _l("send the money back where it came from"),
    "authorized_only": _l("take the reserved sum; the order goes on when it has come"),
    OFFER: _l("let the shopper choose between waiting and the money back"),
    WAIT: _l("look at the payment service's own console, and wait"),
    CANCEL: _l("cancel the order"),
    DONE: _l("see to it, and say so here"),
    REST: _l("ask the shopper for what is missing"),
    VOID: _l("give up what is reserved; the shopper can pay again"),
    AGAIN: _l("try again, or give the money back another way and say so here"),
    BY_HAND: _l("look for it in the payment service's own console, and say here whether it arrived"),
}
BY_TIME = {
    REFUND: _l("the money goes back, and an order in review is cancelled"),
    CANCEL: _l("the order is cancelled; if it is not in review, we write again"),
    DONE: _l("it leaves the desk by itself"),
    VOID: _l("what is reserved is given up; if nothing is, we write again"),
    REMIND: _l("nothing is done by itself: we write again"),
}
DECISIONS = {
    "accepted": _l("accepted"),
    "refunded": _l("sent back"),
    "moved": _l("moved to another order"),
    "cancelled": _l("order cancelled"),
    "done": _l("seen to"),
    "matched": _l("its payment is known now"),
    "applied": _l("it was applied after all"),
    "taken_in": _l("became money of no order"),
    "paid": _l("the payment came"),
    "won_back": _l("the bank gave the money back"),
    "answered": _l("the answer came"),
    "refused": _l("refused"),
    "tried_again": _l("the refund was tried again"),
    "by_hand": _l("the customer has the money"),
    "credited": _l("counts, together with the rest"),
    "voided": _l("given up"),
    "substituted": _l("the shopper took another article"),
}
