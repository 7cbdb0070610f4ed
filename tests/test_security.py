"""Headers, cookies, tokens, logs, and pages that only show: what keeps the books honest from outside."""

import logging
import re
from urllib.parse import urljoin, urlsplit

import pytest
from sqlalchemy import select

from config import ROOT, Config
from storefront import logs
from storefront.app import create_app
from storefront.cart.models import CartLine
from storefront.kit import signing
from storefront.kit.db import db, transaction
from storefront.kit.limits import limiter
from storefront.payments import config_by_name
from storefront.payments.models import GatewayConfig, InboxMessage

from purchases import ADDRESS, PASSWORD

PRIVATE = ("/cart", "/checkout", "/pay", "/orders", "/account", "/admin", "/sandbox")
NO_TOKEN = {  # another token than the session's proves who speaks
    "gateway.read_return": "signed, or only a hint",
    "gateway.read_notification": "signed",
    "rehearsal.receive": "signed, or proved as the played service does",
    "rehearsal.call": "keyed as the played service's API is",
    "sandbox_api.receive": "signed",
    "sandbox_api.status": "signed",
    "sandbox_api.close": "signed",
    "sandbox_api.refund": "signed",
}
RULES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)


@pytest.fixture
def alice(play):
    """Alice, signed in, with a mug in her cart, at the preview."""
    play.shelves(mug=9)
    alice = play.signed_in()
    play.fill_cart(alice, mug=1)
    play.to_preview(alice)
    return alice


def crawl(shopper, *starts):
    """Every page that links lead to from these, each once; only our own addresses. Gives path: page."""
    waiting, seen = [*starts], {}
    while waiting and len(seen) < 300:
        path = waiting.pop()
        if path in seen:
            continue
        page = seen[path] = shopper.get(path)
        hosts = (urlsplit(shopper.url).netloc, "")
        for _, address in page.seen.links:
            there = urlsplit(urljoin(page.url, address))
            if there.scheme in ("http", "https") and there.netloc in hosts:
                waiting.append(there.path + (f"?{there.query}" if there.query else ""))
    return seen


# --- headers


def test_every_kind_of_page_has_its_headers(play, alice):
    """Invariants part 11, RED-03: each page has the policy, may not be framed, and private ones are kept by nobody."""
    order, bill, _ = play.confirm(alice)
    pages = [alice.page, alice.get(f"/pay/{bill.key}"), alice.get(f"/orders/{order.key}/pay")]
    alice.get(f"/pay/{bill.key}")
    pages.append(alice.press("Continue to payment page"))
    paths = (
        *("/", "/products/mug", "/search?q=mug", "/pages/terms", "/cart", "/nowhere", "/cart/lines", "/account/"),
        *("/checkout/address", "/checkout/shipping", "/checkout/payment", "/checkout/preview", "/account/orders"),
        *(f"/orders/{order.key}", f"/orders/{order.key}/status", "/orders/nobody", "/admin/sign-in", "/cart/status"),
        *("/healthz", "/readyz", "/robots.txt", "/sitemap.xml", "/static/style.css"),
    )
    pages += [alice.get(path) for path in paths]
    pages += [play.visitor().get("/account/sign-in"), alice.post("/cart/lines", {}, csrf=False)]
    for page in pages:
        policy = page.headers["Content-Security-Policy"].split("; ")
        assert set(RULES) <= set(policy), page.path
        assert policy[-1].startswith("form-action 'self'") and "unsafe" not in page.headers["Content-Security-Policy"]
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["Referrer-Policy"] and page.headers["X-Request-Id"]
        if page.path.startswith(PRIVATE):
            assert page.headers["Cache-Control"] == "no-store", page.path
            assert page.headers["X-Robots-Tag"] == "noindex"
        assert "Strict-Transport-Security" not in page.headers  # a test shop speaks plain HTTP


