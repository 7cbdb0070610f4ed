"""What PayPal's words mean here: states of a payment, refusals of its API, charsets, and its way to write a time.

States: developer.paypal.com/api/nvp-soap/ipn/IPNandPDTVariables/. Codes: the appendix "API Error Codes" of the
Name-Value Pair API Developer Guide.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

from storefront.kit import money
from storefront.payments.errors import CardDeclined, Unknown
from storefront.payments.gateways import base

# payment_status of a message, or of the API, which writes a hyphen in two of them.
STATES = {
    "Completed": base.PAID,
    "Processed": base.PAID,
    "Created": base.PENDING,
    "Pending": base.PENDING,
    "Failed": base.DECLINED,
    "Denied": base.DECLINED,
    "Expired": base.VOIDED,  # an authorization that nobody took
    "Voided": base.VOIDED,
    "Refunded": base.REFUNDED,
    "Reversed": base.CHARGED_BACK,
    "Canceled_Reversal": base.WON_BACK,
}
AUTHORIZATION = "authorization"  # the pending_reason that is none: the sum is reserved
# What the API says of a payment whose money came, whatever happened to it later.
WAS_PAID = (
    "Completed",
    "Processed",
    "Refunded",
    "Partially-Refunded",
    "Partially_Refunded",
    "Reversed",
    "Canceled-Reversal",
    "Canceled_Reversal",
)
REASONS = {"Failed": CardDeclined.code, "Denied": Unknown.code}  # PayPal gives no reason: it or the merchant said no
AFTERWARDS = (base.REFUNDED, base.CHARGED_BACK, base.WON_BACK)  # with a transaction id of their own
# Nothing is certain after these: an internal error, a time-out, and our own message still under way.
NO_ANSWER = ("10001", "10101", "11604")
ALREADY_VOIDED = "10600"
WHOLE = ("HUF", "JPY", "TWD")  # PayPal takes no fractions of these, though two of them have some
CHARSETS = {
    "windows-1252": "cp1252",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "iso-8859-1": "latin-1",
    "iso-8859-2": "iso8859-2",
    "iso-8859-15": "iso8859-15",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1253": "cp1253",
    "windows-1254": "cp1254",
    "windows-1255": "cp1255",
    "windows-1256": "cp1256",
    "koi8-r": "koi8-r",
    "big5": "big5",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "gb18030": "gb18030",
    "euc-jp": "euc-jp",
    "shift_jis": "shift_jis",
    "euc-kr": "euc-kr",
    "ks_c_5601-1987": "euc-kr",
}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DATE = re.compile(r"(\d\d):(\d\d):(\d\d) ([A-Z][a-z]{2})\.? (\d{1,2}), (\d{4}) (PST|PDT)")
_ZONES = {"PST": timezone(timedelta(hours=-8)), "PDT": timezone(timedelta(hours=-7))}
_SUM = re.compile(r"-?[0-9]{1,13}(?:\.[0-9]{1,4})?")


def meaning(status: str, pending_reason: str) -> str:
    """Our word for a state of a payment; base.UNKNOWN for one that we do not know."""
    if status == "Pending" and pending_reason == AUTHORIZATION:
        return base.AUTHORIZED
    return STATES.get(status, base.UNKNOWN)


def minor(text: str, currency: str) -> int:
    """A sum in minor units, from 42.90, -42.90 or 500.00 (JPY); 0 if it is none of the currency."""
    try:
        amount = Decimal(text if _SUM.fullmatch(text) else "").scaleb(money.exponent(money.code(currency)))
    except InvalidOperation:
        return 0
    return int(amount) if amount == amount.to_integral_value() else 0


def moment(text: str) -> datetime | None:
    """The time of a payment_date, like 20:12:59 Jan 13, 2009 PST; None if it cannot be read."""
    found = _DATE.fullmatch(text)
    if not found or found[4] not in _MONTHS:
        return None
    hour, minute, second, month, day, year, zone = found.groups()
    numbers = int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second)
    try:
        return datetime(*numbers, tzinfo=_ZONES[zone]).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def charset(name: str) -> str:
    """Python's name of a charset that PayPal sends; that of an account nobody has set up otherwise for any other."""
    return CHARSETS.get(name.lower(), "cp1252")
