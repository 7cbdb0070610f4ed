"""The gateway's own books: sessions, captures and refunds as the gateway sees them."""

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask_babel import gettext as _
from sqlalchemy import select

from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.payments import adapter, config_by_name
from storefront.payments.gateways.sandbox import is_signed, sign
from storefront.sandbox.models import SandboxNotice, SandboxPayment
from storefront.sandbox.scenarios import CHANGES, Scenario

OPEN, PAID, DECLINED, CANCELLED, CLOSED, EXPIRED = "open", "paid", "declined", "cancelled", "closed", "expired"
NEEDED = ("reference", "amount", "currency", "ok_url", "cancel_url", "error_url", "notify_url")


def key() -> str:
    """The key shared with the shop. Without one every message is refused."""
    return adapter(config_by_name("sandbox")).around.secrets.get("key", "")


def checked(fields: dict[str, str]) -> dict[str, str]:
    """The fields of a request, verified. Raises Invalid."""
    if fields.get("kind") != "request" or not is_signed(fields, key()):
        raise Invalid(_("The payment service refuses this form: its signature is missing or wrong."))
    return fields


def opened(fields: dict[str, str]) -> SandboxPayment:
    """The session of a posted form, made if it is the first time. Raises Invalid for an altered form."""
    if any(name not in checked(fields) for name in NEEDED) or not fields["amount"].isdigit():
        raise Invalid(_("The payment service refuses this form: a field is missing."))
    found = db.session.scalar(select(SandboxPayment).filter_by(reference=fields["reference"]))
    if found is None:
        found = SandboxPayment(
            reference=fields["reference"],
            fields=dict(fields),
            amount_minor=int(fields["amount"]),
            currency=fields["currency"],
            created_at=clock.now(),
        )
        db.session.add(found)
        db.session.flush()
    return found


def session_of(reference: str, *, lock: bool = False) -> SandboxPayment:
    """The session with this reference. Raises NotFound."""
    wanted = select(SandboxPayment).filter_by(reference=reference)
    found = db.session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound(_("The payment service does not know this payment."))
    return found


def state_of(payment: SandboxPayment) -> str:
    """Where a session stands now: one that nobody used until its end can not be paid any more."""
    end = payment.fields.get("expires")
    over = payment.status == OPEN and end and clock.now() >= datetime.fromisoformat(end)
    return EXPIRED if over else payment.status


def answer(payment: SandboxPayment, status: str, scenario: Scenario, *, reason: str = "") -> list[int]:
    """The person has pressed a button: book it, and write the notifications. Gives their ids."""
    if state_of(payment) != OPEN:
        raise Conflict(_("This payment has been answered already."), state=payment.status)
    broken = scenario.back == "error" and status == PAID
    payment.status = DECLINED if broken else status
    payment.reason = "technical_error" if broken else reason
    payment.unreachable = scenario.unreachable
    payment.transaction = f"sbx-{secrets.token_hex(8)}"
    if payment.status == PAID:
        CHANGES.get(scenario.change, lambda payment: None)(payment)
        payment.captured_minor = payment.amount_minor
    return [_write_notice(payment, after, how).id for after, how in scenario.notices]


def message(payment: SandboxPayment, kind: str) -> dict[str, str]:
    """What the gateway says of a payment, signed. `kind` is notify, return or answer."""
    fields = {
        "kind": kind,
        "reference": payment.reference,
        "order": payment.fields.get("order", ""),
        "status": state_of(payment),
        "amount": str(payment.amount_minor),
        "currency": payment.currency,
        "transaction": payment.transaction,
        "reason": payment.reason,
        "event": f"{payment.transaction}-{payment.status}" if payment.transaction else "",
        "at": payment.created_at.isoformat(),
    }
    return signed(fields)


def signed(fields: dict[str, str]) -> dict[str, str]:
    """The fields with their signature."""
    return {**fields, "signature": sign(fields, key())}


def refund(payment: SandboxPayment, amount: int, request_key: str) -> dict[str, str]:
    """Send money back, once per key; a repeated request gets the first answer."""
    done = payment.refunds.get(request_key)
    if done is None:
        if payment.status != PAID or not 0 < amount <= payment.captured_minor - payment.refunded_minor:
            return {"result": "refused", "reason": "There is not so much left to send back."}
        done = {"id": f"ref-{secrets.token_hex(8)}", "amount": amount}
        payment.refunds = {**payment.refunds, request_key: done}
        payment.refunded_minor += amount
    return {"result": "done", "id": done["id"], "amount": str(done["amount"])}


def _write_notice(payment, after, how):
    fields = message(payment, "notify")
    if how == "forged":
        fields["signature"] = sign(fields, "another key")
    notice = SandboxNotice(
        reference=payment.reference,
        url=payment.fields["notify_url"],
        body=urlencode(fields),
        due_at=clock.now() + timedelta(seconds=after),
    )
    db.session.add(notice)
    db.session.flush()
    return notice
