"""Settlement files of gateways that were compared with the ledger, and where they differ."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base


class Settlement(Base):
    """A settlement file of a gateway that was compared with the ledger, and what came of it in figures."""

    __tablename__ = "settlements"
    __table_args__ = (Index(None, "backend", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    backend: Mapped[str]
    message_id: Mapped[int] = mapped_column(ForeignKey("inbox_messages.id"), index=True)  # the file as it came
    name: Mapped[str]
    actor: Mapped[str]
    uploaded_at: Mapped[datetime]
    figures: Mapped[dict[str, Any]]  # rows, matched, fees and payouts: see reconciling.py


class SettlementFinding(Base):
    """One difference between a settlement file and the ledger."""

    __tablename__ = "settlement_findings"
    __table_args__ = (Index(None, "settlement_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlements.id", ondelete="CASCADE"))
    kind: Mapped[str]  # missing_here, missing_there, amount_differs, currency_differs, doubled
    line: Mapped[int]  # of the file; 0 when the file does not have it
    what: Mapped[str]  # captured, refunded, charged_back, won_back
    reference: Mapped[str]
    transaction: Mapped[str] = mapped_column(default="")
    ours_minor: Mapped[int | None]
    theirs_minor: Mapped[int | None]
    our_currency: Mapped[str] = mapped_column(default="")
    their_currency: Mapped[str] = mapped_column(default="")
    bill_id: Mapped[int | None] = mapped_column(ForeignKey("bills.id"), index=True)
    became: Mapped[str] = mapped_column(default="")  # what was done about it by itself
