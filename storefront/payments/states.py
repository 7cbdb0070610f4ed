"""The states of a bill, one attempt to pay. Paid beats pending, pending beats failed and cancelled."""

from storefront.kit.states import Machine

CREATED, REDIRECTED, PENDING, AUTHORIZED, PAID = "CREATED", "REDIRECTED", "PENDING", "AUTHORIZED", "PAID"
PARTIALLY_REFUNDED, REFUNDED, DISPUTED = "PARTIALLY_REFUNDED", "REFUNDED", "DISPUTED"
FAILED, CANCELLED, EXPIRED = "FAILED", "CANCELLED", "EXPIRED"

OPEN = (CREATED, REDIRECTED, PENDING)
MONEY = (PAID, PARTIALLY_REFUNDED, REFUNDED, DISPUTED)

BILL = Machine(
    "bill",
    # event               from                                                       to
    ("redirected", (CREATED,), REDIRECTED),
    ("pending", (CREATED, REDIRECTED), PENDING),
    ("authorized", OPEN, AUTHORIZED),
    ("paid", (*OPEN, AUTHORIZED, FAILED, CANCELLED, EXPIRED), PAID),  # money may come late
    ("failed", OPEN, FAILED),
    ("cancelled", OPEN, CANCELLED),
    ("voided", (AUTHORIZED,), CANCELLED),
    ("expired", OPEN, EXPIRED),
    ("partially_refunded", (PAID,), PARTIALLY_REFUNDED),
    ("refunded", (PAID, PARTIALLY_REFUNDED), REFUNDED),
    ("disputed", (PAID, PARTIALLY_REFUNDED, REFUNDED), DISPUTED),
)

NONE, APPLIED, QUARANTINED, RESOLVED = "NONE", "APPLIED", "QUARANTINED", "RESOLVED"
