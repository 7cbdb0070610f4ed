"""What happens to a payment after it was made, as the gateway's own books have it: sent back, charged back, won."""

import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlencode

from flask_babel import gettext as _
from sqlalchemy import select

from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.sandbox import books
from storefront.sandbox.models import SandboxNotice, SandboxPayment
from storefront.sandbox.scenario import AUTHORIZED, CHARGED_BACK, REFUNDED, VOIDED, WON_BACK


class Fact(NamedTuple):
    """One thing that happened to a payment: its word, name, sum in minor units, our request key, and when."""

    word: str
    event: str
    amount: int
    key: str
    at: str


def facts_of(payment: SandboxPayment) -> list[Fact]:
    """Everything that happened after the payment, in its order."""
    begun = payment.created_at.isoformat()
    facts = [
        Fact(REFUNDED, done["id"], done["amount"], key, done.get("at", begun)) for key, done in payment.refunds.items()
    ]
    for name, row in payment.chargebacks.items():
        facts.append(Fact(CHARGED_BACK, name, row["amount"], "", row["at"]))
        if row["won_at"]:
            facts.append(Fact(WON_BACK, f"{name}-won", row["amount"], "", row["won_at"]))
    return sorted(facts, key=lambda fact: (fact.at, fact.event))


def answer_of(payment: SandboxPayment) -> dict[str, str]:
    """The answer to a question: what the payment is, and what happened to it since; not signed yet."""
    return {**books.told(payment, "answer"), "later": json.dumps([fact._asdict() for fact in facts_of(payment)])}


def answers_to(references: list[str]) -> list[dict[str, str]]:
    """The answers to a question about many; none for what does not answer."""
    found = db.session.scalars(select(SandboxPayment).where(SandboxPayment.reference.in_(references))).all()
    unknown = sorted(set(references) - {payment.reference for payment in found})
    return [answer_of(payment) for payment in found if not payment.unreachable] + [
        {"kind": "answer", "reference": reference, "status": "unknown"} for reference in unknown
    ]


def left_of(payment: SandboxPayment) -> int:
    """What of the payment is still with the merchant."""
    charged = sum(row["amount"] for row in payment.chargebacks.values() if not row["won_at"])
    return payment.captured_minor - payment.refunded_minor - charged


def send_back(payment: SandboxPayment, amount: int) -> Fact:
    """The merchant sends money back in the console. Raises Invalid for more than is left."""
    key = f"console-{secrets.token_hex(6)}"
    if not 0 < amount <= left_of(payment) or books.refund(payment, amount, key)["result"] != "done":
        raise Invalid(_("There is not so much left to send back."))
    return next(fact for fact in facts_of(payment) if fact.key == key)


def charge_back(payment: SandboxPayment, amount: int) -> Fact:
    """The shopper's bank takes money back. Raises Invalid for more than was paid."""
    charged = sum(row["amount"] for row in payment.chargebacks.values() if not row["won_at"])
    if payment.status != books.PAID or not 0 < amount <= payment.captured_minor - charged:
        raise Invalid(_("There is not so much left to charge back."))
    name = f"cb-{secrets.token_hex(8)}"
    row = {"amount": amount, "at": clock.now().isoformat(), "won_at": ""}
    payment.chargebacks = {**payment.chargebacks, name: row}
    return next(fact for fact in facts_of(payment) if fact.event == name)


def win_back(payment: SandboxPayment) -> Fact:
    """The bank decides the oldest open dispute for the merchant. Raises Invalid if there is none."""
    open_ones = {name: row for name, row in payment.chargebacks.items() if not row["won_at"]}
    if not open_ones:
        raise Invalid(_("Nothing of this payment is disputed."))
    name = min(open_ones, key=lambda one: (open_ones[one]["at"], one))
    won = {**open_ones[name], "won_at": clock.now().isoformat()}
    payment.chargebacks = {**payment.chargebacks, name: won}
    return next(fact for fact in facts_of(payment) if fact.event == f"{name}-won")


def run_out(payment: SandboxPayment) -> Fact:
    """What was reserved is not any more: too much time has passed. Raises Invalid if nothing is reserved."""
    if payment.status != AUTHORIZED:
        raise Invalid(_("Nothing of this payment is reserved."))
    payment.status = VOIDED
    return Fact(VOIDED, f"{payment.transaction}-{VOIDED}", payment.amount_minor, "", clock.now().isoformat())


HAPPENS: dict[str, Callable[[SandboxPayment], Fact]] = {
    REFUNDED: lambda payment: send_back(payment, left_of(payment) // 2),
    CHARGED_BACK: lambda payment: charge_back(payment, left_of(payment)),
    WON_BACK: win_back,
}


def happen(notice: SandboxNotice) -> None:
    """It happens now, as the scenario has it, and the notification tells of it; or it cannot, and nothing is said."""
    payment = books.session_of(notice.reference, lock=True)
    try:
        notice.body = _body(payment, HAPPENS[notice.turn](payment))
    except Invalid as problem:
        notice.status, notice.answer = "failed", problem.message
    notice.turn = ""


def notice_of(payment: SandboxPayment, fact: Fact) -> SandboxNotice:
    """The notification of something that happened; the caller has it delivered."""
    notice = SandboxNotice(
        reference=payment.reference,
        url=payment.fields["notify_url"],
        body=_body(payment, fact),
        due_at=clock.now(),
    )
    db.session.add(notice)
    db.session.flush()
    return notice


def _body(payment, fact):
    fields = books.message(payment, "notify")
    fields |= {"status": fact.word, "event": fact.event, "amount": str(fact.amount), "key": fact.key, "at": fact.at}
    fields.pop("signature")
    return urlencode(books.signed(fields))


def day_of(at: str) -> str:
    """The day of a moment, as the settlement file writes it."""
    return datetime.fromisoformat(at).date().isoformat()
