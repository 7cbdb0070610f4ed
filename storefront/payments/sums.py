"""What the ledger says in sums: of an order, of a bill."""

from collections import Counter
from typing import NamedTuple

from sqlalchemy import func, select

from storefront.kit.db import db
from storefront.payments.asking import REQUESTED, SENT
from storefront.payments.models import Bill, LedgerEntry, Refund
from storefront.payments.states import QUARANTINED


class Money(NamedTuple):
    """What an order's bills have seen, in minor units."""

    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    charged_back: int = 0
    quarantined: int = 0


def money_of(order_id: int, currency: str) -> Money:
    """What happened to the money of an order in its currency, over all of its bills; one query."""
    rows = db.session.execute(
        select(LedgerEntry.kind, Bill.disposition, func.sum(LedgerEntry.amount_minor))
        .join(Bill, Bill.id == LedgerEntry.bill_id)
        .where(LedgerEntry.order_id == order_id, LedgerEntry.currency == currency)
        .group_by(LedgerEntry.kind, Bill.disposition)
    ).all()

    def total(kind, *dispositions):
        return int(sum(s for k, d, s in rows if k == kind and (not dispositions or d in dispositions)))

    return Money(
        authorized=max(0, total("authorized") - total("voided")),
        captured=total("captured"),
        refunded=total("refunded"),
        charged_back=max(0, total("charged_back") - total("won_back")),
        quarantined=total("captured", QUARANTINED) - total("refunded", QUARANTINED),
    )


def currency_of(bill: Bill) -> str:
    """The currency in which a bill was paid, which is not always the one that it asks for."""
    paid = select(LedgerEntry.currency).filter_by(bill_id=bill.id, kind="captured").limit(1)
    return db.session.scalar(paid) or bill.currency


def balance_of(bill: Bill) -> int:
    """What is left of the money of a bill: captured, minus refunded, minus what the bank took and did not give back.

    A gateway that tells of more won back than was taken makes nothing more of it: nobody can send that back.
    """
    rows = totals_of(bill)
    return rows["captured"] - rows["refunded"] - max(0, rows["charged_back"] - rows["won_back"])


def refundable(bill: Bill) -> int:
    """What may still be asked back of a bill: its balance, minus what is on its way."""
    on_its_way = db.session.scalar(
        select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
            Refund.bill_id == bill.id, Refund.status.in_((REQUESTED, SENT))
        )
    )
    return balance_of(bill) - int(on_its_way or 0)


def totals_of(bill: Bill) -> Counter[str]:
    """The sums of a bill by kind, in minor units; 0 for what never happened."""
    rows = db.session.execute(
        select(LedgerEntry.kind, func.sum(LedgerEntry.amount_minor))
        .where(LedgerEntry.bill_id == bill.id)
        .group_by(LedgerEntry.kind)
    )
    return Counter({kind: int(total) for kind, total in rows})
