"""Uses: who has had a promotion how often, and what orders hold, have spent, and give back.

No "read, check, write": the row of the promotion counts in one conditional update, and whoever made it holds that row
until the transaction ends; only then are the uses of one customer counted, so two orders of theirs come one after the
other. Rows are taken in one order: promotions by id, then coupons by id.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import func, or_, select, update

from storefront.kit import clock, events, ids
from storefront.kit.db import changed, db
from storefront.kit.errors import Conflict
from storefront.promotions.models import Coupon, Promotion, UsageHold

HELD, COMMITTED, RELEASED = "HELD", "COMMITTED", "RELEASED"
OPEN = (HELD, COMMITTED)


class UsedUp(Conflict):
    """Somebody was quicker: the last use of a promotion or code is another order's."""

    code = "used_up"


class Use(NamedTuple):
    """What an order uses: a promotion, and the code that opened it, if one did."""

    promotion_id: int
    coupon_id: int | None = None


def hashed_email(email: str) -> str:
    """By what a person is known again without keeping their address: its hash, whatever stands behind a plus."""
    name, at, domain = email.strip().lower().rpartition("@")
    return ids.digest(f"{name.partition('+')[0]}{at}{domain}") if name else ""


@dataclass(frozen=True)
class Who:
    """Whose uses are counted: an account, and every e-mail that is known of them."""

    customer_id: int | None = None
    email_hashes: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()  # as they were typed or proved, where they are known

    @classmethod
    def of(cls, customer_id: int | None, *emails: str) -> "Who":
        """Somebody by their account and e-mails; empty ones are nobody's."""
        known = frozenset(email.strip().lower() for email in emails if email.strip())
        return cls(customer_id, frozenset(filter(None, map(hashed_email, known))), known)

    @property
    def condition(self):
        """What finds their uses; None when nothing is known of them."""
        ways = [UsageHold.customer_id == self.customer_id] if self.customer_id is not None else []
        ways += [UsageHold.email_hash.in_(sorted(self.email_hashes))] if self.email_hashes else []
        return or_(*ways) if ways else None


@dataclass
class Uses:
    """How far some promotions are used, as one cart sees it: what its own order holds is within its reach."""

    own: set[Use] = field(default_factory=set)
    had: dict[int, int] = field(default_factory=dict)  # promotion: by this customer, without their open order

    @classmethod
    def of(cls, who: Who, promotions: Iterable[Promotion], kept_by: Collection[int]) -> "Uses":
        """Looked up in at most two queries; what the orders `kept_by` hold is within reach, for they would give way."""
        own = set()
        if kept_by:
            held = select(UsageHold).where(UsageHold.order_id.in_(kept_by), UsageHold.status == HELD)
            own = {Use(hold.promotion_id, hold.coupon_id) for hold in db.session.scalars(held)}
        limited = [promotion.id for promotion in promotions if promotion.limit_per_customer is not None]
        return cls(own, _had(limited, who, kept_by) if limited else {})

    def promotion_is_spent(self, promotion: Promotion) -> bool:
        """Whether nobody can have it any more."""
        own = any(use.promotion_id == promotion.id for use in self.own)
        return promotion.limit_total is not None and promotion.used + promotion.held - own >= promotion.limit_total

    def coupon_is_spent(self, coupon: Coupon) -> bool:
        """Whether nobody can use the code any more."""
        own = Use(coupon.promotion_id, coupon.id) in self.own
        return coupon.limit is not None and coupon.used + coupon.held - own >= coupon.limit

    def customer_has_had(self, promotion: Promotion) -> bool:
        """Whether this customer has had it as often as one may."""
        most = promotion.limit_per_customer
        return most is not None and self.had.get(promotion.id, 0) >= most


def _had(promotion_ids, who, without):
    """How often somebody has had each promotion, without what some orders hold."""
    if who.condition is None:
        return {}
    query = (
        select(UsageHold.promotion_id, func.count())
        .where(UsageHold.promotion_id.in_(promotion_ids), UsageHold.status.in_(OPEN), who.condition)
        .group_by(UsageHold.promotion_id)
    )
    if without:
        query = query.where(UsageHold.order_id.not_in(without))
    return {promotion_id: int(count) for promotion_id, count in db.session.execute(query)}


# ---- what an order does; always under the order's lock, in the caller's transaction


def hold(order_id: int, uses: Iterable[Use], who: Who) -> None:
    """The order holds these uses, and no others; those that it was handed stay as they are.

    Only what is counted leaves a trace: what a code opens, and what has a limit. Raises UsedUp, and then nothing moved.
    """
    wanted = {use.promotion_id: use for use in uses}
    with db.session.begin_nested():
        have = {row.promotion_id: row for row in _rows(order_id)}
        for promotion_id, row in sorted(have.items()):
            if row.status == HELD and wanted.get(promotion_id) != Use(promotion_id, row.coupon_id):
                _count(row, held=-1)
                db.session.delete(have.pop(promotion_id))
        db.session.flush()
        missing = [wanted[id] for id in sorted(_counted(wanted)) if id not in have]
        _take(order_id, missing, who, "held")
        for use in missing:
            whose = {"customer_id": who.customer_id, "email_hash": min(who.email_hashes, default="")}
            db.session.add(UsageHold(order_id=order_id, status=HELD, **use._asdict(), **whose))
        db.session.flush()
    if missing:
        events.record("USES_HELD", order_id, promotions=[use.promotion_id for use in missing])


