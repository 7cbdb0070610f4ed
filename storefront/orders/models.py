"""A quote that the customer has confirmed, copied down to the last coin, and what became of it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.catalog.pictures import Picture
from storefront.certificates.models import CertificateUse
from storefront.customers.models import AddressFields
from storefront.customers.text import folded
from storefront.kit.db import Base, Bytewise


def _name_folded(context):
    return folded(context.get_current_parameters()["name"])


def _last_name_first(context):
    *first, last = _name_folded(context).split() or [""]
    return " ".join([last, *first])


class OrderAddress(AddressFields, Base):
    """A copy, with no link back to the book; immutable. The name is also kept as staff look for it."""

    __tablename__ = "order_addresses"
    __table_args__ = (Index(None, "name_folded"), Index(None, "last_name_first"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name_folded: Mapped[str] = mapped_column(Bytewise, default=_name_folded)
    last_name_first: Mapped[str] = mapped_column(Bytewise, default=_last_name_first)


class Order(Base):
    """The snapshot and its three statuses. Figures are in minor units of `currency`."""

    __tablename__ = "orders"
    __table_args__ = (
        Index(None, "status", "hold_expires_at"),
        Index(None, "placed_at", "id"),
        Index(None, "total_minor", "id"),
        Index(None, "status", "placed_at", "id"),
        Index(None, "status", "total_minor", "id"),
        Index(None, "payment_status", "placed_at", "id"),
        Index(None, "fulfilment_status", "placed_at", "id"),
        Index(None, "email", "id"),
        Index(None, "shipping_address_id"),
        Index(None, "billing_address_id"),
        Index(None, "customer_id", "placed_at"),
        Index(None, "cart_id"),
        CheckConstraint("total_minor >= 0 AND due_minor >= 0", name="totals"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    key: Mapped[str] = mapped_column(unique=True)
    previous_keys: Mapped[list[Any]] = mapped_column(default=list)
    store_id: Mapped[int] = mapped_column(ForeignKey("stores.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))
    email: Mapped[str] = mapped_column(Bytewise)
    locale: Mapped[str] = mapped_column(default="en")
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(default="NEW")
    close_reason: Mapped[str] = mapped_column(default="")
    review_reason: Mapped[str] = mapped_column(default="")
    payment_status: Mapped[str] = mapped_column(default="UNPAID")
    fulfilment_status: Mapped[str] = mapped_column(default="UNFULFILLED")
    goods_minor: Mapped[int]
    discount_minor: Mapped[int] = mapped_column(default=0)
    shipping_minor: Mapped[int] = mapped_column(default=0)
    tax_minor: Mapped[int] = mapped_column(default=0)
    total_minor: Mapped[int]
    due_minor: Mapped[int]
    paid_minor: Mapped[int] = mapped_column(default=0)
    refunded_minor: Mapped[int] = mapped_column(default=0)
    hold_expires_at: Mapped[datetime | None]  # window and grace
    grace_min: Mapped[int] = mapped_column(default=0)  # the part of it that the shopper is not told
    prolonged: Mapped[int] = mapped_column(default=0)  # how often, because a gateway did not answer
    extensions: Mapped[int] = mapped_column(default=0)
    shipping_address_id: Mapped[int | None] = mapped_column(ForeignKey("order_addresses.id"))
    billing_address_id: Mapped[int | None] = mapped_column(ForeignKey("order_addresses.id"))
    service_level: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the chosen level, copied
    payment_method: Mapped[dict[str, Any]] = mapped_column(default=dict)  # code and label, copied
    cart_id: Mapped[int | None] = mapped_column(ForeignKey("carts.id", ondelete="SET NULL"))
    cart_version: Mapped[int]
    confirm_token: Mapped[str] = mapped_column(unique=True)
    quote_hash: Mapped[str]  # of what was confirmed: the same again leads to the same order
    supersedes_order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="SET NULL"))
    superseded_by_order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id", ondelete="SET NULL"))
    restored_cart_id: Mapped[int | None]
    custom: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ip_hash: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    placed_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]  # whoever placed it had their personal data removed
    updated_at: Mapped[datetime]

    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.id", cascade="all, delete-orphan")
    adjustments: Mapped[list["OrderAdjustment"]] = relationship(order_by="OrderAdjustment.id", viewonly=True)
    certificate_uses: Mapped[list[CertificateUse]] = relationship(order_by=CertificateUse.place, viewonly=True)
    shipping_address: Mapped[OrderAddress | None] = relationship(foreign_keys=[shipping_address_id])
    billing_address: Mapped[OrderAddress | None] = relationship(foreign_keys=[billing_address_id])
    shipments: Mapped[list["Shipment"]] = relationship(
        order_by="Shipment.id", back_populates="order", passive_deletes="all"
    )

    @property
    def gifts(self) -> list["OrderAdjustment"]:
        """What gift certificates pay of it, in the order in which their codes were typed; amounts below 0."""
        if self.due_minor == self.total_minor:
            return []
        return [one for one in self.adjustments if one.kind == "certificate"]

    @property
    def delivery_minor(self) -> int:
        """What sending it cost the shopper, with the tax that came on top."""
        return self.shipping_minor + int(self.service_level.get("tax_on_top_minor", 0))

    @property
    def given_back_minor(self) -> int:
        """What went back to the gift certificates that had paid."""
        return sum(use.refunded_minor for use in self.certificate_uses) if self.due_minor < self.total_minor else 0

    @property
    def kept_until(self) -> datetime | None:
        """The end of the hold as the shopper is told: without the silent grace. None if it was never held."""
        return self.hold_expires_at - timedelta(minutes=self.grace_min) if self.hold_expires_at else None


class OrderLine(Base):
    """What was bought, as it was on that day. `tax_minor` is inside `total_minor` when inclusive."""

    __tablename__ = "order_lines"
    __table_args__ = (Index(None, "order_id"), Index(None, "sku", "order_id"), CheckConstraint("qty > 0", name="qty"))

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("variants.id", ondelete="SET NULL"))
    sku: Mapped[str]
    title: Mapped[str]
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    image_key: Mapped[str] = mapped_column(default="")
    qty: Mapped[int]
    unit_minor: Mapped[int]
    discount_minor: Mapped[int] = mapped_column(default=0)
    tax_minor: Mapped[int] = mapped_column(default=0)
    tax_rate_ppm: Mapped[int] = mapped_column(default=0)
    tax_inclusive: Mapped[bool] = mapped_column(default=True)
    total_minor: Mapped[int]
    weight_g: Mapped[int] = mapped_column(default=0)
    requires_shipping: Mapped[bool] = mapped_column(default=True)
    custom: Mapped[dict[str, Any]] = mapped_column(default=dict)
    stock_policy: Mapped[str]
    gift_certificate: Mapped[bool] = mapped_column(default=False)  # each unit of it is one, worth its price

    @property
    def options_text(self) -> str:
        """The options in one line: "Sand, Large"."""
        return ", ".join(str(value) for value in self.options.values())

    @property
    def picture(self) -> Picture | None:
        """The picture that the goods had on that day; only its key was kept, so its shape is the usual one."""
        return Picture(self.image_key, "", 480, 600) if self.image_key else None


class OrderAdjustment(Base):
    """Something taken off or put on, and the rule that did it."""

    __tablename__ = "order_adjustments"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("order_lines.id", ondelete="CASCADE"))
    kind: Mapped[str]  # promotion, coupon, certificate, surcharge
    label: Mapped[str]
    rule_version: Mapped[str] = mapped_column(default="")
    amount_minor: Mapped[int]
    promotion_id: Mapped[int | None]
    coupon_id: Mapped[int | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what the amount was worked out from


class OrderNote(Base):
    """A note that staff left for each other, or what they wrote to the shopper."""

    __tablename__ = "order_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
    to_shopper: Mapped[bool] = mapped_column(default=False)


class Shipment(Base):
    """A parcel, or what will be one: copies of the address and the service level, and its lines."""

    __tablename__ = "shipments"
    __table_args__ = (Index(None, "order_id"), Index(None, "status"), Index(None, "status", "order_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    status: Mapped[str]
    held_status: Mapped[str] = mapped_column(default="")  # where ONHOLD returns to
    held_by: Mapped[str] = mapped_column(default="")  # order, staff: who may let it go on
    address_id: Mapped[int | None] = mapped_column(ForeignKey("order_addresses.id"))
    service_level: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cost_minor: Mapped[int] = mapped_column(default=0)
    tax_minor: Mapped[int] = mapped_column(default=0)
    carrier: Mapped[str] = mapped_column(default="")
    tracking: Mapped[str] = mapped_column(default="")
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(back_populates="shipments")
    lines: Mapped[list["ShipmentLine"]] = relationship(
        order_by="ShipmentLine.order_line_id", cascade="all, delete-orphan", lazy="selectin"
    )


class ShipmentLine(Base):
    """So many of one order line in one parcel."""

    __tablename__ = "shipment_lines"

    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipments.id", ondelete="CASCADE"), primary_key=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id", ondelete="CASCADE"), primary_key=True)
    qty: Mapped[int]

    order_line: Mapped[OrderLine] = relationship(lazy="joined")


class OrderTombstone(Base):
    """What stays of an order that was removed: enough to explain money that arrives after all."""

    __tablename__ = "order_tombstones"

    number: Mapped[str] = mapped_column(primary_key=True)
    placed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    reason: Mapped[str]
    total_minor: Mapped[int]
    currency: Mapped[str]
    references: Mapped[list[Any]] = mapped_column(default=list)  # of its bills, by which late money is known
