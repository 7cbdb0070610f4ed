"""What is packed: one list for walking along the shelves, and a slip for each parcel. Both are made to be printed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flask import render_template
from flask_babel import get_locale, gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from storefront import customers, store
from storefront.admin.order_page import order_by
from storefront.admin.room import bp
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import NotFound
from storefront.orders.models import Order, Shipment, ShipmentLine
from storefront.orders.states import AWAITING_INVENTORY, ONHOLD, PARTIALLY_SHIPPED, PROCESSING, RELEASED
from storefront.stock.models import Stock

MOST = 300  # parcels on one list


@dataclass
class Pick:
    """So many of one article, from one place, for these parcels: (order number, parcel id, units)."""

    shelf: str
    sku: str
    title: str
    options: str
    units: int = 0
    parcels: list[tuple[str, int, int]] = field(default_factory=list)


class Paper(NamedTuple):
    """What lies in a parcel: units by order line, in it and later; the shop; and the lines of the address."""

    order: Order
    parcel: Shipment
    inside: dict[int, int]
    later: Counter[int]
    shop: Any
    address_lines: list[str]


@bp.get("/parcels")
def pick_list():
    """Everything that is ready to be packed, by shelf and SKU, and the parcels that it goes into."""
    ready = _parcels(RELEASED)
    return render_template(
        "admin/pick_list.html",
        picks=picks_of(ready),
        parcels=ready,
        most=MOST,
        waiting=_parcels(AWAITING_INVENTORY),
        held=_parcels(ONHOLD),
        now=clock.now(),
    )


@bp.get("/orders/<number>/shipments/<int:shipment_id>/slip")
def packing_slip(number, shipment_id):
    """The paper that lies in a parcel: what is in it and what comes later, without prices."""
    found = order_by(number)
    parcel = next((one for one in found.shipments if one.id == shipment_id and one.lines), None)
    if parcel is None:
        raise NotFound(_("There is no such parcel."))
    return render_template("admin/slip.html", **paper_of(found, parcel)._asdict())


def paper_of(order: Order, parcel: Shipment) -> Paper:
    """What the paper says that lies in a parcel of an order."""
    later: Counter[int] = Counter()
    for other in order.shipments:
        if other.id != parcel.id and other.shipped_at is None and other.status != "CANCELLED":
            later.update({line.order_line_id: line.qty for line in other.lines})
    address = order.shipping_address
    lines = customers.lines(address, str(get_locale() or "en")) if address else []
    inside = {line.order_line_id: line.qty for line in parcel.lines}
    return Paper(order, parcel, inside, later, store.current(), lines)


def picks_of(parcels: list[Shipment]) -> list[Pick]:
    """The articles of some parcels, in the order in which they lie: by shelf, then by SKU."""
    shelves = _shelves({inside.order_line.variant_id for parcel in parcels for inside in parcel.lines})
    found: dict[tuple[str, str], Pick] = {}
    for parcel in parcels:
        for inside in parcel.lines:
            sold = inside.order_line
            shelf = shelves.get(sold.variant_id, "")
            pick = found.setdefault((shelf, sold.sku), Pick(shelf, sold.sku, sold.title, sold.options_text))
            pick.units += inside.qty
            pick.parcels.append((parcel.order.number, parcel.id, inside.qty))
    return [found[key] for key in sorted(found, key=lambda key: (not key[0], *key))]  # no known place: at the end


def _shelves(variant_ids):
    rows = select(Stock.variant_id, Stock.shelf).where(Stock.variant_id.in_(variant_ids - {None}))
    return dict(db.session.execute(rows).tuples().all())


def _parcels(status):
    """Parcels in this state of orders that are being sent, those of the oldest orders first."""
    query = (
        select(Shipment)
        .join(Order, Order.id == Shipment.order_id)
        .where(Shipment.status == status, Order.status.in_((PROCESSING, PARTIALLY_SHIPPED)))
        .options(
            joinedload(Shipment.order).joinedload(Order.shipping_address),
            selectinload(Shipment.lines).joinedload(ShipmentLine.order_line),
        )
        .order_by(Order.placed_at, Shipment.id)
        .limit(MOST)
    )
    return list(db.session.scalars(query))
