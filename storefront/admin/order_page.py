"""One order for staff: where it stands, what to do next, its money, parcels, letters and history."""

from dataclasses import dataclass

from flask import render_template
from flask_babel import get_locale, gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from storefront import certificates, customers, desk, notices, orders, payments, store, taxes
from storefront.admin import messages, timeline, wording
from storefront.admin.goods_back import questions_of
from storefront.admin.room import bp, status_of
from storefront.kit import events
from storefront.kit.db import db
from storefront.kit.errors import NotFound, ShopError
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.orders.explaining import explained
from storefront.orders.models import Order, Shipment, ShipmentLine
from storefront.orders.states import (
    CLOSED,
    DELIVERED,
    HOLD,
    NEW,
    ORDER,
    OWN,
    PARTIALLY_SHIPPED,
    PREPARING,
    PROCESSING,
    REVIEW,
    SHIPMENT,
    SHIPPED,
    UNSHIPPED,
)
from storefront.orders.wording import STATES
from storefront.payments.models import Bill, LedgerEntry, Refund
from storefront.payments.reasons import REASONS
from storefront.payments.states import OPEN, QUARANTINED

CANCELLABLE = (NEW, HOLD, REVIEW, *PREPARING)


@dataclass(frozen=True)
class Sums:
    """The money of an order, in minor units of its currency."""

    total: int
    paid: int
    refunded: int
    on_its_way: int
    waiting: int
    open: int
    refundable: int
    by_gifts: int = 0
    back_to_gifts: int = 0


@bp.get("/orders/<number>")
def order(number):
    """The page of one order."""
    return page_of(number)


def page_of(number: str, problem: ShopError | None = None):
    """The page as it stands now; with a problem, the same page that begins with it, and its status."""
    if problem:
        db.session.rollback()
    found = order_by(number)
    bills, refunds = payments.bills_of(found.id), payments.refunds_of(found.id)
    history = events.of_order(found.id)
    html = render_template(
        "admin/order.html",
        order=found,
        bills=bills,
        refunds=refunds,
        sums=sums_of(found, bills, refunds),
        waiting=[(bill, *came(bill)) for bill in bills if bill.disposition == QUARANTINED],
        questions=questions_of(found, history),
        awaited=desk.awaited(found, bills),
        askable=any(bill.claimed_at and payments.can_be_asked(bill) for bill in bills),
        may=_may(found, bills),
        taxes=taxes.of_order(found.id),
        gifts=certificates.with_certificates(found.id),
        bought=orders.bought_certificates(found),
        figures=explained(found),
        messages=[messages.shown(one) for one in payments.inbox_of([bill.id for bill in bills])],
        letters=letters_of(found, history),
        returns=orders.returns_of(found.id),
        desk_rows=payments.desk_rows_of(found.id),
        reasons=REASONS,
        days=timeline.days_of(found, history),
        whole=timeline.whole(found),
        problem=problem,
        **shown_with(found),
    )
    return html, status_of(problem) if problem else 200


def shown_with(found: Order) -> dict:
    """What every page about an order needs beside it."""
    locale = str(get_locale() or "en")
    return {
        "words": wording,
        "states": STATES,
        "shipment_moves": SHIPMENT,
        "own_moves": [move for move in OWN.moves if move.source == found.status],
        "shipping_lines": customers.lines(found.shipping_address, locale) if found.shipping_address else [],
        "billing_lines": customers.lines(found.billing_address, locale) if found.billing_address else [],
        "open_states": OPEN,
        "unshipped": UNSHIPPED,
        "sendable": found.status in (PROCESSING, PARTIALLY_SHIPPED),
        "tracking_links": orders.tracking_links(found.shipments),
    }


WHOLE = (  # how an order is loaded whose page, or paper, shows all of it
    selectinload(Order.lines),
    selectinload(Order.shipments).selectinload(Shipment.lines).joinedload(ShipmentLine.order_line),
    joinedload(Order.shipping_address),
    joinedload(Order.billing_address),
)


def order_by(number: str) -> Order:
    """The order with its lines, addresses and parcels, in a constant number of queries. Raises NotFound."""
    found = db.session.scalar(select(Order).filter_by(number=number).options(*WHOLE))
    if found is None:
        raise NotFound(_("There is no order with this number."))
    return found


def sums_of(found: Order, bills: list[Bill], refunds: list[Refund]) -> Sums:
    """The money table, from the ledger."""
    seen = payments.money_of(found.id, found.currency)
    by_gifts, back_to_gifts = certificates.taken_of(found.id)
    missing = max(0, found.due_minor - (seen.captured - seen.quarantined))
    unpaid = found.status not in CLOSED and not seen.refunded and found.payment_status != "AUTHORIZED"
    return Sums(
        total=found.total_minor,
        paid=seen.captured,
        refunded=seen.refunded,
        on_its_way=sum(refund.amount_minor for refund in refunds if refund.status in ("REQUESTED", "SENT")),
        waiting=seen.quarantined,
        open=missing if unpaid else 0,
        refundable=orders.refundable_of(found),
        by_gifts=by_gifts,
        back_to_gifts=back_to_gifts,
    )


def came(bill: Bill) -> tuple[int, str]:
    """What really came by a bill, and in which currency: not always what it asks for."""
    captured = select(func.sum(LedgerEntry.amount_minor), func.max(LedgerEntry.currency))
    amount, currency = db.session.execute(captured.filter_by(bill_id=bill.id, kind="captured")).one()
    return int(amount or 0), currency or bill.currency


def may_be_cancelled(found: Order) -> bool:
    """Whether staff may still cancel it: nothing of it has left."""
    return found.status in CANCELLABLE and not _something_left(found)


def _something_left(found):
    return any(parcel.status in (SHIPPED, DELIVERED) for parcel in found.shipments)


def _may(found, bills):
    """Which deeds the present state allows: buttons are shown by it."""
    return {
        "cancel": may_be_cancelled(found),
        "refund": orders.refundable_of(found) > 0,
        "accept": found.status == REVIEW,
        "complete": found.status in (SHIPPED, DELIVERED) and ORDER.allows(found, "completed"),
        "return": _something_left(found),
        "until": found.kept_until if found.status == HOLD else None,
        "zone": store.current().timezone,
    }


def letters_of(found: Order, history: list[OrderEvent]) -> list[tuple[OrderEvent, OutboxMessage, str, bool]]:
    """The letters of an order, newest first: (event, delivery, what it is, whether it can be sent again)."""
    by_event = {event.id: event for event in history}
    query = select(OutboxMessage).where(OutboxMessage.event_id.in_(by_event), OutboxMessage.kind == "mail")
    rows = []
    for delivery in db.session.scalars(query.order_by(OutboxMessage.id.desc())):
        event = by_event[delivery.event_id]
        words = wording.LETTERS.get(event.data.get("letter") or event.type)
        again = notices.says_something(event, found)
        if words and (again or event.type == "LETTER_RESENT" or delivery.status != "SENT"):
            rows.append((event, delivery, words, again))
    return rows
