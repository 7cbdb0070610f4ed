"""The numbers that Redsys speaks in: kinds of operation, answers, currencies, languages, and what they are for us."""

from storefront.payments.errors import (
    AuthenticationFailed,
    CardDeclined,
    CardError,
    CardExpired,
    DuplicateReference,
    InsufficientFunds,
    LimitExceeded,
    SessionExpired,
    SuspectedFraud,
    TechnicalError,
    Unknown,
    UserCancelled,
)
from storefront.payments.gateways import base

PAYMENT, RESERVATION, CAPTURE, REFUND, VOID = "0", "1", "2", "3", "9"
PAYING = (PAYMENT, RESERVATION)
WORDS = {
    PAYMENT: base.PAID,
    RESERVATION: base.AUTHORIZED,
    CAPTURE: base.PAID,
    REFUND: base.REFUNDED,
    VOID: base.VOIDED,
}
EVENTS = {PAYMENT: "paid", RESERVATION: "authorized", CAPTURE: "captured", VOID: "voided"}
GRANTED = {CAPTURE: 900, REFUND: 900, VOID: 400}  # a payment or reservation is granted by 0 to 99
IN_PROGRESS = ("8102", "8210", "8220", "9998", "9999")  # the shopper still types, or is at the bank's page
CANCELLED = ("9915", "9929")
UNSURE = ("0909", "0912", "9909", "9912", "9997")  # whether an operation was carried out, nobody knows

# Ds_Response: sis-d.redsys.es/websantander/codigosRespuesta.html, gist.github.com/m1k3lm/92452ab95a227c557035.
REASONS = {
    "0101": CardExpired.code,
    "0102": SuspectedFraud.code,
    "0104": CardDeclined.code,
    "0106": AuthenticationFailed.code,
    "0116": InsufficientFunds.code,
    "0118": CardError.code,
    "0125": CardError.code,
    "0129": CardError.code,
    "0172": CardDeclined.code,
    "0173": CardDeclined.code,
    "0174": CardDeclined.code,
    "0180": CardError.code,
    "0184": AuthenticationFailed.code,
    "0190": CardDeclined.code,
    "0191": CardError.code,
    "0202": SuspectedFraud.code,
    "0904": TechnicalError.code,
    "0909": TechnicalError.code,
    "0912": TechnicalError.code,
    "0913": DuplicateReference.code,
    "0944": SessionExpired.code,
    "0950": TechnicalError.code,
    "9051": DuplicateReference.code,
    "9064": CardError.code,
    "9071": CardExpired.code,
    "9078": CardDeclined.code,
    "9081": SessionExpired.code,
    "9093": CardError.code,
    "9094": CardDeclined.code,
    "9104": AuthenticationFailed.code,
    "9126": DuplicateReference.code,
    "9142": SessionExpired.code,
    "9218": TechnicalError.code,
    "9219": LimitExceeded.code,
    "9220": LimitExceeded.code,
    "9253": CardError.code,
    "9256": TechnicalError.code,
    "9257": CardDeclined.code,
    "9261": LimitExceeded.code,
    "9672": AuthenticationFailed.code,
    "9673": UserCancelled.code,
    "9677": InsufficientFunds.code,
    "9909": TechnicalError.code,
    "9912": TechnicalError.code,
    "9913": TechnicalError.code,
    "9914": TechnicalError.code,
    "9915": UserCancelled.code,
    "9929": UserCancelled.code,
    "9997": TechnicalError.code,
}

# Ds_Merchant_Currency is the number of ISO 4217.
CURRENCIES = {
    "ARS": "032",
    "AUD": "036",
    "BRL": "986",
    "CAD": "124",
    "CHF": "756",
    "CLP": "152",
    "COP": "170",
    "CZK": "203",
    "DKK": "208",
    "EUR": "978",
    "GBP": "826",
    "HUF": "348",
    "ILS": "376",
    "INR": "356",
    "JPY": "392",
    "MXN": "484",
    "MYR": "458",
    "NOK": "578",
    "NZD": "554",
    "PEN": "604",
    "PLN": "985",
    "SAR": "682",
    "SEK": "752",
    "SGD": "702",
    "THB": "764",
    "TRY": "949",
    "USD": "840",
    "ZAR": "710",
}
CURRENCY_OF = {number: letters for letters, number in CURRENCIES.items()}

# Ds_Merchant_ConsumerLanguage.
LANGUAGES = {
    "es": "1",
    "en": "2",
    "ca": "3",
    "fr": "4",
    "de": "5",
    "nl": "6",
    "it": "7",
    "sv": "8",
    "pt": "9",
    "pl": "11",
    "gl": "12",
    "eu": "13",
    "bg": "14",
    "zh": "156",
    "hr": "191",
    "cs": "203",
    "da": "208",
    "et": "233",
    "fi": "246",
    "el": "300",
    "hu": "348",
    "ja": "392",
    "lv": "428",
    "lt": "440",
    "mt": "470",
    "ro": "642",
    "ru": "643",
    "sk": "703",
    "sl": "705",
    "tr": "792",
}


def is_granted(kind: str, code: str) -> bool:
    """Whether this answer (four digits) grants an operation of this kind."""
    number = int(code)
    return number == GRANTED[kind] if kind in GRANTED else number <= 99


def reason_of(code: str) -> str:
    """Our code for why a payment was refused; "unknown" for a number that we have no word for."""
    return REASONS.get(code, Unknown.code)
