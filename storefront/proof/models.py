"""What the last look at each line found."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base


class ProofResult(Base):
    """One line of the proof: whether it held when it was last looked at, how often not, and the first rows."""

    __tablename__ = "proof_results"

    line: Mapped[str] = mapped_column(primary_key=True)
    ok: Mapped[bool] = mapped_column(default=True)
    count: Mapped[int] = mapped_column(default=0)
    rows: Mapped[list[Any]] = mapped_column(default=list)  # thing, id, name, order, why, facts
    checked_at: Mapped[datetime]
    whole_at: Mapped[datetime | None]  # when it was last held against everything, not only against what is new
