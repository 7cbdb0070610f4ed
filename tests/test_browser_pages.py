"""Every kind of page keeps the limits of ux.md section 1: in light and dark, on the smallest screen, for everybody.

Proves what the shop promises of its pages: nothing from elsewhere, no policy broken, no sideways scrolling, one
heading, a title, the way past the menu, no finding of an automated accessibility checker, and little weight.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from rehearsing import settings
from storefront import customers
from storefront.demo import goods
from storefront.kit.db import transaction

from clicking import add_to_cart, press, type_address
from counter import OWNER, PASSWORD, hire
from purchases import PASSWORD as SHOPPERS

pytestmark = pytest.mark.browser
STATIC = Path(__file__).resolve().parent.parent / "static"
AXE = (Path(__file__).resolve().parent / "vendor" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SHAPE = """() => [
    document.querySelectorAll('h1').length === 1 ? '' : `${document.querySelectorAll('h1').length} h1`,
    document.querySelectorAll('main').length === 1 ? '' : 'not one main',
    document.documentElement.lang ? '' : 'no lang',
    [...document.querySelectorAll('nav')].every((nav) => nav.getAttribute('aria-label')) ? '' : 'a nav without a name',
    [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((one) => Number(one.tagName[1]))
        .every((level, at, levels) => level <= (levels[at - 1] || 2) + 1) ? '' : 'a heading level is skipped',
    new Set([...document.querySelectorAll('[id]')].map((one) => one.id)).size
        === document.querySelectorAll('[id]').length ? '' : 'an id stands twice',
].filter(Boolean)"""
WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).slice(-3)
    .map((one) => `wider than the screen: ${one.outerHTML.slice(0, 90)}`)"""
SMALL = """() => [...document.querySelectorAll('main button, main .button, main input:not([type=hidden]), main select')]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.closest('.sr, .dense, label'))
    .filter((one) => !one.classList.contains('sr') && one.getBoundingClientRect().height < 43.5)
    .map((one) => `less than 44 px high: ${one.outerHTML.slice(0, 90)}`)"""
CHECK = "(tags) => axe.run({runOnly: tags, resultTypes: ['violations']})"


class Sweep:
    """Looks at pages in one window, and collects what is wrong with them in `found`."""

    def __init__(self, page):
        self.page, self.found, self.titles = page, [], {}
        page.emulate_media(reduced_motion="reduce")  # colours that are still fading have no contrast

    def look(self, name, path=None, status=200):
        """Look at this address, or at the page that is there, as everybody may meet it."""
        page = self.page
        page.set_viewport_size({"width": 360, "height": 780})
        if path and (answer := page.goto(path)).status != status:
            self.found.append(f"{name}: {answer.status}")
        self._tell(name, page.evaluate(SHAPE) + page.evaluate(WIDER) + page.evaluate(SMALL))
        self._title(name)
        self._axe(f"{name}, light phone")
        page.set_viewport_size({"width": 320, "height": 640})
        self._tell(f"{name}, 320 wide", page.evaluate(WIDER))
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="dark")
        self._tell(f"{name}, at a desk", page.evaluate(WIDER))
        self._axe(f"{name}, dark desk")
        page.emulate_media(color_scheme="light")
        if path and page.url.count("/sandbox/") == 0:
            self._first_tab(name)

    def _title(self, name):
        title = self.page.title()
        path = urlsplit(self.page.url).path  # one address may have one title, whatever its state
        if not re.fullmatch(r"\S.* · \S.*", title) or self.titles.setdefault(title, path) != path:
            self.found.append(f"{name}: title {title!r}")

    def _first_tab(self, name):
        """The first press of Tab on a page just opened."""
        self.page.reload()
        self.page.keyboard.press("Tab")
        focused = self.page.evaluate("document.activeElement.textContent.trim()")
        skip = self.page.get_by_role("link", name="Skip to content")
        if focused != "Skip to content" or skip.bounding_box()["y"] < 0:
            self.found.append(f"{name}: the first Tab shows {focused!r}")

    def _axe(self, name):
        self.page.evaluate(AXE)
        for finding in self.page.evaluate(CHECK, RULES)["violations"]:
            places = [node["html"][:120] for node in finding["nodes"][:3]]
            self.found.append(f"{name}: {finding['id']} ({finding['impact']}): {places}")

    def _tell(self, name, problems):
        self.found += [f"{name}: {problem}" for problem in problems]


@pytest.fixture
def sweep(browser, play):
    """A window that looks at pages; what it found fails the test at its end."""
    sweep = Sweep(browser.window("phone"))
    yield sweep
    assert not sweep.found, "\n".join(sweep.found)


