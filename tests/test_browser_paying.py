"""Away to the gateway and back again with a real browser: by its buttons, by Back, late, or never.

Proves CNF-05, CRT-07, RED-03, RED-09, RET-02, RET-03, RET-05 and RET-07, and the rules of ux.md section 5.
"""

import re

import pytest
from playwright.sync_api import expect

from clicking import SANDBOX, add_to_cart, button, heading, press, to_gateway, to_review

pytestmark = pytest.mark.browser
LEAVING = re.compile(r"/pay/[^/]+$")


def test_back_from_the_gateway_shows_choices(browser, play):
    """Back and reload never throw the shopper out again, the cart is full, and going on pays once.

    Proves RED-03, CNF-05 and CRT-07.
    """
    play.shelves(mug=5)
    page, posts = browser.window(), []
    to_gateway(page, "mug")
    page.on("request", lambda request: request.method == "POST" and posts.append(request.url))
    page.go_back()
    for _again in (1, 2):
        heading(page, "This order is not paid yet")
        expect(page.get_by_text("Nothing was charged.")).to_be_visible()
        expect(button(page, "Continue to payment page")).to_be_visible()
        expect(button(page, "Cancel order")).to_be_visible()
        expect(page.get_by_role("link", name="Use another way to pay")).to_be_visible()
        page.reload(wait_until="networkidle")
    assert not posts
    expect(page).to_have_url(LEAVING)
    beside = browser.tab(page.context)
    beside.goto("/cart")
    expect(beside.get_by_label("Quantity Mug")).to_have_value("1")
    press(page, "Continue to payment page")
    expect(page).to_have_url(SANDBOX)
    press(page, "Pay")
    heading(page, "Thank you")
    page.go_back()
    page.go_back()
    heading(page, "Thank you")  # an order that is paid has no page that leaves
    assert len(play.orders()) == 1 and play.captured(play.last_order()) == 1740


def test_back_to_a_page_that_the_browser_kept(browser, play):
    """A browser that shows the leaving page again as it was gets the choices instead; nothing is pressed (RED-03)."""
    play.shelves(mug=5)
    page, posts = browser.window(), []
    order = play.quick_order(mug=1)
    page.add_init_script("addEventListener('submit', event => event.preventDefault(), true)")  # it does not get away
    page.goto(f"/pay/{order.bill.key}")
    heading(page, "One moment")
    page.on("request", lambda request: request.method == "POST" and posts.append(request.url))
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    heading(page, "This order is not paid yet")
    expect(button(page, "Continue to payment page")).to_be_visible()
    assert not posts


def test_declined_then_paid(browser, play):
    """The bank says no: the page says why and that nothing was charged; the next try has a reference of its own.

    Proves RET-03 and RED-09.
    """
    play.shelves(mug=5)
    page = browser.window("phone")
    to_gateway(page, "mug")
    first = page.url
    page.get_by_label("Reason").select_option("Insufficient funds")
    press(page, "Decline")
    heading(page, "The payment did not go through")
    expect(page.get_by_text("Nothing was charged.")).to_be_visible()
    expect(page.get_by_text("There is not enough money on the account.")).to_be_visible()
    press(page, "Pay now")
    expect(page).to_have_url(SANDBOX)
    assert page.url != first
    press(page, "Pay")
    heading(page, "Thank you")
    order = play.last_order()
    assert [bill.status for bill in play.bills(order)] == ["FAILED", "PAID"] and play.captured(order) == 1740


def test_leaving_the_gateway(browser, play):
    """Cancelling there keeps the order, the goods and the cart, and offers the three ways on (RET-02)."""
    play.shelves(mug=5)
    page = browser.window("phone")
    to_gateway(page, "mug")
    press(page, "Cancel and return")
    heading(page, "You left the payment page")
    expect(button(page, "Pay now")).to_be_visible()
    expect(page.get_by_role("link", name="Use another way to pay")).to_be_visible()
    assert play.on_shelf("mug") == 4
    press(page, "Cancel order")
    heading(page, f"Order {play.last_order().number} is cancelled")
    assert play.on_shelf("mug") == 5
    page.get_by_role("link", name=re.compile("cart", re.I)).first.click()
    expect(page.get_by_label("Quantity Mug")).to_have_value("1")


