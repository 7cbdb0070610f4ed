"""AltaPay, played: its API makes pages, shows what became of them and moves money; its server fetches our addresses.

The real one fetches the ways back itself and leads the browser where our answer points; here the browser brings them.
"""

import hmac
from base64 import b64encode
from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qsl, urlencode

from storefront.kit import money
from storefront.kit.errors import Invalid, NotFound
from storefront.payments.gateways.altapay import checksum
from storefront.payments.gateways.base import Answer, Form, Message
from storefront.sandbox import books
from storefront.sandbox.players.base import Asked, Call, Player
from storefront.sandbox.scenario import AUTHORIZED, DECLINED, PAID, PENDING, VOIDED

FORM, XML = "application/x-www-form-urlencoded", "text/xml; charset=utf-8"
STATES = {
    PAID: "captured",
    AUTHORIZED: "preauth",
    VOIDED: "released",
    PENDING: "pending",
    DECLINED: "preauth_failed",
}
RESULTS = {PAID: "succeeded", AUTHORIZED: "succeeded", PENDING: "open", DECLINED: "failed"}
FIRST = 14_000_000  # a transaction has eight digits


class AltaPayPlayer(Player):
    """The terminal is the one of the configured gateway."""

    def notice(self, payment: books.SandboxPayment, state: str) -> Call | None:
        """A callback for what has a result; nothing of a page that was left."""
        if state not in STATES:
            return None
        body = urlencode(self._fields(payment, state))
        return Call(str(payment.fields["notify_url"]), body, {"Content-Type": FORM})

    def way_back(self, payment: books.SandboxPayment, state: str) -> Form:
        """The callback of the result; a page that was left fails."""
        hint = "ok" if state in (PAID, AUTHORIZED, PENDING) else "error"
        return Form(str(payment.fields[f"{hint}_url"]), list(self._fields(payment, state).items()))

    def answer(self, path: str, message: Message) -> Answer:
        """`createPaymentRequest`, `payments`, and what moves money."""
        if not hmac.compare_digest(message.header("authorization").encode("latin-1", "replace"), self._login()):
            return Answer(401, "Authorization Required")
        asked = dict(parse_qsl(message.query if message.method == "GET" else message.body.decode("utf-8", "replace")))
        what = path.removeprefix("merchant/API/")
        try:
            return self._begun(asked) if what == "createPaymentRequest" else self._answered(what, asked)
        except (Invalid, NotFound) as error:
            return _response("", "40", error.message)

    def _begun(self, asked):
        if asked.get("terminal") != self.gateway.settings["merchant"] or not asked.get("amount"):
            raise Invalid("There is no such terminal.")
        fail = asked.get("config[callback_fail]", "")
        wanted = Asked(
            reference=asked.get("shop_orderid", ""),
            amount_minor=money.parsed(asked["amount"], money.code(asked.get("currency", ""))),
            currency=money.code(asked.get("currency", "")),
            ok_url=asked.get("config[callback_ok]", ""),
            cancel_url=fail,
            error_url=fail,
            notify_url=asked.get("config[callback_notification]", ""),
            later=asked.get("type") == "payment",
        )
        url = escape(self.page_of(self.open(wanted)))
        return _response(f"<Result>Success</Result><PaymentRequestId>1</PaymentRequestId><Url>{url}</Url>")

    def _answered(self, what, asked):
        if what == "payments":
            return self._found(asked.get("shop_orderid", ""))
        text = asked.get("transaction_id", "")
        number = int(text) - FIRST if text.isdecimal() and len(text) < 16 else 0
        payment, key = books.session_by_id(number, self.name), asked.get("reconciliation_identifier", "")
        if what == "refundCapturedReservation":
            done = books.refund(payment, money.parsed(asked.get("amount", ""), payment.currency), key)
        elif what in ("captureReservation", "releaseReservation"):
            done = books.operate(payment, "capture" if what == "captureReservation" else "void", key or what)
        else:
            raise NotFound("There is no such method.")
        if done["result"] != "done":
            return _response(f"<Result>Failed</Result><MerchantErrorMessage>{done['reason']}</MerchantErrorMessage>")
        shown = self._transaction(payment, books.state_of(payment))
        return _response(f"<Result>Success</Result><Transactions>{shown}</Transactions>")

    def _found(self, reference):
        try:
            payment = self.payment(reference)
        except NotFound:
            return _response("<Result/>")
        if payment.unreachable:
            return Answer(503, "")
        state = books.state_of(payment)
        shown = self._transaction(payment, state) if state in STATES else ""
        return _response(f"<Result/><Transactions>{shown}</Transactions>")

    def _transaction(self, payment, state):
        whole = money.plain(payment.amount_minor, payment.currency)
        taken, held = state == PAID, state in (PAID, AUTHORIZED, VOIDED)
        facts = {
            "TransactionId": str(FIRST + payment.id),
            "ShopOrderId": payment.fields["theirs"],
            "Terminal": self.gateway.settings["merchant"],
            "TransactionStatus": STATES[state],
            "MerchantCurrencyAlpha": payment.currency,
            "ReservedAmount": whole if held else "0.00",
            "CapturedAmount": whole if taken else "0.00",
            "RefundedAmount": money.plain(payment.refunded_minor, payment.currency),
        }
        rows = [("captured", f"captured-{payment.id}", payment.amount_minor, payment.captured_at)] if taken else []
        for key, done in payment.refunds.items():
            rows.append(("refunded", key, done["amount"], datetime.fromisoformat(done["at"])))
        told = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in facts.items())
        listed = "".join(_identifier(*row, payment.currency) for row in rows)
        told += f"<ChargebackEvents/><ReconciliationIdentifiers>{listed}</ReconciliationIdentifiers>"
        return f"<Transaction>{told}</Transaction>"

    def _fields(self, payment, state):
        told = {
            "status": RESULTS.get(state, "failed"),
            "shop_orderid": str(payment.fields["theirs"]),
            "amount": money.plain(payment.amount_minor, payment.currency),
            "currency": payment.currency,
            "transaction_id": str(FIRST + payment.id),
            "type": "payment" if payment.fields.get("capture") == "later" else "paymentAndCapture",
            "nature": "CreditCard",
            "language": "en",
        }
        return {**told, "checksum": checksum(told, self.gateway.around.secrets.get("secret", ""))}

    def _login(self):
        pair = f"{self.gateway.settings['username']}:{self.gateway.around.secrets['password']}"
        return b"Basic " + b64encode(pair.encode())


def _identifier(kind, key, amount_minor, at, currency):
    amount, dated = money.plain(amount_minor, currency), at.astimezone(UTC).isoformat(timespec="seconds")
    return (
        f"<ReconciliationIdentifier><Id>{escape(key)}</Id><Amount>{amount}</Amount><Type>{kind}</Type>"
        f"<Date>{dated}</Date></ReconciliationIdentifier>"
    )


def _response(body, code="0", words=""):
    header = f"<Header><ErrorCode>{code}</ErrorCode><ErrorMessage>{escape(words)}</ErrorMessage></Header>"
    whole = f'<?xml version="1.0"?><APIResponse version="20170228">{header}<Body>{body}</Body></APIResponse>'
    return Answer(200, whole, XML)
