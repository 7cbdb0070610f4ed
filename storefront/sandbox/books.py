"""The gateway's own books: sessions, captures and refunds as the gateway sees them."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.payments import adapter, config_by_name
from storefront.payments.gateways.sandbox import is_signed, sign
from storefront.sandbox.bending import CHANGES, bent
from storefront.sandbox.models import SandboxNotice, SandboxPayment
from storefront.sandbox.scenario import (
    AUTHORIZED,
    CANCELLED,
    CLOSED,
    DECLINED,
    EXPIRED,
    OPEN,
    PAID,
    VOIDED,
    Notice,
    Scenario,
)

__all__ = ["CANCELLED", "CLOSED", "DECLINED", "EXPIRED", "OPEN", "PAID"]
# Address, body and headers of a notification that is planned; None when nothing is sent.
Says = Callable[[SandboxPayment, Notice], tuple[str, str, dict[str, str]] | None]
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
    return begun(fields)


def begun(fields: dict[str, str], player: str = "") -> SandboxPayment:
    """The session of what was asked for, made if it is the first time, for the service that is played."""
    found = db.session.scalar(select(SandboxPayment).filter_by(reference=fields["reference"]))
    return found or _begun(fields, player)


def _begun(fields, player):
    """A session of its own, or the one that a second press of the same button has just made."""
    begun = SandboxPayment(
        player=player,
        reference=fields["reference"],
        fields=dict(fields),
        amount_minor=int(fields["amount"]),
        currency=fields["currency"],
        created_at=clock.now(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(begun)
    except IntegrityError:
        return session_of(fields["reference"])
    return begun


def session_of(reference: str, *, lock: bool = False) -> SandboxPayment:
    """The session with this reference. Raises NotFound."""
    wanted = select(SandboxPayment).filter_by(reference=reference)
    found = db.session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound(_("The payment service does not know this payment."))
    return found


def session_by_id(payment_id: int, player: str) -> SandboxPayment:
    """The session with this number, if this service is played for it. Raises NotFound."""
    wanted = select(SandboxPayment).filter_by(id=payment_id, player=player).with_for_update()
    found = db.session.scalar(wanted)
    if found is None:
        raise NotFound(_("The payment service does not know this payment."))
    return found


def state_of(payment: SandboxPayment) -> str:
    """Where a session stands now: one that nobody used until its end can not be paid any more."""
    end = payment.fields.get("expires")
    over = payment.status == OPEN and end and clock.now() >= datetime.fromisoformat(end)
    return EXPIRED if over else payment.status


def answer(
    payment: SandboxPayment, status: str, scenario: Scenario, *, reason: str = "", says: Says | None = None
) -> list[SandboxNotice]:
    """The person has pressed a button: book it, and write the notifications that follow, as `says` words them."""
    if state_of(payment) != OPEN:
        raise Conflict(_("This payment has been answered already."), state=payment.status)
    payment.status = scenario.result or status
    payment.reason = (scenario.reason or reason or "card_declined") if payment.status == DECLINED else ""
    payment.unreachable = bool(scenario.answers)
    payment.transaction = f"sbx-{secrets.token_hex(8)}"
    CHANGES.get(scenario.change, lambda payment: None)(payment)
    if payment.status == PAID and payment.fields.get("capture") == "later":
        payment.status = AUTHORIZED
    if payment.status == PAID:
        _capture(payment)
    written = [_write_notice(payment, notice, says or _said) for notice in scenario.notices]
    return [notice for notice in written if notice]


def turn(notice: SandboxNotice) -> None:
    """The session changes its state now, as the scenario has it: a bank decides late, or is paid a second time."""
    payment = session_of(notice.reference, lock=True)
    payment.status, notice.turn = notice.turn, ""
    payment.reason = "card_declined" if payment.status == DECLINED else ""
    if payment.status == PAID:
        _capture(payment)


def message(payment: SandboxPayment, kind: str) -> dict[str, str]:
    """What the gateway says of a payment, signed. `kind` is notify, return or answer."""
    return signed(told(payment, kind))


def told(payment: SandboxPayment, kind: str) -> dict[str, str]:
    """The same, not signed yet."""
    return _told(payment, kind, state_of(payment))


def _told(payment, kind, status):
    return {
        "kind": kind,
        "reference": payment.reference,
        "order": payment.fields.get("order", ""),
        "status": status,
        "amount": str(payment.amount_minor),
        "currency": payment.currency,
        "transaction": payment.transaction,
        "reason": payment.reason or ("card_declined" if status == DECLINED else ""),
        "merchant": payment.fields.get("merchant", ""),
        "mode": payment.fields.get("mode", "test"),
        "event": f"{payment.transaction}-{status}" if payment.transaction else "",
        "at": payment.created_at.isoformat(),
    }


def signed(fields: dict[str, str]) -> dict[str, str]:
    """The fields with their signature."""
    return {**fields, "signature": sign(fields, key())}


def refund(payment: SandboxPayment, amount: int, request_key: str) -> dict[str, str]:
    """Send money back, once per key; a repeated request gets the first answer."""
    done = payment.refunds.get(request_key)
    if done is None:
        if payment.status != PAID or not 0 < amount <= payment.captured_minor - payment.refunded_minor:
            return {"result": "refused", "reason": "There is not so much left to send back."}
        done = {"id": f"ref-{secrets.token_hex(8)}", "amount": amount, "at": clock.now().isoformat()}
        payment.refunds = {**payment.refunds, request_key: done}
        payment.refunded_minor += amount
    return {"result": "done", "id": done["id"], "amount": str(done["amount"])}


def operate(payment: SandboxPayment, what: str, key: str) -> dict[str, str]:
    """Take (capture) or give up (void) what was authorized, once per key; a repeated request gets the first answer."""
    done = payment.operations.get(key)
    if done is None:
        if payment.status != AUTHORIZED:
            return {"result": "refused", "reason": "Nothing is reserved."}
        done = {"result": "done", "id": payment.transaction}
        payment.operations = {**payment.operations, key: done}
        payment.status = PAID if what == "capture" else VOIDED
        if payment.status == PAID:
            _capture(payment)
    return dict(done)


def _capture(payment):
    payment.captured_minor += payment.amount_minor
    payment.captured_at = clock.now()


def _said(payment, planned):
    """In the sandbox's own protocol."""
    fields = _told(payment, "notify", planned.turn or planned.says or state_of(payment))
    return *bent(payment, fields, planned.bent, key()), {}


def _write_notice(payment, planned, says):
    said = says(payment, planned)
    if said is None:  # a service that sends nothing
        return None
    (url, body, headers), due = said, clock.now() + timedelta(seconds=planned.after)
    reference, turn = payment.reference, planned.turn
    notice = SandboxNotice(reference=reference, url=url, body=body, headers=headers, due_at=due, turn=turn)
    db.session.add(notice)
    db.session.flush()
    return notice
