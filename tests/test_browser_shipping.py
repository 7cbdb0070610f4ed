"""An order from a region without shipping, in a real browser: what the shopper reads at each step, and the ways on.

Proves ADR-07 and ADM-13, and the rules of ux.md sections 2 and 4.
"""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from storefront import shipping
from storefront.kit.db import db, transaction
from storefront.shipping.models import ShippingRegion

from clicking import add_to_cart, button, heading, press, to_review, type_address
from counter import OWNER, PASSWORD, hire

pytestmark = pytest.mark.browser


def region():
    """The one region of the stage."""
    return db.session.scalar(select(ShippingRegion).filter_by(name="Europe"))


@pytest.mark.parametrize("size, scripts", [("phone", False), ("desk", True)])
def test_an_order_from_a_region_without_shipping(browser, play, size, scripts):
    """The cart tells where goods go; the postcode is refused at its field and stays as typed; then the merchant stops
    sending while somebody shops: cart, checkout and confirm say so, nothing is charged, and another address goes on.

    ADR-07.
    """
    play.shelves(mug=5)
    with transaction():
        shipping.save_region(region(), name="Europe", countries=["IE", "DE"])
        part = shipping.save_region(None, name="North", countries=["GB"], patterns="BT*")
        values = {"carrier": "", "days_min": 2, "days_max": 4, "active": True, "currency": "EUR"}
        shipping.save_level(None, part, name="Ferry", method="fixed_price", params={"amount_minor": 700}, **values)
    page = browser.window(size, scripts=scripts)
    add_to_cart(page, "mug")
    page.goto("/cart")
    page.get_by_text("What does shipping cost?").click()
    page.get_by_label("Country").select_option(label="United Kingdom")
    press(page, "Show shipping")
    expect(page.get_by_text("To United Kingdom from €7.00, in 2 to 4 days.")).to_be_visible()
    assert "Japan" not in page.get_by_label("Country").inner_text()

    page.get_by_role("link", name="Go to checkout").click()
    page.get_by_label("Country").select_option(label="United Kingdom")
    if button(page, "Update the form").is_visible():
        press(page, "Update the form")
    page.get_by_label("Email").fill("alice@example.com")
    page.get_by_label("Full name").fill("Alice Byrne")
    page.get_by_label("Address", exact=True).fill("10 Downing Street")
    page.get_by_label("City").fill("London")
    page.get_by_label("Postcode").fill("SW1A 2AA")
    press(page, "Continue to shipping")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("We do not send to this postcode. Choose another address.")
    alert.get_by_role("link").click()
    expect(page.get_by_label("Postcode")).to_be_focused()
    expect(page.get_by_label("Postcode")).to_have_value("SW1A 2AA")
    expect(page.get_by_label("Full name")).to_have_value("Alice Byrne")
    page.get_by_label("Postcode").fill("bt1 1aa")
    page.get_by_label("City").fill("Belfast")
    press(page, "Continue to shipping")
    heading(page, "How shall we send it?")
    expect(page.get_by_text("Ferry")).to_be_visible()
    press(page, "Continue to payment")
    press(page, "Review order")
    heading(page, "Check and pay")

    with transaction():
        level = db.session.scalar(select(ShippingRegion).filter_by(name="North")).levels[0]
        shipping.switch_level(level, on=False)
    press(page, "Confirm and pay")
    heading(page, "How shall we send it?")
    expect(page.get_by_text("We do not send to this country.")).to_be_visible()
    expect(page.get_by_text("Nothing was charged.")).to_be_visible()
    assert play.orders() == []
    page.get_by_role("link", name="Back to the cart").click()
    expect(page.get_by_text("We cannot send this to your address")).to_be_visible()
    expect(page.get_by_text("not possible")).to_be_visible()
    page.get_by_role("link", name="choose another address").click()
    page.get_by_label("Country").select_option(label="Ireland")
    if button(page, "Update the form").is_visible():
        press(page, "Update the form")
    type_address(page)
    press(page, "Continue to shipping")
    press(page, "Continue to payment")
    press(page, "Review order")
    press(page, "Confirm and pay")
    expect(page).to_have_url(re.compile(r"/(pay|sandbox)/"))
    assert play.last_order().service_level["name"] == "Standard"


def test_the_owner_makes_a_way_of_sending_without_scripts(browser, play):
    """Region, level, cost before saving and preview, with buttons and fields alone on a phone. ADM-13."""
    play.shelves(mug=5)
    hire()
    page = browser.window("phone", scripts=False)
    page.goto("/admin/")
    page.get_by_label("Email").fill(OWNER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")
    page.goto("/admin/shipping")
    page.get_by_role("link", name="New region").click()
    page.get_by_label("Name", exact=True).fill("Galway")
    page.get_by_label("Ireland", exact=True).check()
    page.get_by_label("Postcodes").fill("H91*")
    press(page, "Save region")
    heading(page, "Galway")
    page.get_by_role("link", name="New way of sending").click()
    page.get_by_label("Name", exact=True).fill("Cart and pony")
    page.get_by_label("Cost", exact=True).select_option(label="Price per unit of weight")
    press(page, "Show its figures")
    page.get_by_label("Price of a unit of weight").fill("1.50")
    press(page, "Show what it costs")
    expect(page.get_by_role("row", name="10,000 kg")).to_contain_text("€15,000.00")
    press(page, "Save way of sending")
    heading(page, "Galway")
    page.goto("/admin/shipping")
    page.get_by_label("Postcode").fill("h91 e2r8")
    page.get_by_label("Weight in grams").fill("600")
    press(page, "Show costs")
    expect(page.get_by_text("The region “Galway” decides.")).to_be_visible()
    expect(page.get_by_role("row", name="Cart and pony").last).to_contain_text("€0.90")
    to_review(page, "mug")
    expect(button(page, "Confirm and pay")).to_have_text("Confirm and pay €12.95")  # 12.50 + 0.3 kg × 1.50
