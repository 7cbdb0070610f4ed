"""Stripe's words in ours: currencies, languages and reasons."""

from typing import Any

from storefront.kit import money
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
)

# docs.stripe.com/currencies: amounts are in the smallest unit, which is not everywhere that of other books.
WHOLE = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THOUSANDTHS = frozenset("BHD JOD KWD OMR TND".split())  # the last digit must be 0
UNSURE = frozenset({"UGX"})  # the page names it among those without decimals, and as one that is written with two

# The languages of the page, of those that the shop may have (PyPI stripe 16.1.0, SessionCreateParams.locale).
LOCALES = frozenset(
    "bg cs da de el en es et fi fil fr hr hu id it ja ko lt lv ms mt nb nl pl pt ro ru sk sl sv th tr vi zh".split()
)

# docs.stripe.com/declines/codes, and the codes of docs.stripe.com/error-codes that end an attempt.
_BY_REASON = {
    AuthenticationFailed.code: (
        "authentication_required mobile_device_authentication_required authentication_not_handled"
        " payment_intent_authentication_failure offline_pin_required online_or_offline_pin_required"
    ),
    CardDeclined.code: (
        "card_declined generic_decline do_not_honor do_not_try_again call_issuer approve_with_id no_action_taken"
        " not_permitted revocation_of_all_authorizations revocation_of_authorization service_not_allowed"
        " stop_payment_order transaction_not_allowed try_again_later card_not_supported currency_not_supported"
        " restricted_card security_violation testmode_decline payment_method_provider_decline"
        " payment_method_customer_decline payment_intent_payment_attempt_failed"
    ),
    CardError.code: (
        "incorrect_number invalid_number incorrect_cvc invalid_cvc incorrect_zip incorrect_address incorrect_pin"
        " invalid_pin invalid_expiry_month invalid_expiry_year invalid_account new_account_information_available"
        " account_closed account_number_invalid bank_account_unusable invalid_amount"
    ),
    CardExpired.code: "expired_card",
    DuplicateReference.code: "duplicate_transaction",
    InsufficientFunds.code: "insufficient_funds charge_exceeds_source_limit charge_exceeds_transaction_limit",
    LimitExceeded.code: (
        "card_velocity_exceeded withdrawal_count_limit_exceeded pin_try_exceeded card_decline_rate_limit_exceeded"
        " charge_exceeds_weekly_limit payment_method_currency_mismatch amount_too_large"
    ),
    SessionExpired.code: "payment_intent_payment_attempt_expired payment_method_customer_timeout",
    SuspectedFraud.code: (
        "fraudulent lost_card stolen_card pickup_card merchant_blacklist highest_risk_level elevated_risk_level"
        " rule payment_intent_fraudulent"
    ),
    TechnicalError.code: (
        "processing_error reenter_transaction issuer_not_available payment_method_provider_timeout"
        " payment_method_not_available"
    ),
}
REASONS = {code: ours for ours, codes in _BY_REASON.items() for code in codes.split()}


def theirs(amount_minor: int, currency: str) -> int | None:
    """The amount as Stripe counts it; None if it cannot be asked for there."""
    shift = decimals(currency) - money.exponent(currency)
    amount = amount_minor * 10**shift if shift >= 0 else _exactly(amount_minor, 10**-shift)
    if currency in UNSURE or (amount is not None and currency in THOUSANDTHS and amount % 10):
        return None
    return amount


def ours(amount: Any, currency: str) -> int | None:
    """The amount in our minor units; None for what is no amount, or not one in our coins."""
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 <= amount < money.MOST:
        return None
    if currency in UNSURE:
        return None
    shift = money.exponent(currency) - decimals(currency)
    return amount * 10**shift if shift >= 0 else _exactly(amount, 10**-shift)


def decimals(currency: str) -> int:
    """How many decimals of the currency Stripe counts."""
    return 0 if currency in WHOLE else 3 if currency in THOUSANDTHS else 2


def _exactly(amount, divisor):
    whole, rest = divmod(amount, divisor)
    return None if rest else whole


def why(error: Any) -> tuple[str, str]:
    """Our code for why a payment failed, and theirs with their words; unknown for what we have no word for."""
    told = error if isinstance(error, dict) else {}
    codes = [str(told[name]) for name in ("decline_code", "code") if told.get(name)]
    known = next((REASONS[code] for code in codes if code in REASONS), Unknown.code)
    return known, f"{codes[0] if codes else ''} {told.get('message') or ''}".strip()[:100]


def locale(ours: str) -> str:
    """The language of the page; the browser's if Stripe does not speak ours."""
    return ours[:2] if ours[:2] in LOCALES else "auto"
