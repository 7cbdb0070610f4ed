"""Estonian bank links (iPizza): a form to the bank, signed with our key, and a message back, signed with the bank's.

Services 1011 (the payee's account and name are told) and 1012 (the bank takes them from the contract); answers 1111
(paid) and 1911 (not paid: given up or failed, which is not told apart). How they are signed: banklink_mac.py. The bank
sends the same message twice, by the browser (VK_AUTO=N) and from its server (VK_AUTO=Y), both to VK_RETURN: so the way
back is where both are heard. A message of ours never passes as the bank's: it has
another service and another key. There are no questions, refunds or captures in this protocol.

VK_DATETIME may be five minutes off, so a form that was left lying is refused by the bank: the shopper begins again.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _, lazy_gettext as _l

from storefront.kit import money
from storefront.kit.errors import Invalid
from storefront.payments.errors import GatewayError, Unknown
from storefront.payments.gateways import banklink_files as files, banklink_mac as mac, base
from storefront.payments.gateways.base import BillView, Form, Hint, Message, Outcome, Reading, Urls
from storefront.payments.gateways.cards import NO_CARDS
from storefront.payments.gateways.properties import ADDRESS, CERTIFICATE, CHOICE, SECRET, Property
from storefront.payments.gateways.references import compact

LONGEST = {"VK_STAMP": 20, "VK_AMOUNT": 12, "VK_NAME": 70, "VK_MSG": 95, "VK_RETURN": 255, "VK_CANCEL": 255}
CHARSETS = ("UTF-8", "ISO-8859-1", "WINDOWS-1257")
LANGUAGES = {"et": "EST", "ru": "RUS", "lv": "LAT", "lt": "LIT", "fi": "FIN", "sv": "SWE"}
PAID, NOT_PAID = "1111", "1911"
ESTONIA = ZoneInfo("Europe/Tallinn")
MOST_DIGITS = 19  # of a reference number, before its check digit


class Banklink(base.Gateway):
    """The payment page of an Estonian bank, or of a test server that plays one."""

    label = "Bank link (iPizza)"
    properties = (
        Property("page", _l("The bank's address for payments"), ADDRESS),
        Property("merchant", _l("Our id at the bank (VK_SND_ID)"), pattern=r".{1,15}", hint=_l("up to 15 letters")),
        Property("service", _l("Service"), CHOICE, choices=(("1012", "1012"), ("1011", "1011"))),
        Property("version", _l("Version of the signature"), CHOICE, choices=(("008", "008"), ("009", "009"))),
        Property("private_key", _l("Our private key (PEM file)"), CERTIFICATE),
        Property("bank_certificate", _l("The bank's certificate (PEM file)"), CERTIFICATE),
        Property("key_password", _l("Password of our private key"), SECRET, required=False),
        Property("certificate", _l("Our certificate, as the bank has it (PEM file)"), CERTIFICATE, required=False),
        Property("account", _l("Account that is paid (for 1011)"), required=False, pattern=r"[A-Z0-9]{1,34}"),
        Property("name", _l("Name of its owner (for 1011)"), required=False, pattern=r".{1,70}"),
        Property("bank", _l("The bank's id in its answers (VK_SND_ID)"), required=False, pattern=r".{1,15}"),
        Property(
            "encoding",
            _l("Encoding (VK_ENCODING)"),
            CHOICE,
            required=False,
            choices=tuple((charset, charset) for charset in CHARSETS),
        ),
    )
    addresses = {"page": {"test": "", "live": ""}}  # each bank has its own
    capabilities = base.Capabilities(return_is_signed=True)
    card_options = NO_CARDS

    def check(self) -> list[str]:
        """Besides what is missing: files that cannot be read, do not fit each other or are out of date."""
        wrong = super().check() + files.wrong_with_files(self.around)
        if self.settings.get("service") == "1011" and not (self.settings.get("account") and self.settings.get("name")):
            wrong.append("Service 1011 needs the account (account) and the name (name) that are paid.")
        return wrong

    def begin(self, bill: BillView, urls: Urls) -> Form:
        """A signed form, good for five minutes. Raises GatewayError when our key cannot be read."""
        key = files.private_key(self.around.file("private_key"), self.around.secrets.get("key_password", ""))
        if key is None:
            raise GatewayError(_("The payment service is not set up right."))
        charset = self._charset()
        facts = self._facts(replace(bill, gateway_reference=compact(bill, LONGEST["VK_STAMP"])), urls, charset)
        if any(len(facts[name]) > most for name, most in LONGEST.items() if name in facts):
            raise GatewayError(_("The payment service does not take this sum or address."))
        rest = {"VK_MAC": mac.sign(facts, key, charset), "VK_ENCODING": charset}
        rest["VK_LANG"] = LANGUAGES.get(bill.locale[:2], "ENG")
        page = self.address("page")
        return Form(
            page,
            [*facts.items(), *rest.items()],
            hosts=(base.origin(page),),
            charset=charset.lower(),
            reference=facts["VK_STAMP"],
        )

    def identify(self, message: Message) -> str | None:
        """The stamp."""
        return message.once("latin-1").get("VK_STAMP")

    @classmethod
    def is_notice(cls, message: Message) -> bool:
        """The bank's own server says that it is no browser; that alone is not signed."""
        return message.once("latin-1").get("VK_AUTO") == "Y"

    def read_return(self, message: Message, bill: BillView) -> Outcome | Hint:
        """The bank's message about this bill, brought by the browser or sent by the bank's own server."""
        told = self._told(message)
        return self._outcome(told) if told and told["VK_STAMP"] == self._stamp(bill) else Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """The same message, wherever it comes to."""
        told = self._told(message)
        return Reading(base.AUTHENTIC, [self._outcome(told)]) if told else Reading(base.FORGED)

    def _facts(self, bill, urls, charset):
        """What is signed, in its order, as far as the charset can write it: that is what the browser sends."""
        stamp = self._stamp(bill)
        facts = {
            "VK_SERVICE": self.settings["service"],
            "VK_VERSION": self.settings["version"],
            "VK_SND_ID": self.settings["merchant"],
            "VK_STAMP": stamp,
            "VK_AMOUNT": money.plain(bill.amount_minor, bill.currency),
            "VK_CURR": bill.currency,
            "VK_ACC": self.settings.get("account", ""),
            "VK_NAME": self.settings.get("name", ""),
            "VK_REF": reference_number(bill),
            "VK_MSG": (bill.order_number or stamp)[: LONGEST["VK_MSG"]],
            "VK_RETURN": urls.ok,
            "VK_CANCEL": urls.cancel,
            "VK_DATETIME": self.around.now().astimezone(ESTONIA).strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        names = mac.ORDER[self.settings["service"]]
        return {name: facts[name].strip().encode(charset, "replace").decode(charset) for name in names}

    def _told(self, message):
        """The fields of a message that the bank has signed for us; None for any other."""
        claimed = message.once("latin-1").get("VK_ENCODING", "").upper()
        charset = claimed if claimed in CHARSETS else self._charset()
        told, key = message.once(charset), files.public_key(self.around.file("bank_certificate"))
        if key is None or told.get("VK_SERVICE") not in (PAID, NOT_PAID):
            return None
        if not told.get("VK_STAMP") or not told.get("VK_REC_ID"):  # the bank signs for others, too
            return None
        if told.get("VK_VERSION") != self.settings.get("version") or not mac.is_signed(told, key, charset):
            return None
        bank = self.settings.get("bank")
        return None if bank and told.get("VK_SND_ID") != bank else told

    def _outcome(self, told):
        stamp, ours = told["VK_STAMP"], told["VK_REC_ID"]
        if told["VK_SERVICE"] == NOT_PAID:
            refused = Outcome(base.DECLINED, stamp, f"{stamp}-{NOT_PAID}", merchant=ours)
            return replace(refused, error_type=Unknown.code, vendor_code=NOT_PAID)
        currency, number = told.get("VK_CURR", ""), told.get("VK_T_NO", "")
        return Outcome(
            type=base.PAID,
            reference=stamp,
            event_key=f"{stamp}-{number}",
            amount_minor=_minor(told.get("VK_AMOUNT", ""), currency),
            currency=currency,
            transaction=f"{number}/{stamp}" if number else "",  # a bank may begin to count anew
            merchant=ours,
            occurred_at=_time(told.get("VK_T_DATETIME", "")),
        )

    def _stamp(self, bill):
        """What the bank calls an attempt."""
        return bill.gateway_reference or bill.reference

    def _charset(self):
        return self.settings.get("encoding") or CHARSETS[0]


def reference_number(bill: BillView) -> str:
    """The bill's number for the bank's papers: its digits, and a check digit after them."""
    digits = "".join(re.findall(r"[0-9]", bill.reference))[-MOST_DIGITS:]
    return mac.with_check_digit(digits or str(int.from_bytes(bill.key.encode()) % 10**9))


def _minor(text, currency):
    """The sum in minor units; 0 for what is none: no bill asks for that."""
    if not re.fullmatch(r"[0-9]{0,9}(\.[0-9]{1,3})?", text):
        return 0
    try:
        return money.parsed(text, currency)
    except Invalid:
        return 0


def _time(text):
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
