"""What can go otherwise at the gateway: one row a scenario, chosen on its page and used by tests by name.

`notices` are (seconds after the press, how the message is changed); `early` ones must have been delivered
before the browser is sent back. `back` says how the browser returns: "" stays on the gateway's page.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from storefront.sandbox.models import SandboxPayment


@dataclass(frozen=True)
class Scenario:
    """How one payment is told to the shop."""

    label: object
    notices: tuple[tuple[int, str], ...] = ()
    early: bool = False
    back: str = "signed"  # signed, plain (proves nothing), error, "" (never)
    unreachable: bool = False  # towards queries
    change: str = ""  # what the gateway takes instead of what was asked: a key of CHANGES


def _less(payment: SandboxPayment) -> None:
    payment.amount_minor = max(1, payment.amount_minor - 100)


def _other_currency(payment: SandboxPayment) -> None:
    payment.currency = "USD" if payment.currency != "USD" else "EUR"


CHANGES: dict[str, Callable[[SandboxPayment], None]] = {"amount": _less, "currency": _other_currency}

LATE = 20  # seconds: long enough to see the page that waits

SCENARIOS: dict[str, Scenario] = {
    "before": Scenario(_l("Notify before the return"), notices=((0, ""),), early=True),
    "after": Scenario(_l("Notify after the return"), notices=((3, ""),), back="plain"),
    "twice": Scenario(_l("Notify twice"), notices=((0, ""), (2, "")), early=True),
    "late": Scenario(_l("Notify late"), notices=((LATE, ""),), back="plain", unreachable=True),
    "never": Scenario(_l("Never notify (signed return only)")),
    "no_return": Scenario(_l("The shopper never returns"), notices=((0, ""),), back=""),
    "error": Scenario(_l("Technical error, nothing paid"), back="error"),
    "wrong_amount": Scenario(_l("Wrong amount"), notices=((0, ""),), early=True, change="amount"),
    "wrong_currency": Scenario(_l("Wrong currency"), notices=((0, ""),), early=True, change="currency"),
    "bad_signature": Scenario(
        _l("Bad signature"), notices=((0, "forged"),), early=True, back="plain", unreachable=True
    ),
    "down": Scenario(_l("Gateway down after paying"), back="plain", unreachable=True),
}

DECLINES = {
    "card_declined": _l("Declined by the bank"),
    "card_error": _l("Card error"),
    "card_expired": _l("Card expired"),
    "insufficient_funds": _l("Insufficient funds"),
}
