"""People buy with a real browser, with scripts and without: from the home page to a paid order, in one tab or in two.

Proves CNF-03, CRT-03, CRT-04, CRT-05, CRT-06, RED-01, RED-02 and ROL-01, and the rules of ux.md sections 1, 2 and 4.
"""

import re

import pytest
from playwright.sync_api import expect

from storefront import catalog
from storefront.catalog.drafts import CategoryDraft, ProductDraft, VariantDraft
from storefront.kit.db import transaction

from clicking import SANDBOX, add_to_cart, button, heading, press, to_review, type_address

pytestmark = pytest.mark.browser
LEAVING = re.compile(r"/pay/[^/]+$")


def stock_the_kitchen(play):
    """Two things on a shelf that one can walk to."""
    play.shop()
    with transaction():
        catalog.save(
            [
                ProductDraft(
                    slug,
                    title,
                    f"<p>A good {title}.</p>",
                    categories=[CategoryDraft.named("Kitchen")],
                    variants=[VariantDraft(slug.upper(), price_minor=price, on_hand=5, tax_category="standard")],
                )
                for slug, title, price in (("mug", "Mug", 1250), ("tea-towel", "Tea towel", 900))
            ],
            actor="stage",
        )


def walk_in(page):
    """From the home page to a mug in the cart, by links and buttons alone."""
    page.goto("/")
    page.get_by_role("link", name="Kitchen").first.click()
    page.get_by_role("link", name="Mug").click()
    heading(page, "Mug")
    press(page, "Add to cart")
    page.get_by_role("link", name="View cart").click()
    page.get_by_role("link", name="Go to checkout").click()
    type_address(page)
    press(page, "Continue to shipping")
    page.get_by_role("radio", name="Express").check()
    press(page, "Continue to payment")
    press(page, "Review order")
    expect(button(page, "Confirm and pay")).to_have_text("Confirm and pay €22.30")


@pytest.mark.browser(everywhere=True)
def test_a_guest_buys(browser, play):
    """A guest at a desk goes from the home page to a paid order; the page that leaves presses its own button.

    Proves ROL-01, CNF-03 and RED-02.
    """
    stock_the_kitchen(play)
    page, seen = browser.window(), []
    page.on("response", lambda answer: seen.append((answer.request.method, answer.url.split("/")[3], answer.status)))
    walk_in(page)
    press(page, "Confirm and pay")
    expect(page).to_have_url(SANDBOX)
    steps = [step for step in seen if step[1] in ("checkout", "pay", "sandbox")][-4:]
    assert steps == [("POST", "checkout", 303), ("GET", "pay", 200), ("POST", "sandbox", 303), ("GET", "sandbox", 200)]
    press(page, "Pay")
    heading(page, f"Thank you. Order {play.last_order().number} is paid")
    expect(page.get_by_text("a…@example.com")).to_be_visible()
    expect(page.get_by_role("link", name="Cart (0)")).to_be_visible()
    assert play.captured(play.last_order()) == 2230


@pytest.mark.browser(everywhere=True)
def test_a_guest_buys_on_a_phone_without_scripts(browser, play):
    """The same without scripts: the page that leaves says where to, and its button is there to be pressed (RED-01)."""
    stock_the_kitchen(play)
    page = browser.window("phone", scripts=False)
    walk_in(page)
    press(page, "Confirm and pay")
    heading(page, "One moment")
    number = play.last_order().number
    expect(page.get_by_text(f"Taking you to Sandbox Pay to pay €22.30 for order {number}.")).to_be_visible()
    expect(page.get_by_role("link", name="nothing is charged")).to_be_visible()
    expect(button(page, "Continue to payment page")).to_be_in_viewport()
    press(page, "Continue to payment page")
    expect(page).to_have_url(SANDBOX)
    press(page, "Pay")
    heading(page, f"Thank you. Order {number} is paid")
    assert play.captured(play.last_order()) == 2230


