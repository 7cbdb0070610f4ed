"""An account's first order with a real browser: made, confirmed by letter, an address chosen, paid, found (ROL-02).

On a phone without scripts and at a desk with them. Proves ADR-05 and ADR-06 as people meet them.
"""

import re

import pytest
from playwright.sync_api import expect

from clicking import SANDBOX, heading, press, type_address
from purchases import ADDRESS, PASSWORD

pytestmark = pytest.mark.browser
NEW = {"Full name": "Alice Byrne", "Email": "alice@example.com", "Password": PASSWORD}


def link_in_letter(play):
    """The path of the link of the last letter."""
    play.run("deliver_events")
    said = play.mails()[-1].get_body(("plain",)).get_content()
    return re.search(r"https?://[^/]+(/account/\S+)", said)[1]


@pytest.mark.parametrize(("size", "scripts"), [("phone", False), ("desk", True)])
def test_an_accounts_first_order(browser, play, size, scripts):
    """From "Make an account" to the order in its list; what was typed once is offered and not asked again."""
    play.shelves(mug=5)
    page = browser.window(size, scripts=scripts)
    page.goto("/account/create")
    for label, words in NEW.items():
        page.get_by_label(label, exact=True).fill(words)
    press(page, "Create account")
    page.get_by_label("Email", exact=True).fill(NEW["Email"])
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")
    heading(page, "Your account")
    expect(page.get_by_text("Your email is not confirmed yet")).to_be_visible()
    page.goto(link_in_letter(play))
    press(page, "Confirm email")
    expect(page.get_by_text("Your email is confirmed")).to_be_visible()

    page.goto("/products/mug")
    press(page, "Add to cart")
    page.goto("/checkout/address")
    expect(page.get_by_label("Save to my addresses")).to_be_checked()
    type_address(page, {label: words for label, words in ADDRESS.items() if label != "Email"})
    for step in ("Continue to shipping", "Continue to payment", "Review order"):
        press(page, step)
    page.goto("/checkout/address")
    expect(page.get_by_role("radio", name="Alice Byrne")).to_be_checked()
    if scripts:
        expect(page.get_by_label("Postcode")).to_be_hidden()
    page.get_by_role("radio", name="Another address").check()
    expect(page.get_by_label("Postcode")).to_be_visible()
    page.get_by_role("radio", name="Alice Byrne").check()
    for step in ("Continue to shipping", "Continue to payment", "Review order", "Confirm and pay"):
        press(page, step)
    if not scripts:
        press(page, "Continue to payment page")
    expect(page).to_have_url(SANDBOX)
    press(page, "Pay")
    heading(page, f"Thank you. Order {play.last_order().number} is paid")
    page.goto("/account/orders")
    page.get_by_role("link", name=play.last_order().number).click()
    heading(page, play.last_order().number)
    play.look_again()
    order = play.last_order()
    assert order.customer_id and order.shipping_address.line1 == ADDRESS["Address"]
