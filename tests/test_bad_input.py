"""Nonsense in any field, cookie, header or address is refused clearly or kept as plain text: never a 500."""

import http.client
import re
from urllib.parse import quote, urlencode, urlsplit

import pytest
from sqlalchemy import select

from storefront.cart.models import Cart, CartLine
from storefront.kit import signing
from storefront.kit.db import db, transaction

import stage
from counter import comes_in
from purchases import ADDRESS

SCRIPT = "<script>alert(1)</script>"
MARKED = f'{SCRIPT}<b>"bold"</b>&amp;'
NONSENSE = [
    "-1",
    "0",
    "0.5",
    "1e3",
    "1" + "0" * 20,
    "٣",
    "½",
    "one",
    "1,000",
    "0x1",
    "+1",
    "\n",
    "1 1",
    "Infinity",
    "9" * 5000,
]


@pytest.fixture
def alice(play):
    """Alice, with a mug in her cart."""
    play.shelves(mug=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    return alice


def line_path():
    """The address of the only line of all carts."""
    return f"/cart/lines/{db.session.scalar(select(CartLine.id))}"


def raw(play, method, target, body=b"", **headers):
    """A request byte by byte, as no browser would send it: status, and headers and body."""
    parts = urlsplit(play.url)
    play.look_again()
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    try:
        connection.putrequest(method, target, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return answer.status, str(answer.headers) + answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


# --- the cart


def test_quantities_are_whole_numbers(play, alice):
    """CRT-01: whatever is no whole number in bounds is 400, adding and changing, and the cart stays."""
    path = line_path()
    for typed in NONSENSE:
        assert alice.post("/cart/lines", {"sku": "MUG", "quantity": typed}).status == 400, typed[:30]
        if typed != "0":
            version = db.session.scalar(select(Cart.version))
            page = alice.post(path, {"quantity": typed, "version": str(version)})
            assert page.status == 400 and page.has("Enter a whole number"), typed[:30]
    assert play.in_cart(alice) == {"Mug": 1}


def test_a_number_with_spaces_is_that_number(play, alice):
    """CRT-01: spaces around a number are our work; an empty field on the product's page means one."""
    alice.post("/cart/lines", {"sku": "MUG", "quantity": " 2 "})
    alice.post("/cart/lines", {"sku": "MUG", "quantity": ""})
    assert play.in_cart(alice) == {"Mug": 4}
    assert alice.press("Update", quantity="").status == 400


def test_huge_quantities_become_what_there_is(play, alice):
    """CRT-01: a number that is a number but too many is cut, with a sentence."""
    assert alice.post("/cart/lines", {"sku": "MUG", "quantity": "999999"}).has("Only 9 of Mug left.")
    assert play.in_cart(alice) == {"Mug": 9}


@pytest.mark.parametrize("sku", ["", " ", "NOPE", "mug' OR 1=1 --", "%", "x" * 300, SCRIPT, "🫖"])
def test_unknown_goods_cannot_be_added(play, alice, sku):
    """CRT-01: 404 or 409 in words, nothing is echoed as HTML."""
    page = alice.post("/cart/lines", {"sku": sku, "quantity": "1"})
    assert page.status in (404, 409) and SCRIPT not in page.html
    assert play.in_cart(alice) == {"Mug": 1}


@pytest.mark.parametrize("version", ["", "-1", "1", "999", "9" * 30, "x", "٣"])
def test_strange_versions_change_nothing(play, alice, version):
    """CRT-03: a version that is not the cart's is a stale form."""
    alice.post("/cart/lines", {"sku": "MUG"})
    page = alice.post(line_path(), {"quantity": "5", "version": version})
    assert page.status == 409 and play.in_cart(alice) == {"Mug": 2}


def test_other_peoples_lines_are_not_there(play, alice):
    """Another shopper's line can neither be changed nor removed, and is not told of."""
    path = line_path()
    bob = play.visitor("bob")
    assert bob.post(path, {"quantity": "5", "version": "2"}).status == 404
    play.fill_cart(bob, mug=1)
    for fields in (
        {"quantity": "5", "version": "2"},
        {"remove": "1", "version": "2"},
        {"quantity": "1", "version": "99"},
    ):
        assert bob.post(path, fields).status == 404
    for number in ("0", "99999999", "9" * 30):
        assert bob.post(f"/cart/lines/{number}", {"quantity": "1", "version": "2"}).status == 404
    assert bob.post("/cart/lines/-1", {"quantity": "1"}).status == 404
    assert play.in_cart(alice) == play.in_cart(bob) == {"Mug": 1}


def test_a_cookie_that_is_not_ours_is_no_cookie(play, alice):
    """ROL-01: broken, unsigned, foreign and stolen-format cookies show an empty cart; the next add makes a new one."""
    good = alice.http.cookies["cart"]
    with play.app.test_request_context():
        foreign = signing.signed_forever("token", "another use")
        number = signing.signed_forever(["list", {"of": "things"}], "cart cookie")
    bad = [
        "",
        "x",
        good[:-1],
        good + "x",
        good.split(".")[0],
        foreign,
        number,
        "🫖".encode().decode("latin-1"),
        "a" * 8000,
    ]
    for cookie in bad:
        mallory = play.visitor("mallory")
        header = {"Cookie": f"cart={cookie}; session={cookie}"}
        page = mallory.get("/cart", headers=header)
        assert page.status == 200 and page.has("Nothing is in your cart yet."), cookie[:20]
        assert mallory.get("/checkout/preview", headers=header).path == "/cart"
    assert play.in_cart(alice) == {"Mug": 1}
    mallory.http.cookies.set("cart", good.swapcase(), domain="127.0.0.1", path="/")
    play.fill_cart(mallory, mug=2)
    assert play.in_cart(mallory) == {"Mug": 2}


# --- the steps


@pytest.mark.parametrize("choice", ["", "0", "-1", "x", "1e9", "9" * 18, "9" * 40, "٣", "1; DROP TABLE carts", SCRIPT])
@pytest.mark.parametrize("step", ["shipping", "payment"])
def test_strange_choices_are_refused(play, alice, step, choice):
    """CNF-15: what is not among the choices is 400 and says what to do."""
    play.to_preview(alice)
    page = alice.post(f"/checkout/{step}", {"choice": choice})
    assert page.status == 400 and page.has("Choose how") and page.has("There is a problem")


def test_strange_tokens_place_nothing(play, alice):
    """CNF-18: without the preview's own two tokens there is no order."""
    play.to_preview(alice)
    fields = dict(alice.page.form("Confirm and pay")[0].values())
    quote_token, confirm_token = fields["quote_token"], fields["confirm_token"]
    for bad in ("", "x", confirm_token[:-1], confirm_token + "x", "é" * len(confirm_token), " " * 30, "\x01" * 22):
        page = alice.post("/checkout/preview", {"quote_token": quote_token, "confirm_token": bad})
        assert page.status == 400 and page.form("Confirm and pay")
    for bad in ("", "x", quote_token[:-3], "." * 5000, "é" + quote_token, confirm_token):
        page = alice.post("/checkout/preview", {"quote_token": bad, "confirm_token": confirm_token})
        assert page.status == 409
    assert not play.orders()


def test_tokens_of_somebody_else_place_nothing(play, alice):
    """CNF-18, SEC-04: another cart's quote, or a confirm token that was used by somebody else, makes no order."""
    play.to_preview(alice)
    stolen = dict(alice.page.form("Confirm and pay")[0].values())
    bob = play.visitor("bob")
    play.fill_cart(bob, mug=1)
    play.to_preview(bob)
    own = dict(bob.page.form("Confirm and pay")[0].values())
    assert bob.post("/checkout/preview", {**stolen, "csrf_token": own["csrf_token"]}).status == 409
    play.confirm(alice)
    mixed = {**own, "confirm_token": stolen["confirm_token"]}
    assert bob.post("/checkout/preview", mixed).status == 409
    assert len(play.orders()) == 1
    play.confirm(bob)


@pytest.mark.parametrize(
    "extra", [{"total": "1"}, {"due_minor": "1"}, {"price": "0"}, {"currency": "XXX"}, {"status": "PAID"}]
)
def test_sums_come_from_the_server_alone(play, alice, extra):
    """SEC-04: more fields than the form has are not read, in the cart, in the steps, at confirm."""
    alice.post("/cart/lines", {"sku": "MUG", "quantity": "1", **extra})
    play.to_preview(alice)
    fields = dict(alice.page.form("Confirm and pay")[0].values())
    alice.post("/checkout/preview", {**fields, **extra})
    order = play.last_order()
    assert (order.total_minor, order.currency, order.status) == (2 * 1250 + 490, "EUR", "HOLD")


# --- bytes and sizes


def forms_of(play, shopper):
    """Every address that takes a form from a shopper, with the fields that it reads."""
    order = play.held_order(shopper, mug=1).order
    address = ("email", "name", "company", "line1", "line2", "city", "postcode", "subdivision", "country", "phone")
    return {
        "/cart/lines": ("sku", "quantity", "slug"),
        line_path(): ("quantity", "version", "remove"),
        "/checkout/address": (*address, "other_billing", "change_country", "billing_name", "billing_country"),
        "/checkout/shipping": ("choice",),
        "/checkout/payment": ("choice",),
        "/checkout/preview": ("quote_token", "confirm_token"),
        f"/orders/{order.key}/pay": ("choice",),
        f"/orders/{order.key}/keep": ("x",),
        f"/orders/{order.key}/cancel": ("x",),
        "/account/sign-in": ("email", "password", "next"),
        "/account/create": ("email", "password", "name", "next"),
        "/account/addresses/put-back": ("x",),
        "/account/sign-out": ("x",),
    }


@pytest.mark.parametrize("bad", [b"a%00b", b"a%ED%A0%80b", b"a%FF%FEb", b"%", b"%E2%80%AEabc"])
def test_bytes_that_are_no_text_in_every_field(play, alice, bad):
    """No field of any form of the shopper's breaks the page: NUL, half letters and unpaired surrogates."""
    forms = forms_of(play, alice)
    token = quote(alice.csrf_token())
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for path, names in forms.items():
        for name in names:
            body = f"csrf_token={token}&{name}=".encode() + bad
            page = alice._send("POST", path, False, data=body, headers=headers)
            assert page.status in (200, 303, 400, 404, 409, 429), (path, name, page.status)
            assert b"%00" not in bad or path.startswith("/orders") or page.status == 400
        named = alice._send(
            "POST", path, False, data=b"csrf_token=" + token.encode() + b"&" + bad + b"=1", headers=headers
        )
        assert named.status < 500, path
        bare = alice._send("POST", path, False, data=b"x=" + bad, headers=headers)
        assert bare.status == 400, path


@pytest.mark.parametrize(
    "bad", ["%00", "%ED%A0%80", "%FF", "..%2F..%2Fetc%2Fpasswd", "%0d%0aSet-Cookie:x=1", "a" * 6000]
)
def test_strange_addresses_and_queries(play, alice, bad):
    """In every path and query: a page, or a clear 4xx, and no header of the caller's making."""
    for path in (
        "/products/{}",
        "/categories/{}",
        "/pages/{}",
        "/orders/{}",
        "/orders/{}/status",
        "/pay/{}",
        "/media/{}",
    ):
        status, text = raw(play, "GET", path.format(bad))
        assert status in (308, 400, 404), path
        assert "root:" not in text
    paths = ("/", "/cart", "/checkout/address", "/search", "/account/sign-in", "/products/mug", "/categories/x")
    for path in paths:
        for name in ("q", "page", "sort", "removed", "change", "next", "sku", bad):
            status, _ = raw(play, "GET", f"{path}?{name}={bad}")
            assert status < 500 and status != 302, (path, name)
    for hint in (bad, "ok"):
        status, _ = raw(play, "GET", f"/payments/sandbox/return/{bad}/{hint}")
        assert status in (308, 400, 404)
    status, _ = raw(play, "GET", f"/payments/{bad}/notify")
    assert status in (308, 400, 404)


def test_a_number_that_no_database_keeps_leads_to_no_page(play, app):
    """Part 11: 2^63, and 30 digits, in an address with the number of a row: no page, also for the owner."""
    play.shop()
    owner, checked = comes_in(play), 0
    token = owner.csrf_token()
    for rule in app.url_map.iter_rules():
        for number in (str(2**63), "9" * 30):
            path = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", re.sub(r"<int:\w+>", number, rule.rule))
            path = re.sub(r"<(\w+)>", "nothing", path)
            for method in sorted(rule.methods & {"GET", "POST"}) if number in path else ():
                data = {"csrf_token": token} if method == "POST" else None
                assert owner._send(method, path, False, data=data).status in (404, 405), path
                checked += 1
    assert checked > 100


@pytest.mark.parametrize("bad", ["%00", "%ED%A0%80", "%FF%FE", "%", "a" * 20000])
def test_gateways_messages_may_hold_anything(play, bad):
    """NOT-02, RET-13: what comes to the gateway's addresses is kept as bytes, refused or only a hint; never a 500."""
    play.shelves(mug=9)
    order, bill, _ = play.held_order(mug=1)
    kind = "application/x-www-form-urlencoded"
    names = ("reference", "kind", "signature", "event", "amount", "status", "transaction", "at", bad)
    for name in names:
        body = f"kind=notify&reference={bill.reference}&{name}={bad}".encode()
        assert raw(play, "POST", "/payments/sandbox/notify", body, Content_Type=kind)[0] == 400, name
        assert raw(play, "GET", f"/payments/sandbox/notify?{body.decode()}")[0] == 400, name
        assert raw(play, "POST", f"/payments/sandbox/return/{bill.key}/ok", body, Content_Type=kind)[0] == 303, name
        assert raw(play, "GET", f"/payments/sandbox/return/{bill.key}/error?{body.decode()}")[0] == 303, name
        for deed in ("", "/status", "/close", "/refund"):
            assert raw(play, "POST", f"/sandbox/{bill.reference}{deed}", body, Content_Type=kind)[0] == 400, name
    assert play.last_order().status == "HOLD" and play.holds(order) == {"HELD": 1}


def test_ten_megabytes_are_too_much(play, alice):
    """A body beyond the limit is 413, on pages and on the gateway's address, before anything is done with it."""
    big = b"x=" + b"a" * (10 * 1024 * 1024)
    kind = "application/x-www-form-urlencoded"
    for path in ("/cart/lines", "/checkout/address", "/account/sign-in", "/payments/sandbox/notify"):
        try:
            status, _ = raw(play, "POST", path, big, Content_Type=kind)
        except (BrokenPipeError, ConnectionResetError):
            continue  # the door was shut while we were still pushing
        assert status == 413, path
    multipart = b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\n" + b"a" * 700_000 + b"\r\n--b--\r\n"
    status, _ = raw(play, "POST", "/cart/lines", multipart, Content_Type="multipart/form-data; boundary=b")
    assert status == 413
    assert play.in_cart(alice) == {"Mug": 1}


def test_three_thousand_fields(play, alice):
    """Too many fields are refused or not read; the cart is as it was."""
    many = "&".join(f"f{n}={n}" for n in range(3000)).encode()
    kind = "application/x-www-form-urlencoded"
    assert raw(play, "POST", "/cart/lines", many, Content_Type=kind)[0] == 400
    parts = b"".join(b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n1\r\n' % n for n in range(3000))
    status, _ = raw(play, "POST", "/cart/lines", parts + b"--b--\r\n", Content_Type="multipart/form-data; boundary=b")
    assert status == 413
    fields = {f"f{n}": str(n) for n in range(3000)}
    assert alice.post("/cart/lines", {**fields, "sku": "MUG", "quantity": "1"}).status in (200, 400, 413)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"sku": "MUG"'),
        ("text/xml", b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken"),
        ("application/x-www-form-urlencoded; charset=utf-7", b"+ADw-script+AD4-"),
        ("\xff", b"x"),
        ("", b"\x00\xff"),
    ],
)
def test_strange_kinds_of_body(play, alice, kind, body):
    """What is no form is a form without its token: 400; for the gateway's address, an unsigned message."""
    for path in ("/cart/lines", "/checkout/preview", "/payments/sandbox/notify"):
        status, text = raw(play, "POST", path, body, Content_Type=kind)
        assert status == 400 and "root:" not in text, path


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "FOO"])
def test_wrong_methods(play, alice, method):
    """CRT-01: every page answers 405 to methods that it does not have, and does nothing."""
    order = play.held_order(alice, mug=1).order
    before = play.tables()
    for path in (
        "/",
        "/cart",
        "/cart/lines",
        "/checkout/preview",
        f"/orders/{order.key}",
        f"/orders/{order.key}/cancel",
    ):
        assert raw(play, method, path)[0] == 405, path
    assert raw(play, "POST", "/checkout/nowhere")[0] == 404
    assert play.tables() == before


