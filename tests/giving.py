"""Gift certificates on the stage: sold as cards, issued by hand, typed into carts, and what their books say."""

import re

from sqlalchemy import func, select

from storefront import certificates
from storefront.catalog.models import Variant
from storefront.certificates.models import CertificateTransaction, CertificateUse, GiftCertificate
from storefront.kit.db import db, transaction

import stage
from counter import OWNER


def card_on_shelf(price: int = 5000) -> Variant:
    """A product that buys a gift certificate, worth its price; its shelf needs no counting."""
    with transaction():
        return stage.put_on_shelf("gift_card", 0, price=price, gift_certificate=True)


def issued(amount_minor: int, **facts) -> str:
    """The code of a certificate that the owner has issued."""
    with transaction():
        return certificates.in_groups(certificates.code_of(certificates.issue(amount_minor, actor=OWNER, **facts)))


def types(shopper, code: str):
    """Type a code into the cart's one field; the page that answers."""
    shopper.get("/cart")
    return shopper.press("Apply code", code=code)


def gift(play, code: str = "") -> GiftCertificate:
    """The certificate of a code as it is now; without one, the newest."""
    play.look_again()
    query = select(GiftCertificate).order_by(GiftCertificate.id.desc()).limit(1)
    if code:
        query = query.where(GiftCertificate.last4 == code[-4:])
    return db.session.scalars(query).one()


def money_of(play, code: str = "") -> tuple[int, int, str]:
    """(balance, held, state) of a certificate."""
    found = gift(play, code)
    return found.balance_minor, found.held_minor, found.status


def moves_of(play, code: str = "") -> list[tuple[str, int]]:
    """Its ledger, oldest first."""
    found = gift(play, code)
    rows = select(CertificateTransaction.kind, CertificateTransaction.amount_minor).filter_by(certificate_id=found.id)
    return [tuple(row) for row in db.session.execute(rows.order_by(CertificateTransaction.id))]


def uses_of(play, order) -> list[tuple[int, int, str]]:
    """(amount, refunded, state) of what an order uses, in the order in which the codes were typed."""
    play.look_again()
    uses = select(CertificateUse).filter_by(order_id=order.id).order_by(CertificateUse.place)
    return [(use.amount_minor, use.refunded_minor, use.status) for use in db.session.scalars(uses)]


def active_ones(play) -> int:
    """How many certificates could be spent now."""
    play.look_again()
    return db.session.scalar(select(func.count()).select_from(GiftCertificate).filter_by(status="ACTIVE"))


def codes_in(mail) -> list[str]:
    """The codes that a letter tells."""
    return re.findall(r"\b(?:[2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}\b", mail.get_body(("plain",)).get_content())
