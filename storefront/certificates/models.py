"""Gift certificates: what was bought, what is left, and a ledger of every movement."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base


class GiftCertificate(Base):
    """A balance behind a code. Only the hash of the code is kept."""

    __tablename__ = "gift_certificates"
    __table_args__ = (CheckConstraint("balance_minor >= held_minor AND held_minor >= 0", name="balance"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    last4: Mapped[str]
    currency: Mapped[str]
    initial_minor: Mapped[int]
    balance_minor: Mapped[int]
    held_minor: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default="INACTIVE")  # ACTIVE, SPENT, VOID, EXPIRED
    bought_in_line_id: Mapped[int | None] = mapped_column(ForeignKey("order_lines.id"))
    expires_at: Mapped[datetime | None]


class CertificateTransaction(Base):
    """One movement of one certificate. Only ever appended."""

    __tablename__ = "certificate_transactions"

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("gift_certificates.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str]  # issue, hold, capture, release, refund
    amount_minor: Mapped[int]
    at: Mapped[datetime]
