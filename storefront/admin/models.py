"""Members of staff, and the trail of what they changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base


class StaffUser(Base):
    """Somebody who works here. The role decides which pages there are for them (permissions.py)."""

    __tablename__ = "staff_users"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)  # e-mail, folded
    password_hash: Mapped[str | None]
    role: Mapped[str] = mapped_column(default="staff")  # owner, staff
    totp: Mapped[str | None]
    recovery_codes: Mapped[list[Any]] = mapped_column(default=list)
    active: Mapped[bool] = mapped_column(default=True)
    invite_hash: Mapped[str | None]  # of the one-time link that sets the password
    invite_until: Mapped[datetime | None]
    last_login: Mapped[datetime | None]
    created_at: Mapped[datetime]


class AuditEntry(Base):
    """Who changed what, from what to what. A hash chain; only ever appended."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "target"), Index(None, "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    actor: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
    prev_hash: Mapped[str]
    hash: Mapped[str]
