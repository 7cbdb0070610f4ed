"""The sandbox gateway's own books, apart from the shop's, so that the two can be compared."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base


class SandboxPayment(Base):
    """One payment session as the gateway sees it."""

    __tablename__ = "sandbox_payments"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    fields: Mapped[dict[str, Any]]  # the signed form as it was posted
    amount_minor: Mapped[int]
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(default="open")  # open, pending, paid, declined, cancelled, closed
    transaction: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    scenario: Mapped[str] = mapped_column(default="")
    player: Mapped[str] = mapped_column(default="")  # the configured gateway whose service is played, if not this one
    captured_minor: Mapped[int] = mapped_column(default=0)
    refunded_minor: Mapped[int] = mapped_column(default=0)
    refunds: Mapped[dict[str, Any]] = mapped_column(default=dict)  # request key: {"id", "amount", "at"}
    chargebacks: Mapped[dict[str, Any]] = mapped_column(default=dict)  # id: {"amount", "at", "won_at"}
    operations: Mapped[dict[str, Any]] = mapped_column(default=dict)  # request key: the answer to a capture or void
    captured_at: Mapped[datetime | None]
    unreachable: Mapped[bool] = mapped_column(default=False)  # plays dead towards queries
    created_at: Mapped[datetime]


class SandboxNotice(Base):
    """A notification that the gateway has to deliver."""

    __tablename__ = "sandbox_notices"
    __table_args__ = (Index(None, "status", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str]
    url: Mapped[str]
    body: Mapped[str]  # without one it is fetched by GET
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    turn: Mapped[str] = mapped_column(default="")  # the state that the session takes when this is sent
    due_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="waiting")  # sending, delivered, failed
    tries: Mapped[int] = mapped_column(default=0)
    answer: Mapped[str] = mapped_column(default="")