def test_pages_on_the_way_to_payment_load_nothing_from_elsewhere(play, alice):
    """SEC-07, BIL-14: no script, style, font or picture of another host, nothing inline, and no field for a card."""
    pages = [alice.page, play.confirm(alice).shopper.page]
    pages += [alice.get(path) for path in ("/checkout/payment", "/checkout/address", "/checkout/shipping")]
    for page in pages:
        for address in re.findall(r'(?:src|href|srcset)="([^"]*)"', page.html):
            assert not urlsplit(address).netloc or address.startswith("mailto:"), address
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/)[^>]*>", page.html)
        assert not re.search(r'\sstyle="|\son[a-z]+="', page.html)
        names = {one.name for form in page.forms for one in form.controls if one.kind != "hidden"}
        assert not [name for name in names if re.search(r"card|cvv|cvc|^pan|expir|iban", name, re.I)]
        assert 'autocomplete="cc-' not in page.html


# --- cookies


def cookies_of(answer):
    """The Set-Cookie lines of an answer, by the cookie's name."""
    lines = answer.raw.headers.getlist("Set-Cookie") if hasattr(answer, "raw") else answer.headers.getlist("Set-Cookie")
    return {line.split("=", 1)[0]: line for line in lines}


def test_cookies_are_kept_from_scripts_and_other_sites(play):
    """Invariants part 11: HttpOnly and SameSite=Lax on both cookies, and nothing but these two."""
    play.shelves(mug=9)
    alice = play.visitor("alice")
    alice.get("/products/mug")
    first = cookies_of(alice.page.answer)
    added = cookies_of(alice.press("Add to cart", follow=False).answer)
    assert set(first) == {"session"} and set(added) == {"session", "cart"}
    for line in (*first.values(), *added.values()):
        assert "HttpOnly" in line and "SameSite=Lax" in line and "Path=/" in line and "Domain" not in line
        assert "Secure" not in line
    assert "Max-Age=7776000" in added["cart"]


def test_a_live_shop_sends_cookies_over_tls_only(play, shop, tmp_path):
    """Part 11: __Host- names, Secure, HSTS; and a live shop has neither sandbox pages nor their addresses."""
    play.shelves(mug=9)
    settings = {
        "DATABASE_URL": shop.app.config["SQLALCHEMY_DATABASE_URI"],
        "DATA_DIR": str(tmp_path),
        "STORE_MODE": "live",
        "PUBLIC_URL": "https://shop.example",
        "SECRET_KEY": "a key of the live shop",
        "SCHEDULER": "off",
    }
    live = create_app(Config(settings))
    limiter.enabled = False
    logging.getLogger().handlers = [one for one in logging.getLogger().handlers if not isinstance(one, logs.Stderr)]
    browser = live.test_client()
    page = browser.get("/products/mug", base_url="https://shop.example")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)
    form = {"csrf_token": token, "sku": "MUG", "quantity": "1"}
    origin = {"Referer": "https://shop.example/products/mug"}
    added = browser.post("/cart/lines", data=form, base_url="https://shop.example", headers=origin)
    assert added.status_code == 303 and "://" not in added.headers["Location"]
    lines = {**cookies_of(page), **cookies_of(added)}
    assert set(lines) == {"__Host-session", "__Host-cart"}
    assert all("Secure" in line and "HttpOnly" in line and "SameSite=Lax" in line for line in lines.values())
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert browser.get("/cart", base_url="https://shop.example").text.count("Mug")
    assert not [rule for rule in live.url_map.iter_rules() if rule.rule.startswith("/sandbox")]
    with live.app_context():
        db.engine.dispose()


# --- tokens of forms


