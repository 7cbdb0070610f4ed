"""Goods that were sold before they were there have come: who has waited longest gets them first."""

from collections import Counter
from collections.abc import Collection

from sqlalchemy import func, or_, select

from storefront import stock
from storefront.kit import events
from storefront.kit.db import db
from storefront.orders.driving import follow
from storefront.orders.finding import locked
from storefront.orders.models import Order, OrderLine, Shipment, ShipmentLine
from storefront.orders.states import (
    AWAITING_INVENTORY,
    INVENTORY_ASSIGNED,
    ONHOLD,
    PARTIALLY_SHIPPED,
    PROCESSING,
    RELEASED,
    SHIPMENT,
)
from storefront.stock.models import BACKORDER, Stock

_WITH_GOODS = (INVENTORY_ASSIGNED, RELEASED)
MOST = 200  # parcels that are looked at in one go; the next run goes on


def free_units(variant_ids: Collection[int], *, without: int | None = None) -> dict[int, int]:
    """How many of each variant no other order has: neither set aside nor in a parcel that waits to leave.

    Goods of one parcel, `without`, may be counted as free. Locks the counters; the caller holds the order's lock.
    """
    if not variant_ids:
        return {}
    free, has_them = stock.on_hand_for_backorders(variant_ids), Shipment.status.in_(_WITH_GOODS)
    packed = (
        select(OrderLine.variant_id, func.sum(ShipmentLine.qty))
        .join(ShipmentLine, ShipmentLine.order_line_id == OrderLine.id)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(OrderLine.variant_id.in_(variant_ids), OrderLine.stock_policy == BACKORDER)
        .where(or_(has_them, (Shipment.status == ONHOLD) & Shipment.held_status.in_(_WITH_GOODS)))
        .where(Shipment.id != (without or 0))
        .group_by(OrderLine.variant_id)
    )
    taken = {variant_id or 0: int(units) for variant_id, units in db.session.execute(packed)}
    return {variant_id: units - taken.get(variant_id, 0) for variant_id, units in free.items()}


def missing_in(parcel: Shipment) -> dict[int, int]:
    """Variant: how many of it are missing on the shelf for a parcel, without looking at who waited longer."""
    needs = _needs(parcel)
    free = free_units(needs.keys(), without=parcel.id)
    return {variant: units - free.get(variant, 0) for variant, units in needs.items() if units > free.get(variant, 0)}


def awaited_goods() -> list[int]:
    """The variants for which a parcel waits while some of them are on the shelf."""
    found = (
        select(OrderLine.variant_id)
        .join(ShipmentLine, ShipmentLine.order_line_id == OrderLine.id)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .join(Stock, Stock.variant_id == OrderLine.variant_id)
        .where(Shipment.status == AWAITING_INVENTORY, OrderLine.stock_policy == BACKORDER, Stock.on_hand > 0)
    )
    return [each or 0 for each in db.session.scalars(found.distinct().order_by(OrderLine.variant_id))]


def assign_goods(variant_id: int) -> int | bool:
    """Goods of a variant are there: parcels that waited have theirs, first come first served, and may be packed.

    A parcel has its goods when all of them are there; until then it keeps its place, and nobody behind it is served
    with what it needs. Gives how many parcels that were, False if none.
    """
    numbers = _line_for(variant_id)
    for order_id in sorted({order_id for _shipment, order_id in numbers}):
        locked(order_id)
    waiting = [parcel for parcel in map(_as_it_is, numbers) if parcel.status == AWAITING_INVENTORY]
    free = Counter(free_units({variant for parcel in waiting for variant in _needs(parcel)}))
    served = 0
    for parcel in waiting:
        needs = _needs(parcel)
        if all(free[variant] >= units for variant, units in needs.items()):
            _assign(parcel)
            served += 1
        free.subtract(needs)
    return served or False


def _assign(parcel):
    SHIPMENT.apply(parcel, "assigned")
    if parcel.order.status in (PROCESSING, PARTIALLY_SHIPPED):
        SHIPMENT.apply(parcel, "released")
    else:
        events.record("ORDER_SHIPMENT_RELEASE_FAILED", parcel.order_id, id=parcel.id, cause="order")
    follow(parcel.order)


def _line_for(variant_id):
    """(parcel, order) of all that wait for a variant, or for another that one of these waits for; oldest first."""
    wanted = {variant_id}
    while True:
        query = (
            select(Shipment.id, Shipment.order_id)
            .join(Order, Order.id == Shipment.order_id)
            .where(Shipment.status == AWAITING_INVENTORY, Shipment.id.in_(_waiting_for(wanted)))
            .order_by(Order.placed_at, Order.id, Shipment.id)
            .limit(MOST)
        )
        found = db.session.execute(query).tuples().all()
        more = {v for parcel_id, _order in found for v in _needs(db.session.get_one(Shipment, parcel_id))}
        if more <= wanted:
            return found
        wanted |= more


def _waiting_for(variant_ids):
    lines = select(ShipmentLine.shipment_id).join(OrderLine, OrderLine.id == ShipmentLine.order_line_id)
    return lines.where(OrderLine.variant_id.in_(variant_ids), OrderLine.stock_policy == BACKORDER)


def _as_it_is(numbers):
    return db.session.get_one(Shipment, numbers[0], populate_existing=True)


def _needs(parcel):
    """Variant: how many of it are in the parcel that may have been sold before they were there."""
    needs: Counter[int] = Counter()
    for line in parcel.lines:
        if line.order_line.stock_policy == BACKORDER and line.order_line.variant_id is not None:
            needs[line.order_line.variant_id] += line.qty
    return needs
