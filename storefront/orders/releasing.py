"""What happens when an order is released: paid, free, or approved. One transaction, in the order of the locks.

The list CHECKOUT_RELEASE in config.py names the steps; each takes the locked order and runs once an order, or once
more when money comes for an order that was closed. What one raises undoes all of it: the order is not released.
"""

from storefront import cart, certificates, promotions, stock
from storefront.kit import recipes
from storefront.kit.recipes import Step
from storefront.orders.fulfilment import start_fulfilment
from storefront.orders.models import Order
from storefront.orders.parcels import make_shipments, not_sent
from storefront.orders.using import issue_codes

RELEASE = "CHECKOUT_RELEASE"


def release(order: Order) -> None:
    """Take every step of the list. Raises OutOfStock, and Conflict for what else is not there any more."""
    for step in recipes.of(RELEASE):
        step.do(order)


def clear_cart(order: Order) -> None:
    """What was bought leaves the cart; what was added since stays."""
    cart.take_out(order.cart_id, order.id, order.lines)


def sell_goods(order: Order) -> None:
    """What was set aside is sold; what was not is taken from the shelf."""
    stock.sell(order.id, order.lines, not_sent=not_sent(order), cart_lines=cart.lines_of(order.cart_id))


def commit_limited_uses(order: Order) -> None:
    """What the order held of offers and codes is spent; what it gave back meanwhile is taken once more, if it can."""
    promotions.commit(order.id)


def assign_coupons(order: Order) -> None:
    """The customer is given the codes that the order brings, once; a letter tells each."""
    issue_codes(order)


def capture_certificates(order: Order) -> None:
    """What gift certificates pay is taken from them; what was free meanwhile is set aside once more, if it is there."""
    certificates.capture(order.id)


def activate_certificates(order: Order) -> None:
    """Gift certificates that were bought are worth something once the order is paid; their codes go out by letter."""
    if order.paid_at or not order.due_minor:
        certificates.activate(order.id, [line.id for line in order.lines if line.gift_certificate])


def initiate_fulfilment(order: Order) -> None:
    """The parcels are made, and those whose goods are there may be packed."""
    make_shipments(order)
    start_fulfilment(order)


recipes.register(
    Step(RELEASE, clear_cart, required=True),
    Step(RELEASE, sell_goods, needs=("clear_cart",), required=True),  # the cart before the goods: see stock/timed.py
    Step(RELEASE, commit_limited_uses, needs=("sell_goods",), required=True),
    Step(RELEASE, assign_coupons, needs=("commit_limited_uses",)),
    Step(RELEASE, capture_certificates, needs=("commit_limited_uses",), required=True),
    Step(RELEASE, activate_certificates, needs=("capture_certificates",), required=True),
    Step(RELEASE, initiate_fulfilment, needs=("sell_goods",), required=True),
)
