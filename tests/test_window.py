"""The window shows what is for sale as it stands this moment, in a constant number of queries (CAT-01, CAT-10)."""

import json
import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, select, update

from storefront import catalog, stock
from storefront.catalog.drafts import CategoryDraft, ProductDraft, SaleDraft, VariantDraft
from storefront.catalog.models import Category, ListingCount, ListingEntry, Product, Variant
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.stock.models import BACKORDER, TIMED_HOLD, UNTRACKED, Stock
from storefront.store.models import Setting

KITCHEN, APRONS, TABLE = ("Kitchen",), ("Kitchen", "Aprons"), ("Table",)


def variant(sku, *, price=1000, on_hand=10, **more):
    """One variant of a draft."""
    return VariantDraft(sku=sku, price_minor=price, on_hand=on_hand, **more)


def product(slug, *variants, place=KITCHEN, **more):
    """A product in one category; one plain variant if none is given."""
    title = more.pop("title", slug.replace("-", " ").capitalize())
    more.setdefault("categories", [CategoryDraft.named(*place)])
    return ProductDraft(slug=slug, title=title, variants=list(variants) or [variant(slug.upper())], **more)


@pytest.fixture
def fill(play):
    """An open shop, and a way to put goods into it."""
    play.shop()

    def fill(*drafts):
        with transaction():
            refused = [change.reason for change in catalog.save(drafts, actor="stage") if change.kind == "refused"]
        assert not refused

    return fill


@pytest.fixture
def anna(play):
    """Somebody who looks around."""
    return play.visitor("anna")


def cards(page):
    """The titles of the cards on a page, in their order."""
    return re.findall(r'<li class="card"><a href="/products/[^>]*>.*?<b><bdi>(.*?)</bdi></b>', page.html, re.S)


def linked_data(page, kind):
    """The block of structured data of this kind."""
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.html, re.S)
    return next(block for block in map(json.loads, blocks) if block["@type"] == kind)


@contextmanager
def queries():
    """The statements that reach the database meanwhile, but for those that begin or end something.

    A connection's own settings do not count either: the thread of the page before may still hold its connection, and
    then a page opens a new one.
    """
    seen = []

    def note(connection, cursor, statement, *rest):
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "PRAGMA")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_the_number_of_queries_does_not_grow(fill, anna):
    """A list costs at most 6 queries and a product 4, one more when there is a cart, with 5 products as with 60."""
    pages = (
        "/",
        "/categories/kitchen",
        "/categories/kitchen?in_stock=1&max=50",
        "/search?q=thing",
        "/products/thing-1",
    )
    counts = []
    for first, last in ((1, 5), (6, 60)):
        fill(*(product(f"thing-{n}", place=APRONS if n % 2 else KITCHEN) for n in range(first, last + 1)))
        anna.get("/")  # what is only read once a process
        row = []
        for path in pages:
            with queries() as seen:
                assert anna.get(path).status == 200
            row.append(len(seen))
        counts.append(row)
    assert counts[0] == counts[1]
    assert all(count <= 6 for count in counts[1][:4])
    assert counts[1][4] <= 4, [s[:90] for s in seen]


def test_a_category_shows_its_own_goods_and_those_below_it(fill, anna):
    """The list of a category holds what lies in it and under it, newest first, and nothing else."""
    fill(product("bowl", place=TABLE))
    fill(product("apron", place=APRONS))
    with transaction():
        db.session.execute(
            update(Product).where(Product.slug == "apron").values(created_at=clock.now() + timedelta(days=1))
        )
        catalog.refresh(db.session.scalars(select(Product.id)).all())
    fill(product("knife"))
    page = anna.get("/categories/kitchen")
    assert cards(page) == ["Apron", "Knife"]
    assert page.has("2 goods")
    assert cards(anna.get("/categories/kitchen/aprons")) == ["Apron"]
    assert anna.get("/categories/nowhere").status == 404


def test_a_long_list_has_pages(fill, anna):
    """Twenty-four to a page, links to the others, each product once, and nothing after the last page."""
    fill(*(product(f"thing-{n:02}") for n in range(1, 31)))
    first = anna.get("/categories/kitchen?sort=name")
    second = anna.click("Next")
    assert len(cards(first)) == 24
    assert cards(first) + cards(second) == [f"Thing {n:02}" for n in range(1, 31)]
    assert f'<link rel="canonical" href="{anna.url}/categories/kitchen">' in second.html
    assert (
        f'<link rel="canonical" href="{anna.url}/categories/kitchen?page=2">'
        in anna.get("/categories/kitchen?page=2").html
    )
    assert anna.get("/categories/kitchen?page=3").status == 404


