"""Opayo Form, played: its page takes the encrypted form, sends the browser back with a crypt, and its API is asked."""

import hmac
import re
from urllib.parse import urlencode
from xml.sax.saxutils import escape, unescape

from storefront.kit import money
from storefront.kit.errors import Invalid, NotFound
from storefront.payments.gateways import opayo_words as words
from storefront.payments.gateways.base import Answer, Message
from storefront.payments.gateways.opayo import decrypted, encrypted
from storefront.sandbox import books
from storefront.sandbox.players.base import Asked, Player
from storefront.sandbox.scenario import CANCELLED, DECLINED, OPEN, PAID

XML = "text/xml; charset=iso-8859-1"
NEEDED = ("VendorTxCode", "Amount", "Currency", "Description", "SuccessURL", "FailureURL", "BillingSurname")
STATUSES = {PAID: "OK", DECLINED: "NOTAUTHED", CANCELLED: "ABORT"}
STATES = {PAID: "16", DECLINED: "12", CANCELLED: "11", OPEN: "3"}
REASONS = {"suspected_fraud": "10", "session_expired": "20", "technical_error": "13"}


class OpayoPlayer(Player):
    """The vendor is the one of the configured gateway."""

    def asked(self, message: Message) -> Asked:
        """The form, if it can be decrypted and is complete."""
        form = message.once("latin-1")
        told = decrypted(form.get("Crypt", ""), self.gateway.around.secrets.get("password", ""))
        if form.get("Vendor") != self.gateway.settings["merchant"] or form.get("TxType") != "PAYMENT":
            raise Invalid("Opayo refuses this form: it does not know the vendor.")
        if any(not told.get(name) for name in NEEDED) or not re.fullmatch(r"\d+(\.\d+)?", told["Amount"]):
            raise Invalid("Opayo refuses this form: it cannot read the crypt, or a field is missing.")
        return Asked(
            reference=told["VendorTxCode"],
            amount_minor=money.parsed(told["Amount"], told["Currency"]),
            currency=told["Currency"],
            ok_url=told["SuccessURL"],
            cancel_url=told["FailureURL"],
            error_url=told["FailureURL"],
        )

    def way_back(self, payment: books.SandboxPayment, state: str) -> str:
        """To one of two addresses, with a crypt."""
        status = STATUSES.get(state, "ERROR")
        told = {
            "VendorTxCode": str(payment.fields["theirs"]),
            "VPSTxId": f"{{{_transaction(payment)}}}",
            "Status": status,
            "StatusDetail": f"{'0000' if status == 'OK' else '2000'} : {status}",
            "Amount": money.plain(payment.amount_minor, payment.currency),
        }
        where = payment.fields["ok_url" if status == "OK" else "error_url"]
        return f"{where}?{urlencode({'crypt': encrypted(told, self.gateway.around.secrets['password'])})}"

    def answer(self, path: str, message: Message) -> Answer:
        """The Reporting & Admin API knows one question here."""
        if path != "access/access.htm":
            raise NotFound("Opayo has no such address.")
        asked = message.once().get("XML", "")
        code = unescape(re.sub(r".*<vendortxcode>(.*)</vendortxcode>.*", r"\1", asked, flags=re.DOTALL))
        right = self.gateway.question("getTransactionDetail", {"vendortxcode": code})  # type: ignore[attr-defined]
        if not hmac.compare_digest(asked.encode("utf-8", "replace"), right.encode()):
            return _xml({"errorcode": "0010", "error": "The signature is not right."})
        try:
            return _xml(self._detail(self.payment(code)))
        except NotFound:
            return _xml({"errorcode": words.NOT_FOUND, "error": "There is no such transaction."})

    def _detail(self, payment):
        state = books.state_of(payment)
        return {
            "errorcode": words.SUCCESS,
            "vpstxid": _transaction(payment),
            "vendortxcode": str(payment.fields["theirs"]),
            "transactiontype": "Payment",
            "txstateid": REASONS.get(payment.reason, "12") if state == DECLINED else STATES.get(state, "6"),
            "status": state,
            "amount": f"{money.plain(payment.amount_minor, payment.currency)}",
            "currency": payment.currency,
        }


def _transaction(payment):
    return f"6AA6DE3C-B694-7A80-5BAC-{payment.id:012X}"


def _xml(told):
    inside = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items())
    return Answer(200, f'<?xml version="1.0" encoding="ISO-8859-1"?><vspaccess>{inside}</vspaccess>', XML)
