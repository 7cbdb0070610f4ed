"""What travels together: parcels are planned by what is on the shelf, and divided and joined by staff."""

from collections.abc import Mapping

from flask_babel import gettext as _

from storefront import stock
from storefront.kit import events
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.assigning import free_units
from storefront.orders.driving import follow
from storefront.orders.finding import locked, locked_shipment
from storefront.orders.models import Order, OrderLine, Shipment, ShipmentLine
from storefront.orders.states import (
    AWAITING_INVENTORY,
    CANCELLED,
    FAILED_ORDER,
    INVENTORY_ASSIGNED,
    PARTIALLY_SHIPPED,
    PROCESSING,
    SHIPMENT,
    UNSHIPPED,
)
from storefront.stock.models import BACKORDER

Units = Mapping[int, int]  # order line id: how many


def make_shipments(order: Order) -> None:
    """One parcel for what is there, another for what is still to come; made once. What needs no parcel has none."""
    travelling = [line for line in order.lines if line.requires_shipping]
    if not travelling or any(parcel.status not in (CANCELLED, FAILED_ORDER) for parcel in order.shipments):
        return
    later = _missing(travelling)
    now = {line.id: line.qty - later.get(line.id, 0) for line in travelling}
    cost = {"cost_minor": order.shipping_minor, "tax_minor": order.service_level.get("tax_minor", 0)}
    for status, units in ((INVENTORY_ASSIGNED, now), (AWAITING_INVENTORY, later)):
        if any(units.values()):
            _plan(order, status, units, **cost)
            cost = {}  # the delivery was charged once: it stands at the first parcel
    db.session.expire(order, ["shipments"])


def split_parcel(shipment_id: int, units: Units, actor: str) -> Shipment:
    """Staff put so many of some lines into a parcel of their own, which is as far as the one that they were in.

    Raises Invalid for units that are not in it, or for all of them or none; Conflict when it is not in the house.
    """
    parcel = _in_the_house(shipment_id)
    inside = {line.order_line_id: line for line in parcel.lines}
    wanted = {line_id: qty for line_id, qty in units.items() if qty}
    if any(line_id not in inside or not 0 < qty <= inside[line_id].qty for line_id, qty in wanted.items()):
        raise Invalid(_("So many are not in this parcel."))
    if not wanted or sum(wanted.values()) == sum(line.qty for line in inside.values()):
        raise Invalid(_("Choose some of the goods for the new parcel, and leave some in the old one."))
    for line_id, qty in wanted.items():
        _take(parcel, inside[line_id], qty)
    held = {"held_status": parcel.held_status, "held_by": parcel.held_by}
    return _plan(parcel.order, parcel.status, wanted, carrier=parcel.carrier, split_from=parcel.id, by=actor, **held)


def merge_parcels(shipment_id: int, into_id: int, actor: str) -> Shipment:
    """What is in a parcel goes into another one of the same order that is equally far; it is then no more.

    Raises Invalid when the other is no other, of another order, not as far, or held back by somebody else; Conflict
    when one has left.
    """
    parcel, other = _in_the_house(shipment_id), _in_the_house(into_id)
    if parcel.id == other.id or parcel.order_id != other.order_id:
        raise Invalid(_("Choose another parcel of the same order."))
    if any(getattr(parcel, name) != getattr(other, name) for name in ("status", "held_status", "held_by")):
        raise Invalid(_("Only parcels that are equally far, and held back by the same, can become one."))
    there = {line.order_line_id: line for line in other.lines}
    for line in list(parcel.lines):
        if line.order_line_id in there:
            there[line.order_line_id].qty += line.qty
        else:
            other.lines.append(ShipmentLine(order_line_id=line.order_line_id, qty=line.qty))
        parcel.lines.remove(line)
    other.cost_minor, other.tax_minor = other.cost_minor + parcel.cost_minor, other.tax_minor + parcel.tax_minor
    parcel.cost_minor = parcel.tax_minor = 0
    SHIPMENT.apply(parcel, "cancelled", reason="merged", into=other.id, by=actor)
    follow(other.order)
    return other


def _in_the_house(shipment_id):
    """A parcel of an order that is on its way through the house, under the order's lock."""
    parcel = locked_shipment(shipment_id)
    if parcel.order.status not in (PROCESSING, PARTIALLY_SHIPPED) or parcel.status not in UNSHIPPED:
        raise Conflict(_("This parcel has left, or is not to be sent."), state=parcel.order.status)
    return parcel


def _take(parcel, line, qty):
    if qty == line.qty:
        parcel.lines.remove(line)
    else:
        line.qty -= qty


def _plan(order, status, units, *, split_from=None, by="", **facts):
    """A new parcel with these units, in this state."""
    parcel = Shipment(
        order_id=order.id,
        status=status,
        address_id=order.shipping_address_id,
        service_level=dict(order.service_level),
        lines=[ShipmentLine(order_line_id=line_id, qty=qty) for line_id, qty in sorted(units.items()) if qty],
        **{"carrier": order.service_level.get("carrier", ""), **facts},
    )
    db.session.add(parcel)
    db.session.flush()
    told = {"split_from": split_from, "by": by} if split_from else {}
    events.record("ORDER_SHIPMENT_CREATED", order.id, id=parcel.id, state=status, **told)
    return parcel


def _missing(lines: list[OrderLine]) -> dict[int, int]:
    """Order line id: how many of it were sold before they were there, and still are not."""
    promised = [line for line in lines if line.stock_policy == BACKORDER and line.variant_id is not None]
    free, missing = free_units({line.variant_id for line in promised if line.variant_id}), {}
    for line in promised:
        there = min(line.qty, max(0, free.get(line.variant_id or 0, 0)))
        free[line.variant_id or 0] = free.get(line.variant_id or 0, 0) - there
        if there < line.qty:
            missing[line.id] = line.qty - there
    return missing


def not_sent(order: Order) -> dict[int, int]:
    """Order line id: how many of it staff have decided not to send, while the rest of the order goes on."""
    units: dict[int, int] = {}
    if any(parcel.status not in (CANCELLED, FAILED_ORDER) for parcel in order.shipments):
        for line in (line for parcel in order.shipments if parcel.status == CANCELLED for line in parcel.lines):
            units[line.order_line_id] = units.get(line.order_line_id, 0) + line.qty
    return units


def cancel_parcels(order_id: int, shipment_ids: list[int], reason: str, actor: str) -> dict[int, int]:
    """Parcels that have not left are not sent after all: their goods are free again; gives the units by order line.

    Raises Conflict when one of them has left, or when nothing of the order would be left: then cancel the order.
    """
    order = locked(order_id)
    parcels = [_in_the_house(shipment_id) for shipment_id in sorted(set(shipment_ids))]
    if any(parcel.order_id != order.id for parcel in parcels) or not parcels:
        raise Invalid(_("Choose parcels of this order."))
    kept = [one for one in order.shipments if one.status not in (CANCELLED, FAILED_ORDER) and one not in parcels]
    if not kept:
        raise Conflict(_("Nothing of the order would be left: cancel the whole order."), state=order.status)
    units: dict[int, int] = {}
    for parcel in parcels:
        for line in sorted(parcel.lines, key=lambda line: line.order_line.variant_id or 0):
            stock.release_part(line.order_line, line.qty, reason, actor=actor)
            units[line.order_line_id] = units.get(line.order_line_id, 0) + line.qty
        SHIPMENT.apply(parcel, "cancelled", reason=reason, by=actor)
    follow(order)
    return units
