"""The usual way through the shop with a real browser, by the words on labels, links and buttons."""

import re

from playwright.sync_api import Locator, Page, expect

from purchases import ADDRESS

SANDBOX = re.compile(r"/sandbox/[^/]+$")


def button(page: Page | Locator, words: str | re.Pattern) -> Locator:
    """The first button with these words, whatever follows them."""
    return page.get_by_role("button", name=words).first


def press(page: Page | Locator, words: str | re.Pattern) -> None:
    """Press it."""
    button(page, words).click()


def heading(page: Page, words: str) -> None:
    """Wait until the page's heading says so."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def add_to_cart(page: Page, *goods: str) -> None:
    """Put one of each into the cart, from the product's own page."""
    for name in goods:
        page.goto(f"/products/{name.replace('_', '-')}")
        press(page, "Add to cart")
        expect(page.get_by_role("link", name="View cart")).to_be_visible()


def type_address(place: Page | Locator, address: dict[str, str] = ADDRESS) -> None:
    """Fill in the fields with these labels, as somebody would."""
    for label, words in address.items():
        place.get_by_label(re.compile(rf"^{label}( \(optional\))?$")).fill(words)


def to_review(page: Page, *goods: str) -> None:
    """Goods into the cart, and on through address, shipping and payment to the review."""
    add_to_cart(page, *goods)
    page.goto("/checkout/address")
    type_address(page)
    for step in ("Continue to shipping", "Continue to payment", "Review order"):
        press(page, step)
    heading(page, "Check and pay")


def to_gateway(page: Page, *goods: str) -> None:
    """The same, confirmed; the page that leaves goes on by itself, as it does where there are scripts."""
    to_review(page, *goods)
    press(page, "Confirm and pay")
    expect(page).to_have_url(SANDBOX)