def test_every_form_wants_its_token(play, alice):
    """SEC-05: each POST address refuses what comes without a token, but for those that want a signature."""
    before = play.tables()
    values = {"key": "x", "token": "x", "number": "x", "slug": "x", "name": "x", "gateway": "sandbox", "hint": "ok"}
    values["kind"] = "conditions"  # of a promotion
    swept = []
    with play.app.test_request_context():
        adapter = play.app.url_map.bind("shop.example")
        for rule in play.app.url_map.iter_rules():
            if "POST" in rule.methods and rule.endpoint not in NO_TOKEN:
                ids = {name: values.get(name, 1) for name in rule.arguments}
                swept.append(adapter.build(rule.endpoint, ids, method="POST"))
    assert len(swept) > 20
    for path in swept:
        for data in ({}, {"csrf_token": "x"}, {"csrf_token": ""}):
            assert alice.post(path, data, csrf=False, follow=False).status == 400, path
    assert play.tables() == before


def test_addresses_without_a_token_want_a_signature(play, alice):
    """SEC-05, NOT-11: without a signature they do nothing that counts."""
    order, bill, _ = play.confirm(alice)
    for path in ("notify",):
        assert alice.post(f"/payments/sandbox/{path}", {"status": "paid"}, csrf=False).status == 400
    for deed in ("", "/status", "/close", "/refund"):
        answer = alice.post(f"/sandbox/{bill.reference}{deed}", {"kind": "request", "amount": "1"}, csrf=False)
        assert answer.status == 400
    alice.post(f"/payments/sandbox/return/{bill.key}/ok", {"status": "paid", "signature": "x"}, csrf=False)
    assert play.last_order().status == "HOLD" and play.captured(order) == 0


def test_a_token_of_another_session_is_none(play, alice):
    """Invariants part 11: somebody else's token does not open this shopper's forms."""
    stranger = play.visitor()
    stranger.get("/account/sign-in")
    answer = alice.post("/cart/lines", {"sku": "MUG", "csrf_token": stranger.csrf_token()}, csrf=False)
    assert answer.status == 400 and play.in_cart(alice) == {"Mug": 1}


def test_a_form_that_is_too_old_can_be_sent_once_more(play, alice):
    """Part 11: from a page of ours: what was typed is kept, passwords are not, and one press sends it again."""
    ours = {"Origin": play.url, "Sec-Fetch-Site": "same-origin"}
    typed = {"sku": "MUG", "quantity": "2", "csrf_token": "old"}
    page = alice.post("/cart/lines", typed, csrf=False, headers=ours)
    assert page.status == 400 and page.has("Please send this once more") and page.has("What you typed is kept")
    assert alice.press("Send once more").status == 200
    assert play.in_cart(alice) == {"Mug": 3}

    page = alice.post("/account/create", {"email": "<i>@x", "password": "secret words"}, csrf=False, headers=ours)
    kept = dict(page.form("Send once more")[0].values())
    assert kept["email"] == "<i>@x" and "password" not in kept and "secret words" not in page.html

    page = alice.post("/checkout/address?change=1", ADDRESS, csrf=False, headers=ours)
    assert page.form("Send once more")[0].action == "/checkout/address?change=1"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
        {"Origin": "OURS", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "OURS", "Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Referer": "OURS"},
    ],
)
def test_another_site_cannot_have_its_form_sent_once_more(play, alice, headers):
    """Invariants part 11: a form from elsewhere is refused, and no button of ours offers to send it."""
    sent = {name: value.replace("OURS", play.url) for name, value in headers.items()}
    page = alice.post("/cart/lines", {"sku": "MUG", "quantity": "5"}, csrf=False, headers=sent)
    assert page.status == 400 and "Send once more" not in page.html
    assert play.in_cart(alice) == {"Mug": 1}


# --- pages only show


