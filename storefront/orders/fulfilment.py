"""What was paid leaves the house: shipments, and the order that follows them."""

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import stock
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict, NotFound
from storefront.orders.finding import locked
from storefront.orders.models import Order, Shipment, ShipmentLine
from storefront.orders.states import (
    AWAITING_INVENTORY,
    DELIVERED,
    INVENTORY_ASSIGNED,
    ONHOLD,
    ORDER,
    PARTIALLY_SHIPPED,
    PROCESSING,
    SHIPMENT,
    SHIPPED,
    UNSHIPPED,
)
from storefront.stock.models import BACKORDER, Stock


def make_shipments(order: Order) -> None:
    """One parcel for everything that travels; made once."""
    travelling = [line for line in order.lines if line.requires_shipping]
    if not travelling or order.shipments:
        return
    shipment = Shipment(
        order_id=order.id,
        status=AWAITING_INVENTORY if _waits(travelling) else INVENTORY_ASSIGNED,
        address_id=order.shipping_address_id,
        service_level=dict(order.service_level),
        cost_minor=order.shipping_minor,
        tax_minor=order.service_level.get("tax_minor", 0),
        carrier=order.service_level.get("carrier", ""),
        lines=[ShipmentLine(order_line_id=line.id, qty=line.qty) for line in travelling],
    )
    db.session.add(shipment)
    db.session.flush()
    db.session.expire(order, ["shipments"])
    events.record("ORDER_SHIPMENT_CREATED", order.id, id=shipment.id)


def start_fulfilment(order: Order) -> None:
    """Release what can be packed; goods that need no parcel are handed over at once."""
    for line in order.lines:
        if not line.requires_shipping:
            stock.consume(line, line.qty)
    for shipment in order.shipments:
        if shipment.status == INVENTORY_ASSIGNED:
            SHIPMENT.apply(shipment, "released")
    if not order.shipments:
        ORDER.apply(order, "completed", reason="nothing_to_ship")
    follow(order)


def release_shipment(shipment_id: int) -> Shipment:
    """Staff say that the missing goods are here. Raises Conflict if they are not on the shelf."""
    shipment = _locked_shipment(shipment_id)
    if shipment.order.status not in (PROCESSING, PARTIALLY_SHIPPED):
        raise Conflict(_("This order must not be sent now: look at its state first."), state=shipment.order.status)
    _back_to_its_state(shipment)
    if shipment.status == AWAITING_INVENTORY:
        if _waits([line.order_line for line in shipment.lines]):
            events.record("ORDER_SHIPMENT_RELEASE_FAILED", shipment.order_id, id=shipment.id, cause="stock")
            raise Conflict(_("The goods are not on the shelf yet: correct the stock first."), state=shipment.status)
        SHIPMENT.apply(shipment, "assigned")
    SHIPMENT.apply(shipment, "released")
    return shipment


def ship(shipment_id: int, *, carrier: str = "", tracking: str = "") -> bool:
    """A parcel leaves; its goods leave the stock. False if it had left before. Raises Conflict if it may not."""
    shipment = _locked_shipment(shipment_id)
    if shipment.status == SHIPPED:
        return False
    if shipment.order.status not in (PROCESSING, PARTIALLY_SHIPPED):
        raise Conflict(_("This order must not be sent now: look at its state first."), state=shipment.order.status)
    shipment.carrier, shipment.tracking = carrier or shipment.carrier, tracking
    shipment.shipped_at = clock.now()
    SHIPMENT.apply(shipment, "shipped")
    for line in shipment.lines:
        stock.consume(line.order_line, line.qty)
    follow(shipment.order)
    return True


def hold_parcels(order: Order) -> None:
    """Whatever of the order is still in the house stays there, and remembers how far it was."""
    for shipment in order.shipments:
        if SHIPMENT.allows(shipment, "held"):
            shipment.held_status = shipment.status
            SHIPMENT.apply(shipment, "held", reason=order.review_reason)


def release_parcels(order: Order) -> None:
    """What was held goes on from where it was."""
    for shipment in order.shipments:
        _back_to_its_state(shipment)
    follow(order)


def deliver(shipment_id: int) -> bool:
    """A parcel has arrived."""
    shipment = _locked_shipment(shipment_id)
    shipment.delivered_at = clock.now()
    moved = SHIPMENT.apply(shipment, "delivered")
    follow(shipment.order)
    return moved


def complete(order_id: int) -> bool:
    """Nothing more is to be done."""
    return ORDER.apply(locked(order_id), "completed")


def follow(order: Order) -> None:
    """Bring the order's state in line with its shipments."""
    db.session.flush()
    states = list(db.session.scalars(select(Shipment.status).filter_by(order_id=order.id)))
    going = [state for state in states if state in (*UNSHIPPED, SHIPPED, DELIVERED)]
    gone = [state for state in going if state in (SHIPPED, DELIVERED)]
    if gone and len(gone) == len(going) and ORDER.allows(order, "shipped"):
        ORDER.apply(order, "shipped")
    elif gone and len(gone) < len(going) and ORDER.allows(order, "partially_shipped"):
        ORDER.apply(order, "partially_shipped")
    if gone and all(state == DELIVERED for state in going) and ORDER.allows(order, "delivered"):
        ORDER.apply(order, "delivered")
    order.fulfilment_status = _word(going, gone)
    order.updated_at = clock.now()


def _word(going, gone):
    if not going:
        return "NOTHING_TO_SHIP"
    if not gone:
        return "UNFULFILLED"
    if len(gone) < len(going):
        return "PARTIALLY_SHIPPED"
    return "DELIVERED" if all(state == DELIVERED for state in going) else "SHIPPED"


def _back_to_its_state(shipment):
    if shipment.status == ONHOLD:
        moves = {AWAITING_INVENTORY: "awaited_again", INVENTORY_ASSIGNED: "assigned_again"}
        SHIPMENT.apply(shipment, moves.get(shipment.held_status, "released"))
        shipment.held_status = ""


def _waits(lines):
    """Whether some unit is promised but not on the shelf yet."""
    wanted = {line.variant_id: line.qty for line in lines if line.stock_policy == BACKORDER}
    found = db.session.scalars(select(Stock).where(Stock.variant_id.in_(wanted))) if wanted else ()
    return any(stock_row.on_hand < stock_row.reserved for stock_row in found)


def _locked_shipment(shipment_id):
    shipment = db.session.get(Shipment, shipment_id)
    if shipment is None:
        raise NotFound(_("There is no such shipment."))
    locked(shipment.order_id)  # a cancel and a parcel meet here: either one, never both
    return db.session.get_one(Shipment, shipment_id, populate_existing=True)
