"""Shoppers are spoken to in their language, from the first page to the last letter, and in no other. ERR-13, ROL-10."""

import io
import re
import subprocess
import sys

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask_babel import force_locale, get_babel

from config import ROOT
from storefront import customers, orders, payments, stock
from storefront.kit import dates, money, weights
from storefront.kit.db import db, transaction
from storefront.kit.errors import Invalid
from storefront.orders.models import Order
from storefront.store import languages

import abroad
from abroad import Abroad, bare
from counter import comes_in
from giving import issued
from promoting import offer
from purchases import PASSWORD

FOLDER = ROOT / "storefront" / "translations"
OTHERS = [tag for tag in languages.NAMES if tag != languages.ENGLISH]
ALL = " ".join(OTHERS)


# --- the catalogues


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """What the sources say today, freshly collected."""
    path = tmp_path_factory.mktemp("texts") / "messages.pot"
    collect = ["-q", "extract", "-F", "pyproject.toml", "-k", "_l", "-o", str(path), "."]
    code = "import sys; from babel.messages.frontend import main; sys.argv[0] = 'pybabel'; sys.exit(main())"
    subprocess.run([sys.executable, "-c", code, *collect], cwd=ROOT, check=True)
    return path


def catalogue(path):
    """A file of texts, read."""
    with open(path, "rb") as file:
        return read_po(file)


def places(text):
    """The places in a text that are filled in."""
    return sorted(re.findall(r"%\(\w+\)\w|%%|<[^>]+>", text))


def test_every_language_has_a_name_and_a_catalogue():
    """What is offered to the merchant is what there is."""
    assert sorted(OTHERS) == sorted(path.name for path in FOLDER.iterdir() if (path / "LC_MESSAGES").exists())


@pytest.mark.parametrize("tag", OTHERS)
def test_a_catalogue_is_complete(tag, template):
    """Every text of the sources is translated, none is a guess, and each has the same places to fill in."""
    known = catalogue(FOLDER / tag / "LC_MESSAGES" / "messages.po")
    for message in catalogue(template):
        if not message.id:
            continue
        found = known.get(message.id)
        assert found is not None and not found.fuzzy, message.id
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        said = found.string if isinstance(found.string, tuple) else (found.string,)
        assert all(said), message.id
        if len(ids) == 1:
            assert places(said[0]) == places(ids[0]), (ids, said)
        else:  # "one of them" needs no number
            assert len(said) == known.num_plurals and all(set(places(one)) <= set(places(ids[1])) for one in said), said


@pytest.mark.parametrize("tag", OTHERS)
def test_what_is_read_is_what_was_written(tag):
    """The compiled catalogue is that of its source: `make languages` was run."""
    folder, made = FOLDER / tag / "LC_MESSAGES", io.BytesIO()
    write_mo(made, catalogue(folder / "messages.po"))
    assert made.getvalue() == (folder / "messages.mo").read_bytes()


# --- figures


@pytest.mark.parametrize(
    ("locale", "amount", "currency", "shown"),
    [
        ("en", 123450, "EUR", "€1,234.50"),
        ("en", 1234, "JPY", "¥1,234"),
        ("en", 1234567, "KWD", "KWD1,234.567"),
        ("de", 123450, "EUR", "1.234,50 €"),
        ("de", 1234, "JPY", "1.234 ¥"),
        ("de", 1234567, "KWD", "1.234,567 KWD"),
        ("es", 1234550, "EUR", "12.345,50 €"),
        ("es", 1234, "JPY", "1.234 JPY"),
        ("es", -990, "EUR", "-9,90 €"),
        ("ar", 123450, "EUR", "\u200f1,234.50 €"),
        ("ar", -990, "EUR", "\u200f\u200e-9.90 €"),
        ("ar", 1234, "JPY", "\u200f1,234 JP¥"),
        ("ar", 1234567, "KWD", "\u200f1,234.567 د.ك.\u200f"),
    ],
)
def test_money_is_shown_as_it_is_read(locale, amount, currency, shown):
    """No decimals, two and three; grouped and marked as people of the language do."""
    assert money.shown(amount, currency, locale).replace("\xa0", " ") == shown
    assert money.parsed(money.plain(amount, currency), currency) == amount


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        *((text, "EUR", 123450) for text in ("1234.5", "1234,50", "1,234.50", "1.234,50", "1 234,50", "1'234.50")),
        *((text, "EUR", 123450) for text in ("1\u202f234,50", "١٢٣٤٫٥٠", "١٬٢٣٤٫٥٠", "\u200f1,234.50", "1’234.50")),
        *((text, "JPY", 1234) for text in ("1234", "1,234", "1.234", "١٢٣٤")),
        *((text, "KWD", 1234) for text in ("1.234", "1,234", "١٫٢٣٤")),
        ("1.234.567,891", "KWD", 1234567891),
        ("1,234,567", "JPY", 1234567),
        ("12,34,567.00", "INR", 123456700),
        ("-3,5", "EUR", -350),
        *((text, "EUR", None) for text in ("1.234", "1,234", "1,2.3,4", "1.5.2", "1,2,3", "", ".", "12 €", "NaN")),
        *((text, "JPY", None) for text in ("1.5", "1,50", "1.2345")),
        ("1.2345", "KWD", None),
    ],
)
def test_money_is_understood_as_it_is_typed(context, typed, currency, amount):
    """Points, commas, spaces and Arabic digits; what could be read in two ways is refused, never guessed."""
    if amount is None:
        with pytest.raises(Invalid):
            money.parsed(typed, currency)
    else:
        assert money.parsed(typed, currency) == amount


