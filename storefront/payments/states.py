"""The states of a bill, one attempt to pay. Paid beats reserved; both beat failed, cancelled and expired."""

from flask_babel import lazy_gettext as _l

from storefront.kit.states import Machine

CREATED, REDIRECTED, PENDING, AUTHORIZED, PAID = "CREATED", "REDIRECTED", "PENDING", "AUTHORIZED", "PAID"
PARTIALLY_REFUNDED, REFUNDED, DISPUTED = "PARTIALLY_REFUNDED", "REFUNDED", "DISPUTED"
FAILED, CANCELLED, EXPIRED = "FAILED", "CANCELLED", "EXPIRED"

OPEN = (CREATED, REDIRECTED, PENDING)
MONEY = (PAID, PARTIALLY_REFUNDED, REFUNDED, DISPUTED)

BILL = Machine(
    "bill",
    # event, from, to; when it may, and what follows from it
    (
        "redirected",
        (CREATED,),
        REDIRECTED,
        _l("The order may be paid, and its time is not over."),
        _l("Noted once: going back does not send the form again."),
    ),
    (
        "pending",
        (CREATED, REDIRECTED),
        PENDING,
        _l("Proved by signature or by asking."),
        _l("The goods are kept for as long as this way to pay may take."),
    ),
    (
        "authorized",
        (*OPEN, FAILED, CANCELLED, EXPIRED),
        AUTHORIZED,
        _l("Proved by signature or by asking; never again after it was given up or ran out."),
        _l("A fact in the ledger; the money is taken later, or given up at once if nobody needs it any more."),
    ),
    (
        "paid",
        (*OPEN, AUTHORIZED, FAILED, CANCELLED, EXPIRED),
        PAID,
        _l("Proved by signature or by asking, with a transaction that no other payment used. Late is not too late."),
        _l("A fact in the ledger; then the money pays the order, or waits on the desk with a reason."),
    ),
    (
        "failed",
        OPEN,
        FAILED,
        _l("Proved by signature or by asking."),
        _l("The reason is kept. The goods stay set aside until the order's time is over; another attempt may be made."),
    ),
    (
        "cancelled",
        OPEN,
        CANCELLED,
        _l("Proved, or done by the shopper on our page, by a newer attempt or a newer order. Never once it is paid."),
        _l("Its session is closed at the gateway if that can be done."),
    ),
    (
        "voided",
        (AUTHORIZED,),
        CANCELLED,
        _l("We gave the authorization back, or it ran out at the gateway."),
        _l("A fact in the ledger; if it ran out, a row on the desk."),
    ),
    (
        "expired",
        OPEN,
        EXPIRED,
        _l("Its time is over, and the gateway has no money for it."),
        _l("Its session is closed at the gateway if that can be done."),
    ),
    (
        "partially_refunded",
        (PAID,),
        PARTIALLY_REFUNDED,
        _l("Proved, whether we sent it or it was done at the gateway."),
        _l("A fact in the ledger."),
    ),
    (
        "refunded",
        (PAID, PARTIALLY_REFUNDED),
        REFUNDED,
        _l("Proved: everything has gone back."),
        _l("A fact in the ledger."),
    ),
    (
        "disputed",
        (PAID, PARTIALLY_REFUNDED, REFUNDED),
        DISPUTED,
        _l("The shopper's bank takes the money back."),
        _l("A fact in the ledger, a row on the desk; an order that was not sent yet is held back."),
    ),
    (
        "won_back",
        (DISPUTED,),
        PAID,
        _l("The bank has decided for us."),
        _l("A fact in the ledger."),
    ),
    (
        "won_back_partially_refunded",
        (DISPUTED,),
        PARTIALLY_REFUNDED,
        _l("The bank has decided for us; a part had gone back before."),
        _l("A fact in the ledger."),
    ),
    (
        "won_back_refunded",
        (DISPUTED,),
        REFUNDED,
        _l("The bank has decided for us; everything had gone back before."),
        _l("A fact in the ledger."),
    ),
)

NONE, APPLIED, QUARANTINED, RESOLVED = "NONE", "APPLIED", "QUARANTINED", "RESOLVED"
