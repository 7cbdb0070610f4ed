"""An order's side of certificates: what it uses of them is planned, held, captured, released and given back.

The caller holds the order's lock. Certificates are taken in the order of their ids, so that two orders cannot block
each other for ever.
"""

from collections.abc import Collection, Iterable

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from storefront.certificates import ledger
from storefront.certificates.models import CertificateTransaction, CertificateUse, GiftCertificate
from storefront.certificates.states import CAPTURED, HELD, RELEASED
from storefront.kit import events
from storefront.kit.db import changed, db
from storefront.kit.errors import Conflict, Invalid


class CertificateShort(Conflict):
    """A certificate does not have any more what the order was to use of it."""

    code = "certificate_short"


def plan(order_id: int, parts: Iterable[tuple[int, int]]) -> None:
    """Copy what was agreed to: (certificate id, amount) in the order in which the codes were typed."""
    for place, (certificate_id, amount_minor) in enumerate(parts, start=1):
        facts = {"certificate_id": certificate_id, "place": place, "amount_minor": amount_minor}
        db.session.add(CertificateUse(order_id=order_id, **facts))
    db.session.flush()


def uses_of(order_id: int) -> list[CertificateUse]:
    """What an order uses, in the order in which the codes were typed."""
    return list(db.session.scalars(select(CertificateUse).filter_by(order_id=order_id).order_by(CertificateUse.place)))


def users_among(order_ids: Collection[int]) -> set[int]:
    """Those of some orders that use certificates."""
    mine = select(CertificateUse.order_id).where(CertificateUse.order_id.in_(order_ids))
    return set(db.session.scalars(mine.distinct()))


def with_certificates(order_id: int) -> list[tuple[CertificateUse, GiftCertificate]]:
    """The same, each with its certificate."""
    query = select(CertificateUse, GiftCertificate).join(
        GiftCertificate, GiftCertificate.id == CertificateUse.certificate_id
    )
    rows = db.session.execute(query.where(CertificateUse.order_id == order_id).order_by(CertificateUse.place))
    return [(use, certificate) for use, certificate in rows]


def hold(order_id: int) -> None:
    """Set aside what the order uses: all of it, or none. What it has already stays. Raises CertificateShort."""
    with db.session.begin_nested():
        taken = [use for use in _by_id(order_id) if use.status not in (HELD, CAPTURED) and _taken(use)]
    if taken:
        events.record("CERTIFICATES_HELD", order_id, amount=_sum(taken))


def capture(order_id: int) -> None:
    """The order is paid: what it holds has paid its part; what it has lost is taken again. Raises CertificateShort."""
    hold(order_id)
    taken = [use for use in _by_id(order_id) if _moved(use, HELD, CAPTURED)]
    for use in taken:
        ledger.capture(use.certificate_id, use.amount_minor, order_id)
    if taken:
        events.record("CERTIFICATES_CAPTURED", order_id, amount=_sum(taken))


def release(order_id: int) -> None:
    """What the order holds is free again; done once."""
    freed = [use for use in _by_id(order_id) if _moved(use, HELD, RELEASED)]
    for use in freed:
        ledger.release(use.certificate_id, use.amount_minor, order_id)
    if freed:
        events.record("CERTIFICATES_RELEASED", order_id, amount=_sum(freed))


def give_back(order_id: int, amount_minor: int, ref: str) -> None:
    """So much goes back to the certificates that paid, the one used last first; once for each `ref`.

    Raises Invalid for more than they paid.
    """
    if amount_minor and not _given(order_id, ref):
        parts = _parts(order_id, amount_minor)
        for use, part in sorted(parts, key=lambda pair: pair[0].certificate_id):
            use.refunded_minor += part
            ledger.give_back(use.certificate_id, part, order_id, ref)
        events.record("CERTIFICATES_REFUNDED", order_id, amount=amount_minor, ref=ref)


def taken_of(order_id: int) -> tuple[int, int]:
    """What certificates have paid of an order, and what of that has gone back; in minor units."""
    sums = select(func.sum(CertificateUse.amount_minor), func.sum(CertificateUse.refunded_minor))
    paid, back = db.session.execute(sums.filter_by(order_id=order_id, status=CAPTURED)).one()
    return int(paid or 0), int(back or 0)


def refundable(order_id: int) -> int:
    """What may still go back to certificates."""
    paid, back = taken_of(order_id)
    return paid - back


def refund_refs(order_id: int) -> list[str]:
    """The keys under which something went back to certificates, each once, oldest first."""
    refs = select(CertificateTransaction.ref).filter_by(order_id=order_id, kind="refund")
    return list(dict.fromkeys(db.session.scalars(refs.order_by(CertificateTransaction.id))))


def parts_given_back(order_id: int, ref: str) -> list[tuple[str, int]]:
    """What went back under one key: the end of each code, and its sum."""
    rows = select(GiftCertificate.last4, CertificateTransaction.amount_minor).join_from(
        CertificateTransaction, GiftCertificate, GiftCertificate.id == CertificateTransaction.certificate_id
    )
    mine = rows.where(CertificateTransaction.order_id == order_id, CertificateTransaction.ref == ref)
    return [(last4, amount) for last4, amount in db.session.execute(mine.order_by(CertificateTransaction.id))]


def hashes_of(order_id: int) -> list[str]:
    """The hashes of the codes that an order was placed with, in the order in which they were typed."""
    return [certificate.code_hash for _use, certificate in with_certificates(order_id)]


def has_moved(order_id: int) -> bool:
    """Whether a certificate has ever paid for the order."""
    paid = select(CertificateTransaction.id).filter_by(order_id=order_id, kind="capture")
    return db.session.scalar(paid.limit(1)) is not None


def forget(order_id: int, line_ids: list[int]) -> None:
    """An order that is removed as a whole: what it planned goes with it, and what it bought without ever paying.

    What it held and gave back stays in the ledgers, without its name.
    """
    ledger_rows = update(CertificateTransaction).where(CertificateTransaction.order_id == order_id)
    never_paid = delete(GiftCertificate).where(GiftCertificate.bought_in_line_id.in_(line_ids))
    for statement in (ledger_rows.values(order_id=None), never_paid):
        db.session.execute(statement.execution_options(synchronize_session=False))


def _by_id(order_id):
    return sorted(uses_of(order_id), key=lambda use: use.certificate_id)


def _taken(use):
    if not ledger.hold(use.certificate_id, use.amount_minor, use.order_id):
        last4 = db.session.get_one(GiftCertificate, use.certificate_id).last4
        sentence = _("The gift certificate ending in %(last4)s does not hold as much any more.", last4=last4)
        raise CertificateShort(sentence, state="short")
    return _moved(use, use.status, HELD)


def _moved(use, source, target):
    """One conditional update: of two who try at once, one finds nothing to do."""
    mine = update(CertificateUse).where(CertificateUse.id == use.id, CertificateUse.status == source)
    moved = changed(mine.values(status=target).execution_options(synchronize_session=False))
    db.session.refresh(use)
    return moved


def _sum(uses):
    return sum(use.amount_minor for use in uses)


def _given(order_id, ref):
    return bool(ref) and ref in refund_refs(order_id)


def _parts(order_id, amount_minor):
    """(use, part), the last one first."""
    parts, left = [], amount_minor
    for use in reversed(uses_of(order_id)):
        part = min(left, use.refundable_minor)
        if part:
            parts.append((use, part))
            left -= part
    if left or amount_minor < 0:
        sentence = _("The gift certificates paid less than that.")
        raise Invalid(sentence, fields={"amount": [sentence]})
    return parts