def test_coming_back_lifts_the_lock(browser, play):
    """A press that led nowhere leaves a button that says so; coming back to the page makes it itself again."""
    play.shelves(mug=5)
    page = browser.window()
    to_review(page, "mug")
    confirm, busy = button(page, "Confirm and pay"), button(page, "One moment…")
    words = confirm.inner_text()
    page.evaluate("document.addEventListener('submit', event => event.preventDefault(), {once: true})")
    confirm.click()
    expect(busy).to_have_attribute("aria-disabled", "true")
    busy.click(force=True)
    expect(page).to_have_url(re.compile("/checkout/preview$"))
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(confirm).to_have_text(words)
    confirm.click()
    expect(page).to_have_url(SANDBOX)


def test_the_cart_changes_in_another_tab(browser, play):
    """Another tab puts something in while this one pays: the review says so at once, the order stays as confirmed.

    Proves CRT-04, CRT-05 and CRT-06.
    """
    play.shelves(mug=5, tea_towel=5)
    page = browser.window()
    to_review(page, "mug")
    note = page.get_by_text("Your cart has changed: Tea towel was added.")
    expect(note).to_be_hidden()
    paying, other = browser.tab(page.context), browser.tab(page.context)
    paying.goto("/checkout/preview")
    press(paying, "Confirm and pay")
    expect(paying).to_have_url(SANDBOX)
    paying.go_back()
    add_to_cart(other, "tea_towel")
    expect(note).to_be_visible(timeout=3_000)
    expect(paying.get_by_text("Your cart has changed: Tea towel was added.")).to_be_visible(timeout=3_000)
    press(paying, "Continue to payment page")
    press(paying, "Pay")
    heading(paying, "Thank you")
    expect(paying.get_by_text("What you added meanwhile is still in your cart.")).to_be_visible()
    order = play.last_order()
    assert [line.sku for line in order.lines] == ["MUG"] and play.captured(order) == 1740
    paying.get_by_role("link", name="View cart").click()
    expect(paying.get_by_role("button", name="Update")).to_have_count(1)
    expect(paying.get_by_label("Quantity Tea towel")).to_have_value("1")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_pressing_twice(browser, play, scripts):
    """Two quick presses of "Confirm and pay" and of "Pay" make one order and one payment (ux 2, rule 26)."""
    play.shelves(mug=5)
    page = browser.window(scripts=scripts)
    to_review(page, "mug")
    button(page, "Confirm and pay").dblclick()
    if not scripts:
        expect(page).to_have_url(re.compile("/(pay|orders)/"))
        press(page, re.compile("Continue to payment page|Pay now"))
        if LEAVING.search(page.url):
            press(page, "Continue to payment page")
    expect(page).to_have_url(SANDBOX)
    button(page, "Pay").dblclick()
    heading(page, "Thank you")
    (order,) = play.orders()
    assert play.captured(order) == 1740
    play.both_books_agree()


def test_the_address_form(browser, play):
    """The country changes the form and keeps what was typed; mistakes are told at the top, where the focus is."""
    play.shelves(mug=5)
    page = browser.window("phone")
    add_to_cart(page, "mug")
    page.goto("/checkout/address")
    expect(button(page, "Update the form").first).to_be_hidden()
    page.get_by_label("Email").fill("alice@example.com")
    page.get_by_label("Full name").fill("Alice Byrne")
    page.get_by_label("Country").select_option("Germany")
    expect(page.get_by_label("Postcode (optional)")).to_have_count(0)
    expect(page.get_by_label("Country")).to_be_focused()
    expect(page.get_by_label("Full name")).to_have_value("Alice Byrne")
    press(page, "Continue to shipping")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    summary.get_by_role("link").first.click()
    wrong = page.get_by_label("Address", exact=True)
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Full name")).to_have_value("Alice Byrne")
    type_address(page, {"Address": "Torstraße 1", "Postcode": "10119", "City": "Berlin"})
    page.get_by_label("The invoice goes to another address").check()
    billing = page.get_by_role("group", name="Address for the invoice")
    expect(billing).to_be_visible()
    expect(page.get_by_label("City").first).to_have_value("Berlin")
    type_address(billing, {"Full name": "Byrne GmbH", "Address": "Kai 2", "Postcode": "20457", "City": "Hamburg"})
    press(page, "Continue to shipping")
    heading(page, "How shall we send it?")
    page.go_back()  # to a page that answered a form
    expect(page.get_by_label("City").first).to_have_value("Berlin")
    page.goto("/checkout/address")
    expect(page.get_by_role("group", name="Address for the invoice").get_by_label("City")).to_have_value("Hamburg")


