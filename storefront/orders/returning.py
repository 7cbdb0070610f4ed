"""Sent goods come back: announced, received, put on the shelf or not, and paid back or exchanged."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import payments, stock, store
from storefront.kit import clock, events
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.orders.finding import locked
from storefront.orders.models import Order
from storefront.orders.money import refresh
from storefront.orders.refunding import request_refund, shares
from storefront.orders.return_models import OrderReturn, OrderReturnLine
from storefront.orders.return_states import ANNOUNCED, OPEN, RECEIVED, RETURN, SETTLED
from storefront.orders.states import DELIVERED, SHIPPED
from storefront.orders.worth import refundable_of, worth_of

LATE = timedelta(days=30)  # so long after the days to send things back an announced return is waited for
Units = Mapping[int, int]  # order line id: how many


def returnable_units(order: Order, *, since: datetime | None = None) -> dict[int, int]:
    """Order line id: how many of it have left the house and are neither back nor on their way back.

    With `since` only what was sent after that counts: what the shopper may announce now.
    """
    left: Counter[int] = Counter()
    for parcel in order.shipments:
        if parcel.status in (SHIPPED, DELIVERED) and (since is None or (parcel.shipped_at or since) >= since):
            left.update({line.order_line_id: line.qty for line in parcel.lines})
    for coming in returns_of(order.id):
        for line in coming.lines:
            left[line.order_line_id] -= _counted(coming, line)
    for event in events.of_order(order.id):  # put back with a refund, without a return
        if event.type == "STOCK_RETURNED" and not event.data.get("return"):
            left[event.data["line"]] -= event.data["qty"]
    return {line_id: units for line_id, units in left.items() if units > 0}


def may_announce(order: Order) -> dict[int, int]:
    """Order line id: how many of it the shopper may announce to send back now, by the shop's days for that."""
    return returnable_units(order, since=clock.here() - timedelta(days=store.current().return_days))


def announce_return(order_id: int, units: Units, reason: str, *, actor: str = "") -> OrderReturn:
    """Goods are to come back: as many as the shopper may announce, or as staff (`actor`) say, at most what was sent.

    Raises Invalid for none, or more than that.
    """
    order = locked(order_id)
    most = returnable_units(order) if actor else may_announce(order)
    wanted = {line_id: qty for line_id, qty in units.items() if qty}
    if not wanted:
        raise Invalid(_("Choose what comes back."))
    if any(not 0 < qty <= most.get(line_id, 0) for line_id, qty in wanted.items()):
        raise Invalid(_("These goods have not left the house, are back already, or their days are over."))
    lines = [OrderReturnLine(order_line_id=line_id, qty=qty) for line_id, qty in sorted(wanted.items())]
    coming = OrderReturn(order_id=order.id, reason=reason, actor=actor, announced_at=clock.now(), lines=lines)
    db.session.add(coming)
    db.session.flush()
    events.record("ORDER_RETURN_ANNOUNCED", order.id, id=coming.id, by=actor)
    return coming


def receive_return(return_id: int, received: Units, restock: Units, actor: str) -> OrderReturn:
    """Goods of a return are in the house; those of `restock` lie on the shelf again. Once.

    Raises Invalid for more than was announced (or for none), Conflict when somebody has received or declined it.
    """
    coming = locked_return(return_id)
    if coming.status == ANNOUNCED and not any(received.values()):
        raise Invalid(_("Say how many have arrived. If nothing comes, decline the return."))
    for line in coming.lines:
        came, back = received.get(line.order_line_id, 0), restock.get(line.order_line_id, 0)
        if not 0 <= came <= line.qty or not 0 <= back <= came:
            raise Invalid(_("So many were not announced, or more than arrived shall go on the shelf."))
    if not RETURN.apply(coming, "received", by=actor):
        return coming
    coming.received_at = clock.now()
    for line in sorted(coming.lines, key=lambda line: line.order_line.variant_id or 0):
        line.received = received.get(line.order_line_id, 0)
        _put_back(coming, line, restock.get(line.order_line_id, 0), actor)
    return coming


def suggested_refund(coming: OrderReturn) -> int:
    """What the received goods of a return were sold for, at most what can still be sent back of the payment."""
    return min(worth_of(coming.order, received_units(coming), before=coming.id), refundable_of(coming.order))


def settle_return(return_id: int, amount_minor: int, reason: str, actor: str) -> OrderReturn:
    """It is decided what goes back for a received return: this sum, or 0 for nothing. Once.

    Raises Invalid for more than can be sent back, Conflict when it is decided already, or not received yet.
    """
    coming = locked_return(return_id)
    if amount_minor and coming.status == RECEIVED:
        key = f"return-{coming.order.number}-{coming.id}"
        refund = request_refund(coming.order_id, amount_minor, request_key=key, reason=reason, actor=actor, restock={})
        coming.refund_id = refund.id if refund else None  # None: all of it went back to gift certificates
        coming.settled_minor = amount_minor
    if not RETURN.apply(coming, "settled", by=actor, amount=amount_minor) and not _same(coming, amount_minor):
        raise Conflict(_("Somebody has decided about this return already."), state=SETTLED)
    coming.closed_at = coming.closed_at or clock.now()
    return coming