def test_pages_that_are_only_asked_about(play, alice):
    """HEAD and OPTIONS change nothing either."""
    order = play.held_order(alice, mug=1).order
    before = play.tables()
    for path in ("/", "/cart", "/checkout/preview", f"/orders/{order.key}"):
        assert alice._send("HEAD", path, False).status in (200, 303)
        assert alice._send("OPTIONS", path, False).status == 200
    assert play.tables() == before


# --- text that looks like something else


def test_html_is_text_on_every_page_and_in_every_letter(play):
    """Part 11: a name that looks like HTML is shown as typed, on each step, the order, the account and in letters."""
    play.shop()
    with transaction():
        stage.put_on_shelf("mug", 9, title=MARKED)
    alice = play.signed_in()
    alice.get("/products/mug")
    pages = [alice.press("Add to cart", quantity="1"), alice.get("/cart")]
    alice.click("Go to checkout")
    marked = {**ADDRESS, "Full name": MARKED, "Address": MARKED, "Address line 2": MARKED, "City": MARKED}
    pages.append(alice.press("Continue to shipping", {**marked, "Postcode": f"{SCRIPT}"}))
    assert pages[-1].status == 400
    pages.append(alice.press("Continue to shipping", {**marked, "Email": "alice@example.com"}))
    pages.append(alice.press("Continue to payment"))
    pages.append(alice.press("Review order"))
    assert pages[-1].text.count(MARKED) >= 4
    pages.append(alice.press("Confirm and pay"))
    order, bill = play.last_order(), play.last_bill()
    play.gateway_says("declined", bill, reason=SCRIPT)
    pages.append(alice.get(f"/orders/{order.key}"))
    assert pages[-1].has(MARKED)
    play.gateway_says("paid", bill)
    pages += [alice.get(path) for path in (f"/orders/{order.key}", "/account/", "/account/orders", "/")]
    assert all("<script>alert" not in page.html and '<b>"bold"' not in page.html for page in pages)
    play.run("deliver_events")
    letters = play.mails()
    for letter in letters:
        shown = letter.get_body(("html",)).get_content()
        assert "<script>" not in shown and '<b>"bold"' not in shown
    about_the_order = [letter for letter in letters if order.number in letter["Subject"]]
    assert about_the_order
    for letter in about_the_order:
        assert "&lt;script&gt;" in letter.get_body(("html",)).get_content()
        assert MARKED in letter.get_body(("plain",)).get_content()


