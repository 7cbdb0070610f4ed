"""How the gateway's messages are bent: what it gets wrong before it signs, and what somebody alters afterwards."""

from collections.abc import Callable
from urllib.parse import quote_plus, urlencode

from flask_babel import gettext as _
from sqlalchemy import select

from storefront.kit.db import db
from storefront.kit.errors import Conflict
from storefront.payments.gateways.sandbox import sign
from storefront.sandbox.models import SandboxPayment

Fields = dict[str, str]


def _less(payment: SandboxPayment) -> None:
    payment.amount_minor = max(1, payment.amount_minor - 100)


def _more(payment: SandboxPayment) -> None:
    payment.amount_minor += 100


def _other_currency(payment: SandboxPayment) -> None:
    payment.currency = "USD" if payment.currency != "USD" else "EUR"


def _other_merchant(payment: SandboxPayment) -> None:
    payment.fields = {**payment.fields, "merchant": "another-shop"}


def _other_mode(payment: SandboxPayment) -> None:
    payment.fields = {**payment.fields, "mode": "live"}


CHANGES: dict[str, Callable[[SandboxPayment], None]] = {
    "less": _less,
    "more": _more,
    "currency": _other_currency,
    "merchant": _other_merchant,
    "mode": _other_mode,
}


def _others(payment):
    """Another session that was paid; the panel says so if there is none."""
    others = select(SandboxPayment).where(SandboxPayment.id != payment.id, SandboxPayment.status == "paid")
    found = db.session.scalar(others.order_by(SandboxPayment.id.desc()).limit(1))
    if found is None:
        raise Conflict(_("This scenario speaks of another payment: pay another order first."))
    return found


def _second(payment):
    return {"transaction": f"{payment.transaction}-2", "event": f"{payment.transaction}-2-paid"}


def _of_another(payment):
    other = _others(payment)
    return {"status": "paid", "transaction": other.transaction, "event": f"{payment.transaction}-borrowed"}


# What the gateway gets wrong: these fields are changed, and then signed.
MISTAKES: dict[str, Callable[[SandboxPayment], Fields]] = {
    "other_id": lambda payment: {"event": f"{payment.transaction}-again"},
    "no_id": lambda payment: {"event": ""},
    "second_payment": _second,
    "unknown_reference": lambda payment: {"reference": f"{payment.reference}-nobody"},
    "other_reference": lambda payment: {"status": "declined", "reference": _others(payment).reference},
    "other_transaction": _of_another,
    "unknown_word": lambda payment: {"status": "settling_soon"},
}


def _charset(fields: Fields, key: str) -> str:
    """Signed as if it were UTF-8, sent in Latin-1."""
    fields = {**fields, "reason": "payé"}
    return urlencode({**fields, "signature": sign(fields, key)}, encoding="latin-1")


# What somebody alters afterwards: the body as it is sent.
ALTERED: dict[str, Callable[[Fields, str], str]] = {
    "forged": lambda fields, key: urlencode({**fields, "signature": sign(fields, "another key")}),
    "altered": lambda fields, key: urlencode({**fields, "amount": "1"}),
    "empty_signature": lambda fields, key: urlencode({**fields, "signature": ""}),
    "foreign_signature": lambda fields, key: urlencode({**fields, "signature": "подпись" * 9}),
    "doubled": lambda fields, key: urlencode([*fields.items(), ("amount", "1"), ("status", "declined")]),
    "charset": _charset,
    "too_long": lambda fields, key: urlencode({**fields, "padding": "x" * 300_000}),
}


def bent(payment: SandboxPayment, fields: Fields, how: str, key: str) -> tuple[str, str]:
    """Where a notification goes, and its body; a message without a body is fetched by GET.

    `fields` are those of the honest message, not signed yet.
    """
    url = payment.fields["notify_url"]
    if how.startswith("robot_"):
        return payment.fields[f"{how.removeprefix('robot_')}_url"], ""
    if how == "own_request":
        return url, urlencode({name: value for name, value in payment.fields.items() if isinstance(value, str)})
    if how in MISTAKES:
        fields = {**fields, **MISTAKES[how](payment)}
    signed = {**fields, "signature": sign(fields, key)}
    if how == "by_get":
        return f"{url}?{urlencode(signed, quote_via=quote_plus)}", ""
    return url, ALTERED[how](signed, key) if how in ALTERED else urlencode(signed)
