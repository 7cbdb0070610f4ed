"""Shoppers whose goods travel, do not travel, or cannot be sent to them; and what the parcel keeps of it all.

Proves ADR-07, SHP-05, SHP-12, SHP-13, SHP-15, SHP-16 and CRT-16.
"""

from dataclasses import replace

import pytest
from sqlalchemy import select

from storefront import cart, shipping
from storefront.cart import quoting
from storefront.cart.models import Cart
from storefront.kit.db import db, transaction
from storefront.orders.models import OrderAddress, Shipment
from storefront.shipping.models import ServiceLevel, ShippingRegion
from storefront.stock.models import UNTRACKED

import stage
from purchases import ADDRESS


@pytest.fixture
def alice(play):
    """A shopper with two mugs of 300 g each in the cart."""
    play.shelves(mug=50)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2)
    return alice


def to_address(shopper):
    """The address step."""
    shopper.get("/cart")
    return shopper.click("Go to checkout")


def europe():
    """The one region of the stage, as it is now."""
    return db.session.scalar(select(ShippingRegion).filter_by(name="Europe"))


def test_an_address_that_nothing_reaches_does_not_pass(play, alice):
    """Said at the postcode, with everything typed still there; another address goes on. ADR-07, SHP-01."""
    with transaction():
        shipping.save_region(europe(), name="Europe", countries=["IE"], patterns="H*\n!H53*")
    to_address(alice)
    page = alice.press("Continue to shipping", {**ADDRESS, "Postcode": "D02 AF30"})
    assert page.status == 400 and page.text.count("We do not send to this postcode. Choose another address.") == 2
    assert ("line1", "1 Quay Street") in page.form("Continue to shipping")[0].values()
    assert alice.press("Continue to shipping", {"Postcode": "H53 T8N2"}).status == 400
    assert alice.press("Continue to shipping", {"Postcode": "H91 E2R8"}).path == "/checkout/shipping"


def test_a_region_that_ends_while_somebody_shops_is_said_at_every_step(play, alice):
    """The address was fine and is not any more: cart, shipping and confirm say so with ways on. ADR-07, CRT-16."""
    play.to_preview(alice)
    with transaction():
        shipping.save_region(europe(), name="Europe", countries=["DE"])
    page = alice.press("Confirm and pay")
    assert page.path == "/checkout/shipping" and page.has("We do not send to this country.")
    assert page.has("Your cart stays as it is. Nothing was charged.") and play.orders() == []
    assert page.link("Change the address") and page.link("Back to the cart")
    page = alice.get("/cart")
    assert page.has("We cannot send this to your address") and page.has("Shipping not possible")
    assert page.link("choose another address") == "/checkout/address"
    assert play.in_cart(alice) == {"Mug": 2}
    for step in ("payment", "preview"):
        assert alice.get(f"/checkout/{step}").status == 200
    assert alice.get("/checkout/preview").path == "/checkout/shipping"


def test_what_is_too_heavy_is_said_with_what_is_possible(play, alice):
    """Ten mugs are too heavy for every level: the sentence says how much may be sent, and two still go. SHP-03."""
    with transaction():
        for level in europe().levels:
            level.weight_max_g = 1000
    play.to_preview(alice)
    alice.get("/cart")
    page = alice.press("Update Mug", quantity="10")
    words = "Your goods weigh 3 kg together. To this address we can send at most 1 kg at once."
    assert page.has(words)
    assert alice.get("/checkout/shipping").has(words)
    alice.get("/cart")
    page = alice.press("Update Mug", quantity="3")
    assert not page.has("We cannot send this") and alice.get("/checkout/preview").path == "/checkout/preview"


def test_digital_goods_skip_the_step_and_mixed_ones_do_not(play, alice):
    """A song alone needs no region, no level and no weight; with a mug only the mug is weighed. ADR-07, SHP-12."""
    with transaction():
        stage.put_on_shelf("song", 0, price=900, requires_shipping=False, policy=UNTRACKED, weight_g=50_000)
        for level in europe().levels:
            level.method, level.params, level.weight_max_g = "per_weight", {"rate_minor": 1000, "unit_g": 1000}, 2000
    play.fill_cart(alice, song=1)
    play.to_preview(alice)
    order = play.confirm(alice).order
    assert (order.goods_minor, order.shipping_minor) == (3400, 600)  # 0.6 kg × 10.00
    with transaction():
        shipping.save_region(europe(), name="Europe", countries=["DE"])
    bob = play.visitor("bob")
    play.fill_cart(bob, song=1)
    to_address(bob)
    assert bob.press("Continue to payment", {**ADDRESS, "Country": "Ireland"}).path == "/checkout/payment"


