"""One press of "Confirm and pay", as the steps of the checkout see it."""

from collections.abc import Callable
from dataclasses import dataclass

from storefront.cart.quote import Quote
from storefront.kit.db import db
from storefront.orders.models import Order
from storefront.payments.models import Bill, PaymentMethod


@dataclass
class Attempt:
    """What was confirmed, and what the steps have made of it so far."""

    cart_id: int
    method_id: int
    quote_token: str
    confirm_token: str
    ip_hash: str = ""
    quote: Quote | None = None
    number: str = ""
    order_id: int | None = None
    bill_id: int | None = None
    placed_before: bool = False  # an earlier press or another tab has made this order
    error: Exception | None = None  # why the steps are being undone

    @property
    def order(self) -> Order:
        """The order, read afresh."""
        return db.session.get_one(Order, self.order_id)

    @property
    def bill(self) -> Bill | None:
        """The bill, read afresh, if there is one."""
        return db.session.get_one(Bill, self.bill_id) if self.bill_id else None

    @property
    def method(self) -> PaymentMethod:
        """The chosen way to pay."""
        return db.session.get_one(PaymentMethod, self.method_id)

    @property
    def next_page(self) -> str:
        """Where the shopper goes: the page that leaves for the gateway, or the order's own."""
        return (self.bill and self.bill.next_step) or f"/orders/{self.order.key}"


@dataclass(frozen=True)
class Step:
    """Something to do, and how it is undone."""

    do: Callable[[Attempt], None]
    undo: Callable[[Attempt], None] = lambda attempt: None
