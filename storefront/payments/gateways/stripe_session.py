"""What a Checkout Session is asked for (docs.stripe.com/api/checkout/sessions/create)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import force_locale, gettext as _

from storefront.payments.gateways.base import BillView, Urls
from storefront.payments.gateways.cards import CardOptions
from storefront.payments.gateways.stripe_words import locale

# It ends 30 minutes to 24 hours after its beginning: docs.stripe.com/payments/checkout/managing-limited-inventory.
LEAST, LONGEST = timedelta(minutes=31), timedelta(hours=23, minutes=59)

# Brands that a page may block: payment_method_options.card.restrictions.brands_blocked, which the API knows since
# docs.stripe.com/changelog/acacia/2025-02-24/checkout_add_brands_blocked. The last of them is also Diners, JCB and
# UnionPay (docs.stripe.com/payments/mobile/filter-card-brands).
_NETWORK = ("discover_global_network",)
_GLOBAL = dict.fromkeys(("discover", "diners", "jcb", "unionpay"), _NETWORK)
BRANDS = {"visa": ("visa",), "mastercard": ("mastercard",), "amex": ("american_express",), **_GLOBAL}
CARDS = CardOptions(types=BRANDS)


def asked(bill: BillView, urls: Urls, amount: int, known: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """The session of an attempt: one line, the whole sum. The same bill asks for the same, as its key must."""
    with force_locale(bill.locale):
        name = _("Order %(number)s", number=bill.order_number)
    payment = {"metadata": known, "description": name}
    if known["capture"] == "manual":
        payment["capture_method"] = "manual"
    price = {"currency": bill.currency.lower(), "unit_amount": amount, "product_data": {"name": name}}
    wanted = {
        "mode": "payment",
        "client_reference_id": bill.reference,
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": urls.ok,
        "cancel_url": urls.cancel,
        "locale": locale(bill.locale),
        "metadata": known,
        "payment_intent_data": payment,
        "adaptive_pricing": {"enabled": False},  # else it may be paid in another currency than that of the bill
    }
    if bill.shopper.get("email"):
        wanted["customer_email"] = bill.shopper["email"]
    return wanted | _end(bill, now) | _cards(bill)


def _cards(bill):
    """The brands that are not wished, blocked; nothing if none is, or none that Stripe can tell from others."""
    wished = set(CARDS.named(bill.card.types))
    blocked = sorted({name for names in BRANDS.values() for name in names} - wished) if wished else []
    return {"payment_method_options": {"card": {"restrictions": {"brands_blocked": blocked}}}} if blocked else {}


def _end(bill, now):
    """When the page closes by itself: never sooner than Stripe allows, and the same whenever it is asked for."""
    end = bill.expires_at and bill.expires_at + LEAST
    return {"expires_at": int(end.timestamp())} if end and end < now + LONGEST else {}
