"""One press of "Confirm and pay", as the steps of the checkout see it."""

from dataclasses import dataclass

from storefront import payments
from storefront.cart.quote import Quote
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.models import Order
from storefront.orders.states import NEW
from storefront.payments.models import Bill, PaymentMethod


class QuoteChanged(Conflict):
    """What was shown is not what it would cost now. The preview must be shown again, old beside new."""

    code = "quote_changed"


class Refused(Conflict):
    """A step says no. The sentence is for the shopper; `reason`, a word without personal data, stays with the order."""

    code = "refused"

    def __init__(self, message: str, reason: str = "refused", **data):
        super().__init__(message, reason=reason, **data)


@dataclass
class Attempt:
    """What was confirmed, and what the steps have made of it so far.

    A press that goes on where a crash has left an order has no quote: behind place_order read the order.
    """

    cart_id: int
    method_id: int | None  # None if gift certificates pay everything
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
    def method(self) -> PaymentMethod | None:
        """The chosen way to pay, if there is anything to pay."""
        return db.session.get_one(PaymentMethod, self.method_id) if self.method_id else None

    @property
    def next_page(self) -> str:
        """Where the shopper goes: the page that leaves for the gateway, or the order's own."""
        return (self.bill and self.bill.next_step) or f"/orders/{self.order.key}"

    def lead_to(self, order: Order) -> None:
        """To an order that is there: nothing is left to do, unless it is still being placed or a crash came between."""
        self.order_id, self.number, self.placed_before = order.id, order.number, order.status != NEW
        self.method_id = order.payment_method["id"]
        bills = payments.open_bills(order.id)
        self.bill_id = bills[-1].id if bills else None
