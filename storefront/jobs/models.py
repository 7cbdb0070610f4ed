"""Who may run a job now, and what the runs did."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from storefront.kit.db import Base


class JobLease(Base):
    """The right to run, held by one worker until a time."""

    __tablename__ = "job_leases"

    job: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(default="")
    until: Mapped[datetime]


class JobRun(Base):
    """One run: when, and how many rows it settled."""

    __tablename__ = "job_runs"
    __table_args__ = (Index(None, "job", "started"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str]
    started: Mapped[datetime]
    ended: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str] = mapped_column(default="")
