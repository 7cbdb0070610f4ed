"""What is owed and what money did: methods, bills, the inbox, the ledger, refunds."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.kit.db import Base

_APPLIED = text("disposition = 'APPLIED'")


class GatewayConfig(Base):
    """One configured gateway. Secrets are sealed under SECRET_KEY and never shown again."""

    __tablename__ = "gateway_configs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)  # stands in addresses
    label: Mapped[str]  # what shoppers read
    type: Mapped[str]
    mode: Mapped[str]  # test, live
    properties: Mapped[dict[str, Any]] = mapped_column(default=dict)
    secrets: Mapped[dict[str, Any]] = mapped_column(default=dict)  # name: sealed
    certificates: Mapped[dict[str, Any]] = mapped_column(default=dict)  # name: file
    active: Mapped[bool] = mapped_column(default=True)
    last_notice_at: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]


class PaymentMethod(Base):
    """A way to pay that the shopper may choose."""

    __tablename__ = "payment_methods"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    backend_config_id: Mapped[int] = mapped_column(ForeignKey("gateway_configs.id"))
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    auto_approve: Mapped[bool] = mapped_column(default=False)
    min_minor: Mapped[int | None]
    max_minor: Mapped[int | None]
    countries: Mapped[list[Any]] = mapped_column(default=list)
    currencies: Mapped[list[Any]] = mapped_column(default=list)
    card_types: Mapped[list[Any]] = mapped_column(default=list)
    ask_cvv: Mapped[bool] = mapped_column(default=True)
    tokenize: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)

    config: Mapped[GatewayConfig] = relationship()


class Bill(Base):
    """One attempt to pay one order. It asks for one amount, and that never changes."""

    __tablename__ = "bills"
    __table_args__ = (
        UniqueConstraint("backend", "transaction_id"),
        UniqueConstraint("order_id", "attempt_no"),
        Index("uq_bills_applied_order", "order_id", unique=True, sqlite_where=_APPLIED, postgresql_where=_APPLIED),
        Index(None, "status", "expires_at"),
        Index(None, "disposition", "created_at"),
        CheckConstraint("amount_minor > 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))  # empty: money for no known order
    backend: Mapped[str]
    method_id: Mapped[int | None] = mapped_column(ForeignKey("payment_methods.id", ondelete="SET NULL"))
    attempt_no: Mapped[int]
    key: Mapped[str] = mapped_column(unique=True)  # in our addresses
    reference: Mapped[str] = mapped_column(unique=True)  # what the gateway is told
    amount_minor: Mapped[int]
    currency: Mapped[str]
    transaction_id: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="CREATED")
    disposition: Mapped[str] = mapped_column(default="NONE")  # APPLIED, QUARANTINED, RESOLVED
    quarantine_reason: Mapped[str] = mapped_column(default="")
    resolution: Mapped[str] = mapped_column(default="")
    next_step: Mapped[str] = mapped_column(default="")  # where the shopper goes; empty for direct methods
    verified: Mapped[bool] = mapped_column(default=False)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error_type: Mapped[str] = mapped_column(default="")
    vendor_code: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]  # when the shopper left for the gateway
    asked_at: Mapped[datetime | None]  # when the gateway was last asked
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class LedgerEntry(Base):
    """What money did. A fact: only ever appended, never refused."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        UniqueConstraint("backend", "gateway_event_key", "kind"),
        Index(None, "order_id"),
        CheckConstraint("amount_minor >= 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bill_id: Mapped[int] = mapped_column(ForeignKey("bills.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    backend: Mapped[str]
    kind: Mapped[str]  # authorized, captured, refunded, voided, charged_back, fee
    amount_minor: Mapped[int]
    currency: Mapped[str]
    gateway_event_key: Mapped[str]
    occurred_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]


class InboxMessage(Base):
    """A message from a gateway, raw, stored before it is understood, and replayable."""

    __tablename__ = "inbox_messages"
    __table_args__ = (
        Index(
            "uq_inbox_messages_applied",
            "backend",
            "event_key",
            unique=True,
            sqlite_where=text("outcome = 'APPLIED'"),
            postgresql_where=text("outcome = 'APPLIED'"),
        ),
        Index(None, "outcome", "received_at"),
        Index(None, "bill_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    backend: Mapped[str]
    channel: Mapped[str]  # notify, return, poll, file, replay
    method: Mapped[str]
    url: Mapped[str] = mapped_column(default="")  # path and query, as received
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    remote_addr: Mapped[str] = mapped_column(default="")
    received_at: Mapped[datetime]
    signature: Mapped[str] = mapped_column(default="none")  # ok, bad, none
    event_key: Mapped[str | None]
    bill_id: Mapped[int | None] = mapped_column(ForeignKey("bills.id"))
    outcome: Mapped[str] = mapped_column(default="RECEIVED")
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")


class Refund(Base):
    """Money on its way back. `request_key` is also told to the gateway, so that asking twice pays once."""

    __tablename__ = "refunds"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount"), Index(None, "status"))

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    bill_id: Mapped[int] = mapped_column(ForeignKey("bills.id"), index=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    lines: Mapped[list[Any]] = mapped_column(default=list)
    restock: Mapped[list[Any]] = mapped_column(default=list)
    status: Mapped[str] = mapped_column(default="REQUESTED")  # SENT, SUCCEEDED, FAILED
    request_key: Mapped[str] = mapped_column(unique=True)
    last_error: Mapped[str] = mapped_column(default="")
    actor: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
