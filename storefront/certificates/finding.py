"""Which certificate a code is of, what can be used of it, and why not; and the lists of staff."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from storefront import store
from storefront.certificates.codes import folded, hash_of, looks_like_one
from storefront.certificates.models import CertificateTransaction, CertificateUse, GiftCertificate
from storefront.certificates.states import EXPIRED, HELD, INACTIVE, SPENT, SUSPENDED, VOID
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict, NotFound

PAGE = 50


class CodeRefused(Conflict):
    """The code is of a certificate that cannot be used; the sentence says why."""

    code = "code_refused"


@dataclass(frozen=True)
class Found:
    """A certificate as a cart sees it: what it can use of it, in minor units, or the sentence that says why nothing."""

    certificate_id: int
    code_hash: str
    last4: str
    available_minor: int
    why_not: str
    expires_at: datetime | None


def find_code(typed: str, currency: str = "") -> GiftCertificate:
    """The certificate of a code, if it can be used for a cart in this currency (else that of the shop).

    Raises NotFound for a code of none, CodeRefused with the reason for any other that cannot be used.
    """
    code = folded(typed)
    found = db.session.scalar(select(GiftCertificate).filter_by(code_hash=hash_of(code)))
    if found is None or not looks_like_one(code):
        raise NotFound(_("We do not know this code. Check it letter by letter."))
    if why := why_not(found, found.available_minor, currency or store.current().currency, clock.now()):
        raise CodeRefused(why, state=found.status)
    return found


def look(code_hashes: Collection[str], currency: str, kept_by: Collection[int]) -> list[Found]:
    """The certificates behind these codes, in their order, in two queries.

    What the orders `kept_by` keep counts as free: the unpaid ones of the same cart, which would give way.
    """
    if not code_hashes:
        return []
    rows = db.session.scalars(select(GiftCertificate).where(GiftCertificate.code_hash.in_(code_hashes)))
    by_hash, kept, now = {row.code_hash: row for row in rows}, _kept(kept_by), clock.now()
    return [_found(by_hash[one], kept, currency, now) for one in code_hashes if one in by_hash]


def why_not(found: GiftCertificate, available_minor: int, currency: str, now: datetime) -> str:
    """The sentence that says why a certificate cannot be used; "" if it can."""
    name = {"last4": found.last4}
    if found.status == INACTIVE:
        return _("The gift certificate ending in %(last4)s is not paid yet.", **name)
    if found.status == VOID:
        return _("The gift certificate ending in %(last4)s is not valid any more.", **name)
    if found.status == SUSPENDED:
        return _("The gift certificate ending in %(last4)s cannot be used at the moment. Please ask us.", **name)
    if found.status == EXPIRED or (found.expires_at and found.expires_at <= now):
        return _("The gift certificate ending in %(last4)s has expired.", **name)
    if found.currency != currency:
        return _("The gift certificate ending in %(last4)s is in %(currency)s.", currency=found.currency, **name)
    if found.status == SPENT or not found.balance_minor:
        return _("The gift certificate ending in %(last4)s is used up.", **name)
    if not available_minor:
        return _("What is left on the gift certificate ending in %(last4)s is set aside for another order.", **name)
    return ""


def by_id(certificate_id: int) -> GiftCertificate:
    """One certificate. Raises NotFound."""
    found = db.session.get(GiftCertificate, certificate_id)
    if found is None:
        raise NotFound(_("There is no such gift certificate."))
    return found


def listed(*, last4: str = "", status: str = "", before_id: int | None = None) -> list[GiftCertificate]:
    """The newest certificates first, at most PAGE and one more; those before one; by the end of their code or state."""
    query = select(GiftCertificate).order_by(GiftCertificate.id.desc()).limit(PAGE + 1)
    wanted: dict[str, Any] = {"last4": folded(last4)[-4:]} if folded(last4) else {}
    wanted |= {"status": status} if status else {}
    if before_id is not None:
        query = query.where(GiftCertificate.id < before_id)
    return list(db.session.scalars(query.filter_by(**wanted)))


def transactions_of(certificate_id: int) -> list[CertificateTransaction]:
    """Everything that happened to one, oldest first."""
    mine = select(CertificateTransaction).filter_by(certificate_id=certificate_id)
    return list(db.session.scalars(mine.order_by(CertificateTransaction.id)))


def _kept(order_ids):
    if not order_ids:
        return {}
    held = select(CertificateUse.certificate_id, func.sum(CertificateUse.amount_minor))
    mine = held.where(CertificateUse.order_id.in_(order_ids), CertificateUse.status == HELD)
    rows = db.session.execute(mine.group_by(CertificateUse.certificate_id))
    return {certificate_id: int(amount) for certificate_id, amount in rows}


def _found(row, kept, currency, now):
    free = row.available_minor + kept.get(row.id, 0)
    why = why_not(row, free, currency, now)
    return Found(row.id, row.code_hash, row.last4, 0 if why else free, why, row.expires_at)