def test_the_order_page_tells_of_a_changed_cart(browser, play):
    """Whoever comes back to an unpaid order with another cart sees both, and may choose (ux 5, rule 12)."""
    play.shelves(mug=5, tea_towel=5)
    page = browser.window("phone", scripts=False)
    to_review(page, "mug")
    press(page, "Confirm and pay")
    page.get_by_role("link", name="Back to the shop").click()
    order = page.url
    add_to_cart(page, "tea_towel")
    page.goto(order)
    expect(page.get_by_role("heading", name="Your cart has changed since you went to pay")).to_be_visible()
    page.get_by_role("link", name="Start again with the new cart").click()
    press(page, "Confirm and pay €29.90")
    press(page, "Continue to payment page")
    press(page, "Pay")
    heading(page, "Thank you")
    old, new = play.orders()
    assert (old.status, old.close_reason) == ("CANCELLED", "superseded") and play.captured(new) == 1250 * 2 + 490
    page.goto(order)
    heading(page, f"Order {old.number} was replaced by a newer one")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_late_notification(browser, play, scripts):
    """The page that waits for the bank says so, and turns into the paid one by itself, or by Check again (RET-07)."""
    play.shelves(mug=5)
    page = browser.window("phone", scripts=scripts)
    to_review(page, "mug")
    press(page, "Confirm and pay")
    if not scripts:
        press(page, "Continue to payment page")
    page.get_by_label("Scenario").select_option("Notify late")
    press(page, "Pay")
    heading(page, "We are still waiting for your bank")
    expect(page.get_by_text("Please don’t pay again.")).to_be_visible()
    if not scripts:
        page.get_by_role("link", name="Check again").click()
        heading(page, "We are still waiting for your bank")
    play.wait(seconds=30)
    assert play.run("deliver_sandbox_notices") == {"done": 1}
    if not scripts:
        page.get_by_role("link", name="Check again").click()
    heading(page, f"Thank you. Order {play.last_order().number} is paid")


def test_the_shopper_never_returns(browser, play):
    """Who closes the payment page after paying has bought: the notification is enough, and a letter tells (RET-05)."""
    play.shelves(mug=5)
    page = browser.window()
    to_gateway(page, "mug")
    order = play.last_order()
    elsewhere = browser.window("phone")
    elsewhere.goto(f"/orders/{order.key}")
    heading(elsewhere, "This order is not paid yet")
    page.get_by_label("Scenario").select_option("The shopper never returns")
    press(page, "Pay")
    heading(page, "You closed the payment page")
    page.close()
    heading(elsewhere, f"Thank you. Order {order.number} is paid")  # on another device, by itself
    play.run("deliver_events")
    assert any(f"order {order.number} paid" in subject for subject in play.letters()), play.letters()


def test_what_an_unpaid_order_offers(browser, play):
    """The time is counted down, the goods are kept longer on request, and another way to pay may be chosen."""
    play.shelves(mug=5)
    page = browser.window("phone")
    to_gateway(page, "mug")
    order = play.last_order()
    page.goto(f"/orders/{order.key}")
    heading(page, "This order is not paid yet")
    expect(
        page.get_by_text(re.compile(r"We hold the goods until \d\d:\d\d, 30 minutes from now. \((30:00|29:5\d)\)"))
    ).to_be_visible()
    play.wait(minutes=20)
    page.reload()
    expect(page.get_by_text(re.compile(r"\((10:00|9:\d\d)\)"))).to_be_visible()
    press(page, "Keep for me")
    expect(page.get_by_text(re.compile(r"\((30:00|29:\d\d)\)"))).to_be_visible()
    page.get_by_role("link", name="Use another way to pay").click()
    heading(page, "How would you like to pay?")
    expect(page.get_by_text(re.compile(r"\((30:00|29:\d\d)\)"))).to_be_visible()
    press(page, "Pay now")
    expect(page).to_have_url(SANDBOX)
    press(page, "Cancel and return")
    press(page, "Cancel order")
    heading(page, f"Order {order.number} is cancelled")
    assert play.holds(order) == {"RELEASED": 1} and play.captured(order) == 0
