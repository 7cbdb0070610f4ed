"""PayPal, played: its page takes any form, its server posts messages and knows its own again, its API is asked."""

import hmac
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import select

from storefront.kit import money
from storefront.kit.db import db
from storefront.kit.errors import Invalid, NotFound
from storefront.payments.gateways import paypal_words as words
from storefront.payments.gateways.base import Answer, Message
from storefront.sandbox import books
from storefront.sandbox.models import SandboxNotice
from storefront.sandbox.players.base import Asked, Call, Player
from storefront.sandbox.scenario import AUTHORIZED, DECLINED, PAID, PENDING, VOIDED

FORM = "application/x-www-form-urlencoded"
COMMAND = b"cmd=_notify-validate&"
NEEDED = ("business", "amount", "currency_code", "invoice", "notify_url", "return", "cancel_return")
STATES = {
    PAID: ("Completed", ""),
    PENDING: ("Pending", "echeck"),
    AUTHORIZED: ("Pending", words.AUTHORIZATION),
    DECLINED: ("Failed", ""),
    VOIDED: ("Voided", ""),
}


class PayPalPlayer(Player):
    """Whoever pays may have changed the form: PayPal does what stands there, for whose account it names."""

    places = {"api": "api/nvp", "postback": "api/webscr"}
    invents = {"merchant": "SHOPSHOPSHOP1", "api_user": "shop_api1.example.com"}

    def asked(self, message: Message) -> Asked:
        """The form, if it is complete."""
        fields = message.once()
        if any(not fields.get(name) for name in NEEDED) or "_xclick" not in (
            fields.get("cmd"),
            fields.get("redirect_cmd"),
        ):
            raise Invalid("PayPal refuses this form: a field is missing.")
        amount_minor = words.minor(fields["amount"], fields["currency_code"])
        if amount_minor <= 0:
            raise Invalid("PayPal refuses this form: the amount is not right.")
        return Asked(
            reference=fields["invoice"],
            amount_minor=amount_minor,
            currency=fields["currency_code"],
            ok_url=fields["return"],
            cancel_url=fields["cancel_return"],
            error_url=fields["cancel_return"],
            notify_url=fields["notify_url"],
            later=fields.get("paymentaction") == "authorization",
            kept={"business": fields["business"]},
        )

    def notice(self, payment: books.SandboxPayment, state: str) -> Call | None:
        """A message of what was paid, reserved or refused; of what was left PayPal says nothing."""
        if state not in STATES:
            return None
        status, reason = STATES[state]
        fields = {
            "mc_gross": money.plain(payment.amount_minor, payment.currency),
            "invoice": payment.fields["theirs"],
            "payment_date": f"{payment.created_at - timedelta(hours=8):%H:%M:%S %b %d, %Y} PST",
            "payment_status": status,
            "charset": "windows-1252",
            "first_name": "Jörg",
            "custom": "",
            "notify_version": "3.9",
            "pending_reason": reason,
            "txn_id": _names(payment, state)[-1],
            "business": payment.fields["business"],
            "receiver_id": payment.fields["business"],
            "txn_type": "web_accept",
            "mc_currency": payment.currency,
            "test_ipn": "1",
        }
        body = urlencode(
            {name: value for name, value in fields.items() if value or name == "custom"}, encoding="cp1252"
        )
        return Call(str(payment.fields["notify_url"]), body, {"Content-Type": FORM})

    def answer(self, path: str, message: Message) -> Answer:
        """`webscr` says whether a message is PayPal's own; `nvp` is its API."""
        if path == "webscr":
            return Answer(200, "VERIFIED" if self._sent(message.body) else "INVALID")
        if path != "nvp":
            raise NotFound("PayPal has no such address.")
        fields, around = message.once(), self.gateway.around
        credentials = (
            around.settings.get("api_user"),
            around.secrets.get("api_password"),
            around.secrets.get("api_signature"),
        )
        given = [fields.get(name, "") for name in ("USER", "PWD", "SIGNATURE")]
        pairs = zip(given, credentials, strict=True)
        if not all(ours and hmac.compare_digest(one.encode(), ours.encode()) for one, ours in pairs):
            return _no("10002", "Username/Password is incorrect.")
        calls = {
            "TransactionSearch": self._search,
            "GetTransactionDetails": self._detail,
            "RefundTransaction": self._refund,
            "DoCapture": self._capture,
            "DoVoid": self._void,
        }
        call = calls.get(fields.get("METHOD", ""))
        return call(fields) if call else _no("81002", "Method specified is not supported.")

    def _sent(self, body):
        """Whether it sent exactly this."""
        if not body.startswith(COMMAND):
            return False
        text = body.removeprefix(COMMAND).decode("latin-1")
        mine = SandboxNotice.reference.startswith(self.key_of(""), autoescape=True)
        return db.session.scalar(select(SandboxNotice.id).filter_by(body=text).where(mine).limit(1)) is not None

    def _search(self, fields):
        try:
            payment = self.payment(fields.get("INVNUM", ""))
        except NotFound:
            return _yes({})
        names = _names(payment, books.state_of(payment))
        return _yes({f"L_TRANSACTIONID{place}": name for place, name in enumerate(names)})

    def _detail(self, fields):
        payment, name = self._named(fields.get("TRANSACTIONID", ""))
        state = books.state_of(payment)
        names = _names(payment, state)
        if name not in names:
            return _no("10004", "The transaction id is not valid.")
        status, reason = STATES[state]
        shown = {
            "TRANSACTIONID": name,
            "INVNUM": payment.fields["theirs"],
            "PAYMENTSTATUS": "Partially-Refunded" if payment.refunded_minor else status,
            "PENDINGREASON": reason or "None",
            "AMT": money.plain(payment.amount_minor, payment.currency),
            "CURRENCYCODE": payment.currency,
            "RECEIVERID": payment.fields["business"],
            "ORDERTIME": f"{payment.created_at:%Y-%m-%dT%H:%M:%SZ}",
        }
        return _yes(shown | ({"PARENTTRANSACTIONID": names[0]} if name != names[0] else {}))

    def _refund(self, fields):
        payment, _name = self._named(fields.get("TRANSACTIONID", ""))
        amount = words.minor(fields.get("AMT", ""), payment.currency)
        done = books.refund(payment, amount, fields.get("MSGSUBID", ""))
        if done["result"] != "done":
            return _no("10009", done["reason"])
        return _yes({"REFUNDTRANSACTIONID": done["id"], "REFUNDSTATUS": "Instant"})

    def _capture(self, fields):
        payment, _name = self._named(fields.get("AUTHORIZATIONID", ""))
        done = books.operate(payment, "capture", fields.get("MSGSUBID", ""))
        if done["result"] != "done":
            return _no("10602", done["reason"])
        return _yes({"TRANSACTIONID": _names(payment, PAID)[-1], "PAYMENTSTATUS": "Completed"})

    def _void(self, fields):
        payment, name = self._named(fields.get("AUTHORIZATIONID", ""))
        done = books.operate(payment, "void", "void")
        if done["result"] != "done":
            return _no("10602", done["reason"])
        return _yes({"AUTHORIZATIONID": name})

    def _named(self, name):
        return books.session_by_id(int(name[:-2]) if name[:-2].isdecimal() else 0, self.name), name


def _names(payment, state):
    """The ids of its transactions, of which the last is the newest; none of what nobody has paid."""
    if state not in STATES:
        return []
    first = [f"{payment.id:015}PY"]
    return [*first, f"{payment.id:015}CP"] if payment.operations and state == PAID else first


def _yes(told):
    return Answer(200, urlencode({"ACK": "Success", "VERSION": "95.0", **told}))


def _no(number, words):
    return Answer(200, urlencode({"ACK": "Failure", "L_ERRORCODE0": number, "L_LONGMESSAGE0": words}))
