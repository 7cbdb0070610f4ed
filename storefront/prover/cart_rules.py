"""What holds in every state between carts and the orders that are made of them."""

from collections import Counter
from collections.abc import Iterator

from storefront.prover.rules import CLOSED, HELD, rule
from storefront.prover.tables import View


@rule
def a_cart_keeps_what_lies_in_it(view: View) -> Iterator[str]:
    """What is kept for minutes is kept for a line, never for more than it has, and ends by itself."""
    lines = {line.id: line.qty for line in view.cart_lines}
    for one in view.stock_reservations:
        if one.owner_kind == "cart" and one.status in HELD:
            if one.qty > lines.get(one.cart_line_id, 0):
                yield f"{one.qty} are kept for a line of a cart that has {lines.get(one.cart_line_id, 0)}"
            if one.expires_at is None or one.order_id is not None:
                yield "what a cart keeps has no end, or belongs to an order as well"


@rule
def one_payable_order_a_cart(view: View) -> Iterator[str]:
    payable = Counter(order.cart_id for order in view.orders if order.status == "HOLD")
    for cart_id, number in payable.items():
        if number > 1:
            yield f"cart {cart_id} has {number} orders that wait to be paid"


@rule
def one_open_cart_a_person(view: View) -> Iterator[str]:
    for name in ("token_hash", "customer_id"):
        carts = Counter(getattr(cart, name) for cart in view.carts if cart.status == "OPEN")
        for whose, number in carts.items():
            if whose is not None and number > 1:
                yield f"{number} open carts have the {name} {whose}"


@rule
def a_replaced_order_stays_closed(view: View) -> Iterator[str]:
    """Of an order and the one that replaced it, one at most is paid: the older one by becoming the newer."""
    for order in view.orders:
        if order.superseded_by_order_id and order.status not in CLOSED:
            yield f"order {order.id} was replaced by order {order.superseded_by_order_id}, and is {order.status}"
