"""The one shop of this installation: its row, its typed settings, its sequences and its text pages."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base


class Store(Base):
    """The shop itself. Its mode (test or live) is the machine's STORE_MODE and is not stored."""

    __tablename__ = "stores"
    __table_args__ = (CheckConstraint("payment_window_min > 0 AND hold_grace_min >= 0", name="windows"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    legal_name: Mapped[str]
    address: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    vat_number: Mapped[str] = mapped_column(default="")
    accent: Mapped[str] = mapped_column(default="")  # "#rrggbb" of buttons and links; see accent.py
    currency: Mapped[str]
    country: Mapped[str]
    locale: Mapped[str] = mapped_column(default="en")
    languages: Mapped[str] = mapped_column(default="")  # offered beside it: "de es"; see languages.py
    timezone: Mapped[str] = mapped_column(default="UTC")
    order_prefix: Mapped[str] = mapped_column(default="K-")
    payment_window_min: Mapped[int] = mapped_column(default=30)
    hold_grace_min: Mapped[int] = mapped_column(default=15)
    pending_window_h: Mapped[int] = mapped_column(default=72)
    retention_failed_days: Mapped[int] = mapped_column(default=30)
    review_rules: Mapped[dict[str, Any]] = mapped_column(default=dict)
    late_policy: Mapped[str] = mapped_column(default="revive_if_stock")  # or quarantine
    cart_abandon_days: Mapped[int] = mapped_column(default=30)
    cart_abandon_days_customer: Mapped[int] = mapped_column(default=90)
    complete_after_days: Mapped[int] = mapped_column(default=14)
    desk_days: Mapped[int] = mapped_column(default=7)  # then what waits on the desk is decided by its default
    return_days: Mapped[int] = mapped_column(default=30)
    tax_rules: Mapped[dict[str, Any]] = mapped_column(default=dict)  # taxes/rules.py says what may stand in it
    low_stock: Mapped[int] = mapped_column(default=3)  # few from here on, where a variant says nothing else
    require_account: Mapped[bool] = mapped_column(default=False)
    max_quantity: Mapped[int] = mapped_column(default=99)
    max_lines: Mapped[int] = mapped_column(default=50)
    certificate_days: Mapped[int] = mapped_column(default=1095)  # that gift certificates can be used; 0: no end
    line_notes: Mapped[bool] = mapped_column(default=True)  # shoppers may write a note for each article


class Setting(Base):
    """A setting that is not a column of the store."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    changed_by: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime]


class Sequence(Base):
    """A counter that never gives a number twice; a crash may leave a gap."""

    __tablename__ = "sequences"

    name: Mapped[str] = mapped_column(primary_key=True)
    next_value: Mapped[int]


class Page(Base):
    """A text that the merchant writes: terms, privacy, returns, contact. Linked in the footer."""

    __tablename__ = "pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    body: Mapped[str]  # cleaned HTML
    position: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime]