def test_rates_and_days_are_shown_as_they_are_read():
    """Percent signs, decimal marks and the order of day and month follow the language."""
    rates = {tag: money.percent(88_750, tag).replace("\xa0", " ") for tag in languages.NAMES}
    assert rates == {"en": "8.875 %", "de": "8,875 %", "es": "8,875 %", "ar": "8.875%"}
    a_day, another = dates.date(2026, 11, 26), dates.date(2025, 11, 26)
    assert [dates.day(a_day, tag, a_day) for tag in ("en", "de", "es")] == [
        "Thu 26 Nov", "Do., 26. Nov.", "jue, 26 nov"]  # fmt: skip
    assert dates.day(another, "de", a_day) == "26. Nov. 2025"
    assert customers.country_name("DE", "es") == "Alemania"


def test_weights_are_shown_as_they_are_read():
    """Grams below a kilo, kilos from there on; a lightest and a heaviest share the unit."""
    said = {tag: (weights.shown(380, tag), weights.span(1200, 2000, tag)) for tag in languages.NAMES}
    assert said["en"] == ("380 g", "1.2–2 kg") and said["de"] == said["es"] == ("380 g", "1,2–2 kg")
    assert said["ar"] == ("380 غرام", "1.2–2 كغم")
    assert weights.span(320, 320, "en") == "320 g"


# --- whose language


def spoken(page):
    """The language of a page and its direction, as it says itself."""
    return re.search(r'<html lang="([\w-]+)" dir="(\w+)"', page.html).groups()


GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def test_the_order_of_choice(play):
    """A choice in this browser, the customer's, the browser's wish, the shop's own; and only what is offered."""
    play.shop(languages=f"en {ALL}", locale="es")
    anna = play.visitor()
    assert spoken(anna.get("/")) == ("es", "ltr")
    assert spoken(anna.get("/", headers={"Accept-Language": "fr, xx;q=0.9"})) == ("es", "ltr")
    page = anna.get("/", headers=GERMAN)
    assert spoken(page) == ("de", "ltr")
    assert page.headers["Content-Language"] == "de"
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in page.headers["Vary"].split(",")}
    with transaction():
        customers.sign_up("anna@example.com", PASSWORD, "Anna", "ar")
    anna.get("/account/sign-in", headers={"Accept-Language": "en"})
    anna.http.headers["Accept-Language"] = "en"
    anna.press("Sign in", {"Email": "anna@example.com", "Password": PASSWORD})
    assert spoken(anna.get("/", headers=GERMAN)) == ("ar", "rtl")
    assert anna.post("/language", {"language": "en", "next": "/account/"}).path == "/account/"
    assert spoken(anna.get("/", headers=GERMAN)) == ("en", "ltr")
    db.session.expire_all()
    assert db.session.scalars(db.select(customers.models.Customer.locale)).one() == "en"
    play.shop(languages="de")  # English is not offered any more
    assert spoken(anna.get("/", headers=GERMAN)) == ("de", "ltr")


def test_one_language_alone_is_not_asked_for(play):
    """A shop with one language has no switch, and nobody changes it by asking."""
    play.shop()
    page = play.visitor().get("/", headers=GERMAN)
    assert spoken(page) == ("en", "ltr") and 'action="/language"' not in page.html


