"""Tokens of other systems."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base


class ApiToken(Base):
    """What another system shows to be let in. Only its hash is kept; the token itself was shown once."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]  # whose it is, in the owner's words
    token_hash: Mapped[str] = mapped_column(unique=True)
    last4: Mapped[str]  # by which its owner knows it again
    scopes: Mapped[list[Any]] = mapped_column(default=list)
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]  # to the minute
    revoked_at: Mapped[datetime | None]
