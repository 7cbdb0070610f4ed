"""The states of a reservation: set aside, sold, gone or given back."""

from storefront.kit.states import Machine

HELD, COMMITTED, CONSUMED = "HELD", "COMMITTED", "CONSUMED"
RELEASED, EXPIRED, RETURNED = "RELEASED", "EXPIRED", "RETURNED"
OPEN = (HELD, COMMITTED)

RESERVATION = Machine(
    "reservation",
    # event        from          to
    ("committed", (HELD,), COMMITTED),
    ("released", (HELD, COMMITTED), RELEASED),
    ("expired", (HELD,), EXPIRED),
    ("consumed", (COMMITTED,), CONSUMED),
    ("returned", (CONSUMED,), RETURNED),
)
