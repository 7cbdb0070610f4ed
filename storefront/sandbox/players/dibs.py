"""DIBS FlexWin, played: its window takes the signed form, its server calls back after a success, its pages answer."""

import hmac
from base64 import b64encode
from urllib.parse import urlencode

from storefront.kit.errors import Invalid, NotFound
from storefront.payments.gateways import dibs_words as words
from storefront.payments.gateways.base import Answer, Form, Message
from storefront.payments.gateways.dibs_api import FORM, DibsApi
from storefront.sandbox import books
from storefront.sandbox.players.base import Asked, Call, Player
from storefront.sandbox.scenario import AUTHORIZED, DECLINED, PAID, PENDING, VOIDED

CODES = {ours: theirs for theirs, ours in reversed(words.REASONS.items())}
FOUND = {DECLINED: words.REJECTED, AUTHORIZED: words.RESERVED, VOIDED: words.RESERVED, PAID: words.TAKEN}
STATES = {DECLINED: "1", AUTHORIZED: "2", VOIDED: "6", PAID: "5", PENDING: "0"}
SIGNED = ("merchant", "orderid", "currency", "amount")
FIRST = 10_000_000  # a transaction has six digits or more


class DibsPlayer(Player):
    """The merchant is the one of the configured gateway."""

    def asked(self, message: Message) -> Asked:
        """The form, if its key is right."""
        fields = message.once()
        if any(name not in fields for name in (*SIGNED, "accepturl")) or not fields["amount"].isdecimal():
            raise Invalid("DIBS refuses this form: a field is missing.")
        if not self._is_right(fields, SIGNED) or fields["merchant"] != self.gateway.settings["merchant"]:
            raise Invalid("DIBS refuses this form: its key is missing or wrong.")
        cancel = fields.get("cancelurl", fields["accepturl"])
        return Asked(
            reference=fields["orderid"],
            amount_minor=int(fields["amount"]),
            currency=words.LETTERS.get(fields["currency"], fields["currency"]),
            ok_url=fields["accepturl"],
            cancel_url=cancel,
            error_url=cancel,
            notify_url=fields.get("callbackurl", ""),
            later="capturenow" not in fields,
        )

    def notice(self, payment: books.SandboxPayment, state: str) -> Call | None:
        """A callback, in ISO-8859-1; after a success only."""
        if state not in (PAID, AUTHORIZED) or not payment.fields["notify_url"]:
            return None
        body = urlencode(self._result(payment), encoding="latin-1")
        return Call(payment.fields["notify_url"], body, {"Content-Type": FORM})

    def way_back(self, payment: books.SandboxPayment, state: str) -> Form:
        """Posted: with the result after a success, without one to the address for leaving."""
        if state in (PAID, AUTHORIZED, PENDING):
            return Form(str(payment.fields["ok_url"]), list(self._result(payment).items()))
        return Form(str(payment.fields["cancel_url"]), [("orderid", str(payment.fields["theirs"]))])

    def answer(self, path: str, message: Message) -> Answer:
        """The pages for questions and operations, in text."""
        fields = message.once()
        if fields.get("merchant") != self.gateway.settings["merchant"]:
            return Answer(200, "")
        if path == "cgi-bin/transinfo.cgi":
            return Answer(200, self._info(fields))
        payment = books.session_by_id(_number(fields.get("transact")) - FIRST, self.name)
        if path == "cgi-adm/callback.cgi" and message.header("authorization") == self._login():
            return Answer(200, urlencode(self._result(payment)))
        if path == "transstatus.pml":
            return Answer(200, STATES.get(books.state_of(payment), "0"))
        return self._operated(path, fields, message, payment)

    def _info(self, fields):
        try:
            payment = self.payment(fields.get("orderid", ""))
        except NotFound:
            return ""
        asked = (words.LETTERS.get(fields.get("currency", "")), fields.get("amount"))
        state = books.state_of(payment)
        if asked != (payment.currency, str(payment.amount_minor)) or state not in STATES:
            return ""
        told = {"transact": str(FIRST + payment.id), "status": FOUND.get(state, words.INSERTED)}
        if state == DECLINED:
            told["reason"] = CODES.get(payment.reason, "0")
        return urlencode(told)

    def _operated(self, path, fields, message, payment):
        where, what = path.split("/") if path.count("/") == 1 else ("", "")
        signed = ("merchant", "orderid", "transact", *(["amount"] if what != "cancel.cgi" else []))
        if where == "cgi-adm" and message.header("authorization") != self._login():
            return Answer(401, "<html>Login problems?</html>", "text/html")
        if not self._is_right(fields, signed):
            return Answer(200, "status=DECLINED&result=8&message=md5key")
        if what == "refund.cgi":
            done = books.refund(payment, _number(fields["amount"]), f"refund-{len(payment.refunds)}")
        elif what in ("capture.cgi", "cancel.cgi"):
            done = books.operate(payment, "capture" if what == "capture.cgi" else "void", what)
        else:
            raise NotFound("DIBS has no such address.")
        return Answer(200, "status=ACCEPTED&result=0" if done["result"] == "done" else "status=DECLINED&result=6")

    def _result(self, payment):
        told = {
            "transact": str(FIRST + payment.id),
            "orderid": str(payment.fields["theirs"]),
            "amount": str(payment.amount_minor),
            "currency": words.NUMBERS[payment.currency],
            "merchant": self.gateway.settings["merchant"],
            "paytype": "VISA",
            "test": "yes",
        }
        return {**told, "authkey": self._api.key_of({name: told[name] for name in ("transact", "amount", "currency")})}

    def _is_right(self, fields, names):
        right = self._api.key_of({name: fields.get(name, "") for name in names})
        return hmac.compare_digest(fields.get("md5key", "").encode("utf-8", "replace"), right.encode())

    def _login(self):
        user, password = self.gateway.settings.get("api_user"), self.gateway.around.secrets.get("api_password")
        return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"

    @property
    def _api(self):
        return DibsApi("", self.gateway.settings, self.gateway.around)


def _number(text):
    return int(text) if text and text.isdecimal() and len(text) < 16 else 0