def hand_over(order_id: int, successor_id: int) -> None:
    """Every use that an order holds is its successor's; nothing is counted anew, and nobody can come between."""
    have = {row.promotion_id for row in _rows(successor_id)}
    for row in _rows(order_id):
        if row.status == HELD and row.promotion_id not in have:
            whose = {"customer_id": row.customer_id, "email_hash": row.email_hash}
            use = Use(row.promotion_id, row.coupon_id)._asdict()
            db.session.add(UsageHold(order_id=successor_id, status=HELD, **use, **whose))
            row.status = RELEASED
    db.session.flush()


def commit(order_id: int) -> None:
    """The order is paid: its uses are spent, those that were given back meanwhile taken anew. Raises UsedUp."""
    rows = _rows(order_id)
    _retake([row for row in rows if row.status == RELEASED], "used")
    for row in rows:
        if row.status == HELD:
            _count(row, held=-1, used=1)
        row.status = COMMITTED
    db.session.flush()
    if rows:
        events.record("USES_COMMITTED", order_id, promotions=[row.promotion_id for row in rows])


def retake(order_id: int) -> None:
    """A closed order may be paid after all: it holds again what it gave back. Raises UsedUp."""
    rows = [row for row in _rows(order_id) if row.status == RELEASED]
    _retake(rows, "held")
    for row in rows:
        row.status = HELD
    db.session.flush()
    if rows:
        events.record("USES_HELD", order_id, promotions=[row.promotion_id for row in rows])


def users_among(order_ids: Collection[int]) -> list[int]:
    """Those of some orders that use anything, or have brought their customer a code."""
    using = select(UsageHold.order_id).where(UsageHold.order_id.in_(order_ids), UsageHold.status.in_(OPEN))
    brought = select(Coupon.issued_by_order_id).where(Coupon.issued_by_order_id.in_(order_ids))
    return sorted({*db.session.scalars(using), *filter(None, db.session.scalars(brought))})


def release(*order_ids: int) -> None:
    """These orders have ended: what they held or had spent is given back, once, and the codes that they brought end."""
    rows = [row for row in _rows(*order_ids) if row.status in OPEN]
    for row in rows:
        _count(row, **{"held" if row.status == HELD else "used": -1})
        row.status = RELEASED
    db.session.flush()
    unused = (Coupon.issued_by_order_id.in_(order_ids), Coupon.used == 0, Coupon.held == 0)
    db.session.execute(update(Coupon).where(*unused).values(ends_at=clock.now()).execution_options(**_FRESH))
    for order_id in sorted({row.order_id for row in rows}):
        given = [row.promotion_id for row in rows if row.order_id == order_id]
        events.record("USES_RELEASED", order_id, promotions=given)


def _rows(*order_ids):
    """What some orders use, or have used, in the order in which it is taken."""
    wanted = select(UsageHold).where(UsageHold.order_id.in_(order_ids))
    wanted = wanted.order_by(UsageHold.promotion_id, UsageHold.coupon_id, UsageHold.order_id)
    return db.session.scalars(wanted.execution_options(populate_existing=True)).all()


def _retake(rows, column):
    if rows:
        who = Who(rows[0].customer_id, frozenset(filter(None, [rows[0].email_hash])))
        _take(rows[0].order_id, [Use(row.promotion_id, row.coupon_id) for row in rows], who, column)


def _counted(wanted):
    """The promotions that leave a trace: opened by a code, or limited."""
    limits = (Promotion.limit_total.is_not(None), Promotion.limit_per_customer.is_not(None))
    limited = set(db.session.scalars(select(Promotion.id).where(Promotion.id.in_(list(wanted)), or_(*limits))))
    return limited | {id for id, use in wanted.items() if use.coupon_id is not None}


def _take(order_id, uses, who, column):
    """One more of each, if there is one left of it, in all and for this customer; promotions before coupons."""
    for use in uses:
        below = or_(Promotion.limit_total.is_(None), Promotion.used + Promotion.held < Promotion.limit_total)
        if not _one_more(Promotion, use.promotion_id, below, column):
            raise UsedUp(_used_up(use))
        most = db.session.scalar(select(Promotion.limit_per_customer).filter_by(id=use.promotion_id))
        if most is not None and _had([use.promotion_id], who, [order_id]).get(use.promotion_id, 0) >= most:
            raise UsedUp(_("%(what)s: you have used it as often as you may.", what=_name(use)))
    for use in sorted((use for use in uses if use.coupon_id), key=lambda use: use.coupon_id or 0):
        below = or_(Coupon.limit.is_(None), Coupon.used + Coupon.held < Coupon.limit)
        if not _one_more(Coupon, use.coupon_id, below, column):
            raise UsedUp(_used_up(use))


def _one_more(kind, row_id, below, column):
    more = {column: getattr(kind, column) + 1}
    return changed(update(kind).where(kind.id == row_id, below).values(**more).execution_options(**_FRESH))


def _count(row, **by):
    """Move the counters of a use's promotion, and of its coupon."""
    for kind, row_id in ((Promotion, row.promotion_id), (Coupon, row.coupon_id)):
        if row_id is not None:
            more = {column: getattr(kind, column) + number for column, number in by.items()}
            db.session.execute(update(kind).where(kind.id == row_id).values(**more).execution_options(**_FRESH))


_FRESH = {"synchronize_session": False}


def _used_up(use):
    return _("%(what)s has just been used up: somebody was quicker.", what=_name(use))


def _name(use):
    if use.coupon_id is not None:
        return _("The code %(code)s", code=db.session.scalar(select(Coupon.code).filter_by(id=use.coupon_id)))
    promotion = db.session.get_one(Promotion, use.promotion_id)
    return _("The offer “%(name)s”", name=promotion.shown)
