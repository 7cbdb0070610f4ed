"""Worldpay's Business Gateway, played: its pages take the signed form, its server posts payment responses and XML."""

import hmac
from html import escape
from urllib.parse import urlencode

from storefront.kit import money
from storefront.kit.errors import Invalid
from storefront.payments.gateways import worldpay_words as words
from storefront.payments.gateways.base import Message
from storefront.payments.gateways.worldpay import SIGNED, XML, signature
from storefront.sandbox import books
from storefront.sandbox.players.base import Asked, Call, Player
from storefront.sandbox.scenario import AUTHORIZED, CANCELLED, DECLINED, PAID, PENDING

RESPONSES = {PAID: "Y", CANCELLED: "C"}  # of anything else no payment response is sent
EVENTS = {PAID: "CAPTURED", AUTHORIZED: "AUTHORISED", PENDING: "SENT_FOR_AUTHORISATION", DECLINED: "REFUSED"}
CODES = {ours: theirs for theirs, ours in reversed(words.ISO_8583.items())}
OWN = ("M_ok", "M_cancel", "M_seal")


class WorldpayPlayer(Player):
    """The installation is the one of the configured gateway."""

    def asked(self, message: Message) -> Asked:
        """The form, if its signature is the one of the installation's secret."""
        fields = message.once()
        names = self.gateway.settings.get("signature_fields") or SIGNED
        right = signature(fields, names, self.gateway.around.secrets.get("md5_secret", ""))
        if not hmac.compare_digest(fields.get("signature", "").encode("utf-8", "replace"), right.encode()):
            raise Invalid("Worldpay refuses this form: its signature is missing or wrong.")
        amount_minor = words.minor(fields.get("amount", ""), fields.get("currency", ""))
        if amount_minor <= 0 or fields.get("testMode") != "100" or any(not fields.get(name) for name in OWN):
            raise Invalid("Worldpay refuses this form: a field is missing.")
        return Asked(
            reference=fields["cartId"],
            amount_minor=amount_minor,
            currency=fields["currency"],
            ok_url=fields["M_ok"],
            cancel_url=fields["M_cancel"],
            error_url=fields["M_cancel"],
            notify_url=fields.get("MC_callback", ""),
            kept={name: fields[name] for name in OWN},
        )

    def notice(self, payment: books.SandboxPayment, state: str) -> Call | None:
        """A payment response; or an order notification, where these tell of the money, and of what was refused."""
        around = self.gateway.around
        by_xml = self.gateway.settings.get("paid_by") == XML or state == DECLINED
        if by_xml and state in EVENTS and around.secrets.get("xml_key"):
            url = f"{payment.fields['notify_url']}?{urlencode({'key': around.secrets['xml_key']})}"
            return Call(url, self._event(payment, state), {"Content-Type": "text/xml"})
        if state not in RESPONSES:
            return None
        amount = money.plain(payment.amount_minor, payment.currency)
        fields = {
            "msgType": "authResult",
            "instId": self.gateway.settings["merchant"],
            "cartId": payment.fields["theirs"],
            **{name: payment.fields[name] for name in OWN},
            "amount": amount,
            "currency": payment.currency,
            "authAmount": amount,
            "authCurrency": payment.currency,
            "authMode": "A",
            "transStatus": RESPONSES[state],
            "transId": str(3_000_000_000 + payment.id) if state == PAID else "0",
            "transTime": str(int(payment.created_at.timestamp()) * 1000),
            "rawAuthCode": "A" if state == PAID else "",
            "rawAuthMessage": "cardbe.msg.authorised" if state == PAID else "trans.cancelled",
            "callbackPW": around.secrets.get("callback_password", ""),
            "testMode": "100",
            "charenc": "ISO-8859-1",
            "name": "Jörg",
        }
        body = urlencode(fields, encoding="latin-1")
        return Call(str(payment.fields["notify_url"]), body, {"Content-Type": "application/x-www-form-urlencoded"})

    def _event(self, payment, state):
        code = f'<ISO8583ReturnCode code="{CODES.get(payment.reason, "5")}" description="REFUSED"/>'
        facts = {"code": self.gateway.settings.get("merchant_code", ""), "order": payment.fields["theirs"]}
        safe = {name: escape(str(value)) for name, value in facts.items()}
        exponent = money.exponent(payment.currency)
        return (
            '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE paymentService PUBLIC "-//Worldpay//DTD Worldpay'
            ' PaymentService v1//EN" "http://dtd.worldpay.com/paymentService_v1.dtd">'
            f'<paymentService version="1.4" merchantCode="{safe["code"]}"><notify>'
            f'<orderStatusEvent orderCode="{safe["order"]}"><payment><paymentMethod>VISA-SSL</paymentMethod>'
            f'<amount value="{payment.amount_minor}" currencyCode="{payment.currency}" exponent="{exponent}"'
            f' debitCreditIndicator="credit"/><lastEvent>{EVENTS[state]}</lastEvent>'
            f"{code if state == DECLINED else ''}</payment></orderStatusEvent></notify></paymentService>"
        )
