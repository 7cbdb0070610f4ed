"""Paying without a gateway: by bank transfer, on pickup, by invoice. There is nowhere to go and nobody to ask.

With an account number the order waits for a transfer, and its page and letter tell where to send it and under which
reference. That the money is there is entered by hand on the order's page, or read from the bank's statement as a
settlement file. A way to pay on pickup should approve by itself (*Pack orders before they are paid*).
"""

import re
from collections.abc import Mapping

from flask_babel import lazy_gettext as _l

from storefront.payments.gateways import base
from storefront.payments.gateways.base import BillView, Hint, Message, Outcome, Reading, Urls
from storefront.payments.gateways.cards import NO_CARDS
from storefront.payments.gateways.properties import Property

LOOKS_LIKE_IBAN = re.compile(r"[A-Za-z]{2}\d{2}")
BIC = r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?"
NAMES = ("holder", "account", "bic", "bank", "about")


class Offline(base.Gateway):
    """The merchant gets the money by hand; the method approves by itself or the order waits."""

    label = "By hand: bank transfer, on pickup"
    properties = (
        Property("account", _l("Account number that transfers go to (IBAN)"), required=False),
        Property("holder", _l("Whose account it is"), required=False),
        Property("bic", _l("BIC of the bank"), required=False, pattern=BIC, hint=_l("8 or 11 letters and digits")),
        Property("bank", _l("Name of the bank"), required=False),
        Property("about", _l("A sentence for whoever pays"), required=False),
    )
    capabilities = base.Capabilities(notifies=False)
    card_options = NO_CARDS

    def check(self) -> list[str]:
        """A transfer needs an account that exists, and the name that banks compare with it."""
        from stdnum import iban  # as in taxes/vat.py

        wrong = super().check()
        account = self.settings.get("account", "")
        if LOOKS_LIKE_IBAN.match(account) and not iban.is_valid(account):
            wrong.append("The account number (account) is not a right IBAN: a letter or digit is wrong.")
        if account and not self.settings.get("holder"):
            wrong.append("Say whose account it is (holder): banks compare the name.")
        return wrong

    def begin(self, bill: BillView, urls: Urls) -> Outcome:
        """There is no page to go to: the order waits."""
        event = f"offline-{bill.reference}"
        return Outcome(base.PENDING, bill.reference, event, amount_minor=bill.amount_minor, currency=bill.currency)

    def pay_to(self) -> Mapping[str, str]:
        """The account, its number in groups of four."""
        from stdnum import iban

        told = {name: str(self.settings.get(name) or "").strip() for name in NAMES}
        if LOOKS_LIKE_IBAN.match(told["account"]):
            told["account"] = iban.format(told["account"]).upper()
        return {name: value for name, value in told.items() if value} if told["account"] else {}

    def identify(self, message: Message) -> str | None:
        """Nobody writes."""
        return None

    def read_return(self, message: Message, bill: BillView) -> Hint:
        """Nobody comes back from anywhere."""
        return Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """Nobody calls."""
        return Reading(base.FORGED)