def test_the_parcel_keeps_everything_about_its_way(play, alice):
    """Address, level, cost, tax, tracking and lines stand in the parcel as they were; tariffs change later.

    SHP-15, SHP-16.
    """
    play.to_preview(alice)
    order = play.confirm(alice).order
    alice.press("Continue to payment page")
    alice.press("Pay")
    with transaction():
        region = europe()
        region.name, region.countries = "Elsewhere", ["DE"]
        for level in region.levels:
            level.name, level.params, level.carrier = "Dearer", {"amount_minor": 9999}, "Nobody"
    play.look_again()
    (parcel,) = db.session.scalars(select(Shipment).filter_by(order_id=order.id))
    assert {name: parcel.service_level[name] for name in ("name", "carrier", "region", "list_minor", "days_max")} == {
        "name": "Standard",
        "carrier": "An Post",
        "region": "Europe",
        "list_minor": 490,
        "days_max": 4,
    }
    assert (parcel.cost_minor, parcel.tax_minor, parcel.carrier, parcel.tracking) == (490, 82, "An Post", "")
    address = db.session.get_one(OrderAddress, parcel.address_id)
    assert (address.name, address.postcode, address.country) == ("Alice Byrne", "H91 E2R8", "IE")
    assert [(line.order_line.sku, line.qty) for line in parcel.lines] == [("MUG", 2)]


def test_a_promotion_on_shipping_shows_the_price_before(play, alice, monkeypatch):
    """What takes something off a level after it was priced leaves the old price beside the new one. SHP-13."""

    def gift(quote):
        if quote.level:
            quote.levels = [replace(level, cost_minor=0) for level in quote.levels]
            quote.level, quote.shipping_minor = quote.levels[0], 0

    steps = list(quoting.PIPELINE)
    place = next(at for at, step in enumerate(steps) if step.__name__ == "add_taxes")
    monkeypatch.setattr(quoting, "PIPELINE", (*steps[:place], gift, *steps[place:]))
    to_address(alice)
    page = alice.press("Continue to shipping", ADDRESS)
    assert page.has("Was €4.90 Now Free") and page.has("Was €9.80 Now Free")
    page = play.to_preview(alice)
    assert page.has("Was €4.90 Now Free") and page.has("€25.00")
    order = play.confirm(alice).order
    assert (order.shipping_minor, order.service_level["list_minor"]) == (0, 490)


def test_the_cart_tells_what_shipping_costs_before_an_address_is_known(play, alice):
    """The cheapest at home, or in the country that is asked for if it is reached at all. SHP-12."""
    with transaction():
        made = shipping.save_region(None, name="Poland", countries=["PL"])
        values = {"name": "Post", "carrier": "", "days_min": 5, "days_max": 9, "active": True, "currency": "EUR"}
        shipping.save_level(None, made, method="fixed_price", params={"amount_minor": 1490}, **values)
    page = alice.get("/cart")
    assert page.has("Delivery from €4.90")
    page = alice.press("Show shipping", {"Country": "Poland"})
    assert page.status == 200 and page.has("Delivery from €14.90")
    assert alice.get("/cart?country=JP").has("Delivery from €4.90")
    with transaction():
        db.session.scalar(select(ServiceLevel).filter_by(name="Post")).weight_max_g = 100
    assert alice.get("/cart?country=PL").has("Nothing that we have can carry this cart there.")


def test_the_quote_says_why_there_is_no_level(play, alice):
    """Whoever asks the cart what it costs is told, too. CRT-16, SHP-12."""
    play.to_preview(alice)
    with transaction():
        for level in europe().levels:
            shipping.switch_level(level, on=False)
    quote = cart.quote(db.session.scalars(select(Cart)).one())
    assert (quote.levels, quote.level, quote.shipping_minor) == ([], None, None)
    assert quote.no_shipping == "We do not send to this country."
