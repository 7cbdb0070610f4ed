"""The words of Opayo: what its states and codes mean here, and how people are called there."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from storefront.payments.errors import CardDeclined, SessionExpired, SuspectedFraud, TechnicalError, UserCancelled
from storefront.payments.gateways import base

SUCCESS, NOT_FOUND = "0000", "0043"  # errorcode of the Reporting & Admin API

# What a return seems to say by its Status (Sage Pay Form guidelines, B1).
HINTS = {
    "OK": "ok",
    "PENDING": "ok",
    "AUTHENTICATED": "ok",
    "REGISTERED": "ok",
    "ABORT": "cancel",
    "NOTAUTHED": "error",
    "REJECTED": "error",
    "MALFORMED": "error",
    "INVALID": "error",
    "ERROR": "error",
}

# txstateid of getTransactionDetail (stackoverflow.com/questions/40176413): our word, and why. "" is no news: the
# shopper is still on the page. Of a state that is not here somebody has to find out.
STATES: dict[str, tuple[str, str]] = {
    "1": (base.DECLINED, TechnicalError.code),  # invalid or malformed
    **{str(number): ("", "") for number in (2, 3, 4, 5, 6, 7, 28)},  # on the page, or sent to the bank
    "8": (base.EXPIRED, SessionExpired.code),  # fifteen minutes without a word
    "9": (base.CANCELLED, TechnicalError.code),
    "10": (base.DECLINED, SuspectedFraud.code),  # by the merchant's fraud rules
    "11": (base.CANCELLED, UserCancelled.code),
    "12": (base.DECLINED, CardDeclined.code),
    "13": (base.DECLINED, TechnicalError.code),
    "14": (base.AUTHORIZED, ""),  # deferred
    "15": (base.PENDING, ""),  # authenticated: nothing is reserved yet
    "16": (base.PAID, ""),
    "17": (base.DECLINED, TechnicalError.code),  # timed out at the bank
    "18": (base.CANCELLED, ""),  # voided by the merchant
    "19": (base.CANCELLED, ""),
    "20": (base.EXPIRED, SessionExpired.code),
    "21": (base.PENDING, ""),
    "22": (base.CANCELLED, ""),
    "23": (base.DECLINED, TechnicalError.code),  # could not be settled
    "24": (base.PENDING, ""),  # PayPal
    "25": (base.UNKNOWN, ""),  # a token, not a payment
    "26": (base.EXPIRED, ""),
    "27": (base.EXPIRED, ""),
}

NOBODY = "-"  # for a name or a street that Opayo must have and the shop has not
NO_POSTCODE = "0000"
_BREAKS = re.compile(r"[&=\x00-\x1f\x7f]+")


def clean(text: str, most: int) -> str:
    """What may stand in a crypt: nothing that ends a value, in Latin-1, not too long."""
    plain = _BREAKS.sub(" ", unicodedata.normalize("NFC", text))
    letters = (_in_latin_1(letter) for letter in plain)
    return "".join(letters).strip()[:most]


def people(shopper: Mapping[str, Any]) -> dict[str, str]:
    """Who pays and who gets it: what the protocol wants to have is there, whatever the shop knows."""
    billing = shopper.get("billing") or {}
    told = _person("Billing", billing) | _person("Delivery", shopper.get("shipping") or billing)
    extra = {
        "CustomerName": clean(billing.get("name") or "", 100),
        "CustomerEMail": clean(shopper.get("email", ""), 80),
    }
    return told | {name: value for name, value in extra.items() if value}


def _person(role, address):
    first, _blank, last = clean(address.get("name") or "", 100).rpartition(" ")
    country = clean(address.get("country") or "", 2)
    told = {
        "Surname": last[:20] or NOBODY,
        "Firstnames": first.strip()[:20] or NOBODY,
        "Address1": clean(address.get("line1") or "", 50) or NOBODY,
        "Address2": clean(address.get("line2") or "", 50),
        "City": clean(address.get("city") or "", 40) or NOBODY,
        "PostCode": clean(address.get("postcode") or "", 10) or NO_POSTCODE,
        "Country": country,
        "State": clean(address.get("subdivision") or "", 20).rpartition("-")[2][:2] if country == "US" else "",
        "Phone": re.sub(r"[^0-9+() -]", "", address.get("phone") or "")[:19],
    }
    return {f"{role}{name}": value for name, value in told.items() if value}


def _in_latin_1(letter):
    """The letter, or what is left of it without its marks; a question mark for one of another alphabet."""
    if ord(letter) < 256:
        return letter
    bare = unicodedata.normalize("NFKD", letter)[:1]
    return bare if ord(bare) < 128 else "?"
