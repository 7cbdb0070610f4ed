"""Money back to the customer, in full or in part, and goods back on the shelf if staff say so."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from storefront import certificates, payments, stock
from storefront.kit import events
from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.orders.finding import locked
from storefront.orders.gifts import lines_of
from storefront.orders.models import Order, OrderLine
from storefront.orders.money import refresh
from storefront.payments.gateways.base import DONE, OperationResult
from storefront.payments.models import Bill, Refund
from storefront.payments.states import APPLIED

FIRST = ".first"  # ends the key of what goes back by the payment that the rest was added to


def request_refund(
    order_id: int,
    amount_minor: int,
    *,
    request_key: str,
    reason: str,
    actor: str,
    restock: dict[int, int],
    void: Mapping[int, int] | None = None,
) -> Refund | None:
    """Ask for a sum to go back: first to the card, what is above that at once to the gift certificates that paid.

    `restock` maps order line ids to quantities for the shelf; `void` maps certificates that the order bought,
    and that are worth nothing from now on, to what is left of them. Once per `request_key`; None if nothing of it
    goes to the card. Raises Conflict if the order has no payment or such a certificate was used meanwhile, Invalid
    if the sum is too much.
    """
    order = locked(order_id)
    if request_key in refunds_asked(order.id):
        return next((one for one in payments.refunds_of(order.id) if one.request_key == request_key), None)
    bill = applied_bill(order.id)
    if bill is None and not certificates.refundable(order.id):
        raise Conflict(_("This order has no payment that could be sent back."), state=order.payment_status)
    wanted: list[dict[str, Any]] = [{"line": line, "qty": qty} for line, qty in restock.items() if qty]
    certificates.take_back(void or {}, lines_of(order))
    to_card, to_certificates = refund_parts(order.id, bill, amount_minor)
    certificates.give_back(order.id, to_certificates, ref=request_key)
    refund = None
    if bill and (to_card or not to_certificates):
        facts = {"reason": reason, "actor": actor}
        for paid, part, key in shares(order.id, to_card, request_key):
            asked = payments.request_refund(paid, part, request_key=key, restock=[] if refund else wanted, **facts)
            refund = refund or asked
    else:
        _put_back(order, wanted, actor)
    refresh(order)
    return refund


def refund_parts(order_id: int, bill: Bill | None, amount_minor: int) -> tuple[int, int]:
    """How a sum is parted between the card and the certificates: nobody gets more than was taken from it.

    What is too much stays with whoever refuses it.
    """
    if bill is None:
        return 0, amount_minor
    to_card = min(amount_minor, sum(left for _bill, left in _left_of(order_id)))
    rest = amount_minor - to_card
    return (to_card, rest) if rest <= certificates.refundable(order_id) else (amount_minor, 0)


def shares(order_id: int, amount_minor: int, key: str) -> list[tuple[Bill, int, str]]:
    """What of a sum goes back by which payment, and under which key: the one that counts, then the one it adds to.

    What is too much stays with the first, which refuses it.
    """
    parts, left = [], amount_minor
    for bill, most in _left_of(order_id):
        if part := min(most, left):
            parts.append((bill, part))
            left -= part
    bill = parts[0][0] if parts else applied_bill(order_id)
    if bill and (left or not parts):
        parts = [(bill, amount_minor)]
    return [(bill, part, f"{key}{FIRST if place else ''}") for place, (bill, part) in enumerate(parts)]


def applied_bill(order_id: int) -> Bill | None:
    """The bill whose money pays the order, if one does."""
    return next((bill for bill in payments.bills_of(order_id) if bill.disposition == APPLIED), None)


def refunds_asked(order_id: int) -> list[str]:
    """The keys of everything that was asked to go back, each once, whichever way it went."""
    sent = [refund.request_key.removesuffix(FIRST) for refund in payments.refunds_of(order_id)]
    return list(dict.fromkeys([*sent, *certificates.refund_refs(order_id)]))


def _left_of(order_id):
    """(bill, what can go back of it) of the payments that count for an order, the one for the rest first."""
    bills = sorted(filter(payments.counts, payments.bills_of(order_id)), key=lambda bill: bill.disposition != APPLIED)
    return [(bill, max(0, payments.refundable(bill))) for bill in bills]


def finish_refund(refund: Refund, result: OperationResult) -> Order | None:
    """Write down what the gateway answered, and put back on the shelf what staff said."""
    order = locked(refund.order_id) if refund.order_id else None
    db.session.refresh(refund)  # as it is under the lock: another worker may have had the same answer
    before = refund.status
    payments.settle_refund(refund, result)
    if order and result.result == DONE and before != refund.status:
        _put_back(order, refund.restock, refund.actor)
    if order:
        refresh(order)
    return order


def _put_back(order, restock, actor):
    for wish in restock:
        line = db.session.get(OrderLine, wish["line"])
        if line and line.order_id == order.id:
            back = stock.take_back(line, int(wish["qty"]), ref=order.number, actor=actor)
            events.record("STOCK_RETURNED", order.id, line=line.id, qty=back)
