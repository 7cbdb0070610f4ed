"""Every movement of a certificate: one conditional update of its counters, and one row of its ledger."""

from datetime import timedelta
from typing import Any

from sqlalchemy import or_, update

from storefront.certificates.models import CertificateTransaction, GiftCertificate
from storefront.certificates.states import ACTIVE, CERTIFICATE, EXPIRED, SPENT, SUSPENDED, VOID
from storefront.kit import clock
from storefront.kit.db import changed, db

AT_LEAST = timedelta(days=30)  # for which what came back can be used, however old the certificate is


def locked(certificate_id: int) -> GiftCertificate:
    """The certificate, its row locked until the transaction ends, as it is under the lock."""
    return db.session.get_one(
        GiftCertificate, certificate_id, populate_existing=True, with_for_update={"key_share": True}
    )


def issue(certificate: GiftCertificate) -> None:
    """It is worth its face value from now on."""
    if CERTIFICATE.apply(certificate, "activated", last4=certificate.last4):
        _count(certificate.id, balance=certificate.initial_minor)
        _enter(certificate.id, "issue", certificate.initial_minor)


def hold(certificate_id: int, amount_minor: int, order_id: int) -> bool:
    """Set a sum aside for an order; False if it is not there, or may not be used any more."""
    free = GiftCertificate.balance_minor - GiftCertificate.held_minor >= amount_minor
    in_time = or_(GiftCertificate.expires_at.is_(None), GiftCertificate.expires_at > clock.now())
    if not _count(certificate_id, GiftCertificate.status == ACTIVE, in_time, free, held=amount_minor):
        return False
    _enter(certificate_id, "hold", amount_minor, order_id)
    return True


def capture(certificate_id: int, amount_minor: int, order_id: int) -> None:
    """What was held for an order has paid it."""
    _count(certificate_id, balance=-amount_minor, held=-amount_minor)
    _enter(certificate_id, "capture", amount_minor, order_id)
    found = locked(certificate_id)
    if not found.balance_minor and found.status in (ACTIVE, SUSPENDED):
        CERTIFICATE.apply(found, "spent", last4=found.last4)


def release(certificate_id: int, amount_minor: int, order_id: int) -> None:
    """What was held for an order is free again; of a certificate that is void meanwhile it is written off."""
    _count(certificate_id, held=-amount_minor)
    _enter(certificate_id, "release", amount_minor, order_id)
    if locked(certificate_id).status == VOID:
        write_off(certificate_id, amount_minor)


def give_back(certificate_id: int, amount_minor: int, order_id: int, ref: str) -> None:
    """What an order had taken comes back, to be used for a month at least, whatever the certificate is by now."""
    _count(certificate_id, balance=amount_minor)
    _enter(certificate_id, "refund", amount_minor, order_id, ref)
    found, least = locked(certificate_id), clock.now() + AT_LEAST
    if found.expires_at is not None and found.expires_at < least:
        found.expires_at = least
    if found.status in (SPENT, VOID, EXPIRED):
        CERTIFICATE.apply(found, "refilled", last4=found.last4, amount=amount_minor)


def write_off(certificate_id: int, amount_minor: int) -> None:
    """So much of it is worth nothing any more."""
    if amount_minor:
        _count(certificate_id, balance=-amount_minor)
        _enter(certificate_id, "void", amount_minor)


def _count(certificate_id: int, *conditions: Any, balance: int = 0, held: int = 0) -> int:
    """Move the counters, if the conditions hold; a CHECK stands behind it."""
    return changed(
        update(GiftCertificate)
        .where(GiftCertificate.id == certificate_id, *conditions)
        .values(balance_minor=GiftCertificate.balance_minor + balance, held_minor=GiftCertificate.held_minor + held)
        .execution_options(synchronize_session=False)
    )


def _enter(certificate_id, kind, amount_minor, order_id=None, ref=""):
    facts = {"order_id": order_id, "kind": kind, "amount_minor": amount_minor, "ref": ref}
    db.session.add(CertificateTransaction(certificate_id=certificate_id, at=clock.now(), **facts))
    db.session.flush()
