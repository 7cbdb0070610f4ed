"""Redsys, played: its page takes the signed envelope, its server and the way back carry one, its API opens one.

It answers questions, too, as its service for them does. A card that is refused leaves the page open at Redsys; here the
page is done.
"""

import json
import re
from html import escape
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from storefront.kit import clock
from storefront.kit.errors import Invalid, NotFound
from storefront.payments.gateways import redsys_query as asking, redsys_signing as signing, redsys_words as words
from storefront.payments.gateways.base import Answer, Message
from storefront.payments.gateways.redsys import REST
from storefront.sandbox import books
from storefront.sandbox.players.base import Asked, Call, Player
from storefront.sandbox.scenario import AUTHORIZED, CANCELLED, DECLINED, OPEN, PAID, PENDING, VOIDED

CODES = {ours: theirs for theirs, ours in reversed(words.REASONS.items())}
NEEDED = ("AMOUNT", "CURRENCY", "MERCHANTURL", "URLOK", "URLKO", "TRANSACTIONTYPE")
FORM = "application/x-www-form-urlencoded"
SPAIN = ZoneInfo("Europe/Madrid")


class RedsysPlayer(Player):
    """The terminal is the one of the configured gateway."""

    def asked(self, message: Message) -> Asked:
        """The envelope, if it is signed with the terminal's key and names what is needed."""
        told = self._opened(message.once())
        if told is None or any(name not in told for name in NEEDED) or not told["AMOUNT"].isdecimal():
            raise Invalid("Redsys refuses this form: SIS0042, its signature or a field is not right.")
        return Asked(
            reference=told["ORDER"],
            amount_minor=int(told["AMOUNT"]),
            currency=words.CURRENCY_OF.get(told["CURRENCY"], told["CURRENCY"]),
            ok_url=told["URLOK"],
            cancel_url=told["URLKO"],
            error_url=told["URLKO"],
            notify_url=told["MERCHANTURL"],
            later=told["TRANSACTIONTYPE"] == words.RESERVATION,
        )

    def notice(self, payment: books.SandboxPayment, state: str) -> Call | None:
        """The envelope with the result, posted; nothing while nothing is decided."""
        if state in (OPEN, PENDING):
            return None
        body = urlencode(self._envelope(self._facts(payment, state)))
        return Call(str(payment.fields["notify_url"]), body, {"Content-Type": FORM})

    def way_back(self, payment: books.SandboxPayment, state: str) -> str:
        """The same in the query of the address, as a terminal does that is set to send it."""
        url = super().way_back(payment, state)
        if state in (OPEN, PENDING):
            return str(url)
        return f"{url}?{urlencode(self._envelope(self._facts(payment, state)))}"

    def answer(self, path: str, message: Message) -> Answer:
        """Refunds, captures and voids; and questions."""
        if path == asking.PATH:
            return Answer(200, self._told(message.body.decode("utf-8", "replace")), "text/xml; charset=utf-8")
        if path != REST:
            raise NotFound("Redsys has no such address.")
        return Answer(200, json.dumps(self._operated(message)), "application/json")

    def _operated(self, message):
        try:
            told = self._opened(json.loads(message.body))
        except (ValueError, AttributeError):
            told = None
        if told is None:
            return {"errorCode": "SIS0042"}
        try:
            payment = self.payment(told["ORDER"], lock=True)
        except NotFound:
            return {"errorCode": "SIS0054"}
        kind, amount = told["TRANSACTIONTYPE"], int(told["AMOUNT"])
        if kind == words.REFUND:
            done = books.refund(payment, amount, f"refund-{len(payment.refunds)}")
        elif kind in (words.CAPTURE, words.VOID):
            done = books.operate(payment, "capture" if kind == words.CAPTURE else "void", kind)
        else:
            return {"errorCode": "SIS0023"}
        if done["result"] != "done":
            return {"errorCode": "SIS0057" if kind == words.REFUND else "SIS0059"}
        granted = str(words.GRANTED[kind]).zfill(4)
        facts = self._row(payment, kind, granted, amount) | {"Ds_MerchantData": told.get("MERCHANTDATA", "")}
        return self._envelope(facts)

    def _told(self, question):
        """The operations of an order, in a text that is XML itself."""
        order = "".join(re.findall(r"<Ds_Order>(\w+)</Ds_Order>", question)[:1])
        try:
            payment = self.payment(order)
        except NotFound:
            rows = []
        else:
            rows = self._operations(payment, books.state_of(payment))
        inner = "".join(f"<Response>{_xml(row)}</Response>" for row in rows)
        inner = inner or f"<ErrorMsg>{_xml({'Ds_ErrorCode': asking.NO_OPERATION})}</ErrorMsg>"
        text = f"<Messages><Version><Message>{inner}</Message></Version></Messages>"
        return f"<Envelope><consultaOperacionesReturn>{escape(text)}</consultaOperacionesReturn></Envelope>"

    def _operations(self, payment, state):
        """What was done, or is being done, as rows of a list."""
        if state == PENDING:
            return [self._row(payment, words.PAYMENT, "") | {"Ds_State": "P"}]
        if state in (OPEN, CANCELLED):
            return []
        later = payment.fields.get("capture") == "later" and state != DECLINED
        kinds = [(words.RESERVATION, "0000")] if later else []
        if later and state == PAID:
            kinds.append((words.CAPTURE, "0900"))
        if state == VOIDED:
            kinds.append((words.VOID, "0400"))
        rows = [self._row(payment, kind, code) for kind, code in kinds] or [self._facts(payment, state)]
        return [{**row, "Ds_State": asking.FINISHED} for row in rows]

    def _facts(self, payment, state):
        """The result of the page, or of what was done with the money since."""
        later = payment.fields.get("capture") == "later"
        refused = {CANCELLED: words.CANCELLED[0], DECLINED: CODES.get(payment.reason, "0190")}
        if state == VOIDED:
            return self._row(payment, words.VOID, "0400")
        if state == PAID and later:
            return self._row(payment, words.CAPTURE, "0900")
        kind = words.RESERVATION if later or state == AUTHORIZED else words.PAYMENT
        code = "0000" if state in (PAID, AUTHORIZED) else refused.get(state, words.CANCELLED[0])
        return self._row(payment, kind, code)

    def _row(self, payment, kind, code, amount=None):
        there = clock.here().astimezone(SPAIN)
        return {
            "Ds_Date": quote(f"{there:%d/%m/%Y}", safe=""),
            "Ds_Hour": quote(f"{there:%H:%M}", safe=""),
            "Ds_Amount": str(payment.amount_minor if amount is None else amount),
            "Ds_Currency": words.CURRENCIES.get(payment.currency, payment.currency),
            "Ds_Order": str(payment.fields["theirs"]),
            "Ds_MerchantCode": self.gateway.settings["merchant"],
            "Ds_Terminal": self.gateway.settings["terminal"].zfill(3),
            "Ds_Response": code,
            "Ds_TransactionType": kind,
            "Ds_AuthorisationCode": str(payment.id).zfill(6),
        }

    def _envelope(self, facts):
        return signing.envelope(facts, facts["Ds_Order"], self._key, self.gateway.settings["signature"])

    def _opened(self, fields):
        """What the shop's envelope says, by names without their beginning; None if it is not the terminal's."""
        texts = {str(name): str(value) for name, value in fields.items()}
        told = signing.opened(texts, self._key, "DS_MERCHANT_ORDER")
        if not told or told.get("DS_MERCHANT_MERCHANTCODE") != self.gateway.settings["merchant"]:
            return None
        return {name.removeprefix("DS_MERCHANT_"): value for name, value in told.items()}

    @property
    def _key(self):
        return self.gateway.around.secrets.get("key", "")


def _xml(facts):
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in facts.items())
