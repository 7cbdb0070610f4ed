"""How goods travel: regions, and the service levels offered in each."""

from typing import Any

from sqlalchemy import ForeignKey, Index, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.kit.db import Base
from storefront.shipping import postcodes


class ShippingRegion(Base):
    """A part of the world. Empty lists mean "all of it"; cities matter to taxes only.

    Where several regions hold an address, the one that says more about it decides (areas.py), and of two that
    say as much the lower position.
    """

    __tablename__ = "shipping_regions"
    __table_args__ = (Index(None, "only_country", "only_subdivision", "only_postcode"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    countries: Mapped[list[Any]] = mapped_column(default=list)  # ISO 3166-1 alpha-2
    subdivisions: Mapped[list[Any]] = mapped_column(default=list)
    postcodes: Mapped[list[Any]] = mapped_column(default=list)  # patterns
    cities: Mapped[list[Any]] = mapped_column(default=list)
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    taxes_only: Mapped[bool] = mapped_column(default=False)  # made for tax rates; nothing is sent by it
    only_country: Mapped[str] = mapped_column(default="")  # these three are kept by note_the_one
    only_subdivision: Mapped[str] = mapped_column(default="")
    only_postcode: Mapped[str] = mapped_column(default="")

    levels: Mapped[list["ServiceLevel"]] = relationship(back_populates="region", order_by="ServiceLevel.position")


class ServiceLevel(Base):
    """One way to send something to a region, and how its cost is computed (costs.py).

    It carries what weighs from `weight_min_g` to `weight_max_g`, both included; None: no bound.
    """

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
    weight_min_g: Mapped[int | None]
    weight_max_g: Mapped[int | None]
    tax_category_id: Mapped[int | None] = mapped_column(ForeignKey("tax_categories.id"))
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    region: Mapped[ShippingRegion] = relationship(back_populates="levels")


@event.listens_for(ShippingRegion, "before_insert")
@event.listens_for(ShippingRegion, "before_update")
def note_the_one(_mapper, _connection, region: ShippingRegion) -> None:
    """The one country, subdivision and postcode of a region ("" for none or several): what an index finds."""
    country = _the_one(region.countries)
    patterns = postcodes.readable(region.postcodes or (), country)
    alone = patterns[0] if len(patterns) == len(region.postcodes or ()) == 1 else None
    region.only_country = country
    region.only_subdivision = plain_subdivision(_the_one(region.subdivisions), country)
    region.only_postcode = alone.low if alone and alone.kind == postcodes.ONE and not alone.excludes else ""


def plain_subdivision(text: str, country: str) -> str:
    """A state as it is looked up: small letters, without its country before it."""
    return text.casefold().removeprefix(f"{country.casefold()}-")


def _the_one(listed):
    return str(listed[0]) if listed and len(listed) == 1 else ""
