"""How goods travel: regions, and the service levels offered in each."""

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.kit.db import Base


class ShippingRegion(Base):
    """A part of the world. Empty lists mean "all of it"; cities matter to taxes only."""

    __tablename__ = "shipping_regions"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    countries: Mapped[list[Any]] = mapped_column(default=list)  # ISO 3166-1 alpha-2
    subdivisions: Mapped[list[Any]] = mapped_column(default=list)
    postcodes: Mapped[list[Any]] = mapped_column(default=list)  # patterns
    cities: Mapped[list[Any]] = mapped_column(default=list)

    levels: Mapped[list["ServiceLevel"]] = relationship(back_populates="region", order_by="ServiceLevel.position")


class ServiceLevel(Base):
    """One way to send something to a region, and how its cost is computed (costs.py)."""

    __tablename__ = "service_levels"
    __table_args__ = (Index(None, "region_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("shipping_regions.id"))
    name: Mapped[str]
    carrier: Mapped[str] = mapped_column(default="")
    method: Mapped[str] = mapped_column(default="fixed_price")
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    currency: Mapped[str]
    days_min: Mapped[int] = mapped_column(default=2)
    days_max: Mapped[int] = mapped_column(default=4)
    tax_category_id: Mapped[int | None] = mapped_column(ForeignKey("tax_categories.id"))
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    region: Mapped[ShippingRegion] = relationship(back_populates="levels")
