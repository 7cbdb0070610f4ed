"""What lies on the shelf for one shopper in a state: beside what is set aside for everybody else."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from storefront.prover.rules import HELD
from storefront.prover.stage import MORNING
from storefront.prover.tables import View


def minutes_of(text: str) -> float:
    """A time of the database in minutes since the morning."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - MORNING).total_seconds() / 60


def heirs(view: View) -> Mapping[int, int]:
    """By the id of each cart that of the one in which it goes on: itself, unless it was merged into another."""
    return {cart.id: cart.merged_into_id or cart.id for cart in view.carts}


def in_carts(view: View, heir: Mapping[int, int] | None = None) -> Mapping[int, int]:
    """How many units lie in each cart, by its id, or by those of their `heir`; what a merged one had lies there."""
    found: dict[int, int] = {}
    merged = {cart.id for cart in view.carts if cart.status == "MERGED"}
    for line in view.cart_lines:
        if line.cart_id not in merged:
            cart_id = heir[line.cart_id] if heir else line.cart_id
            found[cart_id] = found.get(cart_id, 0) + line.qty
    return found


def too_few_for(view: View, cart_id: int, more: int = 0) -> bool:
    """Whether there are fewer for the cart, or its heir, than it has, and so many more."""
    cart_id = heirs(view)[cart_id]
    return free_for(view, cart_id) < in_carts(view).get(cart_id, 0) + more


def free_for(view: View, cart_id: int) -> int:
    """How many units the shopper of a cart may still have: what others hold is theirs, unless its time is over."""
    heir = heirs(view)
    own = {order.id for order in view.orders if order.status in ("NEW", "HOLD") and heir[order.cart_id] == cart_id}
    lines = {line.id for line in view.cart_lines if line.cart_id == cart_id}
    theirs = sum(
        one.qty
        for one in view.stock_reservations
        if one.status in HELD and one.order_id not in own and one.cart_line_id not in lines and not is_over(view, one)
    )
    return view.stock[0].on_hand - theirs


def is_over(view: View, held: Any) -> bool:
    """Whether the minutes of a cart's hold are over: then it counts for nobody, though no job has come by."""
    return held.owner_kind == "cart" and minutes_of(held.expires_at) <= view.memory["now"]
