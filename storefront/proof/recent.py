"""What has changed since a moment: the ids that a small check looks at, found by the newest rows alone."""

from datetime import datetime

from sqlalchemy import or_, select

from storefront.cart.models import Cart
from storefront.kit.db import db
from storefront.kit.events import OrderEvent
from storefront.payments.models import Bill, InboxMessage
from storefront.proof.line import BILLS, CARTS, MESSAGES, ORDERS, VARIANTS
from storefront.stock.models import StockMovement


class Recent:
    """The ids of each kind that something has happened to since a moment."""

    def __init__(self, since: datetime):
        self.since = since
        self._known: dict[str, list[int]] = {}

    def ids(self, along: str) -> list[int]:
        """The ids of one kind, in order."""
        if along not in self._known:
            found = {ORDERS: self._orders, BILLS: self._bills, VARIANTS: self._variants}.get(along)
            self._known[along] = sorted(found() if found else self._of_table(along))
        return self._known[along]

    def _orders(self):
        return _since(OrderEvent, OrderEvent.at, OrderEvent.order_id, self.since)

    def _bills(self):
        ids, found = self.ids(ORDERS), set()
        for start in range(0, len(ids), 500):
            found |= set(db.session.scalars(select(Bill.id).where(Bill.order_id.in_(ids[start : start + 500]))))
        homeless = select(Bill.id).where(Bill.order_id.is_(None), Bill.updated_at >= self.since)
        return found | set(db.session.scalars(homeless))

    def _variants(self):
        return _since(StockMovement, StockMovement.at, StockMovement.variant_id, self.since)

    def _of_table(self, along):
        if along == MESSAGES:
            return _since(InboxMessage, InboxMessage.received_at, InboxMessage.id, self.since)
        assert along == CARTS
        changed = or_(Cart.updated_at >= self.since, Cart.open_order_id.in_(self.ids(ORDERS)[-500:]))
        return set(db.session.scalars(select(Cart.id).where(changed)))


def _since(table, moment, wanted, since):
    """What the rows of an append-only table name that are newer than a moment, read from its end."""
    before = select(table.id).where(moment < since).order_by(table.id.desc()).limit(1)
    last = db.session.scalar(before) or 0
    return set(db.session.scalars(select(wanted).where(table.id > last, wanted.is_not(None)).distinct()))