def test_lists_wait_for_keys(browser, play):
    """Arrows and letters look through a list without sending it: Enter sends, or leaving the list of countries."""
    stock_the_kitchen(play)
    page = browser.window()
    page.goto("/categories/kitchen")
    expect(button(page, "Sort")).to_be_visible()
    stays_while_keys_choose(page, "Sort", "Name")
    page.get_by_label("Sort").press("Enter")
    expect(page).to_have_url(re.compile("sort=name"))
    add_to_cart(page, "mug")
    page.goto("/checkout/address")
    page.get_by_label("Full name").fill("Alice Byrne")
    for leaves in ("Enter", "Tab"):
        page.get_by_label("Country").select_option("Ireland")
        expect(page.get_by_label("Postcode (optional)")).to_be_visible()
        stays_while_keys_choose(page, "Country", "Germany")
        page.get_by_label("Country").press(leaves)
        expect(page.get_by_label("Postcode (optional)")).to_have_count(0)
        expect(page.get_by_label("Country")).to_be_focused()
        expect(page.get_by_label("Full name")).to_have_value("Alice Byrne")


def stays_while_keys_choose(page, label, words):
    """The words are chosen in the list letter by letter, and the page is the same one as before."""
    page.evaluate("window.same = true")
    page.get_by_label(label).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.type(words)
    expect(page.get_by_label(label).locator("option:checked")).to_have_text(words)
    assert page.evaluate("window.same")


def test_a_stale_tab_of_the_cart(browser, play):
    """A tab that shows an older cart overwrites nothing: it is told both numbers and may insist (CRT-03)."""
    play.shelves(mug=9)
    page = browser.window("phone")
    add_to_cart(page, "mug")
    page.goto("/cart")
    other = browser.tab(page.context)
    other.goto("/cart")
    other.get_by_label("Quantity Mug").fill("3")
    press(other, "Update")
    expect(other.get_by_text("€37.50").first).to_be_visible()
    expect(page.get_by_text("Your cart has changed: 3 × Mug instead of 1.")).to_be_visible(timeout=3_000)
    page.get_by_label("Quantity Mug").fill("2")
    press(page, "Update")
    expect(page.get_by_role("alert")).to_contain_text("You typed 2 for Mug. Now it is 3.")
    expect(page.get_by_label("Quantity Mug")).to_have_value("2")
    press(page, "Update")
    expect(page.get_by_text("€25.00").first).to_be_visible()
    page.reload()
    expect(page.get_by_label("Quantity Mug")).to_have_value("2")


def test_the_cart(browser, play):
    """Change a number, type nonsense, take a line out, put it back."""
    play.shelves(mug=9, tea_towel=2)
    page = browser.window("phone", scripts=False)
    add_to_cart(page, "mug", "tea_towel")
    page.goto("/cart")
    page.get_by_label("Quantity Mug").fill("4")
    press(page, "Update Mug")
    expect(page.get_by_label("Quantity Mug")).to_have_value("4")
    page.get_by_label("Quantity Mug").fill("many")
    press(page, "Update Mug")
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.get_by_label("Quantity Mug")).to_have_value("many")
    page.goto("/cart")
    press(page, "Remove Mug")
    expect(page.get_by_text("Mug is out of your cart.")).to_be_visible()
    expect(page.get_by_label("Quantity Mug")).to_have_count(0)
    press(page, "Put back")
    page.goto("/cart")
    expect(page.get_by_label("Quantity Mug")).to_have_value("4")
