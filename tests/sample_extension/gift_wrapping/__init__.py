"""A sample extension: goods with a gift note are wrapped, and the village has its own ways to pay, send and save.

It touches nothing of the shop: all that it adds is added here.
"""

from datetime import timedelta

from gift_wrapping import books, handlers, prices, steps
from gift_wrapping.village_pay import VillagePay
from storefront.extensions import Place, Shop


def register(shop: Shop) -> None:
    """Everything that this package adds to the shop."""
    shop.event("GIFT_WRAPPED", "Wrapped as a gift")
    shop.event("GIFT_UNWRAPPED", "Unwrapped again")
    shop.step(
        "CHECKOUT_REVERSIBLE",
        steps.wrap_goods,
        undo=steps.unwrap_goods,
        needs=("hold_stock",),
        place=Place(after="hold_stock"),
    )
    shop.step("CHECKOUT_REVERSIBLE", steps.ask_the_village, place=Place(instead_of="check_subscription_credit"))
    shop.pre_checkout(handlers.refuse_crowds)
    shop.pre_order_persist(handlers.note_the_paper)
    shop.post_checkout(handlers.tell_the_workshop)
    shop.on("ORDER_PAID", handlers.ring_the_bell)
    shop.on("GIFT_WRAPPED", handlers.order_ribbon)
    shop.cost_method(prices.PER_BAG)
    shop.condition("odd_number", prices.ODD_NUMBER)
    shop.benefit("round_down", prices.ROUND_DOWN)
    shop.gateway("village_pay", VillagePay)
    shop.check(books.WRAPPED_ONCE)
    shop.job(handlers.tidy_the_workshop, timedelta(hours=1))
