"""Gift certificates: what was bought, what is left, what orders use of it, and a ledger of every movement."""

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.certificates.states import ACTIVE, CAPTURED, EXPIRED, PLANNED, SUSPENDED
from storefront.kit.db import Base


class GiftCertificate(Base):
    """A balance behind a code, in minor units of its currency. Only the hash of the code is kept.

    `seed` alone tells nothing: code_of makes the code of it with the shop's secret. `balance_minor` is 0 until it
    is activated; of it `held_minor` belongs to orders that wait for their money.
    """

    __tablename__ = "gift_certificates"
    __table_args__ = (
        CheckConstraint("balance_minor >= held_minor AND held_minor >= 0", name="balance"),
        Index("uq_gift_certificates_line_place", "bought_in_line_id", "place", unique=True),
        Index(None, "last4", "id"),
        Index(None, "status", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    last4: Mapped[str]
    seed: Mapped[str] = mapped_column(default="", server_default="")
    currency: Mapped[str]
    initial_minor: Mapped[int]
    balance_minor: Mapped[int]
    held_minor: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default="INACTIVE")  # ACTIVE, SUSPENDED, SPENT, VOID, EXPIRED
    bought_in_line_id: Mapped[int | None] = mapped_column(ForeignKey("order_lines.id"))
    place: Mapped[int | None]  # among those of its line, from 1
    issued_by: Mapped[str] = mapped_column(default="", server_default="")  # who of the staff, if nobody bought it
    note: Mapped[str] = mapped_column(default="", server_default="")  # of staff, for staff
    created_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    @property
    def last_day_at(self) -> datetime | None:
        """A moment of the last day on which it can be used; None if it has no last day."""
        return self.expires_at - timedelta(seconds=1) if self.expires_at else None

    @property
    def available_minor(self) -> int:
        """What nobody has set aside yet."""
        return self.balance_minor - self.held_minor

    @property
    def left_minor(self) -> int:
        """What can still be taken of what was bought: what is free, unless it is void or spent."""
        return self.available_minor if self.status in (ACTIVE, SUSPENDED, EXPIRED) else 0


class CertificateTransaction(Base):
    """One movement of one certificate. Only ever appended; amounts are above 0, their kind says the direction.

    issue and refund put into the balance, capture and void take out of it; hold and release set aside and free.
    """

    __tablename__ = "certificate_transactions"
    __table_args__ = (Index(None, "ref"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("gift_certificates.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    kind: Mapped[str]  # issue, hold, capture, release, refund, void
    amount_minor: Mapped[int]
    ref: Mapped[str] = mapped_column(default="", server_default="")  # of a refund: the key under which it was asked for
    at: Mapped[datetime]


class CertificateUse(Base):
    """What one order uses of one certificate: agreed to at confirm, held, captured when paid, or released."""

    __tablename__ = "certificate_uses"
    __table_args__ = (
        UniqueConstraint("order_id", "certificate_id"),
        CheckConstraint("amount_minor > 0 AND refunded_minor BETWEEN 0 AND amount_minor", name="amounts"),
        Index(None, "certificate_id", "order_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"))
    certificate_id: Mapped[int] = mapped_column(ForeignKey("gift_certificates.id"))
    place: Mapped[int]  # in the order in which the codes were typed, from 1
    amount_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default=PLANNED)  # HELD, CAPTURED, RELEASED

    @property
    def refundable_minor(self) -> int:
        """What may still go back to the certificate."""
        return self.amount_minor - self.refunded_minor if self.status == CAPTURED else 0
