"""Small shops, each for one kind of story: what is on the shelf, who is there, what they may do and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from storefront import certificates, promotions
from storefront.cart.models import Cart, CartLine
from storefront.catalog.models import Price, Product, Variant
from storefront.customers.models import CustomerAddress
from storefront.kit import clock, signing
from storefront.kit.db import db, transaction
from storefront.payments.models import GatewayConfig, PaymentMethod
from storefront.promotions.models import Coupon, Promotion
from storefront.shipping.models import ServiceLevel, ShippingRegion
from storefront.stock.models import RESERVE_ON_CONFIRM, TIMED_HOLD, Stock
from storefront.store.models import Sequence, Store
from storefront.taxes.models import TaxCategory, TaxRate

PRICE = 1250


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

    def told(self) -> dict[str, Any]:
        """What the rules have to know of it: the time, and from which sum on a person looks at an order."""
        rules = self.store.get("review_rules", {})
        return {"now": 0, **({"looked_at_from": rules["amount_minor"]} if rules else {})}

    def build(self) -> None:
        """Open the shop."""
        with transaction():
            _shop(self.store)
            _shelf(self.on_hand, self.policy)
            codes = {"coupon_codes": _codes(self.coupon_limit), "certificate_codes": _gift(self.certificate_minor)}
            for place, qty in enumerate(self.carts, start=1):
                _cart(place, qty, codes)


@cache
def _sealed_key():
    """Sealed once: each seal is another text, and every world shall read the same."""
    return signing.sealed("of the gateway")


def _shop(settings):
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
    config = GatewayConfig(
        name="sandbox",
        label="Sandbox Pay",
        type="sandbox",
        mode="test",
        properties={"page": "{public_url}/sandbox"},
        secrets={"key": _sealed_key()},
    )
    db.session.add(PaymentMethod(code="card", label="Card", config=config))


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


def _cart(place, qty, codes):
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
            **codes,
        )
    )
    db.session.flush()


BUYS = {"look": 2, "confirm": 2, "leave": 0, "press": 2, "notify": 0, "come_back": 0}
TIME = {"wait": 0, "clean_up": 0}
JOBS = {"ask": 0, "read_inbox": 0, "end_session": 0}
ALWAYS = dict.fromkeys(("leave", "notify", "wait", "clean_up", "read_inbox", "end_session"), 0)

WORLDS = (
    World(
        "purchase",
        "One shopper, the last mug: pays, is declined, tries again; messages come in any order, twice, or forged.",
        {**BUYS, **JOBS, **TIME, "forge": 0, "cancel": 1, "pay_again": 1},
        marks=(46,),
        deliveries=2,
    ),
    World(
        "contradictions",
        "The gateway contradicts itself: failure after success, success after failure, pending, then paid.",
        {**BUYS, **JOBS, **TIME, "confirm": 1, "look": 1, "pay_again": 1},
        marks=(46, 4400),
        presses=(
            "pay:failure_after_success",
            "pay:success_after_failure",
            "pay:pending_then_paid",
            "pay:pending_then_failed",
        ),
    ),
    World(
        "two tabs",
        "Two tabs confirm the same cart while it changes; the older order may be paid.",
        {**ALWAYS, "look": 3, "confirm": 3, "put": 1, "press": 2, "cancel": 1},
        on_hand=2,
        tabs=(1, 2),
        marks=(46,),
        presses=("pay:before",),
    ),
    World(
        "two shoppers",
        "Two shoppers want the last mug; one lets it go, or pays late.",
        {**ALWAYS, "look": 2, "confirm": 2, "press": 2, "pay_again": 1, "cancel": 1, "call_off": 1},
        carts=(1, 1),
        marks=(46, 60),
        presses=("pay:after_hold", "pay:before"),
    ),
    World(
        "staff",
        "Staff cancel, accept, refund and send while messages and money come.",
        {**ALWAYS, "look": 1, "confirm": 1, "press": 2, "pay_again": 1, "call_off": 1, "accept": 1, "send_back": 1}
        | {"send_refunds": 0, "ship": 0, "complete": 0},
        presses=("pay:before", "pay:wrong_amount"),
        marks=(46,),
        crashes=1,
    ),
    World(
        "crashes",
        "The machine dies between any two commits, and everybody tries again.",
        {**ALWAYS, "ask": 0, "look": 2, "confirm": 2, "press": 1, "come_back": 0, "pay_again": 1, "cancel": 1},
        marks=(10, 60),
        crashes=2,
        presses=("pay:before", "decline:before"),
    ),
    World(
        "silent gateway",
        "The gateway does not answer: nothing is let go unasked, and in the end a person looks.",
        {**ALWAYS, "ask": 0, "look": 1, "confirm": 1, "press": 1, "silence": 2, "keep": 3, "accept": 1, "call_off": 1},
        marks=(46, 62, 78, 94, 110, 126, 142, 158, 174, 190),
        presses=("pay:before", "pay:down"),
    ),
    World(
        "at once",
        "Two shoppers' confirms, a message and the jobs stand still between their transactions while others act.",
        {**ALWAYS, "look": 2, "confirm": 2, "press": 1, "ask": 0, "pay_again": 1, "cancel": 1},
        carts=(1, 1),
        runs=2,
        slow=("confirm", "ask", "notify", "clean_up", "pay_again"),
        marks=(46,),
        crashes=1,
        presses=("pay:before",),
    ),
    World(
        "tabs at once",
        "One shopper's two tabs confirm at the same moment, with the same cart or with another.",
        {**ALWAYS, "look": 2, "confirm": 2, "put": 1, "press": 1, "cancel": 1},
        on_hand=2,
        tabs=(1, 2),
        runs=2,
        slow=("confirm", "notify", "cancel"),
        presses=("pay:before",),
    ),
    World(
        "the last coupon",
        "Two shoppers have the same code, which may be used once more; one pays late, is cancelled, or tries again.",
        {**ALWAYS, "look": 2, "confirm": 2, "press": 2, "pay_again": 1, "cancel": 1, "call_off": 1},
        carts=(1, 1),
        on_hand=2,
        marks=(46,),
        presses=("pay:before", "pay:after_hold"),
        coupon_limit=1,
    ),
    World(
        "coupons at once",
        "The same, while both confirm at the same moment and the machine may die.",
        {**ALWAYS, "look": 2, "confirm": 2, "press": 1, "cancel": 1},
        carts=(1, 1),
        on_hand=2,
        marks=(46,),
        runs=2,
        slow=("confirm", "notify"),
        crashes=1,
        presses=("pay:before",),
        coupon_limit=1,
    ),
    World(
        "one certificate",
        "Two shoppers pay with the same gift certificate, of which one order takes the most.",
        {**ALWAYS, "look": 3, "confirm": 3, "press": 2, "pay_again": 1, "cancel": 1, "call_off": 1, "send_refunds": 0},
        carts=(1, 1),
        on_hand=2,
        marks=(46,),
        presses=("pay:before", "pay:after_hold"),
        certificate_minor=PRICE,
    ),
    World(
        "a covered order",
        "A gift certificate pays all of an order and a part of another; both confirm at once, and the machine may die.",
        {**ALWAYS, "look": 2, "confirm": 2, "press": 1, "cancel": 1, "call_off": 1, "send_refunds": 0, "ship": 0},
        carts=(1, 1),
        on_hand=2,
        marks=(46,),
        runs=2,
        slow=("confirm", "notify"),
        crashes=1,
        presses=("pay:before",),
        certificate_minor=2 * PRICE,
    ),
    World(
        "parcels",
        "Staff split, hold, send and cancel a paid order while messages come, each in two hands at once.",
        {**ALWAYS, "look": 1, "confirm": 1, "press": 1, "call_off": 1, "send_refunds": 0, "split": 1, "ship": 0}
        | {"hold_parcel": 1, "release_parcel": 0, "complete": 0},
        carts=(2,),
        on_hand=2,
        runs=2,
        slow=("call_off", "ship", "split", "notify"),
        crashes=1,
        presses=("pay:before",),
    ),
    World(
        "the console",
        "Money goes back in the gateway's own console, and the bank disputes it, while staff send, cancel and decide.",
        {**ALWAYS, "ask": 0, "look": 1, "confirm": 1, "press": 1, "refund_there": 2, "charge_back": 1, "win_back": 1}
        | {"call_off": 1, "accept": 1, "decide": 2, "send_refunds": 0, "ship": 0, "complete": 0},
        marks=(46,),
        presses=("pay:before", "pay:after_hold"),
        crashes=1,
    ),
    World(
        "looked at",
        "A rule of the shop wants a person to look at what was paid, in time or late, while the cart changes.",
        {**ALWAYS, "look": 2, "confirm": 2, "put": 1, "press": 2, "pay_again": 1, "cancel": 1, "call_off": 1}
        | {"accept": 1, "decide": 1, "send_refunds": 0, "ship": 0},
        on_hand=2,
        marks=(46,),
        presses=("pay:before", "pay:after_hold"),
        store={"review_rules": {"amount_minor": PRICE}},
    ),
    World(
        "kept for minutes",
        "The last mug is kept for whoever puts it into the cart, for five minutes: two want it, and one may pay late.",
        {**ALWAYS, "put": 3, "take_out": 1, "end_holds": 0, "look": 2, "confirm": 2, "press": 1, "cancel": 1},
        carts=(0, 0),
        marks=(6, 11, 57),
        presses=("pay:before", "pay:after_hold"),
        policy=TIMED_HOLD,
    ),
)
