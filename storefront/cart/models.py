"""What a visitor means to buy. A wish: it changes freely and promises nothing."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.kit.db import Base, unique_where

_OPEN = "status = 'OPEN'"


class Cart(Base):
    """Lines, and the address, shipping and payment picked so far. `version` grows with every change."""

    __tablename__ = "carts"
    __table_args__ = (
        unique_where("uq_carts_open_token", "token_hash", where=_OPEN),
        unique_where("uq_carts_open_customer", "customer_id", where=_OPEN),
        Index(None, "status", "updated_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(default="OPEN")
    version: Mapped[int] = mapped_column(default=1)
    email: Mapped[str] = mapped_column(default="")
    shipping_address_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer_addresses.id", ondelete="SET NULL"), index=True
    )
    billing_address_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer_addresses.id", ondelete="SET NULL"), index=True
    )
    service_level_id: Mapped[int | None] = mapped_column(ForeignKey("service_levels.id", ondelete="SET NULL"))
    payment_method_id: Mapped[int | None] = mapped_column(ForeignKey("payment_methods.id", ondelete="SET NULL"))
    coupon_codes: Mapped[list[Any]] = mapped_column(default=list)
    certificate_codes: Mapped[list[Any]] = mapped_column(default=list)
    custom: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seen: Mapped[dict[str, Any]] = mapped_column(default=dict)  # SKU: unit price last shown, for notices
    open_order_id: Mapped[int | None] = mapped_column(
        ForeignKey("orders.id", ondelete="SET NULL", use_alter=True), index=True
    )
    restored_from_order_id: Mapped[int | None] = mapped_column(
        ForeignKey("orders.id", ondelete="SET NULL", use_alter=True)
    )
    merged_into_id: Mapped[int | None] = mapped_column(  # the cart that its lines went to, when one signed in
        ForeignKey("carts.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    lines: Mapped[list["CartLine"]] = relationship(order_by="CartLine.id", cascade="all, delete-orphan")


class CartLine(Base):
    """So many of one variant, with the custom fields typed for it (a gift note)."""

    __tablename__ = "cart_lines"
    __table_args__ = (UniqueConstraint("cart_id", "variant_id", "custom_hash"), CheckConstraint("qty > 0", name="qty"))

    id: Mapped[int] = mapped_column(primary_key=True)
    cart_id: Mapped[int] = mapped_column(ForeignKey("carts.id", ondelete="CASCADE"))
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id", ondelete="CASCADE"), index=True)
    qty: Mapped[int]
    custom: Mapped[dict[str, Any]] = mapped_column(default=dict)
    custom_hash: Mapped[str] = mapped_column(default="")
    added_at: Mapped[datetime]