def test_looking_at_every_page_changes_nothing(play, alice):
    """SEC-09: a shopper with a cart, orders in several states and an account follows every link: no row has changed."""
    placed = play.confirm(alice)
    play.gateway_says("paid", placed.bill)
    other = play.visitor("bob")
    waiting = play.at_gateway(other, mug=1)
    play.fill_cart(alice, mug=1)
    play.to_preview(alice)
    paths = [f"/orders/{order.key}" for order in play.orders()]
    paths += [f"{path}/status" for path in paths] + [f"{path}/pay" for path in paths]
    paths += [f"/checkout/{step}" for step in ("address", "shipping", "payment", "preview")]
    paths += ["/", "/cart", "/cart/status", "/products/mug"]
    paths += ["/account/", "/account/orders", "/account/addresses/new", "/search?q=mug", "/sitemap.xml", "/robots.txt"]
    paths += [f"/pay/{placed.bill.key}", f"/sandbox/{waiting.bill.reference}", "/healthz", "/readyz", "/metrics"]
    paths += ["/feeds/products.xml", "/admin/", "/cart?removed=1", "/checkout/address?change=1", "/account/sign-in"]
    before = play.tables()
    seen = crawl(alice, *paths)
    for path in list(seen):
        other.get(path)
        play.visitor().get(path)
    assert len(seen) > 35
    assert play.tables() == before


def test_the_two_exceptions_are_harmless_to_repeat(play, alice):
    """SEC-09, race rule 35: the leaving page's first view marks its bill, a return is stored: nothing else moves."""
    alice.press("Confirm and pay", follow=False)
    order, bill = play.last_order(), play.last_bill()
    before = play.tables("bills", "order_events", "outbox_messages", "orders")
    for _ in range(3):
        alice.get(f"/pay/{bill.key}")
    assert play.tables("bills", "order_events", "outbox_messages", "orders") == before
    events = play.tables()["order_events"]
    robot = play.visitor("robot")
    for hint in ("ok", "cancel", "error", "ok"):
        robot.get(play.return_path(bill, hint))
    changed = {name for name, rows in play.tables().items() if name in before and rows != before[name]}
    assert changed <= {"inbox_messages", "gateway_configs"}
    assert play.last_order().status == "HOLD" and play.holds(order) == {"HELD": 1}
    assert [one.status for one in play.bills(order)] == ["REDIRECTED"]
    assert len(play.tables()["order_events"]) - len(events) <= 4


# --- logs and links


def test_a_purchase_leaves_no_secret_in_the_logs(play, caplog):
    """SEC-06, BIL-14: from the cart to the receipt, with forged messages: no key, signature or card number."""
    caplog.set_level(logging.DEBUG)
    written = []

    def keep(record):  # what the test's own browser logs is not the shop's
        written.append(logs.JsonLines().format(record))
        return True

    caplog.handler.setFormatter(logs.JsonLines())
    caplog.handler.addFilter(lambda record: not record.name.startswith("urllib3") and keep(record))
    play.shelves(mug=9)
    alice = play.signed_in()
    play.fill_cart(alice, mug=1)
    play.to_preview(alice)
    fields = dict(alice.page.form("Confirm and pay")[0].values())
    placed = play.confirm(alice)
    form = dict(alice.page.form("Continue to payment page")[0].values())
    alice.press("Continue to payment page")
    alice.press("Pay")
    forged = play.message("paid", placed.bill, card="4111 1111 1111 1111", event="4111111111111111")
    play.notify({**forged, "signature": "0" * 64})
    play.notify(b"card=4111111111111111&signature=abcdef")
    play.run("deliver_events")
    order = play.last_order()
    assert order.status == "PROCESSING" and written
    told = "\n".join(written)
    with play.app.app_context():
        key = signing.opened(config_by_name("sandbox").secrets["key"])
    for secret in (
        *(key, form["signature"], forged["signature"], PASSWORD, order.key, placed.bill.key, fields["quote_token"]),
        *(fields["csrf_token"], fields["confirm_token"], alice.http.cookies["session"], alice.http.cookies["cart"]),
        "4111111111111111",
        "4111 1111 1111 1111",
        "the-second-key-of-the-tests",
    ):
        assert secret not in told, secret[:12]


