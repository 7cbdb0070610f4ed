"""What is for sale: products, the variants that are really sold, their prices, pictures and places."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.kit.db import Base

product_categories = Table(
    "product_categories",
    Base.metadata,
    Column("product_id", ForeignKey("products.id", ondelete="CASCADE"), primary_key=True),
    Column("category_id", ForeignKey("categories.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Category(Base):
    """A place in the tree. `path` is the slugs from the root, joined by slashes."""

    __tablename__ = "categories"
    __table_args__ = (UniqueConstraint("path"), Index(None, "parent_id", "position"))

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    slug: Mapped[str]
    path: Mapped[str]
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)


class Product(Base):
    """What a page shows. What is sold, priced, weighed and counted are its variants."""

    __tablename__ = "products"
    __table_args__ = (Index(None, "active", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")  # cleaned HTML
    vendor: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[Any]] = mapped_column(default=list)
    active: Mapped[bool] = mapped_column(default=True)
    seo_title: Mapped[str] = mapped_column(default="")
    seo_description: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    categories: Mapped[list[Category]] = relationship(secondary=product_categories, order_by=Category.path)
    variants: Mapped[list["Variant"]] = relationship(
        back_populates="product", order_by="Variant.position", cascade="all, delete-orphan"
    )
    images: Mapped[list["ProductImage"]] = relationship(order_by="ProductImage.position", cascade="all, delete-orphan")


class ProductImage(Base):
    """A picture of a product, kept under DATA_DIR/media by the key that its content gave it."""

    __tablename__ = "product_images"
    __table_args__ = (Index(None, "product_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    key: Mapped[str]  # file name stem; the sizes are <key>-<width>.webp
    alt: Mapped[str] = mapped_column(default="")
    width: Mapped[int]
    height: Mapped[int]
    source: Mapped[str] = mapped_column(default="")  # the address it was fetched from
    position: Mapped[int] = mapped_column(default=0)


class Variant(Base):
    """One sellable thing with a SKU."""

    __tablename__ = "variants"
    __table_args__ = (
        Index(None, "product_id", "position"),
        CheckConstraint("weight_g >= 0", name="weight"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    sku: Mapped[str] = mapped_column(unique=True)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"Size": "M"}
    position: Mapped[int] = mapped_column(default=0)
    weight_g: Mapped[int] = mapped_column(default=0)
    tax_category_id: Mapped[int | None] = mapped_column(ForeignKey("tax_categories.id"))
    requires_shipping: Mapped[bool] = mapped_column(default=True)
    stock_policy: Mapped[str] = mapped_column(default="reserve_on_confirm")
    hold_minutes: Mapped[int] = mapped_column(default=5)
    max_per_order: Mapped[int | None]
    image_id: Mapped[int | None] = mapped_column(ForeignKey("product_images.id", ondelete="SET NULL"))
    active: Mapped[bool] = mapped_column(default=True)

    product: Mapped[Product] = relationship(back_populates="variants")

    @property
    def options_text(self) -> str:
        """The options in one line: "Sand, Large"."""
        return ", ".join(str(value) for value in self.options.values())


class Price(Base):
    """What a variant costs in one currency, in minor units, for a time."""

    __tablename__ = "prices"
    __table_args__ = (
        UniqueConstraint("variant_id", "currency", "valid_from"),
        CheckConstraint("amount_minor >= 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id", ondelete="CASCADE"), index=True)
    currency: Mapped[str]
    amount_minor: Mapped[int]
    compare_at_minor: Mapped[int | None]
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
