"""What must be true of the whole database at the end of every story, whatever happened in it."""

from collections import Counter

import pytest
from sqlalchemy import func, select, text

from storefront.cart.models import Cart
from storefront.kit import events
from storefront.kit.db import db
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.orders.models import Order, OrderTombstone
from storefront.orders.states import CLOSED, HOLD, NEW, ORDER, RELEASED_STATES
from storefront.payments.ledger import balance_of
from storefront.payments.models import Bill, LedgerEntry
from storefront.payments.states import APPLIED, BILL, NONE
from storefront.stock.models import Stock, StockMovement, StockReservation
from storefront.stock.states import OPEN
from storefront.taxes.models import TaxDocument


@pytest.fixture
def right_books(play):
    """The story may end as it likes, but its books must be right."""
    yield
    check_books(play)


def check_books(play) -> None:
    """The invariants of the domain over every row that there is."""
    play.look_again()
    _nothing_is_orphaned()
    _shelves_add_up()
    orders = db.session.scalars(select(Order)).all()
    for order in orders:
        _total_adds_up(order)
        _history_leads_to_the_state(order)
        _paid_by_one_bill(order)
        _closed_owns_nothing(order)
    _one_payable_order_a_cart(orders)
    _money_has_its_place()
    _letters_are_written_once()


def _nothing_is_orphaned():
    if db.engine.dialect.name == "sqlite":
        assert not db.session.execute(text("PRAGMA foreign_key_check")).all()


def _shelves_add_up():
    """Invariant 1, and every counter is the sum of its movements."""
    held = _sums(select(StockReservation.variant_id, func.sum(StockReservation.qty)), StockReservation.status.in_(OPEN))
    there = _sums(select(StockMovement.variant_id, func.sum(StockMovement.delta_on_hand)))
    promised = _sums(select(StockMovement.variant_id, func.sum(StockMovement.delta_reserved)))
    for stock in db.session.scalars(select(Stock)):
        counted = (stock.on_hand, stock.reserved, stock.reserved)
        key = stock.variant_id
        assert counted == (there.get(key, 0), promised.get(key, 0), held.get(key, 0)), f"stock of variant {key}"
        assert stock.backorder or stock.available >= 0


def _sums(query, *wanted):
    first = next(iter(query.selected_columns))
    return {key: int(total) for key, total in db.session.execute(query.where(*wanted).group_by(first))}


def _total_adds_up(order):
    """Invariants 2 and 8: the sums of the snapshot, and the total that was confirmed."""
    on_top = sum(line.tax_minor for line in order.lines if not line.tax_inclusive)
    lines = sum(line.total_minor for line in order.lines)
    assert all(line.total_minor == line.unit_minor * line.qty - line.discount_minor for line in order.lines)
    assert order.total_minor == lines + order.shipping_minor + on_top, order.number
    assert 0 <= order.due_minor <= order.total_minor
    created = events.of_order(order.id)[0]
    assert created.type == "ORDER_CREATED"
    assert (created.data["total"], created.data["currency"]) == (order.total_minor, order.currency)
    documents = db.session.scalars(select(TaxDocument).filter_by(order_id=order.id)).all()
    taxes = [row["tax_minor"] for document in documents for row in document.lines]
    assert sum(taxes) == order.tax_minor, order.number


def _history_leads_to_the_state(order):
    """Invariant 10: the chain verifies, each move stands in the table, and the last one is the present state."""
    assert events.chain_is_whole(order.id), order.number
    state = NEW
    for event in events.of_order(order.id):
        assert event.actor_kind
        move = event.type.removeprefix("ORDER_").lower()
        if event.type.startswith("ORDER_") and move in ORDER.table and "was" in event.data:
            sources, target = ORDER.table[move]
            assert event.data["was"] == state and state in sources, (order.number, event.type, state)
            state = target
    assert state == order.status


def _paid_by_one_bill(order):
    """Invariant 3: what goes out was paid by exactly one bill, or nothing was due, or somebody approved it."""
    bills = db.session.scalars(select(Bill).filter_by(order_id=order.id)).all()
    applied = [bill for bill in bills if bill.disposition == APPLIED]
    assert len(applied) <= 1
    for bill in applied:
        assert balance_of(bill) + _refunded(bill) == order.due_minor or _accepted(order), order.number
    if order.status in RELEASED_STATES:
        assert applied or not order.due_minor or _accepted(order), order.number


def _accepted(order):
    reasons = {event.data.get("reason") for event in events.of_order(order.id) if event.type == "ORDER_RELEASED"}
    return bool(reasons & {"approved", "accepted", "nothing_due"})


def _closed_owns_nothing(order):
    """Invariant 6, and its other side: an order that waits has its goods, its bill and its end."""
    held = db.session.scalars(
        select(StockReservation).filter_by(order_id=order.id).where(StockReservation.status.in_(OPEN))
    ).all()
    bills = db.session.scalars(select(Bill).filter_by(order_id=order.id)).all()
    if order.status in CLOSED:
        assert not held, order.number
        assert not [bill for bill in bills if bill.status in ("CREATED", "REDIRECTED", "PENDING")], order.number
        assert order.close_reason and order.closed_at
    if order.status == HOLD:
        assert bills and order.hold_expires_at
        counted = [line for line in order.lines if line.stock_policy not in ("untracked", "deduct_on_paid")]
        assert {one.order_line_id: one.qty for one in held} == {line.id: line.qty for line in counted}


def _one_payable_order_a_cart(orders):
    """Invariant 7."""
    payable = Counter(order.cart_id for order in orders if order.cart_id and order.status in (NEW, HOLD))
    assert all(count == 1 for count in payable.values())
    tokens = db.session.scalars(select(Cart.token_hash).filter_by(status="OPEN")).all()
    assert len(tokens) == len(set(tokens))


def _money_has_its_place():
    """Invariants 4 and 11: each captured sum is applied, on the desk, decided or sent back; never back twice."""
    for bill in db.session.scalars(select(Bill)):
        captured = [row for row in _rows(bill) if row.kind == "captured"]
        assert len(captured) <= 1, bill.reference
        if captured:
            assert bill.disposition != NONE, f"{bill.reference} has unexplained money"
            assert bill.status in ("PAID", "PARTIALLY_REFUNDED", "REFUNDED", "DISPUTED")
            assert bill.verified
        else:
            assert bill.status in BILL.states - {"PAID", "PARTIALLY_REFUNDED", "REFUNDED", "DISPUTED"}
        assert _refunded(bill) <= sum(row.amount_minor for row in captured), bill.reference
        assert all(row.order_id == bill.order_id for row in _rows(bill))


def _rows(bill):
    return db.session.scalars(select(LedgerEntry).filter_by(bill_id=bill.id)).all()


def _refunded(bill):
    return sum(row.amount_minor for row in _rows(bill) if row.kind == "refunded")


def _letters_are_written_once():
    """Invariant 9."""
    rows = db.session.execute(select(OutboxMessage.event_id, OutboxMessage.kind, OutboxMessage.target)).all()
    assert len(rows) == len(set(rows))
    gone = set(db.session.scalars(select(OrderTombstone.number)))
    assert not gone & set(db.session.scalars(select(Order.number)))
    events_left = db.session.scalar(
        select(func.count()).select_from(OrderEvent).where(OrderEvent.order_id.notin_(select(Order.id)))
    )
    assert not events_left
