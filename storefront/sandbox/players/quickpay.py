"""QuickPay, played: its window takes the signed form, its server calls back in JSON, its API shows and changes."""

import hmac
import json
from urllib.parse import parse_qs

from storefront.kit.errors import Invalid, NotFound
from storefront.payments.gateways.base import Answer, Message
from storefront.payments.gateways.quickpay import body_checksum, checksum
from storefront.payments.gateways.quickpay_payment import APPROVED, REASONS
from storefront.sandbox import books
from storefront.sandbox.players.base import Asked, Call, Player
from storefront.sandbox.scenario import AUTHORIZED, DECLINED, PAID, VOIDED

JSON = "application/json"
CODES = {ours: theirs for theirs, ours in reversed(REASONS.items())}


class QuickPayPlayer(Player):
    """The account is the one of the configured gateway."""

    def asked(self, message: Message) -> Asked:
        """The form, if its checksum is the one of the agreement's key."""
        fields = message.once()
        given = fields.pop("checksum", "")
        right = checksum(fields, self.gateway.around.secrets.get("api_key", ""))
        if not hmac.compare_digest(given.encode("utf-8", "replace"), right.encode()):
            raise Invalid("QuickPay refuses this form: its checksum is missing or wrong.")
        if not fields.get("amount", "").isdecimal() or "order_id" not in fields:
            raise Invalid("QuickPay refuses this form: a field is missing.")
        back = {"ok_url": fields["continueurl"], "cancel_url": fields["cancelurl"], "error_url": fields["cancelurl"]}
        return Asked(
            reference=fields["order_id"],
            amount_minor=int(fields["amount"]),
            currency=fields["currency"],
            notify_url=fields["callbackurl"],
            later=fields.get("autocapture") != "1",
            **back,
        )

    def notice(self, payment: books.SandboxPayment, state: str) -> Call:
        """The payment as the API shows it, under the private key."""
        body = json.dumps(self._shown(payment, state))
        signature = body_checksum(body.encode(), self.gateway.around.secrets.get("private_key", ""))
        headers = {"Content-Type": JSON, "QuickPay-Checksum-Sha256": signature, "QuickPay-Resource-Type": "Payment"}
        return Call(payment.fields["notify_url"], body, headers)

    def answer(self, path: str, message: Message) -> Answer:
        """`payments?order_id=`, `payments/<id>`, and there `capture`, `refund` and `cancel`."""
        parts = path.split("/")
        if parts == ["payments"]:
            return _json(self._found(parse_qs(message.query).get("order_id", [""])[0]))
        known = {2: "GET", 3: "POST"}.get(len(parts)) == message.method
        if parts[0] != "payments" or not known:
            raise NotFound("QuickPay has no such address.")
        payment = books.session_by_id(int(parts[1]) if parts[1].isdecimal() else 0, self.name)
        if message.method == "GET":
            return _json(self._shown(payment, books.state_of(payment)))
        amount = parse_qs(message.body.decode("utf-8", "replace")).get("amount", ["0"])[0]
        return self._operated(payment, parts[2], int(amount) if amount.isdecimal() else 0)

    def _found(self, reference):
        try:
            payment = self.payment(reference)
        except NotFound:
            return []
        return [self._shown(payment, books.state_of(payment))]

    def _operated(self, payment, what, amount):
        if what == "refund":
            done = books.refund(payment, amount, f"refund-{len(payment.refunds)}")
        elif what in ("capture", "cancel"):
            done = books.operate(payment, "capture" if what == "capture" else "void", what)
        else:
            raise NotFound("QuickPay has no such address.")
        if done["result"] != "done":
            return Answer(400, json.dumps({"message": done["reason"]}), JSON)
        return _json(self._shown(payment, books.state_of(payment)), 202)

    def _shown(self, payment, state):
        return {
            "id": payment.id,
            "order_id": payment.fields["theirs"],
            "merchant_id": int(self.gateway.settings["merchant"]),
            "accepted": state in (PAID, AUTHORIZED, VOIDED),
            "currency": payment.currency,
            "test_mode": self.gateway.around.mode == "test",
            "state": "rejected" if state == DECLINED else "processed" if state == PAID else "new",
            "operations": [{"id": place, **one} for place, one in enumerate(_operations(payment, state), start=1)],
        }


def _operations(payment, state):
    """What was done, oldest first; each with its place as its id, which it keeps."""
    at = payment.created_at.isoformat()
    whole = {"amount": payment.amount_minor, "qp_status_code": APPROVED, "pending": False, "created_at": at}
    if state == DECLINED:
        return [{**whole, "type": "authorize", "qp_status_code": CODES.get(payment.reason, "40000")}]
    if state not in (PAID, AUTHORIZED, VOIDED):
        return []
    done = [{**whole, "type": "authorize"}]
    done += [{**whole, "type": "capture"}] if state == PAID else []
    done += [{**whole, "type": "cancel"}] if state == VOIDED else []
    refunds = sorted(payment.refunds.values(), key=lambda one: one["at"])
    return done + [{**whole, "type": "refund", "amount": one["amount"], "created_at": one["at"]} for one in refunds]


def _json(found, status=200):
    return Answer(status, json.dumps(found), JSON)
