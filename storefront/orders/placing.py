"""An order begins: a confirmed quote is copied, its goods are set aside, and it waits for its money."""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import cart, certificates, payments, promotions, stock, store
from storefront.cart import Quote
from storefront.cart.models import Cart
from storefront.kit import clock, events, ids
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders import words
from storefront.orders.closing import close
from storefront.orders.finding import SET_APART, locked
from storefront.orders.models import Order
from storefront.orders.money import refresh
from storefront.orders.populating import populate
from storefront.orders.states import CLOSED, HOLD, NEW, ORDER, REVIEW, STEP_FAILED, SUPERSEDED
from storefront.orders.using import hold_uses
from storefront.payments.models import PaymentMethod

MOST_EXTENSIONS = 3


class PaymentPending(Conflict):
    """An earlier attempt to pay may still succeed. `data["order_key"]` is its order's."""

    code = "payment_pending"


def take_number() -> str:
    """The next order number. A crash after this leaves a gap, never a double."""
    return f"{store.current().order_prefix}{store.next_number('order')}"


def placed_from(confirm_token: str) -> Order | None:
    """The order that this press of the button has made already, if it was pressed before."""
    return db.session.scalar(select(Order).filter_by(confirm_token=confirm_token))


def same_order(quote: Quote) -> Order | None:
    """An unpaid order of this cart with exactly this content: another tab was quicker."""
    wanted = select(Order).filter_by(cart_id=quote.cart.id, quote_hash=quote.hash)
    return db.session.scalar(wanted.where(Order.status.in_((NEW, HOLD))).order_by(Order.id.desc()).limit(1))


def waiting_order(cart_id: int) -> Order | None:
    """The order of this cart that waits for its payment: the shopper came back, or opened a second tab."""
    waiting = select(Order).join(Cart, Cart.open_order_id == Order.id)
    return db.session.scalar(waiting.where(Cart.id == cart_id, Order.status == HOLD))


def refuse_if_pending(quote: Quote) -> None:
    """Raises PaymentPending while an earlier order of the cart may be paid any moment, or is paid."""
    for order_id in cart.open_orders(quote.cart):
        earlier = db.session.get_one(Order, order_id)
        if earlier.status in (HOLD, REVIEW):
            _refuse_if_paying(earlier)


def place(quote: Quote, number: str, *, method: PaymentMethod | None, confirm_token: str, ip_hash: str = "") -> Order:
    """Copy the quote into a new order by the steps of CHECKOUT_POPULATE. The cart stays as it is."""
    now = clock.now()
    order = Order(
        number=number,
        key=ids.new_key(),
        payment_method=_way_to_pay(quote, method),
        cart_id=quote.cart.id,
        cart_version=quote.cart.version,
        confirm_token=confirm_token,
        quote_hash=quote.hash,
        ip_hash=ip_hash,
        placed_at=now,
        updated_at=now,
    )
    populate(order, quote)
    words.index(order)
    return order


def hold_goods(order: Order) -> None:
    """Set the order's goods aside. An unpaid order of the same cart gives its own to this one, and is closed.

    Does nothing if that is done already. Raises OutOfStock, and then nothing has moved: the older order still
    has its goods. Raises PaymentPending if that one may be paid, or is. Raises StaleCart if another tab was
    quicker: orders are locked before their cart, and both before goods, so that is known only then. What is kept
    for minutes for the cart passes to the order.
    """
    basket = db.session.get_one(Cart, order.cart_id)
    seen = cart.open_orders(basket)
    rivals = _locked_one_by_one({*seen, *_ended_unpaid(basket)} - {order.id})
    order = locked(order.id)
    _refuse_if_replaced(order)
    if order.status != NEW or _holds_its_goods(order):
        return
    cart.claim(basket.id, order.id, instead_of=seen, version=order.cart_version)
    with db.session.begin_nested():
        for rival in rivals:
            if rival.status in (NEW, HOLD, REVIEW):
                _refuse_if_paying(rival)
                _supersede(rival, order)
            elif rival.status in CLOSED and not rival.superseded_by_order_id:
                _name_the_newer(rival, order)
        stock.reserve(order.lines, cart_lines=[line.id for line in basket.lines])
        if order.supersedes_order_id:  # what that held of gift certificates passes over, before anybody else has it
            certificates.hold(order.id)


def hold_limited_uses(order: Order) -> None:
    """Hold what the order uses of offers and codes. Does nothing if that is done. Raises UsedUp."""
    order = locked(order.id)
    _refuse_if_replaced(order)
    if order.status == NEW:
        hold_uses(order)


