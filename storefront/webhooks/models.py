"""Where messages go, and what came of each try. What is to be sent stands in the outbox, as kind `webhook`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base

OK, REFUSED, UNREACHABLE, GIVEN_UP = "ok", "refused", "unreachable", "given_up"


class WebhookEndpoint(Base):
    """An address of another system, what it wants to hear of, and how far it has been told."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str]
    secret: Mapped[str]  # sealed
    old_secret: Mapped[str] = mapped_column(default="")  # sealed; signs as well until `old_until`
    old_until: Mapped[datetime | None]
    topics: Mapped[list[Any]] = mapped_column(default=list)  # types of events; ORDER_* stands for all that begin so
    personal: Mapped[bool] = mapped_column(default=False)  # whether messages say whose order it is
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)  # the place in the feed up to which messages stand in the outbox
    failures: Mapped[int] = mapped_column(default=0)  # tries in a row without success
    failing_since: Mapped[datetime | None]
    created_at: Mapped[datetime]


class WebhookTry(Base):
    """One call of an address: when, and what it answered. A test call has no message in the outbox."""

    __tablename__ = "webhook_tries"
    __table_args__ = (Index(None, "endpoint_id", "id"), Index(None, "outbox_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    outbox_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_messages.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    outcome: Mapped[str]  # ok, refused, unreachable, given_up
    status: Mapped[int | None]  # of HTTP, if there was an answer
    answer: Mapped[str] = mapped_column(default="")  # its beginning
