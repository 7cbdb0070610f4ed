"""The numbers that DIBS speaks in: states, reasons, results, currencies, and what they are in our words."""

from collections.abc import Mapping

from storefront.payments.errors import (
    AuthenticationFailed,
    CardDeclined,
    CardError,
    CardExpired,
    DuplicateReference,
    SuspectedFraud,
    TechnicalError,
)
from storefront.payments.gateways import base

# transstatus.pml (tech.dibspayment.com/nodeaddpage/toolboxstatuscodes). Where money has gone back the sum is not told,
# and of a payment that was taken in parts neither: a person has to look.
STATES = {
    "0": base.PENDING,
    "1": base.DECLINED,
    "2": base.AUTHORIZED,
    "3": base.PENDING,
    "4": base.AUTHORIZED,
    "5": base.PAID,
    "6": base.VOIDED,
    "7": base.PAID,
    "8": base.UNKNOWN,
    "9": base.UNKNOWN,
    "10": base.PAID,
    "11": base.UNKNOWN,
    "12": base.PENDING,
    "13": base.UNKNOWN,
    "14": base.UNKNOWN,
    "15": base.UNKNOWN,
    "16": base.PENDING,
    "17": base.DECLINED,
    "18": base.UNKNOWN,
    "19": base.UNKNOWN,
}
# Types of cards: tech.dibspayment.com/D2/Toolbox/Paytypes. Those of a country are types of their own.
CARDS = {
    "visa": ("VISA", "VISA(DK)", "VISA(SE)", "ELEC"),
    "mastercard": ("MC", "MC(DK)", "MC(SE)"),
    "maestro": ("MTRO", "MTRO(DK)", "MTRO(SE)", "MTRO(UK)"),
    "amex": ("AMEX", "AMEX(DK)", "AMEX(SE)"),
    "diners": ("DIN", "DIN(DK)"),
    "jcb": ("JCB",),
    "dankort": ("DK", "V-DK"),
}
SENT_BACK = ("8", "9", "11", "15")
BY_DIBS = "17"  # not the bank has declined, but DIBS itself

# transinfo.cgi: rejected, ready to be captured, captured, sent to the bank which has not answered.
REJECTED, RESERVED, TAKEN, INSERTED = "0", "1", "2", "3"
FOUND = {RESERVED: base.AUTHORIZED, TAKEN: base.PAID, INSERTED: base.PENDING}

# Why an authorization was refused (tech.dibs.dk/toolbox/dibs_error_codes).
REASONS = {
    "0": CardDeclined.code,
    "1": TechnicalError.code,
    "2": TechnicalError.code,
    "3": TechnicalError.code,
    "4": CardExpired.code,
    "5": CardError.code,
    "6": TechnicalError.code,
    "7": DuplicateReference.code,
    "8": TechnicalError.code,
    "9": CardError.code,
    "10": CardError.code,
    "11": SuspectedFraud.code,
    "20": AuthenticationFailed.code,
}

# What came of a capture, refund or cancellation (the same page). UNKNOWN: the bank may have done it.
RESULTS = {
    "0": base.DONE,
    "1": base.UNKNOWN,
    "2": base.UNKNOWN,
    "3": base.REFUSED,
    "4": base.REFUSED,
    "5": base.REFUSED,
    "6": base.REFUSED,
    "7": base.REFUSED,
    "8": base.REFUSED,
    "9": base.REFUSED,
    "10": base.REFUSED,
    "11": base.UNKNOWN,
    "12": base.UNKNOWN,
    "14": base.ACCEPTED,  # it is in the batch already
    "15": base.REFUSED,
}

# The numbers of ISO 4217, in which DIBS tells the currency.
NUMBERS = {
    "AED": "784",
    "AUD": "036",
    "BGN": "975",
    "BRL": "986",
    "CAD": "124",
    "CHF": "756",
    "CNY": "156",
    "CZK": "203",
    "DKK": "208",
    "EUR": "978",
    "GBP": "826",
    "HKD": "344",
    "HUF": "348",
    "ILS": "376",
    "INR": "356",
    "ISK": "352",
    "JPY": "392",
    "KRW": "410",
    "KWD": "414",
    "MXN": "484",
    "MYR": "458",
    "NOK": "578",
    "NZD": "554",
    "PLN": "985",
    "RON": "946",
    "SEK": "752",
    "SGD": "702",
    "THB": "764",
    "TRY": "949",
    "UAH": "980",
    "USD": "840",
    "ZAR": "710",
}
LETTERS = {number: letters for letters, number in NUMBERS.items()}
LANGUAGES = ("da", "de", "en", "es", "fi", "fo", "fr", "it", "nl", "no", "pl", "sv")


def is_test(told: Mapping[str, str]) -> bool:
    """Whether a callback is one of play money: whatever `test` says, or by the acquirer's name."""
    return bool(told.get("test")) or told.get("acquirer", "").upper() == "TEST"


def reason_of(number: str, reason: str) -> str:
    """Our code for why a transaction in this state was refused."""
    return SuspectedFraud.code if number == BY_DIBS else REASONS.get(reason, CardDeclined.code)


def result_of(told: Mapping[str, str]) -> tuple[str, str]:
    """What came of an operation, and what is said of it: a plain yes or no, or nobody knows."""
    code = told.get("result") or told.get("reason") or ""
    result = RESULTS.get(code, base.UNKNOWN)
    if told.get("status") == "ACCEPTED":
        result = base.DONE if code in ("", "0") else base.ACCEPTED if result == base.ACCEPTED else base.UNKNOWN
    elif told.get("status") == "DECLINED" and result == base.DONE:
        result = base.REFUSED
    said = f"{code} {told.get('message', '')}".strip()[:200]
    return result, "" if result == base.DONE else said


def language(locale: str) -> str:
    """One that the window speaks."""
    wanted = {"nb": "no", "nn": "no"}.get(locale[:2], locale[:2])
    return wanted if wanted in LANGUAGES else "en"