def test_the_switch(play):
    """In the footer, in each language's own name; back to the same page, and never to another site."""
    play.shop(languages=ALL)
    anna = play.visitor()
    page = anna.get("/search?q=mug")
    assert re.findall(r'<option value="(\w+)" lang="(\w+)"[^>]*>([^<]+)', page.html.partition("<footer")[2]) == [
        (tag, tag, name) for tag, name in languages.NAMES.items()
    ]
    page = anna.press("Change language", language="ar")
    assert page.steps == [303, 200] and page.url.endswith("/search?q=mug") and spoken(page) == ("ar", "rtl")
    cookie = next(one for one in anna.http.cookies if one.name == "lang")
    assert cookie.path == "/" and cookie.has_nonstandard_attr("HttpOnly")
    for bad in ("//evil.example", "https://evil.example", "/\\evil.example", "", "/language", "x" * 5000, "/a\x00"):
        answer = anna.post("/language", {"language": "de", "next": bad}, follow=False)
        assert answer.status == 400 if "\x00" in bad else answer.headers["Location"] == "/"
    for bad in ("fr", "", "../de", "de_DE", "<b>"):
        assert anna.post("/language", {"language": bad, "next": "/"}).status == 400
    assert anna.post("/language", {"language": "en"}, csrf=False).status == 400
    assert anna.get("/language").status == 405


def test_the_switch_of_a_page_that_refuses_leads_to_what_it_shows(play):
    """A cart that changed in another tab: back to the review that says so, and not to the first page."""
    play.shelves(mug=5)
    play.shop(languages=ALL)
    anna = play.visitor("alice")
    play.fill_cart(anna, mug=1)
    play.to_preview(anna)
    other = play.tab(anna)
    play.fill_cart(other, mug=1)
    page = anna.press("Confirm and pay")
    assert page.status == 409 and 'name="next" value="/checkout/preview"' in page.html
    page = anna.press("Change language", language="de")
    assert page.url.endswith("/checkout/preview") and spoken(page) == ("de", "ltr")


@pytest.mark.parametrize(
    "nonsense",
    [
        "*",
        ";;q=,",
        "de;q=x",
        "-",
        "e" * 3000,
        "de\tDE",
        "q=1",
        ",,,,",
        "*;q=0, zz",
        "en-US-x-twain;q=0.000000001",
        "💥",
    ],
)
def test_nonsense_is_answered(play, nonsense):
    """Whatever a browser sends as its language: the page comes, in a language of the shop."""
    play.shop(languages=ALL)
    anna = play.visitor()
    page = anna.get("/", headers={"Accept-Language": nonsense.encode()})
    assert page.status == 200 and spoken(page)[0] in languages.NAMES
    cookie = re.sub(r"[;,\s]", "", nonsense).encode().decode("latin-1")
    page = anna.get("/", headers={"Cookie": f"lang={cookie}".encode("latin-1")})
    assert page.status == 200 and spoken(page) == ("en", "ltr")


def test_staff_read_english(play):
    """The back office is English and written from the left, whoever looks at it."""
    play.shop(languages=ALL, locale="ar")
    carol = comes_in(play)
    assert spoken(carol.get("/admin/")) == ("en", "ltr")
    assert spoken(carol.get("/admin/nowhere")) == ("en", "ltr")
    assert spoken(carol.get("/")) == ("ar", "rtl")


def test_the_merchant_chooses(play):
    """Which languages are offered, and which one the shop begins in: that one is always offered."""
    play.shop()
    carol = comes_in(play)
    carol.get("/admin/settings/languages")
    carol.press("Save settings", {"Language of the shop": "de", "Offer العربية": True})
    play.look_again()
    assert (play.shop().locale, play.shop().languages) == ("de", "en ar")
    assert languages.offered() == ("de", "en", "ar")
    page = carol.press("Save settings", {"Language of the shop": "de", "locale": "xx"})
    assert page.status == 400
    play.shop(locale="lv", languages="fr de")  # what an older version, or a hand, has left
    assert languages.offered() == ("en", "de")


# --- what is told later


