"""The shop's rules for looking at a paid order before it goes on: its sum, a first order, two countries."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from storefront import payments, store
from storefront.kit import clock
from storefront.kit.db import db
from storefront.orders.models import Order
from storefront.orders.states import DOUBTS, HOLD, NEW, ORDER, RELEASED_STATES, REVIEW
from storefront.payments.models import Bill
from storefront.payments.states import QUARANTINED


def rule_hits(order: Order) -> list[str]:
    """The reasons, keys of payments.reasons.REASONS, for which a paid order waits for a person; none if none hits."""
    rules, hits = store.current().review_rules, []
    most = rules.get("amount_minor")
    if most and order.currency == store.current().currency and order.total_minor >= most:
        hits.append("review_amount")
    if rules.get("first_order") and _is_first(order):
        hits.append("review_first_order")
    if rules.get("country_mismatch") and _countries_differ(order):
        hits.append("review_country")
    return hits


def review(order: Order, bill: Bill, hits: list[str]) -> None:
    """The order is paid, and a person looks at it before it goes on: its goods are kept without end."""
    payments.accept(bill)
    payments.void_others(bill)
    order.paid_at = clock.now()
    wait_for_a_look(order, hits, bill)


def wait_for_a_look(order: Order, hits: list[str], bill: Bill | None = None) -> None:
    """The order does not go on before a person has looked: a bill of it is paid, or reserved; or nothing is due."""
    if order.status == REVIEW:  # whatever it was, it is paid now
        end_doubts([order], "paid")
    if order.status == NEW:
        ORDER.apply(order, "held")
    order.review_reason = hits[0]
    ORDER.apply(order, "doubted", reason=hits[0], **({"bill": bill.id} if bill else {}))
    for other in payments.open_bills(order.id):
        payments.cancel(other, "paid_by_another")
    amount = bill.amount_minor if bill else order.total_minor
    payments.put_on_desk(hits[0], order_id=order.id, amount_minor=amount, currency=order.currency, rules=hits)


def end_doubts(
    orders: Sequence[Order], decision: str, actor: str = "", *, reasons: Mapping[int, str] | None = None
) -> None:
    """Whatever made somebody look at these orders themselves is decided: its rows leave the desk.

    `reasons` names, by order id, what else is decided by it. Money that still waits stays in sight, whatever became of
    its order: other money may have paid that.
    """
    rows = payments.desk_rows_of(*(order.id for order in orders))
    decided = [row for row in rows if row.reason in (*DOUBTS, (reasons or {}).get(row.order_id or 0))]
    ids = {row.bill_id for row in decided if row.bill_id}
    waits = set(
        db.session.scalars(select(Bill.id).where(Bill.id.in_(ids), Bill.disposition == QUARANTINED)) if ids else ()
    )
    for row in decided:
        if row.bill_id not in waits:
            payments.take_off_desk(row, decision, actor)


def may_review(order: Order) -> bool:
    """Whether an order whose money is only reserved may wait for a look at it."""
    return order.status in (NEW, HOLD)


def _is_first(order):
    """Nobody with this e-mail, or this account, has had an order sent before."""
    mine = Order.email == order.email
    if order.customer_id:
        mine = mine | (Order.customer_id == order.customer_id)
    earlier = select(Order.id).where(mine, Order.id != order.id, Order.status.in_(RELEASED_STATES))
    return db.session.scalar(earlier.limit(1)) is None


def _countries_differ(order):
    billed, sent = order.billing_address, order.shipping_address
    return bool(billed and sent and billed.country != sent.country)