def test_lists_can_be_sorted(fill, anna):
    """By price both ways and by name; what is sold out comes last in each."""
    fill(
        product("beta", variant("B", price=3000)),
        product("alpha", variant("A", price=2000)),
        product("gone", variant("G", price=100, on_hand=0)),
        product("Émile", variant("E", price=1000), title="Émile"),
    )
    orders = {
        "price": "Émile Alpha Beta Gone",
        "price-descending": "Beta Alpha Émile Gone",
        "name": "Alpha Beta Émile Gone",
    }
    for sort, expected in orders.items():
        assert cards(anna.get(f"/categories/kitchen?sort={sort}")) == expected.split()
    assert anna.page.has("Sold out")


def test_lists_can_be_narrowed(fill, anna):
    """By price, stock and options of one and the same variant; each filter is a link that takes it off."""
    sizes = [("S", 1000, 0), ("M", 2000, 5)]
    options = [variant(f"A-{s}", price=p, on_hand=n, options={"Size": s, "Colour": "Sand"}) for s, p, n in sizes]
    fill(
        product("apron", *options), product("mug", variant("MUG", price=500)), product("pot", variant("POT", on_hand=0))
    )
    expected = {
        "min=6": ["Apron", "Pot"],
        "max=5,00": ["Mug"],
        "in_stock=1&sort=name": ["Apron", "Mug"],
        "option.Size=M": ["Apron"],
        "option.Size=M&option.Size=XL": ["Apron"],
        "option.Size=S&in_stock=1": [],
        "option.Size=M&option.Colour=Rust": [],
        "option.Nothing=x": [],
    }
    for query, titles in expected.items():
        assert sorted(cards(anna.get(f"/categories/kitchen?{query}"))) == titles, query
    page = anna.get("/categories/kitchen?min=6&option.Size=M")
    assert page.has("1 thing")
    assert anna.get(page.link("Size: M")).url.endswith("/categories/kitchen?min=6.00")
    assert anna.get(page.link("Clear all")).url.endswith("/categories/kitchen")


@pytest.mark.parametrize(
    "query",
    [
        "page=-1", "page=0", "page=1.5", "page=" + "9" * 30, "page=٣", "min=abc", "min=-5", "max=" + "9" * 20,
        "max=NaN", "min=1e400", "min=0.001", "sort=; DROP TABLE", "in_stock=perhaps", "option.=x", "option.Size=",
        "option.\"'$.=x",
        "&".join(f"option.{n}={n}" for n in range(300)), "page=2147483648", "page=99999999",
    ],
)  # fmt: skip
def test_nonsense_in_an_address_breaks_nothing(fill, anna, query):
    """It is passed over, or there is no such page."""
    fill(product("mug", variant("MUG", options={"Size": "S"})))
    for path in ("/categories/kitchen", "/search?q=mug"):
        assert anna.get(path + ("&" if "?" in path else "?") + query).status in (200, 404)


def test_what_somebody_holds_is_not_shown_as_available(fill, play, anna):
    """While one shopper holds the last, the list, the product and the search say "Sold out" to all others."""
    fill(product("print", variant("PRINT", on_hand=1)))
    assert anna.get("/products/print").has("Only 1 left")
    with transaction():
        db.session.execute(update(Stock).values(reserved=1))
    for path in ("/products/print", "/categories/kitchen", "/search?q=print"):
        assert anna.get(path).has("Sold out"), path
    assert "Add to cart" not in anna.get("/products/print").html
    assert cards(anna.get("/categories/kitchen?in_stock=1")) == []


def test_the_lists_learn_what_has_sold_out(fill, anna):
    """The job puts what sold out since last, and brings it back when it is there again."""
    fill(product("a-print", variant("PRINT", on_hand=1)), product("mug"))
    gone = db.session.scalar(select(Variant.id).filter_by(sku="PRINT"))
    for on_hand, order in ((0, ["Mug", "A print"]), (3, ["A print", "Mug"])):
        with transaction():
            stock.set_on_hand(gone, on_hand, cause="adjust", actor="stage")
        with transaction():
            assert catalog.refresh_sold_out() == 1
        assert cards(anna.get("/categories/kitchen?sort=name")) == order
    with transaction():
        assert catalog.refresh_sold_out() == 0


def test_a_sale_begins_and_ends_by_itself(fill, play, anna):
    """The price of the hour is shown everywhere, whether or not a job has run."""
    begins, ends = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=3)
    sales = [SaleDraft(price_minor=750, begins=begins, ends=ends)]
    fill(product("mug", variant("MUG", price=1000, sales=sales)))
    for price in ("€10.00", "€7.50", "€10.00"):
        assert anna.get("/categories/kitchen").has(price)
        assert anna.get("/products/mug").has(price)
        play.wait(hours=2)


