"""What is owed and what money did: methods, bills, the inbox, the ledger, refunds."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.kit.db import Base, unique_where
from storefront.payments.cards import CARDS

_APPLIED = "disposition = 'APPLIED'"
_WAITS = "status = 'OPEN'"


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
    silent_since: Mapped[datetime | None]  # when it was noticed that its messages are missing
    silent_cause: Mapped[str] = mapped_column(default="")  # address, key, down or rhythm: see silence.py
    settlement: Mapped[dict[str, Any]] = mapped_column(default=dict)  # which column of its file means what
    rotation: Mapped[dict[str, Any]] = mapped_column(default=dict)  # since when each key is there, what it was: keys.py
    only_sources: Mapped[bool] = mapped_column(default=False)  # notifications from its published networks only
    mode_since: Mapped[datetime | None]  # when its mode was chosen; empty: it always was this one
    checklist: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what the last look before going live found


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

    @property
    def meaning(self) -> str:
        """What stands beside its name for shoppers: its description, and the cards that it takes."""
        cards = ", ".join(CARDS[word] for word in self.card_types if word in CARDS)
        return " · ".join(part for part in (self.description, cards) if part)


class Bill(Base):
    """One attempt to pay one order. It asks for one amount, and that never changes."""

    __tablename__ = "bills"
    __table_args__ = (
        UniqueConstraint("backend", "transaction_id"),
        UniqueConstraint("order_id", "attempt_no"),
        Index("uq_bills_backend_gateway_reference", "backend", "gateway_reference", unique=True),
        unique_where("uq_bills_applied_order", "order_id", where=_APPLIED),
        Index(None, "status", "expires_at"),
        Index(None, "status", "order_id"),
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
    gateway_reference: Mapped[str | None]  # what the gateway calls this attempt, if not the same
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
        Index(None, "backend", "recorded_at"),
        CheckConstraint("amount_minor >= 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    bill_id: Mapped[int | None] = mapped_column(ForeignKey("bills.id"), index=True)  # empty: a fee for no payment
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    backend: Mapped[str]
    kind: Mapped[str]  # authorized, captured, refunded, voided, charged_back, won_back, fee, fee_returned
    amount_minor: Mapped[int]
    currency: Mapped[str]
    gateway_event_key: Mapped[str]
    occurred_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]


class InboxMessage(Base):
    """A message from a gateway, raw, stored before it is understood, and replayable."""

    __tablename__ = "inbox_messages"
    __table_args__ = (
        unique_where("uq_inbox_messages_applied", "backend", "event_key", where="outcome = 'APPLIED'"),
        Index(None, "outcome", "received_at"),
        Index(None, "outcome", "next_try_at"),
        Index(None, "bill_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    backend: Mapped[str]
    channel: Mapped[str]  # notify, return, poll, file, hand, replay
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
    next_try_at: Mapped[datetime | None]  # of a message that could not be applied; None: never by itself
    last_error: Mapped[str] = mapped_column(default="")


class Asked:
    """What is asked of a gateway under a key: claimed in one commit, called, and recorded in another."""

    status: Mapped[str] = mapped_column(default="REQUESTED")  # SENT, SUCCEEDED, FAILED
    request_key: Mapped[str] = mapped_column(unique=True)
    gateway_id: Mapped[str] = mapped_column(default="")  # the gateway's own name for it, once it has told
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]  # the first time
    next_try_at: Mapped[datetime | None]  # when it is asked about, while nobody has said what came of it
    alarmed_at: Mapped[datetime | None]  # when the owner was told that nobody says so
    last_error: Mapped[str] = mapped_column(default="")
    actor: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Refund(Asked, Base):
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


class Capture(Asked, Base):
    """What becomes of an authorized sum: it is taken (capture) or given up (void), once for a bill."""

    __tablename__ = "captures"
    __table_args__ = (Index(None, "status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    bill_id: Mapped[int] = mapped_column(ForeignKey("bills.id"), index=True)
    kind: Mapped[str]  # capture, void
    amount_minor: Mapped[int]
    currency: Mapped[str]


class DeskRow(Base):
    """Something that waits for a person's word, with what speaks for and against, and what happens without it."""

    __tablename__ = "desk_rows"
    __table_args__ = (
        unique_where("uq_desk_rows_open_subject", "subject", where=_WAITS),
        Index(None, "status", "due_at", "id"),
        Index(None, "status", "closed_at", "id"),
        CheckConstraint("amount_minor >= 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str]  # a key of payments.reasons.REASONS
    subject: Mapped[str]  # reason, bill, message and order in one word: open once only
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    bill_id: Mapped[int | None] = mapped_column(ForeignKey("bills.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("inbox_messages.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(default="")
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    suggested: Mapped[str]  # the action that we would take
    default_action: Mapped[str]  # what is done when the deadline passes without a word
    status: Mapped[str] = mapped_column(default="OPEN")  # DONE
    decision: Mapped[str] = mapped_column(default="")
    actor: Mapped[str] = mapped_column(default="")  # who decided
    assignee: Mapped[str] = mapped_column(default="")  # who looks at it
    offer: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what the shopper was offered, and has answered
    reminded: Mapped[int] = mapped_column(default=0)  # how often the owner was told again
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