def test_the_window(sweep, play):
    """Home, list, product, search, and what is not there."""
    play.shop()
    goods.load("stage")
    sweep.look("home", "/")
    sweep.look("list", "/categories/kitchen")
    sweep.look("list with filters", "/categories/kitchen?max=40&in_stock=1")
    sweep.look("product", "/products/linen-apron")
    sweep.look("found", "/search?q=linen")
    sweep.look("nothing found", "/search?q=zzqy")
    sweep.look("text", "/pages/terms")
    sweep.look("no such page", "/nowhere", status=404)
    sweep.look("sign in", "/account/sign-in")
    sweep.look("create an account", "/account/create")


class Visit:
    """A first visit to an address: how many requests it took, and how many bytes came."""

    def __init__(self, page, path):
        self.answers = []
        page.on("response", self._note)
        page.goto(path, wait_until="networkidle")
        sizes = [answer.request.sizes() for answer in self.answers]
        self.requests = len(sizes)
        self.bytes = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)

    def _note(self, answer):
        self.answers.append(answer)

    def __repr__(self):
        return f"{self.requests} requests, {self.bytes // 1024} KB"


def test_weight(browser, play):
    """A first visit to a list of 24 stays under 350 KB and 25 requests, a page of the checkout under 100 KB."""
    play.shop()
    goods.load("stage")
    shopper = play.visitor()
    play.fill_cart(shopper, paring_knife=1)
    cookie = {"name": "cart", "value": shopper.http.cookies["cart"], "url": play.url}
    for size in ("phone", "desk"):
        for path in ("/", "/search?q=a", "/products/linen-apron"):
            visit = Visit(browser.window(size), path)
            assert visit.requests <= 25 and visit.bytes < 350 * 1024, (size, path, visit)
        for path in ("/cart", "/checkout/address"):
            page = browser.window(size)
            page.context.add_cookies([cookie])
            visit = Visit(page, path)
            assert page.url.endswith(path) and visit.bytes < 100 * 1024, (size, path, visit)


def test_what_is_sent_to_every_page():
    """Scripts under 10 KB in all, the style of all pages 15 KB, fonts 80 KB."""

    def size(*patterns):
        return sum(file.stat().st_size for pattern in patterns for file in STATIC.glob(pattern))

    assert size("*.js") <= 10 * 1024
    assert size("style.css") <= 15 * 1024
    assert size("fonts/*.woff2") <= 80 * 1024


def test_buying(sweep, play):
    """The cart and the four steps, with mistakes and without."""
    play.shelves(mug=5, tea_towel=5)
    page = sweep.page
    sweep.look("empty cart", "/cart")
    add_to_cart(page, "mug", "tea_towel")
    sweep.look("just added")
    sweep.look("cart", "/cart")
    page.goto("/checkout/address")
    press(page, "Continue to shipping")
    expect(page.get_by_role("alert")).to_be_visible()
    sweep.look("address with mistakes")
    sweep.look("address", "/checkout/address")
    page.get_by_label("The invoice goes to another address").check()
    expect(page.get_by_role("group", name="Address for the invoice")).to_be_visible()
    sweep.look("two addresses")
    page.goto("/checkout/address")
    type_address(page)
    press(page, "Continue to shipping")
    sweep.look("shipping", "/checkout/shipping")
    sweep.look("payment", "/checkout/payment")
    press(page, "Review order")
    sweep.look("review", "/checkout/preview")
    play.reprice("mug", 1300)
    page.goto("/checkout/preview")
    play.reprice("mug", 1400)
    press(page, "Confirm and pay")
    expect(page.get_by_role("alert")).to_be_visible()
    sweep.look("review with what changed")


def test_paying(sweep, play):
    """The page that leaves, the gateway's, and the order in every state that its shopper meets."""
    play.shelves(mug=50)
    page = sweep.page
    page.route("**/leave.js*", lambda route: route.fulfill(body=""))
    left = play.quick_order(mug=1)
    sweep.look("leaving", f"/pay/{left.bill.key}")
    sweep.look("back on the page that leaves", f"/pay/{left.bill.key}")
    press(page, "Continue to payment page")
    sweep.look("gateway", page.url)
    sweep.look("unpaid", f"/orders/{left.order.key}")
    sweep.look("another way to pay", f"/orders/{left.order.key}/pay")
    for name, words in (("declined", "Decline"), ("left", "Cancel and return"), ("paid", "Pay")):
        placed = play.quickly_at_gateway(mug=1)
        placed.shopper.press(words)
        sweep.look(name, f"/orders/{placed.order.key}")
    for name, scenario in (("confirming", "late"), ("attention", "wrong_amount")):
        placed = play.quickly_at_gateway(mug=1)
        placed.shopper.press("Pay", scenario=scenario)
        sweep.look(name, f"/orders/{placed.order.key}")
    sweep.look("gateway is done", f"/sandbox/{placed.bill.reference}")
    settings(play, "sandbox", down=True)
    page.goto(f"/orders/{left.order.key}")
    press(page, "Pay now")
    sweep.look("the service does not answer", f"/orders/{left.order.key}")
    page.goto(f"/orders/{left.order.key}")
    press(page, "Cancel order")
    sweep.look("cancelled", f"/orders/{left.order.key}")


