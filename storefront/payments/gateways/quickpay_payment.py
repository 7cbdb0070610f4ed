"""A payment as QuickPay's API and callbacks show it, and QuickPay's words for what became of it and for cards."""

import json
from datetime import UTC, datetime
from typing import Any

from storefront.payments.errors import (
    AuthenticationFailed,
    CardDeclined,
    CardError,
    SessionExpired,
    SuspectedFraud,
    TechnicalError,
    UserCancelled,
)
from storefront.payments.gateways import base

APPROVED = "20000"
# learn.quickpay.net/tech-talk/appendixes/errors: what refused the payment.
REASONS = {
    "30100": AuthenticationFailed.code,
    "30101": AuthenticationFailed.code,
    "40000": CardDeclined.code,
    "40001": CardError.code,
    "40002": SessionExpired.code,
    "40003": UserCancelled.code,
    "40300": SuspectedFraud.code,
    "50000": TechnicalError.code,
    "50300": TechnicalError.code,
}
LATER = {"refund": base.REFUNDED, "cancel": base.VOIDED}
# learn.quickpay.net/tech-talk/appendixes/payment-methods
CARDS = {
    "visa": ("visa", "3d-visa", "visa-electron", "3d-visa-electron"),
    "mastercard": ("mastercard", "3d-mastercard", "mastercard-debet", "3d-mastercard-debet"),
    "maestro": ("3d-maestro",),
    "amex": ("american-express",),
    "diners": ("diners",),
    "jcb": ("jcb", "3d-jcb"),
    "dankort": ("dankort",),
}


def reason_of(operation: dict[str, Any]) -> str:
    """Our code for why an operation was refused; "unknown" for a code that we have no word for."""
    return REASONS.get(code_of(operation), "unknown")


def payment_in(body: bytes) -> dict[str, Any]:
    """The payment that a callback's body holds; empty if it holds none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def is_about(shown: Any, reference: str) -> bool:
    """Whether this is a payment of our order id."""
    return isinstance(shown, dict) and shown.get("order_id") == reference


def operations(shown: Any) -> list[dict[str, Any]]:
    """What was done with a payment, oldest first."""
    found = shown.get("operations") if isinstance(shown, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def ids(shown: Any) -> set[Any]:
    """The numbers of its operations."""
    return {one.get("id") for one in operations(shown)}


def event_of(shown: dict[str, Any], operation: dict[str, Any]) -> str:
    """The name of an operation, the same wherever it is told."""
    return "-".join(str(part) for part in (shown.get("id", ""), operation.get("type", ""), operation.get("id", "")))


def code_of(operation: dict[str, Any]) -> str:
    """QuickPay's own status code of an operation, "" for none."""
    return str(operation.get("qp_status_code") or "")


def whole(number: Any) -> int:
    """A sum in minor units; 0 for what is none."""
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 10**18 else 0


def time_of(text: Any) -> datetime | None:
    """A time in UTC; None for what is none."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None