def test_xml_is_read_by_the_safe_parser_alone():
    """INV part 11: XML with a DTD cannot do harm: services' answers go through defusedxml; feeds are only written."""
    wanted = re.compile(r"^\s*(?:import|from)\s+(xml\S*|lxml\S*|defusedxml\S*|plistlib)", re.M)
    found = {name for path in (ROOT / "storefront").rglob("*.py") for name in wanted.findall(path.read_text())}
    assert found <= {"xml.sax.saxutils", "defusedxml", "defusedxml.ElementTree"}


def test_each_message_has_its_line_in_the_log(play, caplog):
    """INV part 11: number, channel, bill and outcome of each message, once it is committed."""
    caplog.set_level(logging.INFO, logger="storefront.checkout.intake")
    play.shelves(mug=9)
    placed = play.quickly_at_gateway(mug=1)
    bill, lines = placed.bill.id, []
    play.visitor().get(play.return_path(placed.bill))
    assert play.gateway_says("paid", placed.bill) == 200
    assert play.gateway_says("paid", placed.bill) == 200
    play.notify({**play.message("paid", placed.bill), "signature": "0" * 64})
    play.gateway_says("paid", placed.bill, reference="nobody-1", event="n-1", transaction="n-1")
    play.look_again()
    for row in db.session.scalars(select(InboxMessage).order_by(InboxMessage.id)):
        lines.append(f"message {row.id}, {row.channel} of sandbox, about bill {row.bill_id}: {row.outcome}")
    told = [record.getMessage() for record in caplog.records if ": bad signature" not in record.getMessage()]
    assert [line for line in told if line.startswith("message")] == lines
    assert [line.rpartition(" ")[2] for line in lines] == ["NO_EFFECT", "APPLIED", "DUPLICATE", "REJECTED", "UNMATCHED"]
    assert f"about bill {bill}: APPLIED" in lines[1]


def test_secrets_of_gateways_rest_encrypted(play):
    """SEC-06: what stands in the table is not the key, and only this shop's key opens it."""
    play.shop()
    config = db.session.scalar(select(GatewayConfig).filter_by(name="sandbox"))
    sealed = config.secrets["key"]
    opened = signing.opened(sealed)
    assert opened not in sealed and len(opened) > 30


def test_a_link_in_a_form_never_leads_out_of_the_shop(play, alice):
    """Invariant 36: neither a slug, a next page, nor a return's field decides where the browser goes."""
    for slug in ("//evil.example", "https://evil.example", "\\\\evil.example", "../../evil", "x\r\nLocation: evil"):
        answer = alice.post("/cart/lines", {"sku": "MUG", "slug": slug}, follow=False)
        assert answer.status in (303, 400)
        target = answer.headers.get("Location", "/")
        assert target.startswith("/products/") or answer.status == 400
    play.to_preview(alice)
    bill = play.confirm(alice).bill
    for name in ("next", "url", "return_url", "ok_url"):
        answer = alice.get(play.return_path(bill, "ok", **{name: "https://evil.example"}), follow=False)
        assert answer.status == 303 and answer.headers["Location"].startswith("/orders/")


def test_an_attack_on_the_sum_gets_nothing(play):
    """SEC-04: confirm a small cart, fill it while paying, pay the small sum: what was confirmed is sent, no more."""
    play.shelves(mug=9, poster=9)
    placed = play.at_gateway(mug=1)
    tab = play.tab(placed.shopper)
    tab.get("/products/poster")
    tab.press("Add to cart", quantity="9")
    with transaction():
        assert db.session.scalars(select(CartLine)).all()
    placed.shopper.press("Pay")
    order = play.last_order()
    assert [(line.sku, line.qty) for line in order.lines] == [("MUG", 1)]
    assert [(one.order_line.sku, one.qty) for parcel in order.shipments for one in parcel.lines] == [("MUG", 1)]
    assert play.on_shelf("poster") == 9