def exchange_return(return_id: int, credit_minor: int, rest_minor: int, actor: str) -> OrderReturn:
    """A received return is settled by other goods: so much of its payment becomes credit, and the rest goes back. Once.

    The caller gives the credit. Raises Conflict when somebody has decided about it, or it is not received.
    """
    coming = locked_return(return_id)
    if coming.status != RECEIVED:
        raise Conflict(_("Somebody has decided about this return already."), state=coming.status)
    order = coming.order
    facts = {"reason": _("Exchanged"), "actor": actor}
    if credit_minor:
        for bill, part, key in shares(order.id, credit_minor, f"exchange-{order.number}-{coming.id}"):
            payments.refund_as_credit(bill, part, request_key=key, **facts)
    if rest_minor:
        request_refund(order.id, rest_minor, request_key=f"return-{order.number}-{coming.id}", restock={}, **facts)
    RETURN.apply(coming, "settled", by=actor, amount=rest_minor, credit=credit_minor)
    coming.credit_minor, coming.settled_minor, coming.closed_at = credit_minor, rest_minor, clock.now()
    refresh(order)
    return coming


def note_replacement(return_id: int, order_id: int) -> Order:
    """This order replaces what came back; it belongs to the same customer. Gives it."""
    coming = locked_return(return_id)
    placed = locked(order_id)
    coming.replacement_order_id, placed.customer_id = placed.id, coming.order.customer_id
    events.record("ORDER_RETURN_REPLACED", coming.order_id, id=coming.id, replacement=placed.number)
    return placed


def decline_return(return_id: int, note: str, actor: str) -> OrderReturn:
    """The shop does not take it back, and says why. Raises Conflict when it is received already."""
    return _end(return_id, "declined", note=note, by=actor)


def withdraw_return(return_id: int) -> OrderReturn:
    """The shopper keeps the goods. Raises Conflict when they have arrived."""
    return _end(return_id, "withdrawn")


def returns_of(order_id: int) -> list[OrderReturn]:
    """The returns of an order, oldest first."""
    return list(db.session.scalars(select(OrderReturn).filter_by(order_id=order_id).order_by(OrderReturn.id)))


def open_returns(order_id: int) -> list[OrderReturn]:
    """Those of an order that are on their way, or are not decided."""
    return [coming for coming in returns_of(order_id) if coming.status in OPEN]


def return_of(order: Order, return_id: int) -> OrderReturn:
    """A return of this order. Raises NotFound."""
    found = db.session.get(OrderReturn, return_id)
    if found is None or found.order_id != order.id:
        raise NotFound(_("There is no such return."))
    return found


def received_units(coming: OrderReturn) -> dict[int, int]:
    """Order line id: how many of it have arrived with a return."""
    return {line.order_line_id: line.received for line in coming.lines if line.received}


def overdue_returns() -> list[int]:
    """The ids of returns about which time decides: not arrived in time, or arrived and nobody has decided."""
    shop, now = store.current(), clock.now()
    lost = now - timedelta(days=shop.return_days) - LATE
    silent = now - timedelta(days=shop.desk_days)
    late = (OrderReturn.status == ANNOUNCED) & (OrderReturn.announced_at < lost)
    undecided = (OrderReturn.status == RECEIVED) & (OrderReturn.received_at < silent)
    return list(db.session.scalars(select(OrderReturn.id).where(late | undecided).order_by(OrderReturn.id).limit(500)))


def end_return(return_id: int) -> OrderReturn | bool:
    """Time decides: what never came is withdrawn; what came, and nobody has decided about, is paid back."""
    coming = locked_return(return_id)
    if coming.status == ANNOUNCED:
        return _end(return_id, "withdrawn", reason="time")
    if coming.status != RECEIVED:
        return False
    return settle_return(return_id, suggested_refund(coming), "", "the shop")


def _end(return_id, event, **data):
    coming = locked_return(return_id)
    RETURN.apply(coming, event, **data)
    coming.closed_at = coming.closed_at or clock.now()
    return coming


def _put_back(coming, line, qty, actor):
    if not qty:
        return
    number = coming.order.number
    line.restocked = stock.take_back(line.order_line, qty, ref=number, actor=actor)
    if line.restocked:
        facts = {"line": line.order_line_id, "qty": line.restocked, "return": coming.id}
        events.record("STOCK_RETURNED", coming.order_id, **facts)


def _counted(coming, line):
    """How many of a line a return stands for: what was announced, and then what arrived."""
    if coming.status == ANNOUNCED:
        return line.qty
    return line.received if coming.status in (RECEIVED, SETTLED) else 0


def _same(coming, amount_minor):
    """Whether the same decision was pressed twice."""
    return coming.status == SETTLED and coming.settled_minor == amount_minor and not coming.credit_minor


def locked_return(return_id: int) -> OrderReturn:
    """A return under the lock of its order. Raises NotFound."""
    order_id = db.session.scalar(select(OrderReturn.order_id).filter_by(id=return_id))
    if order_id is None:
        raise NotFound(_("There is no such return."))
    locked(order_id)
    return db.session.get_one(OrderReturn, return_id, populate_existing=True)
