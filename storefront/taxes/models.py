"""What the state takes: categories of goods, rates by region, and the document kept with each order."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.kit.db import Base
from storefront.kit.imports import ImportRow
from storefront.shipping.models import ShippingRegion


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
    valid_to: Mapped[datetime | None]  # from this moment on it does not count any more

    region: Mapped[ShippingRegion] = relationship()
    category: Mapped[TaxCategory] = relationship()


class TaxDocument(Base):
    """The taxes of one order as they were committed; voided when the order is rolled back."""

    __tablename__ = "tax_documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    status: Mapped[str] = mapped_column(default="COMMITTED")  # or VOIDED
    lines: Mapped[list[Any]]  # line, place, name, rate_ppm, inclusive, compound, base_minor, tax_minor
    note: Mapped[str] = mapped_column(default="")  # the sentence of a reverse charge, as the shopper read it
    created_at: Mapped[datetime]


class TaxImport(ImportRow, Base):
    """One file of rates: what it did, and what is needed to take it back."""

    __tablename__ = "tax_imports"

    report: Mapped[list[Any]] = mapped_column(default=list)  # refused rows: line, what, reason


class TaxImportItem(Base):
    """One rate that an import made (`before` is empty) or changed, as it was and as the import left it."""

    __tablename__ = "tax_import_items"
    __table_args__ = (Index(None, "import_id"), Index(None, "rate_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("tax_imports.id", ondelete="CASCADE"))
    rate_id: Mapped[int | None] = mapped_column(ForeignKey("tax_rates.id", ondelete="SET NULL"))
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
