"""How many there are, for whom they are set aside, and why the numbers changed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base, unique_where

DEDUCT_ON_PAID, RESERVE_ON_CONFIRM, TIMED_HOLD = "deduct_on_paid", "reserve_on_confirm", "timed_hold"
BACKORDER, UNTRACKED = "backorder", "untracked"
POLICIES = (RESERVE_ON_CONFIRM, DEDUCT_ON_PAID, TIMED_HOLD, BACKORDER, UNTRACKED)


class Stock(Base):
    """The counters of one variant. The database itself refuses to set aside what is not there."""

    __tablename__ = "stock"
    __table_args__ = (
        CheckConstraint("reserved >= 0", name="reserved"),
        CheckConstraint("backorder OR on_hand - reserved >= 0", name="available"),
    )

    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id", ondelete="CASCADE"), primary_key=True)
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    backorder: Mapped[bool] = mapped_column(default=False)  # follows the variant's policy
    version: Mapped[int] = mapped_column(default=0)
    shelf: Mapped[str] = mapped_column(default="")  # where it lies, as the pick list says
    low_at: Mapped[int | None]  # few from here on; None: from where the shop says
    low_told: Mapped[bool] = mapped_column(default=False)  # the owner knows that there are few

    @property
    def available(self) -> int:
        """How many can still be promised to somebody."""
        return self.on_hand - self.reserved


class StockReservation(Base):
    """So many of one variant, set aside for one order's line (timed goods: already for a cart's line)."""

    __tablename__ = "stock_reservations"
    __table_args__ = (
        unique_where("uq_stock_reservations_open_order_line", "order_line_id", where="status IN ('HELD','COMMITTED')"),
        unique_where(
            "uq_stock_reservations_open_cart_line", "cart_line_id", where="status = 'HELD' AND owner_kind = 'cart'"
        ),
        Index(None, "variant_id", "status"),
        Index(None, "status", "expires_at"),
        CheckConstraint("qty > 0", name="qty"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id", ondelete="CASCADE"))
    owner_kind: Mapped[str]  # cart, order
    cart_line_id: Mapped[int | None]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    order_line_id: Mapped[int | None] = mapped_column(ForeignKey("order_lines.id", ondelete="CASCADE"))
    qty: Mapped[int]
    status: Mapped[str]
    policy: Mapped[str]
    expires_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class StockMovement(Base):
    """Why a counter changed. Only ever appended; the sum of the deltas is what is there."""

    __tablename__ = "stock_movements"
    __table_args__ = (Index(None, "variant_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id", ondelete="CASCADE"))
    delta_on_hand: Mapped[int] = mapped_column(default=0)
    delta_reserved: Mapped[int] = mapped_column(default=0)
    cause: Mapped[str]  # order, cart, shipment, return, adjust, import
    ref: Mapped[str] = mapped_column(default="")
    actor: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]


class WaitingEntry(Base):
    """Somebody who wants to know when one comes free. First come, first told; removed soon after, or after a month."""

    __tablename__ = "waiting_entries"
    __table_args__ = (
        UniqueConstraint("variant_id", "email"),
        Index(None, "variant_id", "told_at", "since"),
        Index(None, "since"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id", ondelete="CASCADE"))
    email: Mapped[str]  # folded
    key: Mapped[str] = mapped_column(unique=True)  # in the link by which one leaves the line
    locale: Mapped[str] = mapped_column(default="en")  # of the letter
    since: Mapped[datetime]
    told_at: Mapped[datetime | None]
