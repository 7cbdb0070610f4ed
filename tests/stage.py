"""What a story needs before it begins: a shop with a name, a tax, a parcel service and a way to pay."""

from sqlalchemy import select

from storefront import catalog
from storefront.catalog.drafts import ProductDraft, VariantDraft
from storefront.catalog.models import Variant
from storefront.demo.shop import sandbox_gateway
from storefront.kit import clock
from storefront.kit.db import db
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
        sandbox_gateway()
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


def put_on_shelf(name: str, quantity: int, *, price: int = PRICE, policy: str = RESERVE_ON_CONFIRM, **more) -> Variant:
    """A product with one variant whose SKU is the name in capitals, and so many of it."""
    slug = name.replace("_", "-")
    title = more.pop("title", slug.replace("-", " ").capitalize())
    facts = {"sku": slug.upper(), "price_minor": price, "stock_policy": policy, "on_hand": quantity, **more}
    goods = VariantDraft(**{"weight_g": 300, "tax_category": "standard", **facts})
    (change,) = catalog.save([ProductDraft(slug, title, f"<p>A good {title}.</p>", variants=[goods])], actor="stage")
    assert change.kind in ("new", "changed", "same"), change.reason
    return db.session.scalars(select(Variant).filter_by(product_id=change.product_id)).one()
