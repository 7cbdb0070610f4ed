"""The states of a gift certificate, and of the part of it that an order uses."""

from flask_babel import lazy_gettext as _l

from storefront.kit.states import Machine

INACTIVE, ACTIVE, SUSPENDED, SPENT, VOID, EXPIRED = "INACTIVE", "ACTIVE", "SUSPENDED", "SPENT", "VOID", "EXPIRED"
PLANNED, HELD, CAPTURED, RELEASED = "PLANNED", "HELD", "CAPTURED", "RELEASED"  # of a use

CERTIFICATE = Machine(
    "certificate",
    # event, from, to; when it may, and what follows from it
    (
        "activated",
        (INACTIVE,),
        ACTIVE,
        _l("The order that bought it is paid, or the owner has issued it."),
        _l("Its code may be used; who bought it has the code by letter."),
    ),
    (
        "spent",
        (ACTIVE, SUSPENDED),
        SPENT,
        _l("A paid order has taken the last of it."),
        _l("Its code takes nothing off any more."),
    ),
    (
        "refilled",
        (SPENT, VOID, EXPIRED),
        ACTIVE,
        _l("Something comes back to it from an order that it has paid."),
        _l("It holds what came back, and can be used for a month at least."),
    ),
    (
        "suspended",
        (ACTIVE,),
        SUSPENDED,
        _l("The bank has taken back the money that bought it."),
        _l("Its code takes nothing off until that is decided; what an unpaid order keeps of it stays that order's."),
    ),
    (
        "reinstated",
        (SUSPENDED,),
        ACTIVE,
        _l("The dispute is won, or staff let the order that bought it go on."),
        _l("Its code may be used again."),
    ),
    (
        "expired",
        (ACTIVE,),
        EXPIRED,
        _l("Its last day is over."),
        _l("Its code takes nothing off; what is in it stays in the books."),
    ),
    (
        "extended",
        (EXPIRED,),
        ACTIVE,
        _l("Staff give it a later last day."),
        _l("Its code may be used again."),
    ),
    (
        "voided",
        (INACTIVE, ACTIVE, SUSPENDED, SPENT, EXPIRED),
        VOID,
        _l("The order that bought it was closed or refunded, or staff say so."),
        _l("What is left is written off; what an unpaid order keeps of it stays that order's."),
    ),
    (
        "renewed",
        (VOID,),
        INACTIVE,
        _l("The order that bought it is to be paid after all."),
        _l("It waits for the money once more."),
    ),
)
