"""A person is forgotten, and the books stay: what orders say of who placed them is removed, figures are not.

What stays of an order: its number, goods, prices, taxes and sums, the country and region that its taxes follow, its
payments and its history, whose events never held anything personal. Its first event tells the hash of the copy as it
was placed; ORDER_ERASED tells the hash of what is left, by which the proof holds it from then on.
"""

from flask_babel import gettext as _
from sqlalchemy import or_, select, update

from storefront import cart, customers, payments, stock
from storefront.customers.erasing import NOBODY
from storefront.customers.models import Customer
from storefront.kit import clock, events, ids
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.orders import words
from storefront.orders.disputing import REASON as DISPUTED
from storefront.orders.finding import locked
from storefront.orders.models import Order, OrderAddress, OrderNote, Shipment
from storefront.orders.return_models import OrderReturn
from storefront.orders.snapshot import snapshot_of
from storefront.orders.states import CANCELLED, COMPLETED, DELIVERED, FAILED
from storefront.payments.erasing import erase_person, hidden
from storefront.payments.models import Refund
from storefront.promotions.erasing import forget_person

OVER = (DELIVERED, COMPLETED, CANCELLED, FAILED)
SHORTEST = 4  # letters of a word that is looked for in texts: "Li" is part of too many others
KEPT = ("country", "subdivision")  # what taxes follow
KEPT_WORDS = ("vat_number",)  # of an order's custom fields: tax documents need it


class StillNeeded(Conflict):
    """Somebody cannot be forgotten yet. The sentence says why, and names the order."""

    code = "still_needed"


def erase_customer(customer_id: int, *, by_email: bool = False) -> bool:
    """Forget a customer with all orders, carts and addresses; False if that was done before.

    `by_email`: orders that were placed with the e-mail without signing in go with it, too, though it may never have
    been confirmed. Unless it was, what is kept by the e-mail alone may be somebody else's, and stays. Raises
    StillNeeded while an order is open, unpaid or in dispute.
    """
    customer = db.session.get_one(Customer, customer_id)
    if customer.erased_at is not None:
        return False
    known = {customer.name, customer.email, customer.phone, customer.previous_email}
    email = customer.email if by_email or customer.verified_at else ""
    mine = [locked(order_id) for order_id in orders_of(customer, by_email)]
    for order in mine:
        if sentence := why_needed(order):
            raise StillNeeded(sentence, state=order.status)
    for order in mine:
        _erase(order, known)
    cart.forget_person(customer_id, email)
    stock.forget_who(email)
    forget_person(email, [order.id for order in mine])
    return customers.erase(customer_id)


def orders_of(customer: Customer, by_email: bool = False) -> list[int]:
    """The ids of a customer's orders in their order; with those of guests under the same e-mail, if asked for."""
    own = Order.customer_id == customer.id
    guests = Order.customer_id.is_(None) & (Order.email == customer.email)
    return list(db.session.scalars(select(Order.id).where(or_(own, guests) if by_email else own).order_by(Order.id)))


def why_needed(order: Order) -> str:
    """Why the person of an order cannot be forgotten yet, in a sentence; "" if they can."""
    number = order.number
    if order.status not in OVER:
        return _("Order %(number)s is not over yet. Once it has arrived, or is cancelled, this works.", number=number)
    waiting = payments.desk_rows_of(order.id)
    if any(row.reason == DISPUTED for row in waiting):
        return _("A payment of order %(number)s is disputed. Once that is decided, this works.", number=number)
    if db.session.scalar(select(OrderReturn.id).filter_by(order_id=order.id, closed_at=None).limit(1)):
        return _("A return of order %(number)s is not settled yet. Once it is, this works.", number=number)
    on_its_way = select(Refund.id).where(Refund.order_id == order.id, Refund.status.in_(("REQUESTED", "SENT")))
    if waiting or db.session.scalar(on_its_way.limit(1)):
        return _("Money of order %(number)s is still being looked after. Try again in some days.", number=number)
    return ""


def _erase(order, known):
    if order.erased_at is not None:
        return
    addresses = _addresses_of(order)
    said = {part for address in addresses for name, part in address.as_dict().items() if name not in KEPT}
    known = {word.strip() for word in known | said | {order.email} if len(word.strip()) >= SHORTEST}
    erase_person(order.id, known)
    for note in db.session.scalars(select(OrderNote).filter_by(order_id=order.id)):
        note.text = "" if note.to_shopper else hidden(note.text, known)
    for returned in db.session.scalars(select(OrderReturn).filter_by(order_id=order.id)):
        returned.reason = hidden(returned.reason, known)
    for refund in db.session.scalars(select(Refund).filter_by(order_id=order.id)):
        refund.reason = hidden(refund.reason, known)
    for address in addresses:
        _empty(address)
    order.email, order.ip_hash, order.quote_hash = f"order-{order.id}@{NOBODY}", "", ""
    order.key, order.previous_keys = ids.new_key(), []
    order.custom = {name: text for name, text in order.custom.items() if name in KEPT_WORDS}
    for line in order.lines:
        line.custom = {}
    order.erased_at = order.updated_at = clock.now()
    words.drop(order.id)
    _forget_errors(order)
    db.session.flush()
    left = snapshot_of(order, order.lines, (order.shipping_address, order.billing_address))
    events.record("ORDER_ERASED", order.id, snapshot=left)


def _addresses_of(order):
    parcels = select(Shipment.address_id).where(Shipment.order_id == order.id)
    own = (order.shipping_address_id, order.billing_address_id)
    return list(
        db.session.scalars(select(OrderAddress).where(or_(OrderAddress.id.in_(parcels), OrderAddress.id.in_(own))))
    )


def _empty(address):
    for part in address.PARTS:
        if part not in KEPT:
            setattr(address, part, "")
    address.name_folded = address.last_name_first = ""


def _forget_errors(order):
    """What a mail server said of an address that it did not like."""
    mine = select(OrderEvent.id).where(OrderEvent.order_id == order.id)
    told = update(OutboxMessage).where(OutboxMessage.event_id.in_(mine), OutboxMessage.last_error != "")
    db.session.execute(told.values(last_error="").execution_options(synchronize_session=False))
