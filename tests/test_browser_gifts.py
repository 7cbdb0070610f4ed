"""A gift certificate in a real browser, on a phone without scripts and at a desk: typed in, paid with, nobody leaves.

Proves PRM-11 where it is seen, and the rules of ux.md for the cart's code field and the review.
"""

import os

import pytest
from playwright.sync_api import expect

from clicking import add_to_cart, button, heading, press, type_address
from counter import OWNER, PASSWORD, hire
from giving import card_on_shelf, issued, money_of

pytestmark = pytest.mark.browser


def looked_at(page, name):
    """A picture of the page for whoever wants to see it: PICTURES names the folder."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}-{page.viewport_size['width']}.png", full_page=True)


def fits(page):
    """Nothing of it has to be scrolled sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize(("size", "scripts"), [("phone", False), ("desk", True)])
def test_a_fully_covered_order(browser, play, size, scripts):
    """PRM-11: type the code, through address and shipping, confirm: paid, without a way to pay or leaving."""
    play.shelves(mug=5)
    code = issued(5000)
    page = browser.window(size, scripts=scripts)
    add_to_cart(page, "mug")
    page.goto("/cart")
    page.get_by_text("Coupon or gift certificate").click()
    page.get_by_label("Code", exact=True).fill(code.lower())
    press(page, "Apply code")
    expect(page.get_by_text(f"Gift certificate …{code[-4:]}").first).to_be_visible()
    looked_at(page, "gift-cart")
    fits(page)
    page.get_by_role("link", name="Go to checkout").click()
    type_address(page)
    press(page, "Continue to shipping")
    press(page, "Continue to payment")
    heading(page, "Check and pay")
    expect(button(page, "Confirm and pay")).to_have_text("Confirm and pay €0.00")
    expect(page.get_by_text("Nothing else is to be paid")).to_be_visible()
    looked_at(page, "gift-review")
    fits(page)
    press(page, "Confirm and pay")
    heading(page, "is paid")
    assert "/orders/" in page.url and money_of(play, code) == (5000 - 1740, 0, "ACTIVE")
    looked_at(page, "gift-order")
    fits(page)


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_the_counter_sells_and_issues(browser, play, size):
    """The owner issues a certificate, shows its code, and looks at the order that sold one; no page is too wide."""
    play.shelves(mug=5)
    card_on_shelf(5000)
    hire()
    page = browser.window(size)
    page.goto("/admin/certificates/new")
    page.get_by_label("Email").fill(OWNER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")
    page.goto("/admin/certificates/new")
    page.get_by_label("Worth").fill("25.00")
    looked_at(page, "gift-issue")
    press(page, "Issue it")
    heading(page, "Gift certificate …")
    press(page, "Show the code")
    expect(page.get_by_text("Whoever has it can spend it")).to_be_visible()
    looked_at(page, "gift-admin")
    fits(page)
    page.goto("/admin/certificates")
    looked_at(page, "gift-list")
    fits(page)
    placed = play.paid_order(mug=1, gift_card=1)
    page.goto(f"/admin/orders/{placed.order.number}/refund")
    looked_at(page, "gift-refund")
    fits(page)
    page.goto(f"/admin/orders/{placed.order.number}")
    looked_at(page, "gift-order-admin")