def test_two_sizes_are_sold_and_run_out_apart(fill, anna):
    """Each variant is a radio button with its own price; what is sold out is marked and cannot be chosen."""
    small = variant("MUG-S", price=1000, on_hand=0, options={"Size": "Small"})
    large = variant("MUG-L", price=1500, on_hand=2, options={"Size": "Large"})
    fill(product("mug", small, large))
    html = anna.get("/products/mug").html
    assert re.search(r'<input type="radio" name="sku" value="MUG-S" disabled>', html)
    assert re.search(r'<input type="radio" name="sku" value="MUG-L" checked>', html)
    for words in ("from €10.00", "€15.00", "Small Sold out", "Only 2 left", "VAT included"):
        assert anna.page.has(words), words


def test_the_address_can_name_the_variant(fill, anna):
    """?sku= selects a variant; an unknown one is passed over."""
    fill(product("mug", *(variant(f"MUG-{size}", options={"Size": size}) for size in "SML")))
    assert 'value="MUG-L" checked' in anna.get("/products/mug?sku=MUG-L").html
    assert 'value="MUG-S" checked' in anna.get("/products/mug?sku=nothing").html


@pytest.mark.parametrize(
    ("policy", "on_hand", "words"),
    [(BACKORDER, 0, "Made to order"), (UNTRACKED, 0, "In stock"), (TIMED_HOLD, 9, "kept for you for 7 minutes")],
)
def test_availability_is_told_in_words(fill, anna, policy, on_hand, words):
    """Each way of keeping stock says what a shopper can count on, and lets them add it."""
    fill(product("thing", variant("THING", on_hand=on_hand, stock_policy=policy, hold_minutes=7)))
    page = anna.get("/products/thing")
    assert page.has(words)
    form, _ = page.form("Add to cart")
    assert (form.action, form.method) == ("/cart/lines", "post")
    assert dict(form.filled({}))["sku"] == "THING"


def test_hidden_goods_cannot_be_seen(fill, anna):
    """A product that is hidden, or has no price, is in no list, on no page and in no feed."""
    fill(product("mug"), product("hidden", active=False))
    assert anna.get("/products/hidden").status == 404
    assert cards(anna.get("/categories/kitchen")) == ["Mug"]
    assert cards(anna.get("/search?q=hidden")) == []
    for path in ("/sitemap.xml", "/feeds/products.xml"):
        assert "hidden" not in anna.get(path).answer.text


def test_hiding_and_showing_again_keeps_the_lists_right(fill, anna):
    """The counts and filters of every category above follow the goods, there and back."""
    mug = variant("MUG", options={"Size": "S"})
    fill(product("mug", mug, place=APRONS), product("pot"))
    for active, expected in ((False, "1 thing"), (True, "2 goods")):
        fill(product("mug", mug, place=APRONS, active=active))
        assert anna.get("/categories/kitchen").has(expected)
        assert ("option.Size" in anna.page.html) is active
    with transaction():
        db.session.execute(
            update(Category).where(Category.path == "kitchen/aprons").values(parent_id=None, path="aprons")
        )
        catalog.refresh()
    assert cards(anna.get("/categories/kitchen")) == ["Pot"]


def test_refreshing_everything_changes_nothing_that_was_right(fill, play):
    """The read model made piece by piece is the one made at once."""
    fill(*(product(f"thing-{n}", variant(f"T{n}", on_hand=n % 3), place=APRONS if n % 2 else TABLE) for n in range(9)))

    def everything():
        entry, count = ListingEntry.__table__, ListingCount.__table__.c
        entries = db.session.execute(select(entry).order_by(*entry.primary_key)).all()
        return entries, db.session.execute(select(count.category_id, count.goods).order_by(count.category_id)).all()

    before = everything()
    with transaction():
        catalog.refresh()
    assert everything() == before
    assert dict(before[1])[0] == 9


def test_the_data_for_search_engines_says_what_the_page_says(fill, anna):
    """Name, price, availability and addresses of JSON-LD are those of the page, at the public address."""
    options = [
        variant("MUG-S", price=1000, on_hand=0, options={"Size": "S"}),
        variant("MUG-L", price=1550, options={"Size": "L"}),
    ]
    fill(product("mug", *options, description="<p>Holds </script><b>tea</b> &amp; more.</p>", place=APRONS))
    page = anna.get("/products/mug", headers={"Host": "evil.example"})
    found = linked_data(page, "Product")
    assert found["name"] == "Mug"
    assert [(o["sku"], o["price"], o["priceCurrency"]) for o in found["offers"]] == [
        ("MUG-S", "10.00", "EUR"),
        ("MUG-L", "15.50", "EUR"),
    ]
    assert [o["availability"].rpartition("/")[2] for o in found["offers"]] == ["OutOfStock", "InStock"]
    assert found["offers"][1]["shippingDetails"]["shippingRate"] == {
        "@type": "MonetaryAmount",
        "value": "4.90",
        "currency": "EUR",
    }
    assert page.has("delivery from €4.90")
    trail = linked_data(page, "BreadcrumbList")["itemListElement"]
    assert [step["name"] for step in trail] == ["Shop", "Kitchen", "Aprons", "Mug"]
    assert trail[-1]["item"] == f"{anna.url}/products/mug"
    assert f'<link rel="canonical" href="{anna.url}/products/mug">' in page.html
    assert "evil.example" not in page.html


