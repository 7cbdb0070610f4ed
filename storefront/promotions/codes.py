"""Codes: how they are written, made by the hundred, and why one does not work."""

import secrets
import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from flask_babel import format_date, gettext as _
from sqlalchemy import insert, select

from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.promotions.models import Coupon, Promotion
from storefront.promotions.using import Uses, Who

LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # none that is taken for another
RANDOM = 10  # of 30 letters: 49 bits
LONGEST = 40
MOST_AT_ONCE = 10_000
ONCE = 500  # rows of one INSERT


class CodeRefused(Conflict):
    """The code is known, but cannot be used; the sentence says why."""

    code = "code_refused"


class Opened(NamedTuple):
    """A code that was entered, the promotion behind it, and why it does not open it ("" if it does)."""

    coupon: Coupon
    promotion: Promotion
    problem: str


def folded(text: str) -> str:
    """A code as it is kept and looked for: capitals and digits, without spaces and hyphens."""
    composed = unicodedata.normalize("NFKC", text).upper()
    return "".join(letter for letter in composed if letter.isalnum())[: LONGEST + 1]


def find_code(text: str, who: Who, kept_by: Collection[int] = ()) -> Opened:
    """The coupon of a code, if this customer may use it now.

    Raises NotFound for a code that nobody knows, CodeRefused, with the reason, for one that does not work.
    """
    found = look_up([folded(text)], who, kept_by)
    if not found:
        raise NotFound(_("We do not know this code. Compare its letters."))
    if found[0].problem:
        raise CodeRefused(found[0].problem)
    return found[0]


def look_up(codes: list[str], who: Who, kept_by: Collection[int] = ()) -> list[Opened]:
    """The coupons behind some folded codes, in the order of the codes, each with what is wrong with it."""
    if not codes:
        return []
    rows = db.session.execute(
        select(Coupon, Promotion).join(Promotion, Promotion.id == Coupon.promotion_id).where(Coupon.code.in_(codes))
    )
    found = {coupon.code: (coupon, promotion) for coupon, promotion in rows}
    uses = Uses.of(who, [promotion for _c, promotion in found.values()], kept_by) if found else Uses()
    now = clock.here()
    return [
        Opened(coupon, promotion, _problem(coupon, promotion, who, uses, now))
        for coupon, promotion in (found[code] for code in codes if code in found)
    ]


def _problem(coupon, promotion, who, uses, now):
    """The sentence that says why a code does not work now; "" if it does."""
    ends = min((end for end in (coupon.ends_at, promotion.ends_at) if end), default=None)
    if ends and ends <= now:
        return _("The code %(code)s ended on %(day)s.", code=coupon.code, day=format_date(ends, "medium"))
    if not promotion.active:
        return _("The code %(code)s is not valid any more.", code=coupon.code)
    if promotion.starts_at and promotion.starts_at > now:
        day = format_date(promotion.starts_at, "medium")
        return _("The code %(code)s is valid from %(day)s on.", code=coupon.code, day=day)
    if uses.coupon_is_spent(coupon) or uses.promotion_is_spent(promotion):
        return _("The code %(code)s has been used up.", code=coupon.code)
    if problem := _whose(coupon, who):
        return problem
    if uses.customer_has_had(promotion):
        return _("You have used the code %(code)s as often as you may.", code=coupon.code)
    return ""


def _whose(coupon, who):
    if coupon.customer_id is None and not coupon.email_hash:
        return ""
    if coupon.customer_id is not None and coupon.customer_id == who.customer_id:
        return ""
    if coupon.email_hash and coupon.email_hash in who.email_hashes:
        return ""
    if not who.email_hashes:
        return _("The code %(code)s is for one person: it counts once your e-mail is known.", code=coupon.code)
    return _("The code %(code)s was given to somebody else.", code=coupon.code)


# ---- making them


def add_code(promotion_id: int, text: str, *, limit: int | None = None, ends_at: datetime | None = None) -> Coupon:
    """A code of one's own choice. Raises Invalid when it cannot be one, Conflict when it is taken."""
    code = folded(text)
    if not 3 <= len(code) <= LONGEST:
        raise Invalid(_("Enter 3 to %(most)s letters and digits.", most=LONGEST))
    if db.session.scalar(select(Coupon.id).filter_by(code=code)) is not None:
        raise Conflict(_("The code %(code)s is taken.", code=code))
    coupon = Coupon(promotion_id=promotion_id, code=code, limit=limit, ends_at=ends_at, created_at=clock.now())
    db.session.add(coupon)
    db.session.flush()
    return coupon


def new_code(prefix: str = "") -> str:
    """A code that nobody guesses, of letters that nobody mistakes."""
    return folded(prefix) + "".join(secrets.choice(LETTERS) for _place in range(RANDOM))


def generate(
    promotion_id: int, many: int, *, prefix: str = "", limit: int | None = 1, ends_at: datetime | None = None
) -> str:
    """So many codes at once; gives the name of the batch. Raises Invalid for too many or too long ones."""
    if not 1 <= many <= MOST_AT_ONCE:
        raise Invalid(_("Enter a number from 1 to %(most)s.", most=MOST_AT_ONCE))
    if len(folded(prefix)) + RANDOM > LONGEST:
        raise Invalid(_("Begin with at most %(most)s letters.", most=LONGEST - RANDOM))
    now = clock.now()
    batch = f"{now:%Y-%m-%d %H:%M:%S}"
    same = {"promotion_id": promotion_id, "limit": limit, "ends_at": ends_at, "batch": batch, "created_at": now}
    codes: set[str] = set()
    while len(codes) < many:
        codes.add(new_code(prefix))
    ordered = sorted(codes)
    for start in range(0, many, ONCE):
        rows = [
            {**same, "code": code, "used": 0, "held": 0, "email_hash": ""} for code in ordered[start : start + ONCE]
        ]
        db.session.execute(insert(Coupon), rows)
    return batch


def end_code(coupon_id: int) -> Coupon:
    """A code does not work any more from now on; orders that have it keep it. Raises NotFound."""
    coupon = db.session.get(Coupon, coupon_id)
    if coupon is None:
        raise NotFound(_("There is no such code."))
    coupon.ends_at = clock.now()
    return coupon


# ---- given by a paid order


def issue(
    promotion_id: int, order_id: int, *, valid_days: int | None, customer_id: int | None, email_hash: str
) -> Coupon | None:
    """The code that a paid order brings its customer, once; None if it was given before, or there is no such rule.

    One that was taken back, because the order had ended, is valid again.
    """
    if db.session.get(Promotion, promotion_id) is None:
        return None
    ends_at = clock.now() + timedelta(days=valid_days) if valid_days else None
    given = db.session.scalar(select(Coupon).filter_by(issued_by_order_id=order_id, promotion_id=promotion_id))
    if given is not None:
        if given.ends_at and given.ends_at <= clock.now() and not given.used:
            given.ends_at = ends_at
        return None
    whose = {"customer_id": customer_id, "email_hash": email_hash, "issued_by_order_id": order_id}
    now = clock.now()
    coupon = Coupon(promotion_id=promotion_id, code=new_code(), limit=1, ends_at=ends_at, created_at=now, **whose)
    db.session.add(coupon)
    db.session.flush()
    return coupon
