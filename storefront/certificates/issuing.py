"""What staff, and time, do to certificates: issue one by hand, void it, give it a later last day, end it."""

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from storefront import store
from storefront.certificates import ledger
from storefront.certificates.models import GiftCertificate
from storefront.certificates.selling import new_certificate, void as void_locked
from storefront.certificates.states import ACTIVE, CERTIFICATE, EXPIRED, INACTIVE, SUSPENDED
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid

MOST_AT_ONCE = 500


def issue(
    amount_minor: int, *, actor: str, note: str = "", expires_at: datetime | None = None, seed: str = ""
) -> GiftCertificate:
    """A certificate in the shop's currency that nobody has bought, active at once. Raises Invalid.

    The same seed again is refused by the database: one press of a button makes one.
    """
    if amount_minor <= 0:
        sentence = _("Enter a sum above zero")
        raise Invalid(sentence, fields={"amount": [sentence]})
    _refuse_the_past(expires_at)
    facts = {"issued_by": actor, "note": note, "expires_at": expires_at}
    certificate = new_certificate(store.current().currency, amount_minor, seed, **facts)
    db.session.flush()
    ledger.issue(certificate)
    db.session.refresh(certificate)
    return certificate


def void(certificate_id: int) -> GiftCertificate:
    """It is worth nothing any more. Raises Conflict for one that is not active yet: its order decides about that."""
    certificate = ledger.locked(certificate_id)
    if certificate.status == INACTIVE:
        raise Conflict(_("It is not paid yet: it ends with its order."), state=INACTIVE)
    void_locked(certificate, why="staff")
    return certificate


def extend(certificate_id: int, until: datetime | None) -> GiftCertificate:
    """It can be used until then, or without an end; one that has expired can be used again.

    Raises Invalid for a day that is over, Conflict for one that is not worth anything.
    """
    _refuse_the_past(until)
    certificate = ledger.locked(certificate_id)
    if certificate.status not in (ACTIVE, SUSPENDED, EXPIRED):
        raise Conflict(_("Only a certificate with something on it can be extended."), state=certificate.status)
    certificate.expires_at = until
    if certificate.status == EXPIRED:
        CERTIFICATE.apply(certificate, "extended", last4=certificate.last4)
    return certificate


def overdue(after_id: int = 0) -> list[int]:
    """The active certificates whose last day is over, by id; at most so many behind an id."""
    active = select(GiftCertificate.id).where(GiftCertificate.status == ACTIVE, GiftCertificate.id > after_id)
    over = active.where(GiftCertificate.expires_at <= clock.now())
    return list(db.session.scalars(over.order_by(GiftCertificate.id).limit(MOST_AT_ONCE)))


def end_certificate(certificate_id: int) -> bool:
    """Its last day is over: looked at again under its lock. What waiting orders keep of it stays theirs."""
    certificate = ledger.locked(certificate_id)
    over = certificate.status == ACTIVE and certificate.expires_at and certificate.expires_at <= clock.now()
    return bool(over) and CERTIFICATE.apply(certificate, "expired", last4=certificate.last4)


def _refuse_the_past(moment):
    if moment is not None and moment <= clock.now():
        sentence = _("Enter a day to come")
        raise Invalid(sentence, fields={"until": [sentence]})