def described(page):
    """What the page says of itself to search engines."""
    return re.search(r'<meta name="description" content="(.*?)">', page.html).group(1)


def test_lists_describe_themselves(fill, anna):
    """Home and categories say in one line what is there, the merchant's own words before ours."""
    fill(product("mug", place=TABLE), product("apron", place=TABLE))
    assert described(anna.get("/categories/table?sort=name")) == "Table: Apron, Mug"
    assert re.fullmatch("The Test Shop: (Mug, Apron|Apron, Mug)", described(anna.get("/")))
    with transaction():
        db.session.add(Setting(key="home", value={"text": "Things for\n a calm house"}, changed_at=clock.now()))
    assert described(anna.get("/")) == "Things for a calm house"


def test_names_that_look_like_html_are_only_names(fill, anna):
    """What the merchant or an import typed shows as text, in pages, data and feeds."""
    nasty = '<script>alert(1)</script> & "co" ]]>'
    fill(product("nasty", variant("NASTY", options={"<b>": "</script>"}), title=nasty, vendor=nasty))
    for path in ("/", "/categories/kitchen", "/search?q=alert", "/products/nasty", "/feeds/products.xml"):
        text = anna.get(path).answer.text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text
    assert linked_data(anna.get("/products/nasty"), "Product")["name"] == nasty


def test_robots_find_the_window_and_nothing_else(fill, anna):
    """The map lists home, categories, products and pages; robots.txt closes what belongs to visitors."""
    fill(product("mug"))
    places = re.findall("<loc>(.*?)</loc>", anna.get("/sitemap.xml").answer.text)
    for path in ("/", "/categories/kitchen", "/products/mug", "/pages/terms"):
        assert anna.url + path in places
        assert anna.get(path).status == 200
    robots = anna.get("/robots.txt").answer.text
    for line in ("Disallow: /cart", "Disallow: /admin", "Disallow: /checkout", f"Sitemap: {anna.url}/sitemap.xml"):
        assert line in robots
    item = anna.get("/feeds/products.xml").answer.text
    for field in ("<g:id>MUG</g:id>", "<g:price>10.00 EUR</g:price>", "<g:availability>in_stock</g:availability>"):
        assert field in item
    assert anna.get("/sitemaps/1.xml").status == 200
    assert anna.get("/sitemaps/2.xml").status == 404


def test_a_map_that_is_too_long_is_cut(fill, anna, monkeypatch):
    """Beyond the limit the map becomes an index whose parts hold every address once."""
    from storefront.catalog import feeds

    fill(*(product(f"thing-{n}") for n in range(12)))
    whole = re.findall("<loc>(.*?)</loc>", anna.get("/sitemap.xml").answer.text)
    monkeypatch.setattr(feeds, "MOST", 5)
    parts = re.findall("<loc>(.*?)</loc>", anna.get("/sitemap.xml").answer.text)
    assert len(parts) == -(-len(whole) // 5)
    assert [loc for part in parts for loc in re.findall("<loc>(.*?)</loc>", anna.get(part).answer.text)] == whole


def test_home_and_text_pages(fill, anna):
    """Home greets with the merchant's line, shows what is new and where to look; text pages show their text."""
    fill(product("mug", place=TABLE), product("apron", place=APRONS))
    assert anna.get("/").heading == "Welcome to The Test Shop"
    with transaction():
        db.session.add(Setting(key="home", value={"line": "Things for a calm house"}, changed_at=clock.now()))
    page = anna.get("/")
    assert page.heading == "Things for a calm house"
    assert sorted(cards(page)) == ["Apron", "Mug"]
    assert page.link("Table").endswith("/categories/table")
    assert anna.get("/pages/terms").has("Terms of the test shop.")
    assert anna.get("/pages/nothing").status == 404


def test_an_empty_shop_says_so(fill, anna):
    """A shop without goods has pages all the same."""
    for path in ("/", "/search", "/search?q=mug", "/sitemap.xml", "/feeds/products.xml"):
        assert anna.get(path).status == 200
