"""What the state takes: categories of goods, rates by region, and the document kept with each order."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base


class TaxCategory(Base):
    """A kind of goods that is taxed alike: standard, reduced, zero."""

    __tablename__ = "tax_categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]


class TaxRate(Base):
    """A rate for one category in one region, in parts per million (21 % is 210000)."""

    __tablename__ = "tax_rates"
    __table_args__ = (Index(None, "region_id", "category_id"), CheckConstraint("rate_ppm >= 0", name="rate"))

    id: Mapped[int] = mapped_column(primary_key=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("shipping_regions.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("tax_categories.id"))
    name: Mapped[str]
    rate_ppm: Mapped[int]
    inclusive: Mapped[bool] = mapped_column(default=True)
    priority: Mapped[int] = mapped_column(default=1)
    compound: Mapped[bool] = mapped_column(default=False)
    applies_to_shipping: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]


class TaxDocument(Base):
    """The taxes of one order as they were committed; voided when the order is rolled back."""

    __tablename__ = "tax_documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    status: Mapped[str] = mapped_column(default="COMMITTED")  # or VOIDED
    lines: Mapped[list[Any]]  # line, name, rate_ppm, base_minor, tax_minor
    created_at: Mapped[datetime]