def hold_certificates(order: Order) -> None:
    """Set aside what gift certificates pay of the order. Does nothing if that is done. Raises CertificateShort."""
    order = locked(order.id)
    _refuse_if_replaced(order)
    if order.status == NEW:
        certificates.hold(order.id)


def hold(order: Order) -> bool:
    """The order waits for its money until the window and the grace are over; False if it did, or more, already.

    Raises Conflict if it was closed while the gateway was asked: its goods may be another order's by now.
    """
    order = locked(order.id)
    _refuse_if_replaced(order)
    if order.status != NEW:
        return False
    order.hold_expires_at = hold_end()
    return ORDER.apply(order, "held")


def begin_payment(order_id: int) -> Order:
    """The order, locked, for its first bill. Raises Conflict if another tab has replaced it."""
    order = locked(order_id)
    _refuse_if_replaced(order)
    return order


def window_end() -> datetime:
    """Until when an attempt that begins now may be paid: what shoppers and gateways are told."""
    return clock.now() + timedelta(minutes=store.current().payment_window_min)


def hold_end() -> datetime:
    """When a hold that begins now is over: the window, and a grace that nobody is told of."""
    return window_end() + timedelta(minutes=store.current().hold_grace_min)


def move_hold(order_id: int, by: timedelta) -> bool:
    """The clock was set: the hold ends so much later, or sooner, as it should by the clock from before."""
    order = locked(order_id)
    if order.status != HOLD or order.hold_expires_at is None:
        return False
    order.hold_expires_at += by
    events.record("ORDER_HOLD_PROLONGED", order.id, until=order.hold_expires_at.isoformat(), why="clock")
    return True


def fail_placing(order: Order, reason: str) -> None:
    """A step after the copy went wrong: the order stays as FAILED, for the record, and owns nothing."""
    order = locked(order.id)
    if order.status == NEW:  # else another press of the button has had more luck
        close(order, "failed", STEP_FAILED, detail=reason)


def _way_to_pay(quote, method):
    """Code, label and id of the way to pay, copied; of none, when gift certificates pay everything."""
    if quote.gifts and not quote.due_minor:
        return {"code": "certificate", "label": _("Gift certificate"), "id": None}
    if method is None:
        return {"code": "none", "label": _("Nothing to pay"), "id": None}
    return {"code": method.code, "label": method.label, "id": method.id}


def _holds_its_goods(order):
    """Whether another press of the button has come so far, as its cart says under the order's lock, or the one into
    which that was merged meanwhile.
    """
    return db.session.scalar(select(Cart.id).filter_by(open_order_id=order.id).limit(1)) is not None


def _refuse_if_replaced(order):
    if order.status in CLOSED:
        raise Conflict(_("This order was replaced in another tab."), state=order.status)


def _refuse_if_paying(rival):
    if payments.money_may_come(rival.id):
        checked = _("A payment for order %(number)s is being checked.", number=rival.number)
        processed = _("A payment for order %(number)s is being processed.", number=rival.number)
        said = checked if rival.status == REVIEW else processed
        sentence = f"{said} {_('Wait for it, or make a separate order.')}"
        raise PaymentPending(sentence, order_key=rival.key, state=rival.status)


def _ended_unpaid(basket):
    """The ids of orders of this cart, or of what was put back into it, that ended unpaid and have no newer one yet.

    An order that was set apart from its cart stands alone.
    """
    carts = [basket.id, *db.session.scalars(select(Cart.id).where(Cart.merged_into_id == basket.id))]
    of_it = Order.cart_id.in_(carts) | (Order.id == basket.restored_from_order_id)
    alone = Order.superseded_by_order_id.is_(None) & Order.paid_at.is_(None)
    return db.session.scalars(select(Order.id).where(of_it, Order.status.in_(CLOSED), alone, ~SET_APART)).all()


def _locked_one_by_one(order_ids):
    """The orders under their locks, the oldest first; one that was purged meanwhile is left out."""
    rows = select(Order).where(Order.id.in_(order_ids)).order_by(Order.id).with_for_update(key_share=True)
    return db.session.scalars(rows.execution_options(populate_existing=True)).all()


def _name_the_newer(ended, order):
    """What was not paid in time is ordered anew: money for the older one comes late, and one cart is one order."""
    ended.superseded_by_order_id = order.id
    events.record("ORDER_SUPERSEDED", ended.id, number=order.number)
    refresh(ended)


def _supersede(rival, order):
    rival.superseded_by_order_id, order.supersedes_order_id = order.id, rival.id
    promotions.hand_over(rival.id, order.id)  # before anybody else can have them
    close(rival, "cancelled", SUPERSEDED, detail=order.number)
