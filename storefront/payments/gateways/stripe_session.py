"""What a Checkout Session is asked for (docs.stripe.com/api/checkout/sessions/create)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import force_locale, gettext as _

from storefront.payments.gateways.base import BillView, Urls
from storefront.payments.gateways.stripe_words import locale

# It ends 30 minutes to 24 hours after its beginning: docs.stripe.com/payments/checkout/managing-limited-inventory.
LEAST, LONGEST = timedelta(minutes=31), timedelta(hours=23, minutes=59)


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
    return wanted | _end(bill, now)


def _end(bill, now):
    """When the page closes by itself: never sooner than Stripe allows, and the same whenever it is asked for."""
    end = bill.expires_at and bill.expires_at + LEAST
    return {"expires_at": int(end.timestamp())} if end and end < now + LONGEST else {}
