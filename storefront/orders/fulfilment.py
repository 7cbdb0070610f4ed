"""What was paid leaves the house: parcels are released, held back, sent and delivered."""

from flask_babel import gettext as _

from storefront import payments, stock
from storefront.kit import clock, events
from storefront.kit.errors import Conflict
from storefront.orders.assigning import missing_in
from storefront.orders.disputing import is_disputed
from storefront.orders.driving import drive, follow, hold_back, let_go_on
from storefront.orders.finding import locked, locked_shipment
from storefront.orders.models import Order, Shipment
from storefront.orders.returning import open_returns
from storefront.orders.states import (
    AWAITING_INVENTORY,
    DELIVERED,
    INVENTORY_ASSIGNED,
    ONHOLD,
    ORDER,
    PARTIALLY_SHIPPED,
    PROCESSING,
    RELEASED,
    SHIPMENT,
    SHIPPED,
)
from storefront.payments.states import AUTHORIZED

GOODS, STATE, MONEY = "stock", "order", "money"  # why a parcel is not released, or does not leave


def start_fulfilment(order: Order) -> None:
    """Release what can be packed; goods that need no parcel are handed over at once."""
    for line in order.lines:
        if not line.requires_shipping:
            stock.consume(line, line.qty)
    drive(order, "released")
    if not order.shipments:
        ORDER.apply(order, "completed", reason="nothing_to_ship")
        follow(order)


def release_shipment(shipment_id: int) -> Shipment:
    """Staff say that a parcel may be packed: its goods are there, or it was held back for long enough.

    Raises Conflict, with its cause (stock, order), if they are not on the shelf or the order must not be sent.
    """
    parcel = locked_shipment(shipment_id)
    _refuse_unless_sendable(parcel)
    if parcel.status == ONHOLD:
        let_go_on(parcel)
    if parcel.status in (AWAITING_INVENTORY, INVENTORY_ASSIGNED) and missing_in(parcel):
        sentence = _("The goods are not on the shelf yet: correct the stock first.")
        raise Conflict(sentence, state=parcel.status, cause=GOODS)
    if parcel.status == AWAITING_INVENTORY:
        SHIPMENT.apply(parcel, "assigned")
    SHIPMENT.apply(parcel, "released")
    return parcel


def note_refused_release(shipment_id: int, cause: str) -> None:
    """A release was refused and taken back: that it was, and why, stays in the history, and staff are told."""
    parcel = locked_shipment(shipment_id)
    events.record("ORDER_SHIPMENT_RELEASE_FAILED", parcel.order_id, id=parcel.id, cause=cause)


def hold_shipment(shipment_id: int, actor: str, note: str = "") -> Shipment:
    """Staff hold a parcel back: it cannot be sent until staff release it, whatever becomes of its order."""
    parcel = locked_shipment(shipment_id)
    if parcel.status == ONHOLD:
        parcel.held_by = "staff"
    else:
        hold_back(parcel, "staff", reason=note)
    return parcel


def ship(shipment_id: int, *, carrier: str = "", tracking: str = "") -> bool:
    """A parcel leaves; its goods leave the stock. False if it had left before. Raises Conflict if it may not."""
    shipment = locked_shipment(shipment_id)
    if shipment.status in (SHIPPED, DELIVERED):
        return False
    _refuse_unless_sendable(shipment)
    if bill := payments.taken_on_sending(shipment.order_id):
        raise Conflict(_why_unpaid(bill), state=shipment.status, cause=MONEY)
    shipment.carrier, shipment.tracking = carrier or shipment.carrier, tracking
    shipment.shipped_at = clock.now()
    SHIPMENT.apply(shipment, "shipped")
    for line in sorted(shipment.lines, key=lambda line: line.order_line.variant_id or 0):
        stock.consume(line.order_line, line.qty)
    follow(shipment.order)
    return True


def take_money_for(shipment_id: int, actor: str) -> bool:
    """A parcel is about to leave, and its money is only reserved: it is asked for, once. Whether it had to be.

    Raises Conflict when the parcel may not leave, or when nothing is reserved any more.
    """
    parcel = locked_shipment(shipment_id)
    bill = payments.taken_on_sending(parcel.order_id)
    if bill is None or parcel.status in (SHIPPED, DELIVERED):
        return False
    _refuse_unless_sendable(parcel)
    if parcel.status != RELEASED:
        raise Conflict(_("This parcel cannot be sent now."), state=parcel.status)
    if bill.status != AUTHORIZED:
        raise Conflict(_why_unpaid(bill), state=parcel.status, cause=MONEY)
    payments.request_capture(bill, "capture", actor)
    return True


def deliver(shipment_id: int) -> bool:
    """A parcel has arrived."""
    shipment = locked_shipment(shipment_id)
    shipment.delivered_at = clock.now()
    moved = SHIPMENT.apply(shipment, "delivered")
    follow(shipment.order)
    return moved


def complete(order_id: int) -> bool:
    """Nothing more is to be done. Raises Conflict while goods are on their way back, or a dispute is open.

    One that is lost never ends at the bank: it is over once staff have decided about its row of the desk.
    """
    order = locked(order_id)
    if open_returns(order.id):
        raise Conflict(
            _("Something of this order is on its way back: decide about the return first."), state=order.status
        )
    if is_disputed(order):
        raise Conflict(_("The shopper's bank disputes the payment: that has to end first."), state=order.status)
    return ORDER.apply(order, "completed")


def _refuse_unless_sendable(parcel):
    if parcel.order.status not in (PROCESSING, PARTIALLY_SHIPPED):
        sentence = _("This order must not be sent now: look at its state first.")
        raise Conflict(sentence, state=parcel.order.status, cause=STATE)


def _why_unpaid(bill):
    if bill.status != AUTHORIZED:
        return _("The money is not reserved any more, and nothing leaves unpaid: cancel the order.")
    if payments.is_being_taken(bill):
        return _("The payment service has not said yet whether the money was taken. Press again in a few minutes.")
    return _("The money is only reserved and could not be taken: the parcel stays until it is there.")
