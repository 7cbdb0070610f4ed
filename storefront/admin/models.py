"""Members of staff, and the trail of what they changed."""

from datetime import datetime
from typing import Any

from flask_login import UserMixin
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base
from storefront.kit.ids import digest

OWNER, STAFF = "owner", "staff"


class StaffUser(UserMixin, Base):
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

    @property
    def email(self) -> str:
        """What the pages call the login."""
        return self.login

    @property
    def is_active(self) -> bool:
        """Whether this person may come in."""
        return self.active and self.password_hash is not None

    def get_id(self) -> str:
        """What a session keeps: another password makes another id, which ends the sessions of the old one."""
        return f"staff:{self.id}:{digest(self.password_hash or '')[:16]}"


class AuditEntry(Base):
    """Who changed what, from what to what. A hash chain; only ever appended."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "target"), Index(None, "at"), UniqueConstraint("prev_hash"))

    id: Mapped[int] = mapped_column(primary_key=True)
    actor: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]
    prev_hash: Mapped[str]
    hash: Mapped[str]
