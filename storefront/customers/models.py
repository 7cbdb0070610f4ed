"""People: customers with an account, guests by e-mail, and the addresses that either uses."""

from datetime import datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base
from storefront.kit.ids import digest


class Customer(UserMixin, Base):
    """A person by e-mail. Without a password hash this is the record of a guest."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)  # folded
    name: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    verified_at: Mapped[datetime | None]
    preferred_shipping_address_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer_addresses.id", ondelete="SET NULL", use_alter=True)
    )
    preferred_billing_address_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer_addresses.id", ondelete="SET NULL", use_alter=True)
    )
    locale: Mapped[str] = mapped_column(default="en")
    consent: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]

    @property
    def is_active(self) -> bool:
        """Whether there is an account to sign in to."""
        return self.password_hash is not None and self.erased_at is None

    def get_id(self) -> str:
        """What a session keeps: another password makes another id, which ends the sessions of the old one."""
        return f"customer:{self.id}:{digest(self.password_hash or '')[:16]}"


class AddressFields:
    """What an address consists of, wherever it is kept."""

    name: Mapped[str]
    company: Mapped[str] = mapped_column(default="")
    line1: Mapped[str]
    line2: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    subdivision: Mapped[str] = mapped_column(default="")
    postcode: Mapped[str] = mapped_column(default="")
    country: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")

    PARTS = ("name", "company", "line1", "line2", "city", "subdivision", "postcode", "country", "phone")

    def as_dict(self) -> dict[str, str]:
        """The parts by name, for a copy or a comparison."""
        return {part: getattr(self, part) or "" for part in self.PARTS}


class CustomerAddress(AddressFields, Base):
    """An address in a customer's book, or one that a guest typed at checkout (no customer then)."""

    __tablename__ = "customer_addresses"
    __table_args__ = (Index(None, "customer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