def test_an_order_keeps_its_language(play):
    """Its letters, and what its gateway is told, are in the language it was confirmed in, whatever runs the job."""
    play.shelves(mug=50)
    play.shop(languages=ALL)
    anna = play.visitor("alice")
    anna.http.headers.update({"Accept-Language": "en"})
    play.fill_cart(anna, mug=1)
    play.to_preview(anna)
    anna.http.cookies.set("lang", "de")
    form, button = anna.page.form("Confirm and pay")
    anna.post("/checkout/preview", form.filled({}), csrf=False)
    assert db.session.scalars(db.select(Order.locale)).one() == "de"
    bill = play.last_bill()
    assert payments.shoppers.of(bill.order_id)["locale"] == "de" == orders.shopper_of(bill.order_id)["locale"]
    assert bill.status
    with force_locale("ar"):
        play.run("deliver_events")
    letter = play.mails()[-1]
    html = letter.get_body(["html"]).get_content()
    assert '<html lang="de" dir="ltr">' in html
    assert "Bestellung" in letter["Subject"] and "order" not in letter["Subject"]
    assert "Deutschland" in html or "Irland" in html


def test_letters_about_an_account_and_a_wait(play):
    """An account's letters are in the customer's language, those of a line in which it was joined; right to left."""
    play.shelves(mug=1)
    play.shop(languages=ALL)
    with transaction():
        customers.sign_up("anna@example.com", PASSWORD, "Anna", "ar")
        stock.join_line(play.variant("mug").id, "bob@example.com", "es")
    with transaction():
        stock.tell_waiting(play.variant("mug").id)
    play.run("deliver_events")
    bodies = {mail["To"]: mail.get_body(["html"]).get_content() for mail in play.mails()}
    assert '<html lang="ar" dir="rtl">' in bodies["anna@example.com"]
    assert '<html lang="es" dir="ltr">' in bodies["bob@example.com"]


# --- nothing is left out


@pytest.fixture
def bracketed(play, template, tmp_path, monkeypatch):
    """Somebody whose catalogue has every text in brackets. Fails the test if anything else could be read."""
    abroad.write_catalogue(template, tmp_path)
    monkeypatch.setitem(languages.NAMES, abroad.TAG, "Esperanto")
    monkeypatch.setattr(get_babel(), "translation_directories", [str(tmp_path)])
    play.shelves(mug=50, tea_towel=50)
    play.shop(languages=abroad.TAG)
    visitor = Abroad(play.url, known())
    play._visitors.append(visitor)
    yield visitor
    assert not visitor.found, "\n".join(visitor.found)


def known():
    """What the merchant wrote, and names that are the same in every language."""
    places = {customers.country_name(code, abroad.TAG) for code in customers.COUNTRIES}
    shop = {"The Test Shop", "Test Shop Ltd", "1 Quay Street", "Galway", "Ireland", "shop@example.com", "An Post"}
    offered = {"Standard", "Express", "VAT", "Sandbox Pay", "Card", "Visa, Mastercard; on the page of", "EUR", "Mug"}
    goods = {"Tea towel", "A good", "MUG", "TEA-TOWEL", "Terms", "Privacy", "Returns", "Contact", "of the test shop"}
    people = {"Alice Byrne", "Alice", "alice@example.com", "@example.com", "1 Quay St", "1 Quay Street"}
    typed = {"TEN", "LATER", "bob@example.com", "Broken", "kg"}
    counties = {name for _code, name in customers.subdivisions("IE", abroad.TAG)}
    return {*places, *counties, *shop, *offered, *goods, *people, *typed, *languages.NAMES.values()}


def test_nothing_of_a_purchase_is_left_out(play, bracketed):
    """Every page from the window to the paid order, with mistakes and without, and every letter of it."""
    visitor = bracketed
    for path in ("", "search", "search?q=mug", "search?q=zzqy", "products/mug", "pages/terms", "nowhere", "cart"):
        visitor.get(f"/{path}")
    visitor.get("/search?q=mug&min=1&max=40&in_stock=1&sort=price")
    visitor.get("/products/mug")
    visitor.press("Add to cart", quantity="x")
    visitor.get("/products/mug")
    visitor.press("Add to cart", quantity="2", note="")
    play.fill_cart(visitor, tea_towel=1)
    visitor.press("Apply code", code="NOSUCH")
    visitor.get("/cart")
    visitor.press("Remove")
    visitor.get("/checkout/address")
    visitor.press("Continue to shipping")
    visitor.press("Continue to shipping", {"Email": "nobody", "Postcode": "?"})
    play.to_preview(visitor)
    placed = play.confirm(visitor)
    for path in (f"/pay/{placed.bill.key}", f"/orders/{placed.order.key}", f"/orders/{placed.order.key}/pay"):
        visitor.get(path)
    visitor.get(f"/pay/{placed.bill.key}")
    visitor.press("Continue to payment page")
    visitor.press("Decline")
    visitor.get(f"/orders/{placed.order.key}")
    visitor.press("Pay now")
    visitor.press("Continue to payment page")
    visitor.press("Pay")
    visitor.get(f"/orders/{placed.order.key}")
    play.all_jobs()
    read_letters(play, visitor)


