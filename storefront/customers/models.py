"""People: customers with an account, guests by e-mail, and the addresses that either uses."""

from datetime import datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, validates

from storefront.customers.text import folded
from storefront.kit.db import Base, Bytewise
from storefront.kit.ids import digest


class Customer(UserMixin, Base):
    """A person by e-mail. Without a password hash this is the record of a guest."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(Bytewise, unique=True)  # folded
    name: Mapped[str] = mapped_column(default="")
    name_folded: Mapped[str] = mapped_column(Bytewise, default="", index=True)  # as staff look for it
    phone: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    verified_at: Mapped[datetime | None]
    preferred_shipping_address_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer_addresses.id", ondelete="SET NULL", use_alter=True)
    )
    preferred_billing_address_id: Mapped[int | None] = mapped_column(
        ForeignKey("customer_addresses.id", ondelete="SET NULL", use_alter=True)
    )
    new_email: Mapped[str] = mapped_column(default="")  # asked for, not yet shown to be theirs
    previous_email: Mapped[str] = mapped_column(default="")  # told that it was replaced
    sessions: Mapped[int] = mapped_column(default=0)  # how often they signed out everywhere
    locale: Mapped[str] = mapped_column(default="en")
    consent: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]

    @validates("name")
    def _fold(self, key, name):
        self.name_folded = folded(name)
        return name

    @property
    def is_active(self) -> bool:
        """Whether there is an account to sign in to."""
        return self.password_hash is not None and self.erased_at is None

    def get_id(self) -> str:
        """What a session keeps: another password, or signing out everywhere, makes another id and ends the old ones."""
        secret = (self.password_hash or "") + (str(self.sessions) if self.sessions else "")
        return f"customer:{self.id}:{digest(secret)[:16]}"


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


class CustomerNote(Base):
    """A note about a customer that staff left for each other."""

    __tablename__ = "customer_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
