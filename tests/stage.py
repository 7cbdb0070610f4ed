"""What a story needs before it begins: a shop with a name, a tax, a parcel service and a way to pay."""

from sqlalchemy import select

from storefront import stock
from storefront.catalog.models import Price, Product, Variant
from storefront.kit import clock, signing
from storefront.kit.db import db
from storefront.payments.models import GatewayConfig, PaymentMethod
from storefront.shipping.models import ServiceLevel, ShippingRegion
from storefront.stock.models import RESERVE_ON_CONFIRM
from storefront.store.models import Page, Sequence, Store
from storefront.taxes.models import TaxCategory, TaxRate

PRICE = 1250  # minor units of everything that no story prices
SHIPPING = 490
RATE_PPM = 200_000


def open_shop(**settings) -> Store:
    """The shop, made if it is missing: euros, Ireland, 20 % tax inside every price, one parcel service."""
    store = db.session.scalar(select(Store))
    if store is None:
        store = _store()
        db.session.add_all([store, Sequence(name="order", next_value=1001), *_pages()])
        _delivery()
        _sandbox()
    for name, value in settings.items():
        setattr(store, name, value)
    db.session.flush()
    return store


def _store():
    return Store(
        name="The Test Shop",
        legal_name="Test Shop Ltd",
        address="1 Quay Street\nGalway\nIreland",
        email="shop@example.com",
        currency="EUR",
        country="IE",
        timezone="Europe/Dublin",
    )


def _pages():
    for slug, title in (("terms", "Terms"), ("privacy", "Privacy"), ("returns", "Returns"), ("contact", "Contact")):
        yield Page(slug=slug, title=title, body=f"<p>{title} of the test shop.</p>", updated_at=clock.now())


def _delivery():
    tax = TaxCategory(code="standard", name="Standard rate")
    region = ShippingRegion(name="Europe", countries=["IE", "DE", "NL", "GB"])
    db.session.add_all([tax, region])
    db.session.flush()
    db.session.add(TaxRate(region_id=region.id, category_id=tax.id, name="VAT", rate_ppm=RATE_PPM))
    for position, (name, amount) in enumerate((("Standard", SHIPPING), ("Express", 2 * SHIPPING))):
        db.session.add(
            ServiceLevel(
                region_id=region.id,
                name=name,
                carrier="An Post",
                params={"amount_minor": amount},
                currency="EUR",
                tax_category_id=tax.id,
                position=position,
            )
        )


def _sandbox():
    config = GatewayConfig(
        name="sandbox",
        label="Sandbox",
        type="sandbox",
        mode="test",
        properties={"merchant": "test-shop"},
        secrets={"key": signing.sealed("the sandbox's key in the tests")},
    )
    db.session.add(PaymentMethod(code="card", label="Card", config=config))


def put_on_shelf(name: str, quantity: int, *, price: int = PRICE, policy: str = RESERVE_ON_CONFIRM, **more) -> Variant:
    """A product with one variant whose SKU is the name in capitals, and so many of it."""
    now = clock.now()
    tax = db.session.scalar(select(TaxCategory).filter_by(code="standard"))
    slug = name.replace("_", "-")
    title = more.pop("title", slug.replace("-", " ").capitalize())
    product = Product(slug=slug, title=title, description=f"<p>A good {title}.</p>", created_at=now, updated_at=now)
    more = {"sku": slug.upper(), "weight_g": 300, "tax_category_id": tax.id, "stock_policy": policy, **more}
    variant = Variant(product=product, **more)
    db.session.add(product)
    db.session.flush()
    db.session.add(Price(variant_id=variant.id, currency="EUR", amount_minor=price))
    stock.start(variant.id, quantity, policy, actor="stage")
    return variant