def read_letters(play, visitor):
    """What the letters say that no catalogue knows."""
    for letter in play.mails():
        if letter["To"] == "shop@example.com":
            continue
        text = re.sub(r"https?://[^\s⟧]+", " ", letter.get_body(["plain"]).get_content())
        if words := bare(f"{letter['Subject']} {text}", visitor.known):
            visitor.found.append(f"{letter['Subject']}: {' '.join(words)[:200]}")


def test_nothing_of_an_account_is_left_out(play, bracketed):
    """Making one, signing in and out, the address book, passwords, orders, data; and the letters."""
    visitor = bracketed
    for path in ("create", "sign-in", "forgotten", "confirm/token", "new-password/token"):
        visitor.get(f"/account/{path}")
    visitor.get("/account/create")
    visitor.press("Create account")
    visitor.press("Create account", {"Full name": "Alice Byrne", "Email": "alice@example.com", "Password": PASSWORD})
    visitor.press("Sign in", {"Email": "alice@example.com", "Password": "wrong"})
    visitor.press("Sign in", {"Email": "alice@example.com", "Password": PASSWORD})
    for path in ("", "addresses/new", "email", "password", "data", "orders"):
        visitor.get(f"/account/{path}")
    visitor.get("/account/password")
    visitor.press("Change password")
    visitor.get("/account/email")
    visitor.press("Change email")
    visitor.get("/account/addresses/new")
    visitor.press("Save address")
    visitor.get("/account/")
    visitor.press("Send the letter again")
    visitor.press("Sign out")
    visitor.get("/account/forgotten")
    visitor.press("Send the link", {"Email": "alice@example.com"})
    play.all_jobs()
    read_letters(play, visitor)


def test_nothing_after_a_purchase_is_left_out(play, bracketed):
    """Codes and why they do not count, gift certificates, notes, cancelling, parcels, returns, refunds, gone goods."""
    visitor = bracketed
    offer("Mug", code="TEN")
    offer("Mug", code="LATER", conditions=[{"type": "sum", "least_minor": 900_000}])
    code = issued(2000)
    play.fill_cart(visitor, mug=2)
    for typed in ("TEN", "LATER", code):
        visitor.press("Apply code", code=typed)
    visitor.get("/cart?country=DE")
    play.to_preview(visitor)
    kept = play.confirm(visitor)
    visitor.get(f"/orders/{kept.order.key}")
    visitor.press("Keep for me")
    visitor.press("Cancel order")
    paid = play.paid_order(visitor, tea_towel=1)
    play.run("deliver_events")
    with transaction():
        orders.ship(paid.order.shipments[0].id, carrier="An Post", tracking="12345")
    visitor.get(f"/orders/{paid.order.key}")
    visitor.press("Replace the link")
    visitor.get(f"/orders/{play.last_order().key}/return")
    visitor.press("Announce the return")
    visitor.press("Announce the return", {f"qty-{play.last_order().lines[0].id}": "1"})
    order = play.last_order()
    play.ask_refund(order, 500)
    play.all_jobs()
    visitor.get(f"/orders/{order.key}")
    read_letters(play, visitor)


def test_nothing_of_gone_goods_is_left_out(play, bracketed):
    """The last ones: held by somebody else, waited for, paid for too late; the choice, and the letters."""
    visitor = bracketed
    play.shelves(mug=1)
    late = play.at_gateway(visitor, mug=1)
    other = Abroad(play.url, known())
    play._visitors.append(other)
    other.get("/products/mug")
    other.press("Tell me if one comes free", email="nobody")
    other.press("Tell me if one comes free", email="bob@example.com")
    play.wait(hours=1)
    play.all_jobs()
    play.paid_order(other, mug=1)
    play.gateway_says("paid", late.bill)
    play.all_jobs()
    visitor.get(f"/orders/{late.order.key}")
    visitor.press("Wait until it is back")
    visitor.press("Have the money back")
    play.all_jobs()
    visitor.get(f"/orders/{late.order.key}")
    read_letters(play, visitor)
    assert not other.found, "\n".join(other.found)
