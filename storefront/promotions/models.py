"""What is taken off: rules, the codes that open them, the uses that orders hold, and groups of customers."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base


class Promotion(Base):
    """Conditions and what they bring. `used + held` never passes `limit_total`; `version` grows with every change.

    Of two, the one with the lower `priority` comes first. `with_code` says that a code has to open it.
    """

    __tablename__ = "promotions"
    __table_args__ = (
        CheckConstraint("limit_total IS NULL OR used + held <= limit_total", name="limit"),
        CheckConstraint("used >= 0 AND held >= 0", name="counts"),
        Index(None, "active", "with_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]  # as staff call it
    label: Mapped[str] = mapped_column(default="")  # as shoppers read it
    priority: Mapped[int] = mapped_column(default=0)
    exclusive: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    with_code: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    conditions: Mapped[list[Any]] = mapped_column(default=list)  # [{"type": "sum", "least_minor": 5000}]
    actions: Mapped[list[Any]] = mapped_column(default=list)  # [{"type": "percent", "rate_ppm": 100000}]
    limit_total: Mapped[int | None]
    limit_per_customer: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)

    @property
    def shown(self) -> str:
        """What shoppers read."""
        return self.label or self.name


class Coupon(Base):
    """A code that opens a promotion: for everybody, or for one customer or e-mail."""

    __tablename__ = "coupons"
    __table_args__ = (
        CheckConstraint('"limit" IS NULL OR used + held <= "limit"', name="limit"),
        CheckConstraint("used >= 0 AND held >= 0", name="counts"),
        UniqueConstraint("issued_by_order_id", "promotion_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)  # folded
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    email_hash: Mapped[str] = mapped_column(default="")  # of the folded e-mail that alone may use it
    limit: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    ends_at: Mapped[datetime | None]
    batch: Mapped[str] = mapped_column(default="")  # which press of the button made it, and many others
    issued_by_order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="SET NULL"))
    created_at: Mapped[datetime | None]


class UsageHold(Base):
    """One use of a promotion that an order holds, has committed, or has given back; one a promotion and order."""

    __tablename__ = "usage_holds"
    __table_args__ = (
        UniqueConstraint("order_id", "promotion_id"),
        Index(None, "promotion_id", "email_hash"),
        Index(None, "promotion_id", "customer_id"),
        Index(None, "coupon_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotions.id"))
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("coupons.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    status: Mapped[str]  # HELD, COMMITTED, RELEASED
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id", ondelete="SET NULL"))
    email_hash: Mapped[str] = mapped_column(default="")


class CustomerGroup(Base):
    """Customers by the e-mails of their accounts: wholesale, friends of the house."""

    __tablename__ = "customer_groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class GroupMember(Base):
    """One e-mail of a group, folded."""

    __tablename__ = "group_members"
    __table_args__ = (Index(None, "email"),)

    group_id: Mapped[int] = mapped_column(ForeignKey("customer_groups.id", ondelete="CASCADE"), primary_key=True)
    email: Mapped[str] = mapped_column(primary_key=True)
