"""Certificates that orders buy: made inactive when the order is placed, worth something only when it is paid."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Protocol

from flask_babel import gettext as _
from sqlalchemy import case, func, select

from storefront import store
from storefront.certificates import ledger
from storefront.certificates.codes import hash_of, new_code
from storefront.certificates.models import CertificateTransaction, GiftCertificate
from storefront.certificates.states import ACTIVE, CERTIFICATE, INACTIVE, SUSPENDED, VOID
from storefront.kit import clock, events, ids
from storefront.kit.db import db
from storefront.kit.errors import Conflict


class Line(Protocol):
    """What is needed to know of an order's line."""

    id: int
    order_id: int
    qty: int
    unit_minor: int
    gift_certificate: bool


def create(lines: Iterable[Line], currency: str) -> list[GiftCertificate]:
    """One inactive certificate for each unit of the lines that are certificates, worth its price; made once."""
    made = []
    for line in lines:
        there = {each.place for each in bought_in([line.id])} if line.gift_certificate else set()
        places = range(1, line.qty + 1) if line.gift_certificate and line.unit_minor else ()
        made += [
            new_certificate(currency, line.unit_minor, bought_in_line_id=line.id, place=place)
            for place in places
            if place not in there
        ]
    db.session.flush()
    return made


def new_certificate(currency: str, amount_minor: int, seed: str = "", **facts) -> GiftCertificate:
    """The row of one more, still inactive; its code is made of this seed, else of a new one."""
    seed = seed or ids.new_key()
    code = new_code(seed)
    certificate = GiftCertificate(
        code_hash=hash_of(code),
        last4=code[-4:],
        seed=seed,
        currency=currency,
        initial_minor=amount_minor,
        balance_minor=0,
        status=INACTIVE,
        created_at=clock.now(),
        **facts,
    )
    db.session.add(certificate)
    return certificate


def bought_in(line_ids: Iterable[int]) -> list[GiftCertificate]:
    """The certificates that these lines of orders have bought, in the order of their ids."""
    wanted = select(GiftCertificate).where(GiftCertificate.bought_in_line_id.in_(list(line_ids)))
    return list(db.session.scalars(wanted.order_by(GiftCertificate.id)))


def used_of(line_ids: Iterable[int]) -> int:
    """What orders have taken, or keep, of the certificates that these lines have bought; what is void by now counts."""
    bought = bought_in(line_ids)
    taken = case((CertificateTransaction.kind == "refund", -1), else_=1) * CertificateTransaction.amount_minor
    moves = CertificateTransaction.kind.in_(("capture", "refund"))
    rows = CertificateTransaction.certificate_id.in_([each.id for each in bought])
    paid = db.session.scalar(select(func.sum(taken)).where(rows, moves)) if bought else 0
    return int(paid or 0) + sum(each.held_minor for each in bought)


def activate(order_id: int, line_ids: Iterable[int]) -> None:
    """The order is paid: what it bought may be used, and its codes go out by one letter. Done once."""
    fresh = [each for each in bought_in(line_ids) if each.status == INACTIVE]
    for certificate in fresh:
        certificate.expires_at = last_moment()
        ledger.issue(certificate)
    if fresh:
        amount = sum(each.initial_minor for each in fresh)
        events.record("CERTIFICATES_ACTIVATED", order_id, ids=[each.id for each in fresh], amount=amount)


def last_moment():
    """Until when a certificate that begins now can be used; None if the shop gives them no end."""
    days = store.current().certificate_days
    return clock.now() + timedelta(days=days) if days else None


def lapse(line_ids: Iterable[int]) -> None:
    """The order is closed unpaid: what it would have bought is nothing."""
    for certificate in bought_in(line_ids):
        if certificate.status == INACTIVE:
            CERTIFICATE.apply(certificate, "voided", last4=certificate.last4, why="order_closed")


def renew(line_ids: Iterable[int]) -> None:
    """The order may be paid after all: what it would have bought waits for that again. What was ever worth
    something stays void.
    """
    for certificate in bought_in(line_ids):
        if certificate.status == VOID and not _was_issued(certificate):
            CERTIFICATE.apply(certificate, "renewed", last4=certificate.last4)


def suspend(line_ids: Iterable[int]) -> None:
    """The money that bought these is in dispute: what is left of them waits for its end."""
    _move(line_ids, ACTIVE, "suspended")


def reinstate(line_ids: Iterable[int]) -> None:
    """The dispute is over, and the order stands: what is left of them can be used again."""
    _move(line_ids, SUSPENDED, "reinstated")


def take_back(left: Mapping[int, int], line_ids: Iterable[int]) -> None:
    """The money for these certificates, bought by these lines, goes back: what is left of each is written off.

    `left` maps their ids to what was left when it was decided. Raises Conflict if that is not so any more.
    """
    mine = {each.id for each in bought_in(line_ids)} if left else set()
    for certificate_id, left_minor in sorted(left.items()):
        found = ledger.locked(certificate_id) if certificate_id in mine else None
        if found is None or found.left_minor != left_minor:
            raise Conflict(_("Something of this gift certificate was used meanwhile. Choose again."), state="used")
        void(found, why="refunded")


def void(certificate: GiftCertificate, why: str) -> None:
    """It is worth nothing from now on; what an unpaid order keeps of it stays that order's, until it ends."""
    left = certificate.available_minor
    if CERTIFICATE.apply(certificate, "voided", last4=certificate.last4, why=why, amount=left):
        ledger.write_off(certificate.id, left)


def _move(line_ids, source, event):
    for certificate in [ledger.locked(each.id) for each in bought_in(line_ids)]:
        if certificate.status == source:
            CERTIFICATE.apply(certificate, event, last4=certificate.last4)


def _was_issued(certificate):
    issued = select(CertificateTransaction.id).filter_by(certificate_id=certificate.id, kind="issue")
    return db.session.scalar(issued.limit(1)) is not None
