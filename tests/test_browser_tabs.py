"""Two tabs of one browser and two browsers of one shopper, at the size of a phone: each learns what the other did.

Proves CRT-03, CRT-05, RED-03 and RED-07, and the rules of ux.md that speak of tabs.
"""

import re

import pytest
from playwright.sync_api import expect

from clicking import SANDBOX, add_to_cart, heading, press, to_gateway, to_review
from purchases import PASSWORD

pytestmark = pytest.mark.browser
AT_ONCE = 3000  # milliseconds: what another tab did is known by then


def note(page):
    """The live region in which a page says what has changed."""
    return page.locator("[data-watch]")


def learns(page, words, within=AT_ONCE):
    """The page says so by itself, with a link to see it."""
    expect(note(page)).to_contain_text(words, timeout=within)
    expect(note(page).get_by_role("link")).to_be_visible()


def silent(page):
    """The page says nothing."""
    expect(note(page)).to_have_text("")


@pytest.fixture
def goods(play):
    """A shop with mugs and tea towels."""
    return play.shelves(mug=9, tea_towel=9)


@pytest.mark.parametrize("where", ["cart", "checkout/address", "checkout/payment", "checkout/preview"])
def test_another_tab_changes_the_cart(browser, goods, where):
    """Cart, address, payment and preview learn within 3 seconds which article came into the cart. CRT-05."""
    page = browser.window("phone")
    to_review(page, "mug")
    page.goto(f"/{where}")
    silent(page)
    other = browser.tab(page.context)
    add_to_cart(other, "tea_towel")
    learns(page, "Your cart has changed: Tea towel was added.")
    note(page).get_by_role("link", name="View cart").click()
    expect(page.get_by_label("Quantity Tea towel")).to_have_value("1")
    silent(page)


def test_the_first_page_that_leaves_learns(browser, goods, play):
    """A leaving page that stays learns that its order was replaced, and offers its button no more. RED-07, CRT-05."""
    page = browser.window("phone")
    to_review(page, "mug")
    page.route("**/leave.js*", lambda route: route.fulfill(body=""))  # the script is held up on the way
    press(page, "Confirm and pay")
    heading(page, "One moment")
    silent(page)
    going_on = page.get_by_role("button", name="Continue to payment page")
    expect(going_on).to_be_visible()
    old = play.last_order()
    other = browser.tab(page.context)
    add_to_cart(other, "tea_towel")
    learns(page, "Your cart has changed: Tea towel was added.")
    expect(going_on).to_be_visible()
    other.goto("/checkout/preview")
    press(other, "Confirm and pay")
    expect(other).to_have_url(SANDBOX)
    new = play.last_order()
    learns(page, f"Order {old.number} was replaced by order {new.number}.")
    expect(going_on).to_be_hidden()
    note(page).get_by_role("link", name=f"Show order {new.number}").click()
    heading(page, "This order is not paid yet")


def test_back_at_the_leaving_page_it_learns_that_the_order_was_paid(browser, goods, play):
    """Gone back from the gateway while another tab pays: the leaving page says so, and cannot pay again. RED-03."""
    page = browser.window("phone")
    to_gateway(page, "mug")
    payment_page = page.url
    page.go_back()
    heading(page, "This order is not paid yet")
    other = browser.tab(page.context)
    other.goto(payment_page)
    press(other, "Pay")
    heading(other, "Thank you")
    order = play.last_order()
    learns(page, f"Order {order.number} is paid.")
    expect(page.get_by_role("button", name="Continue to payment page")).to_be_hidden()
    note(page).get_by_role("link", name=f"Show order {order.number}").click()
    heading(page, "Thank you")
    assert play.captured(order) == order.due_minor and len(play.bills(order)) == 1