def test_the_account(sweep, play):
    """Passwords, e-mail, orders, data, and the choice of addresses at the checkout."""
    play.shelves(mug=9)
    play.paid_order(play.signed_in(), mug=1)
    page = sweep.page
    sweep.look("forgotten password", "/account/forgotten")
    page.goto("/account/sign-in")
    page.get_by_label("Email").fill("alice@example.com")
    page.get_by_label("Password", exact=True).fill(SHOPPERS)
    press(page, "Sign in")
    expect(page).to_have_url(re.compile("/account/$"))
    for name, path in (
        ("account", "/account/"),
        ("change password", "/account/password"),
        ("change e-mail", "/account/email"),
        ("own orders", "/account/orders"),
        ("own data", "/account/data"),
        ("confirm e-mail", "/account/confirm/some-token"),
    ):
        sweep.look(name, path)
    press(page, "Confirm email")
    expect(page.get_by_role("alert")).to_be_visible()
    sweep.look("an old link")
    add_to_cart(page, "mug")
    sweep.look("choice of addresses", "/checkout/address")
    page.get_by_role("radio", name="Another address").check()
    sweep.look("another address")


def test_the_admin(sweep, play):
    """What the merchant works with."""
    play.shelves(mug=50)
    hire()
    page = sweep.page
    sent, waiting = play.quickly_paid(mug=2), play.quickly_at_gateway(mug=1)
    waiting.shopper.press("Pay", scenario="wrong_amount")
    sweep.look("staff sign in", "/admin/sign-in")
    page.get_by_label("Email").fill(OWNER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Sign in")
    expect(page).to_have_url(re.compile("/admin/$"))
    product = play.variant("mug").product_id
    with transaction():
        guest = customers.guest("alice@example.com", "Alice Byrne").id
    order = f"/admin/orders/{sent.order.number}"
    for name, path in (
        ("today", "/admin/"),
        ("orders", "/admin/orders"),
        ("order", order),
        ("order that waits for a person", f"/admin/orders/{waiting.order.number}"),
        ("refund", f"{order}/refund"),
        ("cancel", f"{order}/cancel"),
        ("orders by several criteria", "/admin/orders?sku=MUG&flag=note"),
        ("customers", "/admin/customers"),
        ("customer", f"/admin/customers/{guest}"),
        ("forget a customer", f"/admin/customers/{guest}/erase"),
        ("products", "/admin/products"),
        ("product", f"/admin/products/{product}"),
        ("new product", "/admin/products/new"),
        ("import", "/admin/import"),
        ("ways to pay", "/admin/payments"),
        ("shipping", "/admin/shipping?country=IE&postcode=&weight=300&total=20"),
        ("region", "/admin/shipping/regions/1"),
        ("way of sending", "/admin/shipping/levels/1"),
        ("settings", "/admin/settings"),
        ("staff", "/admin/staff"),
        ("trail", "/admin/audit"),
        ("text pages", "/admin/pages"),
    ):
        sweep.look(name, path)


def test_from_right_to_left(sweep, play):
    """Window, cart, address, signing in and an order, in Arabic: nothing sticks out, and everybody can read it."""
    play.shelves(mug=9)
    play.shop(languages="ar", locale="ar")
    page = sweep.page
    page.route("**/leave.js*", lambda route: route.fulfill(body=""))
    page.goto("/products/mug")
    page.locator("form[action='/cart/lines'] .button").click()
    for name, path in (
        ("home", "/"),
        ("found", "/search?q=mug"),
        ("product", "/products/mug"),
        ("cart", "/cart"),
        ("address", "/checkout/address"),
        ("sign in", "/account/sign-in"),
    ):
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        sweep.look(name)
    with_order = play.quick_order(mug=1)
    for name, path in (("leaving", f"/pay/{with_order.bill.key}"), ("order", f"/orders/{with_order.order.key}")):
        page.goto(path)
        sweep.look(name)
