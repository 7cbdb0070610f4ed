"""One small shop: what is on the shelf, who is there and what may be done, and its rows in the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from storefront import certificates, promotions
from storefront.cart.models import Cart, CartLine
from storefront.catalog.models import Price, Product, Variant
from storefront.customers.models import Customer, CustomerAddress
from storefront.kit import clock, signing
from storefront.kit.db import db, transaction
from storefront.payments.models import GatewayConfig, PaymentMethod
from storefront.promotions.models import Coupon, Promotion
from storefront.shipping.models import ServiceLevel, ShippingRegion
from storefront.stock.models import RESERVE_ON_CONFIRM, Stock
from storefront.store.models import Sequence, Store
from storefront.taxes.models import TaxCategory, TaxRate

PRICE = 1250
SANDBOX, REDSYS = "sandbox", "redsys"
GATEWAYS: dict[str, tuple[dict[str, str], str]] = {  # by type, which is its name, too: its properties and its key
    SANDBOX: ({"page": "{public_url}/sandbox"}, "of the gateway"),
    REDSYS: (
        {
            "page": "{public_url}/sandbox/as/redsys/page",
            "api": "{public_url}/sandbox/as/redsys/api",
            "merchant": "999008881",
            "terminal": "1",
            "signature": "HMAC_SHA512_V2",
            "query_service": "1",
        },
        "dGhlIGtleSBvZiB0aGUgb3RoZXIgb25l",
    ),
}


@dataclass(frozen=True)
class World:
    """One small shop. `may` says how often each deed may be done; `marks` are the minutes to which time can jump."""

    name: str
    words: str
    may: Mapping[str, int]
    on_hand: int = 1
    carts: tuple[int, ...] = (1,)  # how many mugs are in the cart of each shopper
    marks: tuple[int, ...] = ()
    presses: tuple[str, ...] = ("pay:before", "decline:before")
    deliveries: int = 1  # how often the gateway may deliver one notice
    crashes: int = 0
    runs: int = 0  # how many deeds may stand still between two transactions at once; 0: each is done at once
    slow: tuple[str, ...] = ()  # the deeds that may
    policy: str = RESERVE_ON_CONFIRM
    store: Mapping[str, Any] = field(default_factory=dict)
    tabs: tuple[int, ...] = (1,)
    coupon_limit: int = 0  # so often a code may be used that stands in every cart; 0: there is none
    certificate_minor: int = 0  # what a gift certificate is worth whose code stands in every cart; 0: there is none
    ways: tuple[str, ...] = (SANDBOX,)  # the ways to pay, each with a gateway of its own and by its name
    account: bool = False  # whether the first cart is a customer's, who signs in elsewhere later
    begun: tuple[str, ...] = ()  # what was done before anything is explored: deeds, each in the first way that it may

    def told(self) -> dict[str, Any]:
        """What the rules have to know of it: the time, and from which sum on a person looks at an order."""
        rules = self.store.get("review_rules", {})
        return {"now": 0, **({"looked_at_from": rules["amount_minor"]} if rules else {})}

    def build(self) -> None:
        """Open the shop."""
        with transaction():
            _shop(self.store, self.ways)
            _shelf(self.on_hand, self.policy)
            codes = {"coupon_codes": _codes(self.coupon_limit), "certificate_codes": _gift(self.certificate_minor)}
            for place, qty in enumerate(self.carts, start=1):
                _cart(place, qty, {**codes, "customer_id": _customer() if self.account and place == 1 else None})


@cache
def _sealed(key):
    """Sealed once: each seal is another text, and every world shall read the same."""
    return signing.sealed(key)


def _shop(settings, ways):
    here = {"legal_name": "Proof Ltd", "address": "1 Quay Street", "email": "shop@example.com"}
    db.session.add(Store(name="Proof", currency="EUR", country="IE", **here, **settings))
    db.session.add(Sequence(name="order", next_value=1001))
    tax = TaxCategory(code="standard", name="Standard")
    region = ShippingRegion(name="Europe", countries=["IE"])
    db.session.add_all([tax, region])
    db.session.flush()
    db.session.add(TaxRate(region_id=region.id, category_id=tax.id, name="VAT", rate_ppm=230_000))
    way = {"name": "Standard", "carrier": "An Post", "currency": "EUR", "params": {"amount_minor": 490}}
    db.session.add(ServiceLevel(region_id=region.id, tax_category_id=tax.id, **way))
    for name in ways:
        db.session.add(_way_to_pay(name, *GATEWAYS[name]))


def _way_to_pay(name, properties, key):
    facts = {"type": name, "mode": "test", "properties": properties, "secrets": {"key": _sealed(key)}}
    return PaymentMethod(code=name, label=name.title(), config=GatewayConfig(name=name, label=name.title(), **facts))


def _shelf(on_hand, policy):
    now = clock.now()
    mug = Product(slug="mug", title="Mug", created_at=now, updated_at=now)
    db.session.add(mug)
    db.session.flush()
    variant = Variant(product_id=mug.id, sku="MUG", stock_policy=policy, tax_category_id=1, weight_g=300)
    db.session.add(variant)
    db.session.flush()
    db.session.add(Price(variant_id=variant.id, currency="EUR", amount_minor=PRICE))
    db.session.add(Stock(variant_id=variant.id, on_hand=on_hand, backorder=policy == "backorder"))


def _codes(limit):
    """A code for a tenth off, which may be used so often."""
    if not limit:
        return []
    tenth = Promotion(name="A tenth off", with_code=True, actions=[{"type": "percent", "rate_ppm": 100_000}])
    db.session.add(tenth)
    db.session.flush()
    db.session.add(Coupon(promotion_id=tenth.id, code=promotions.folded("TENTH"), limit=limit))
    return [promotions.folded("TENTH")]


def _gift(worth_minor):
    """A certificate of so much."""
    if not worth_minor:
        return []
    return [certificates.issue(worth_minor, actor="carol", seed="of-the-prover").code_hash]


def _customer():
    """Somebody with an account, whose e-mail is known to be theirs."""
    now = clock.now()
    alice = Customer(email="alice@example.com", password_hash="of a password", verified_at=now, created_at=now)  # noqa: S106
    db.session.add(alice)
    db.session.flush()
    return alice.id


def _cart(place, qty, more):
    now = clock.now()
    home = CustomerAddress(name="Alice", line1="2 Quay Street", city="Galway", country="IE")
    db.session.add(home)
    db.session.flush()
    ways = {"service_level_id": 1, "payment_method_id": 1, "shipping_address_id": home.id}
    lines = [CartLine(variant_id=1, qty=qty, added_at=now)] if qty else []
    db.session.add(
        Cart(
            token_hash=f"cart-{place}",
            currency="EUR",
            email="alice@example.com",
            seen={"MUG": PRICE},
            created_at=now,
            updated_at=now,
            lines=lines,
            **ways,
            **more,
        )
    )
    db.session.flush()
