"""What is for sale: products, the variants that are really sold, their prices, pictures and places."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.kit.db import Base
from storefront.kit.imports import ImportRow

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
    gift_certificate: Mapped[bool] = mapped_column(default=False)  # it buys a certificate that is worth its price

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
    lowest_before_minor: Mapped[int | None]  # of a reduced price: the lowest of the 30 days before it, if known
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]


class PastPrice(Base):
    """An amount that was asked for a variant in the 30 days before its prices were changed last, and until when."""

    __tablename__ = "past_prices"

    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id", ondelete="CASCADE"), primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    amount_minor: Mapped[int] = mapped_column(primary_key=True)
    until: Mapped[datetime]


class ListingEntry(Base):
    """A product as it stands in the list of one category: its own, each above it, and 0 for the whole shop.

    Kept by `listing.refresh`; prices in minor units of the shop's currency. Every order in which a list
    can be read is an index, so that a page of 24 costs the same in a large shop as in a small one; what is
    sorted downwards is kept negated, so that "sold out last" and the rest run in one direction.
    """

    __tablename__ = "listing_entries"
    __table_args__ = (
        Index("ix_listing_entries_newest", "category_id", "sold_out", "age", "product_id"),
        Index("ix_listing_entries_cheapest", "category_id", "sold_out", "price_min", "product_id"),
        Index("ix_listing_entries_dearest", "category_id", "sold_out", "price_down", "product_id"),
        Index("ix_listing_entries_name", "category_id", "sold_out", "name", "product_id"),
    )

    category_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    sold_out: Mapped[bool]
    price_min: Mapped[int]
    price_max: Mapped[int]
    price_down: Mapped[int]  # -price_min
    age: Mapped[int]  # -(seconds since 1970 when it was made)
    name: Mapped[str]  # the title, folded for sorting


class ListingCard(Base):
    """What a card says of a product beside its live price and stock."""

    __tablename__ = "listing_cards"

    product_id: Mapped[int] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    image_id: Mapped[int | None] = mapped_column(ForeignKey("product_images.id", ondelete="SET NULL"))
    choices: Mapped[str] = mapped_column(default="")  # "Sand, Rust, Forest"
    currency: Mapped[str]  # of the prices in its entries


class ListingCount(Base):
    """How many goods a category lists, so that nobody has to count them for a page. 0 is the whole shop."""

    __tablename__ = "listing_counts"

    category_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    goods: Mapped[int] = mapped_column(default=0)
    image_id: Mapped[int | None] = mapped_column(ForeignKey("product_images.id", ondelete="SET NULL"))


class ListingFacet(Base):
    """An option's value that goods of a category come in, and how many of them do."""

    __tablename__ = "listing_facets"

    category_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    goods: Mapped[int]
    position: Mapped[int]  # the lowest place that a variant with this value has: S before M before L


class VariantOption(Base):
    """One option of one active variant, as a row that a filter can find."""

    __tablename__ = "variant_options"

    variant_id: Mapped[int] = mapped_column(
        ForeignKey("variants.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)


class SearchDocument(Base):
    """The distinct words by which a product is found; what the index knew of it, when it changes."""

    __tablename__ = "search_documents"

    product_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[list[Any]]


class SearchWord(Base):
    """A word of the shop, and how many products use it."""

    __tablename__ = "search_words"

    word: Mapped[str] = mapped_column(primary_key=True)
    uses: Mapped[int]


class SearchNeighbour(Base):
    """A spelling one missing letter away from a word (or the word): two that share one differ by one error."""

    __tablename__ = "search_neighbours"

    spelling: Mapped[str] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(ForeignKey("search_words.word", ondelete="CASCADE"), primary_key=True, index=True)


class CatalogImport(ImportRow, Base):
    """One import that changed something: what it did, and whether it was taken back."""

    __tablename__ = "catalog_imports"

    currency: Mapped[str]
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)  # refused rows, missed pictures, new places


class CatalogImportItem(Base):
    """One product that an import made or changed: as it was before (empty for a new one) and after."""

    __tablename__ = "catalog_import_items"
    __table_args__ = (Index(None, "import_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("catalog_imports.id", ondelete="CASCADE"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id", ondelete="SET NULL"), index=True)
    slug: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    pairs: Mapped[dict[str, Any]] = mapped_column(default=dict)  # SKU after: SKU before
    pictures: Mapped[list[Any]] = mapped_column(default=list)  # the sources that the file named