def test_line_ends_do_not_reach_headers(play, alice):
    """A name with line ends becomes one line; no letter gets a header of the shopper's making."""
    name = "Alice\r\nBcc: everybody@example.com\r\n\r\nHello"
    play.to_preview(alice, **{"Full name": name})
    order, _, _ = play.confirm(alice)
    assert order.shipping_address.name == "Alice Bcc: everybody@example.com Hello"
    play.run("deliver_events")
    (letter,) = play.mails()
    assert letter["Bcc"] is None and letter["To"] == "alice@example.com"


@pytest.mark.parametrize(
    "email", ["a@b\r\nBcc:x@example.com", "a b@example.com", "@", "a" * 300 + "@example.com", MARKED]
)
def test_strange_emails_do_not_pass(play, alice, email):
    """CNF-15: an address that no letter reaches is 400 at the address step."""
    alice.click("Go to checkout")
    page = alice.press("Continue to shipping", {**ADDRESS, "Email": email})
    assert page.status == 400 and page.path == "/checkout/address" and "<script>alert" not in page.html


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1:1@evil.example", "evil.example/x?", "["]
)
def test_a_poisoned_host_header_gets_nowhere(play, alice, host):
    """Invariant 36: no absolute address is made of the Host header: not in pages, redirects, forms or letters."""
    cookie = "; ".join(f"{one.name}={one.value}" for one in alice.http.cookies)
    for path in (
        "/",
        "/products/mug",
        "/cart",
        "/checkout/address",
        "/checkout/preview",
        "/sitemap.xml",
        "/robots.txt",
    ):
        status, text = raw(play, "GET", path, Host=host, Cookie=cookie)
        assert status < 500 and "evil.example" not in text, path
    play.to_preview(alice)
    body = urlencode(alice.page.form("Confirm and pay")[0].values()).encode()
    kind = "application/x-www-form-urlencoded"
    status, text = raw(play, "POST", "/checkout/preview", body, Host=host, Cookie=cookie, Content_Type=kind)
    assert status in (303, 400) and "evil.example" not in text
    if status == 400:  # not even read
        return
    bill = play.last_bill()
    page = alice.get(f"/pay/{bill.key}")
    form = dict(page.form("Continue to payment page")[0].values())
    assert {urlsplit(form[name]).netloc for name in form if name.endswith("_url")} == {urlsplit(play.url).netloc}
    play.run("deliver_events")
    (letter,) = play.mails()
    assert "evil.example" not in letter.as_string() and play.url in letter.get_body(("plain",)).get_content()
