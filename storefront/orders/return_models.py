"""Goods that come back: what was announced, what arrived, and what became of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.kit.db import Base
from storefront.orders.models import Order, OrderLine


class OrderReturn(Base):
    """Lines of one order on their way back, or back. States: `orders/return_states.py`."""

    __tablename__ = "order_returns"
    __table_args__ = (Index(None, "order_id"), Index(None, "status", "announced_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(default="ANNOUNCED")
    reason: Mapped[str] = mapped_column(default="")  # in the words of who announced it
    actor: Mapped[str] = mapped_column(default="")  # the member of staff; "" for the shopper
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refunds.id"))
    replacement_order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))  # what went out instead
    credit_minor: Mapped[int] = mapped_column(default=0)  # what of it pays the replacement, in the order's currency
    settled_minor: Mapped[int] = mapped_column(default=0)  # what went back for it
    announced_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(foreign_keys=[order_id])
    lines: Mapped[list["OrderReturnLine"]] = relationship(
        order_by="OrderReturnLine.order_line_id", cascade="all, delete-orphan", lazy="selectin"
    )


class OrderReturnLine(Base):
    """So many of one line: announced, and then how many arrived and how many of those are on the shelf again."""

    __tablename__ = "order_return_lines"
    __table_args__ = (
        CheckConstraint("qty > 0 AND received >= 0 AND received <= qty", name="received"),
        CheckConstraint("restocked >= 0 AND restocked <= received", name="restocked"),
    )

    return_id: Mapped[int] = mapped_column(ForeignKey("order_returns.id", ondelete="CASCADE"), primary_key=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id", ondelete="CASCADE"), primary_key=True)
    qty: Mapped[int]
    received: Mapped[int] = mapped_column(default=0)
    restocked: Mapped[int] = mapped_column(default=0)

    order_line: Mapped[OrderLine] = relationship(lazy="joined")
