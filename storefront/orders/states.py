"""The states of an order and of its shipments. Their guards and effects stand beside the moves, in this package."""

from storefront.kit.states import Machine

NEW, HOLD, REVIEW, PROCESSING = "NEW", "HOLD", "REVIEW", "PROCESSING"
PARTIALLY_SHIPPED, SHIPPED, DELIVERED = "PARTIALLY_SHIPPED", "SHIPPED", "DELIVERED"
COMPLETED, FAILED, CANCELLED = "COMPLETED", "FAILED", "CANCELLED"

CLOSED = (FAILED, CANCELLED)
RELEASED_STATES = (PROCESSING, PARTIALLY_SHIPPED, SHIPPED, DELIVERED, COMPLETED)

ORDER = Machine(
    "order",
    # event               from                                  to
    ("held", (NEW, FAILED, CANCELLED), HOLD),  # from the closed ones by paying again
    (
        "paid",
        (HOLD, REVIEW, FAILED, CANCELLED),
        PROCESSING,
    ),  # money may come late; to REVIEW if only its word was missing
    ("doubted", (HOLD, PROCESSING), REVIEW),
    ("released", (NEW, REVIEW), PROCESSING),  # nothing due, approved, or accepted by staff
    ("failed", (NEW, HOLD), FAILED),
    ("cancelled", (NEW, HOLD, REVIEW, PROCESSING), CANCELLED),
    ("partially_shipped", (PROCESSING,), PARTIALLY_SHIPPED),
    ("shipped", (PROCESSING, PARTIALLY_SHIPPED), SHIPPED),
    ("delivered", (SHIPPED,), DELIVERED),
    ("completed", (PROCESSING, SHIPPED, DELIVERED), COMPLETED),
)

AWAITING_INVENTORY, INVENTORY_ASSIGNED = "AWAITING_INVENTORY", "INVENTORY_ASSIGNED"
RELEASED, ONHOLD, FAILED_ORDER = "RELEASED", "ONHOLD", "FAILED_ORDER"
UNSHIPPED = (AWAITING_INVENTORY, INVENTORY_ASSIGNED, RELEASED, ONHOLD)

SHIPMENT = Machine(
    "order_shipment",
    # event        from                                                  to
    ("assigned", (AWAITING_INVENTORY,), INVENTORY_ASSIGNED),
    ("released", (INVENTORY_ASSIGNED, ONHOLD), RELEASED),
    ("shipped", (RELEASED,), SHIPPED),
    ("delivered", (SHIPPED,), DELIVERED),
    ("held", (AWAITING_INVENTORY, INVENTORY_ASSIGNED, RELEASED), ONHOLD),
    ("cancelled", UNSHIPPED, CANCELLED),
    ("failed", UNSHIPPED, FAILED_ORDER),
)

# Why an order was closed. Money that comes late may revive what time closed, never what a person closed.
ABANDONED, PAYMENT_FAILED, SUPERSEDED, STEP_FAILED = "abandoned", "payment_failed", "superseded", "step_failed"
BY_SHOPPER, BY_MERCHANT, BY_REVIEW = "shopper", "merchant", "review"
GATEWAY_SILENT = "gateway_silent"  # why an order is in review: nobody could say whether it is paid
REVIVABLE = (ABANDONED, PAYMENT_FAILED, SUPERSEDED)
