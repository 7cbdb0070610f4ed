"""A shop to try: Kalm, in Riga, with two tax rates, six regions and the sandbox gateway."""

import secrets
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select

from storefront import store
from storefront.demo import offers
from storefront.demo.carriage import EUROPE, make_regions
from storefront.kit import signing
from storefront.kit.db import db
from storefront.payments.models import GatewayConfig, PaymentMethod
from storefront.shipping.models import ShippingRegion
from storefront.store import seller
from storefront.store.models import Sequence, Store
from storefront.taxes.models import TaxCategory, TaxRate

BALTIC = ["LV", "LT", "EE"]
# Standard and reduced rates of value added tax, in parts per million; the merchant answers for them.
RATES = {
    "LV": (210000, 120000),
    "LT": (210000, 90000),
    "EE": (240000, 90000),
    "AT": (200000, 100000),
    "BE": (210000, 60000),
    "DE": (190000, 70000),
    "ES": (210000, 100000),
    "FI": (255000, 135000),
    "FR": (200000, 55000),
    "IE": (230000, 135000),
    "IT": (220000, 100000),
    "NL": (210000, 90000),
    "PL": (230000, 80000),
    "SE": (250000, 120000),
}
GREETING = ("Quiet things for every day", "Linen, clay, wood and wool, made near Riga.")
PAGES = (
    ("terms", "Terms", "<p>These are the terms of a demonstration shop: nothing here is sold or sent.</p>"),
    (
        "privacy",
        "Privacy",
        "<p>We keep what an order needs: your name, address and e-mail, and what you ordered. "
        "Card details are typed at the payment service only; they never reach this shop.</p>",
    ),
    ("returns", "Returns", "<p>You can send things back within 30 days. Write to us and we send a label.</p>"),
    ("contact", "Contact", "<p>Write to <a href='mailto:hello@kalm.example'>hello@kalm.example</a>, or call.</p>"),
)


TO_TRY = {
    **seller.DEMO,
    "tax_rules": {"reverse_charge": True},  # so that the checkout shows its field for VAT numbers
    "languages": "de es ar",  # beside English, so that a newcomer sees them
}


def set_up(*, to_try: bool = True) -> bool:
    """Make the shop's row and what a first order needs, in the caller's transaction; False if there is a shop.

    A shop to try is Kalm's: it says who sells, greets at home, and has text pages and offers. One without goods, and a
    live one, say nothing of Kalm: who sells, and on which terms, is for its owner to write.
    """
    if db.session.scalar(select(Store.id).limit(1)):
        return False
    to_try = to_try and not current_app.config["LIVE"]
    db.session.add(Store(currency="EUR", country="LV", timezone="Europe/Riga", **(TO_TRY if to_try else _nobody())))
    db.session.add(Sequence(name="order", next_value=1001))
    standard, reduced = TaxCategory(code="standard", name="Standard"), TaxCategory(code="reduced", name="Reduced")
    db.session.add_all([standard, reduced])
    db.session.flush()
    make_regions(standard)
    _taxes(standard, reduced)
    sandbox_gateway()
    if to_try:
        for place, (slug, title, body) in enumerate(PAGES):
            store.save_page(slug, title=title, body=body, position=place)
        store.greet(*GREETING, by="demo")
        offers.load()
    return True


def _nobody() -> dict[str, str]:
    """A seller who has said nothing yet; letters have a sender at the shop's own address until then."""
    host = (urlsplit(current_app.config["PUBLIC_URL"]).hostname or "").removeprefix("www.")
    return {"name": seller.NEW, "legal_name": "", "address": "", "email": f"shop@{host}"}


def sandbox_gateway() -> None:
    """The sandbox as a payment method, with a signing key of its own; and paying on pickup, switched off."""
    config = GatewayConfig(
        name="sandbox",
        label="Sandbox Pay",
        type="sandbox",
        mode="test",
        properties={"page": "{public_url}/sandbox", "merchant": "storefront"},  # our own address, whatever it is today
        secrets={"key": signing.sealed(secrets.token_urlsafe(32))},
    )
    pickup = GatewayConfig(name="pickup", label="Pay on pickup", type="offline", mode="live")
    db.session.add_all(
        [
            PaymentMethod(
                code="card", label="Card", description="Visa, Mastercard; on the page of Sandbox Pay", config=config
            ),
            PaymentMethod(
                code="pickup",
                label="Pay on pickup",
                description="In our shop, by card or in cash",
                config=pickup,
                position=1,
                auto_approve=True,
                countries=["LV"],
                active=False,
            ),
        ]
    )
    db.session.flush()


def _taxes(standard, reduced):
    """One region a country: sellers within the union charge the rate of the country of delivery."""
    for country in (*BALTIC, *EUROPE):
        rates = RATES.get(country)
        if rates is None:
            continue
        region = ShippingRegion(name=f"VAT {country}", countries=[country], taxes_only=True)
        db.session.add(region)
        db.session.flush()
        for category, ppm in zip((standard, reduced), rates, strict=True):
            db.session.add(TaxRate(region_id=region.id, category_id=category.id, name="VAT", rate_ppm=ppm))
