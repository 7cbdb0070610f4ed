"""What is taken off: rules, the codes that open them, and the uses that orders hold."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base


class Promotion(Base):
    """Conditions and what they bring. `used + held` never passes `limit_total`."""

    __tablename__ = "promotions"
    __table_args__ = (CheckConstraint("limit_total IS NULL OR used + held <= limit_total", name="limit"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    priority: Mapped[int] = mapped_column(default=0)
    exclusive: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    conditions: Mapped[list[Any]] = mapped_column(default=list)
    actions: Mapped[list[Any]] = mapped_column(default=list)
    limit_total: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)


class Coupon(Base):
    """A code that opens a promotion."""

    __tablename__ = "coupons"
    __table_args__ = (CheckConstraint('"limit" IS NULL OR used + held <= "limit"', name="limit"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)  # folded
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    limit: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)


class UsageHold(Base):
    """One use of a promotion that an order holds, has committed, or has given back."""

    __tablename__ = "usage_holds"
    __table_args__ = (UniqueConstraint("order_id", "promotion_id", "coupon_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"))
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("coupons.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    status: Mapped[str]  # HELD, COMMITTED, RELEASED
