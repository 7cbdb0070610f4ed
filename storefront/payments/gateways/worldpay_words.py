"""What Worldpay's words mean here: of its payment response (a form), and of its order notifications.

Fields of the response: support.worldpay.com/support/kb/bg/recurringpayments/rpfp8105.html. States of an order:
developer.worldpay.com/docs/wpg/manage/. Codes of a refusal (ISO8583ReturnCode): the list of acquirers' answers of the
XML gateway, as omnipay-worldpay-cg-hosted repeats it (Message/Response.php).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from storefront.kit import money
from storefront.payments.errors import (
    AuthenticationFailed,
    CardDeclined,
    CardError,
    CardExpired,
    DuplicateReference,
    InsufficientFunds,
    InvalidReference,
    SuspectedFraud,
    TechnicalError,
    UserCancelled,
)
from storefront.payments.gateways import base
from storefront.payments.gateways.base import Message, Outcome

STATES = {"Y": base.PAID, "C": base.CANCELLED, "N": base.DECLINED}
REASONS = {"C": UserCancelled.code, "N": CardDeclined.code}
CHARSETS = {"utf-8": "utf-8", "iso-8859-1": "latin-1", "iso-8859-15": "iso8859-15", "windows-1252": "cp1252"}
EVENTS = {
    "SENT_FOR_AUTHORISATION": base.PENDING,
    "SHOPPER_REDIRECTED": base.PENDING,
    "WAITING_FOR_SHOPPER": base.PENDING,
    "AUTHORISED": base.AUTHORIZED,
    "CAPTURED": base.PAID,
    "SETTLED": base.PAID,
    "SETTLED_BY_MERCHANT": base.PAID,
    "REFUSED": base.DECLINED,
    "ERROR": base.DECLINED,
    "CANCELLED": base.VOIDED,
    "EXPIRED": base.EXPIRED,
    "REFUNDED": base.REFUNDED,
    "CHARGED_BACK": base.CHARGED_BACK,
    "CHARGEBACK_REVERSED": base.WON_BACK,
}
SILENT = ("SENT_FOR_REFUND", "INFORMATION_SUPPLIED")  # our own doing, and no money has moved
MONEY_COMES = (base.PENDING, base.AUTHORIZED, base.PAID)
AFTERWARDS = (base.REFUNDED, base.CHARGED_BACK, base.WON_BACK)
ISO_8583 = {
    "2": CardDeclined.code,
    "3": TechnicalError.code,
    "4": SuspectedFraud.code,
    "5": CardDeclined.code,
    "8": AuthenticationFailed.code,
    "12": TechnicalError.code,
    "13": TechnicalError.code,
    "14": CardError.code,
    "15": CardError.code,
    "17": UserCancelled.code,
    "19": DuplicateReference.code,
    "20": TechnicalError.code,
    "24": TechnicalError.code,
    "25": InvalidReference.code,
    "26": DuplicateReference.code,
    "27": InvalidReference.code,
    "28": TechnicalError.code,
    "29": InvalidReference.code,
    "30": TechnicalError.code,
    "31": TechnicalError.code,
    "33": CardExpired.code,
    "34": SuspectedFraud.code,
    "38": CardError.code,
    "40": TechnicalError.code,
    "41": SuspectedFraud.code,
    "43": SuspectedFraud.code,
    "51": InsufficientFunds.code,  # LIMIT EXCEEDED, which is what banks say of too little money
    "54": CardExpired.code,
    "55": CardError.code,
    "56": CardError.code,
    "57": CardDeclined.code,
    "58": CardDeclined.code,
    "62": CardDeclined.code,
    "63": SuspectedFraud.code,
    "75": CardError.code,
    "76": CardDeclined.code,
    "85": CardDeclined.code,
    "91": TechnicalError.code,
    "97": SuspectedFraud.code,
}


def fields_of(message: Message) -> dict[str, str]:
    """The fields of a payment response in the charset of their own; nothing at all where a name stands twice."""
    charset = message.once("latin-1").get("charenc", "").lower()
    return message.once(CHARSETS.get(charset, "utf-8"))


def response(told: Mapping[str, str], *, tells_money: bool) -> list[Outcome]:
    """What a payment response says; that money came is only on its way where other messages tell it.

    News of agreements (another msgType) says nothing of money.
    """
    if told.get("msgType", "authResult") != "authResult":
        return []
    kind = _kind(told)
    kind = base.PENDING if kind in MONEY_COMES and not tells_money else kind
    cart, transaction = told.get("cartId", ""), told.get("transId", "")
    currency = told.get("authCurrency") or told.get("currency", "")
    code = " ".join(told.get(name, "") for name in ("transStatus", "rawAuthCode", "rawAuthMessage"))
    outcome = Outcome(
        type=kind,
        reference=cart,
        event_key=f"{(transaction if kind in MONEY_COMES else '') or cart}-{kind}",
        amount_minor=minor(told.get("authAmount") or told.get("amount", ""), currency),
        currency=currency,
        transaction=transaction,
        mode="live" if told.get("testMode", "0") in ("0", "") else "test",
        merchant=told.get("instId") or "no installation",
        error_type=REASONS.get(told.get("transStatus", ""), ""),
        vendor_code=code.strip()[:100],
        occurred_at=_moment(told.get("transTime", "")),
    )
    return [outcome]


def minor(value: str, currency: str, exponent: int = 0) -> int:
    """A sum in minor units: a decimal number, or whole units of ten to the minus `exponent`; 0 if it is none."""
    plain = value.replace(".", "", 1)
    try:
        amount = Decimal(value if plain.isascii() and plain.isdigit() and len(plain) < 16 else "")
        amount = amount.scaleb(money.exponent(money.code(currency)) - exponent)
    except InvalidOperation:
        return 0
    return int(amount) if amount == amount.to_integral_value() else 0


def _kind(told):
    kind, mode = STATES.get(told.get("transStatus", ""), base.UNKNOWN), told.get("authMode") or "A"
    if kind != base.PAID or mode == "A":
        return kind
    return base.AUTHORIZED if mode == "E" else base.UNKNOWN


def _moment(text):
    """A time in milliseconds since 1970; None if it is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 15):
        return None
    return datetime.fromtimestamp(int(text) // 1000, UTC)