@pytest.mark.parametrize("deed", ["Cancel order", "Keep for me"])
def test_the_order_page_learns_of_another_tab(browser, goods, play, deed):
    """Cancelled, or kept longer, in another tab of the order's page: both show the same in 3 seconds. CRT-05."""
    page = browser.window("phone")
    to_gateway(page, "mug")
    order = play.last_order()
    page.goto(f"/orders/{order.key}")
    play.wait(minutes=10)
    other = browser.tab(page.context)
    other.goto(f"/orders/{order.key}")
    press(other, deed)
    if deed == "Keep for me":
        learns(page, f"The goods of order {order.number} are kept until")
    else:
        expect(page.get_by_role("heading", level=1)).to_contain_text(
            f"Order {order.number} is cancelled", timeout=AT_ONCE
        )


def test_the_cart_learns_that_it_was_paid(browser, goods, play):
    """The cart in one tab says which order was paid in the other, with the way to it. CRT-05, CRT-06."""
    page = browser.window("phone")
    to_gateway(page, "mug")
    cart = browser.tab(page.context)
    cart.goto("/cart")
    press(page, "Pay")
    heading(page, "Thank you")
    order = play.last_order()
    learns(cart, f"Order {order.number} is paid.")
    note(cart).get_by_role("link", name=f"Show order {order.number}").click()
    heading(cart, "Thank you")


def sign_in(page):
    """With the account that the test has made."""
    page.goto("/account/sign-in")
    page.get_by_label("Email").fill("alice@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")
    expect(page).to_have_url(re.compile(r"/account/$"))


def test_another_device_is_heard_of_by_the_next_question(browser, goods, play):
    """Two browsers of one customer share no channel: the small poll tells the phone what the desk did. CRT-05."""
    play.signed_in()
    phone, desk = browser.window("phone"), browser.window("desk")
    sign_in(phone)
    sign_in(desk)
    add_to_cart(phone, "mug")
    phone.goto("/cart")
    add_to_cart(desk, "tea_towel")
    learns(phone, "Your cart has changed: Tea towel was added.", within=15_000)


def test_nobody_asks_for_a_tab_that_nobody_sees(browser, goods):
    """A hidden tab asks nothing by itself, and at once when it is looked at again. CRT-05."""
    page, asked = browser.window("phone"), []
    add_to_cart(page, "mug")
    page.clock.install()
    page.goto("/cart")
    page.on("request", lambda request: "/cart/status" in request.url and asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.clock.run_for(120_000)
    assert not asked
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    with page.expect_response("**/cart/status*"):
        page.clock.run_for(100)
    assert len(asked) == 1


def test_asking_becomes_rarer_and_ends(browser, goods):
    """After 5, 10, 20 and then every 40 seconds, and no longer than ten minutes; unchanged answers are 304. CRT-05."""
    page, answers = browser.window("phone"), []
    add_to_cart(page, "mug")
    page.clock.install()
    page.goto("/cart")
    page.on("response", lambda answer: "/cart/status" in answer.url and answers.append(answer.status))
    for seconds, asked in ((5, 1), (10, 2), (20, 3), (40, 4), (40, 5)):
        with page.expect_response("**/cart/status*"):
            page.clock.run_for(seconds * 1000)
        page.wait_for_timeout(1)  # the page reads its answer
        assert len(answers) == asked
    assert answers == [200, 304, 304, 304, 304]
    silent(page)


@pytest.mark.parametrize("where", ["cart", "order"])
def test_without_scripts_the_next_load_tells(browser, goods, play, where):
    """No scripts: a stale form is answered with both values, the order page shows both carts. CRT-03, CRT-05."""
    page = browser.window("phone", scripts=False)
    to_review(page, "mug")
    other = browser.tab(page.context)
    if where == "cart":
        page.goto("/cart")
        add_to_cart(other, "mug")
        page.get_by_label("Quantity Mug").fill("4")
        press(page, "Update")
        expect(page.get_by_role("alert")).to_contain_text("You typed 4 for Mug. Now it is 2.")
        return
    press(page, "Confirm and pay")
    page.get_by_role("link", name="Back to the shop").click()
    add_to_cart(other, "tea_towel")
    page.reload()
    expect(page.get_by_role("heading", name="Your cart has changed since you went to pay")).to_be_visible()
    play.gateway_says("paid", play.last_bill())
    page.reload()
    heading(page, "Thank you")
