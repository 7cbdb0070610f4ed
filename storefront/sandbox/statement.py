"""The gateway's settlement file: every payment, refund and dispute with its fee, and what was paid out for each day."""

import csv
import io
from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import select

from storefront.kit import money
from storefront.kit.db import db
from storefront.sandbox import afterwards
from storefront.sandbox.models import SandboxPayment

HEADINGS = ("date", "type", "reference", "transaction", "amount", "currency", "fee", "payout")
FEE_PPM, FEE_FIXED, DISPUTE_FEE = 14_000, 25, 1500  # minor units of whatever currency
TYPES = {
    afterwards.REFUNDED: "refund",
    afterwards.CHARGED_BACK: "chargeback",
    afterwards.WON_BACK: "chargeback_reversal",
}


class Line(NamedTuple):
    """One line of the file; sums in minor units, signed as they reach the merchant."""

    date: str
    type: str
    reference: str
    transaction: str
    amount: int
    currency: str
    fee: int
    payout: str


def written(comma: bool = False) -> str:
    """The file as text: commas and points, or semicolons and decimal commas."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if comma else ",", lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for line in _lines():
        sums = {name: money.plain(getattr(line, name), line.currency) for name in ("amount", "fee")}
        shown = {**line._asdict(), **{name: text.replace(".", "," if comma else ".") for name, text in sums.items()}}
        writer.writerow([shown[name] for name in HEADINGS])
    return out.getvalue()


def _lines():
    lines = []
    for payment in db.session.scalars(select(SandboxPayment).order_by(SandboxPayment.id)):
        if payment.captured_minor:
            lines.extend(_of(payment))
    lines.sort(key=lambda line: line.date)
    return lines + _payouts(lines)


def _of(payment):
    at = (payment.captured_at or payment.created_at).isoformat()
    fee = money.share(payment.captured_minor, FEE_PPM) + FEE_FIXED
    yield _line(payment, at, "payment", payment.transaction, payment.captured_minor, fee)
    for fact in afterwards.facts_of(payment):
        amount = fact.amount if fact.word == afterwards.WON_BACK else -fact.amount
        fee = DISPUTE_FEE if fact.word == afterwards.CHARGED_BACK else 0
        yield _line(payment, fact.at, TYPES[fact.word], fact.event, amount, fee)


def _line(payment, at, kind, name, amount, fee):
    day = afterwards.day_of(at)
    payout = f"PO-{day.replace('-', '')}-{payment.currency}"
    return Line(day, kind, payment.reference, name, amount, payment.currency, fee, payout)


def _payouts(lines):
    """One line for each day and currency: what reached the bank."""
    sums, days = defaultdict(int), {}
    for line in lines:
        sums[line.payout] += line.amount - line.fee
        days[line.payout] = (line.date, line.currency)
    return [Line(days[name][0], "payout", "", name, -sums[name], days[name][1], 0, name) for name in sums]
