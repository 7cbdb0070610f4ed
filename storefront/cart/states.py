"""The states of a cart. There is no frozen one: a cart that is being paid for goes on living."""

from storefront.kit.states import Machine

OPEN, MERGED, CONVERTED, ABANDONED = "OPEN", "MERGED", "CONVERTED", "ABANDONED"

CART = Machine(
    "cart",
    # event         from          to
    ("merged", (OPEN,), MERGED),
    ("converted", (OPEN,), CONVERTED),
    ("abandoned", (OPEN,), ABANDONED),
    ("reopened", (ABANDONED,), OPEN),
)
