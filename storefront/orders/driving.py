"""Order and parcels move each other, by two tables of data and nothing else."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select

from storefront.kit import clock
from storefront.kit.db import db
from storefront.orders.models import Order, Shipment
from storefront.orders.states import (
    AWAITING_INVENTORY,
    CLOSED,
    DELIVERED,
    INVENTORY_ASSIGNED,
    ONHOLD,
    ORDER,
    RELEASED,
    SHIPMENT,
    SHIPPED,
    UNSHIPPED,
)

BACK = "back"  # to where the parcel was before it was held, if it was held because of the order
_PACKED = (AWAITING_INVENTORY, INVENTORY_ASSIGNED, RELEASED)

# What happens to an order: {a parcel that is so: the move that it makes}. What is not named does not move.
DRIVES: dict[str, dict[str, str]] = {
    "released": {INVENTORY_ASSIGNED: "released", ONHOLD: BACK},
    "dispute_won": {ONHOLD: BACK},  # of an order that has been sent in part, and so was not in review
    "doubted": dict.fromkeys(_PACKED, "held"),
    "disputed": dict.fromkeys(_PACKED, "held"),
    "cancelled": dict.fromkeys(UNSHIPPED, "cancelled"),
    "failed": dict.fromkeys(UNSHIPPED, "failed"),
}
WAY_BACK = {AWAITING_INVENTORY: "awaited_again", INVENTORY_ASSIGNED: "assigned_again", RELEASED: "released"}


class Going(NamedTuple):
    """Whether parcels of an order are still in the house, have left, have arrived; cancelled ones count for nothing."""

    waits: bool
    left: bool
    arrived: bool


# What its parcels are: (the fulfilment status of the order, the moves that the order makes, as far as it may).
FOLLOWS: dict[Going, tuple[str, tuple[str, ...]]] = {
    Going(False, False, False): ("NOTHING_TO_SHIP", ()),
    Going(True, False, False): ("UNFULFILLED", ()),
    Going(True, True, False): ("PARTIALLY_SHIPPED", ("partially_shipped",)),
    Going(True, False, True): ("PARTIALLY_SHIPPED", ("partially_shipped",)),
    Going(True, True, True): ("PARTIALLY_SHIPPED", ("partially_shipped",)),
    Going(False, True, False): ("SHIPPED", ("shipped",)),
    Going(False, True, True): ("SHIPPED", ("shipped",)),
    Going(False, False, True): ("DELIVERED", ("shipped", "delivered")),
}


def drive(order: Order, happened: str, *, reason: str = "") -> None:
    """Move every parcel of a locked order as the table says; then the order follows its parcels."""
    moves, parcels = DRIVES[happened], _parcels_of(order)
    for parcel in parcels:
        if move := moves.get(parcel.status):
            _move(parcel, move, reason)
    if parcels and order.status not in CLOSED:
        follow(order)


def hold_back(parcel: Shipment, by: str, *, reason: str = "") -> None:
    """A parcel stays in the house, and remembers how far it was and who says so: "order" or "staff"."""
    parcel.held_status, parcel.held_by = parcel.status, by
    SHIPMENT.apply(parcel, "held", reason=reason, by=by)


def let_go_on(parcel: Shipment) -> None:
    """A held parcel goes on from where it was."""
    SHIPMENT.apply(parcel, WAY_BACK.get(parcel.held_status, "released"))
    parcel.held_status = parcel.held_by = ""


def follow(order: Order) -> None:
    """Bring the order's state in line with its parcels."""
    db.session.flush()
    order.fulfilment_status, moves = FOLLOWS[going(parcel.status for parcel in _parcels_of(order))]
    for move in moves:
        if ORDER.allows(order, move):
            ORDER.apply(order, move)
    order.updated_at = clock.now()


def going(states: Iterable[str]) -> Going:
    """What the states of some parcels say together."""
    states = set(states)
    return Going(bool(states & set(UNSHIPPED)), SHIPPED in states, DELIVERED in states)


def _move(parcel, move, reason):
    if move == "held":
        hold_back(parcel, "order", reason=reason)
    elif move != BACK:
        SHIPMENT.apply(parcel, move)
    elif parcel.held_by != "staff":
        let_go_on(parcel)


def _parcels_of(order):
    return db.session.scalars(select(Shipment).filter_by(order_id=order.id).order_by(Shipment.id)).all()
