"""Staff change goods, texts, payment methods and settings; every change says who and why (ADM-12, AUD-05)."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import select

from storefront import orders, stock
from storefront.admin import audit
from storefront.catalog.models import Price, Product, ProductImage, Variant
from storefront.kit.db import db, transaction
from storefront.payments.models import PaymentMethod
from storefront.stock.models import Stock, StockMovement
from storefront.store.models import Store

from counter import CLERK, OWNER, comes_in, trail

SHOPIFY = (
    "Handle,Title,Body (HTML),Vendor,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,"
    "Variant Inventory Policy,Variant Fulfillment Service,Variant Price,Image Src,Image Position\n"
    'new-bowl,New bowl,"<p onclick=""x()"">Blue <script>1</script></p>",Ropaži,blue,true,'
    "Title,Default Title,BOWL-1,4,deny,manual,19.00,,\n"
    "mug,Big mug,,,,true,Title,Default Title,MUG,3,deny,manual,14.00,,\n"
    "bad,Bad thing,,,,true,Title,Default Title,BAD-1,4,deny,manual,-3,,\n"
)


@pytest.fixture
def carol(play):
    """The owner, signed in, of a shop with three mugs and five towels."""
    play.shelves(mug=3, tea_towel=5)
    return comes_in(play)


def edits(visitor, play, name, **answers):
    """Type into the row of a variant and save it."""
    visitor.get("/admin/products")
    return visitor.press("Save", answers, nth=row_of(visitor, play, name))


def row_of(visitor, play, name):
    """Which of the rows' forms belongs to a variant."""
    ids = [form.id for form in visitor.page.forms if form.id.startswith("edit-")]
    return ids.index(f"edit-{play.variant(name).id}")


def png(colour="red", size=(400, 500)):
    """A picture."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


# --- counts and prices in the row


def test_a_count_is_changed_with_a_reason(play, carol):
    """A new count leaves a movement with its reason and its person; without a reason it is refused."""
    page = edits(carol, play, "mug", **{"on-hand": "7"})
    assert page.status == 400 and page.has("Say why the count changes")
    page = edits(carol, play, "mug", **{"on-hand": "7", "reason": "found four <b>more</b>"})
    assert page.steps == [303, 200] and page.has("Saved.")
    assert play.on_shelf("mug") == 7
    moved = db.session.scalars(select(StockMovement).order_by(StockMovement.id.desc())).first()
    assert (moved.delta_on_hand, moved.cause, moved.ref, moved.actor) == (4, "adjust", "found four <b>more</b>", OWNER)
    page = carol.get(f"/admin/products/variants/{play.variant('mug').id}/movements")
    assert page.has("found four <b>more</b>") and page.has("+4")
    assert trail()[-1] == "count: variant MUG"


def test_a_price_is_changed(play, carol):
    """The new price stands in the shop at once, and in the trail before and after."""
    assert edits(carol, play, "mug", price="13,40").has("Saved.")
    assert play.visitor().get("/products/mug").has("€13.40")
    entry = audit.trail()[0]
    assert entry.before == {"MUG price_minor": "12.50"} and entry.after == {"MUG price_minor": "13.40"}
    play.look_again()
    assert play.on_shelf("mug") == 3


def test_race_25_a_count_below_what_orders_hold_is_refused(play, carol):
    """409 with the list of orders that hold them, and nothing changed. (RACE-25, STK-07)."""
    order, _bill, _shopper = play.held_order(mug=2)
    page = edits(carol, play, "mug", **{"on-hand": "1", "reason": "two broke"})
    assert page.status == 409 and page.has("2 are set aside for orders") and page.has(order.number)
    assert page.link(order.number) == f"/admin/orders/{order.number}"
    assert db.session.get(Stock, play.variant("mug").id).on_hand == 3


def test_a_row_that_changed_meanwhile_is_not_overwritten(play, carol):
    """Somebody else was quicker: 409 with the present count, or price."""
    carol.get("/admin/products")
    henry = comes_in(play, CLERK, "staff")
    assert edits(henry, play, "mug", **{"on-hand": "9", "price": "20", "reason": "delivery"}).has("Saved.")
    row = row_of(carol, play, "mug")
    page = carol.press("Save", {"on-hand": "4", "reason": "one more"}, nth=row)
    assert page.status == 409 and page.has("there are 9") and play.on_shelf("mug") == 9


def test_a_price_that_changed_meanwhile(play, carol):
    """The older page does not win."""
    carol.get("/admin/products")
    henry = comes_in(play, CLERK, "staff")
    edits(henry, play, "mug", price="20")
    page = carol.press("Save", {"price": "11"}, nth=row_of(carol, play, "mug"))
    assert page.status == 409 and page.has("it is €20.00")


@pytest.mark.parametrize(
    "answers",
    [
        {"price": "-1"},
        {"price": "1e400"},
        {"price": "12.345"},
        {"price": "NaN"},
        {"price": "99999999999999999999"},
        {"on-hand": "-1"},
        {"on-hand": "0.5"},
        {"on-hand": "1e3"},
        {"on-hand": "100000000000000000000"},
        {"on-hand": "²"},
    ],
)
def test_numbers_that_cannot_be(play, carol, answers):
    """400 with the same page; nothing changes."""
    page = edits(carol, play, "mug", **answers, reason="a try")
    assert page.status == 400 and page.heading == "Products" and page.has("There is a problem")
    assert play.on_shelf("mug") == 3


def test_nul_and_long_words(play, carol):
    """NUL is refused as everywhere; very long words are cut or refused, never a 500."""
    variant = play.variant("mug").id
    where = f"/admin/products/variants/{variant}"
    assert carol.post(where, {"reason": "a\0b"}).status == 400
    assert carol.post(where, {"reason": "x" * 10_000, "on-hand": "4", "on-hand-seen": "3"}).status == 200
    assert carol.post("/admin/products/variants/999999", {"price": "1"}).status == 404
    for query in ("q=" + "x" * 3000, "page=99999999999", "page=-1", "view=nonsense", "q=%25_%27", "page=9999"):
        assert carol.get(f"/admin/products?{query}").status == 200


def test_the_list_finds_and_narrows(play, carol):
    """By title or a piece of a SKU; few left and hidden are views of their own; pages have a constant cost."""
    assert carol.get("/admin/products?q=towel").has("TEA-TOWEL") and not carol.page.has("MUG")
    assert carol.get("/admin/products?q=EA-TO").has("TEA-TOWEL")
    assert carol.get("/admin/products?q=nonesuch").has("No product fits these words")
    assert carol.get("/admin/products?view=few").has("MUG") and not carol.page.has("TEA-TOWEL")
    assert carol.get("/admin/products?view=hidden").has("Nothing here")


def test_few_left_means_the_same_in_the_text_the_view_and_the_badge(play, carol):
    """The shop's own number, and an article's own before it, say of what there are few (CAT-06)."""
    play.shop(low_stock=4)
    page = carol.get("/admin/products?view=few")
    assert page.has("Few left means 4 or less") and page.has("MUG") and not page.has("TEA-TOWEL")
    assert badges(carol) == {"MUG": "Few left", "TEA-TOWEL": "In stock"}
    with transaction():
        db.session.get_one(Stock, play.variant("mug").id).low_at = 1
        db.session.get_one(Stock, play.variant("tea_towel").id).low_at = 9
    page = carol.get("/admin/products?view=few")
    assert page.has("TEA-TOWEL") and not page.has("MUG")
    assert badges(carol) == {"MUG": "In stock", "TEA-TOWEL": "Few left"}


def badges(visitor, address="/admin/products"):
    """By SKU, in the order of the list, the word on each article's badge."""
    html = visitor.get(address).answer.text
    rows = re.findall(r'<tr id="variant-.*?</tr>', html, re.S)
    return {
        re.search(r'"quiet">([A-Z-]+)</span></th>', row)[1]: re.search(r'class="badge[^>]*>(.*?)<', row)[1]
        for row in rows
    }


def sorts(visitor, heading):
    """The address behind a column's heading."""
    return next(url for words, url in visitor.page.seen.links if words.startswith(heading) and "sort=" in url)


def test_the_list_is_sorted_by_its_headings_and_counts_its_views(play, carol):
    """Title, price and what is free, up and down, and whatever is searched for; each tab says how many it has."""
    with transaction():
        db.session.scalar(select(Price).filter_by(variant_id=play.variant("mug").id)).amount_minor = 99_00
    for heading, first in (("Product", "MUG"), ("Free", "MUG"), ("Price", "TEA-TOWEL")):
        carol.get("/admin/products")
        up = list(badges(carol, sorts(carol, heading)))
        assert up[0] == first and 'aria-sort="ascending"' in carol.page.answer.text
        down = list(badges(carol, sorts(carol, heading)))
        assert down == up[::-1] and 'aria-sort="descending"' in carol.page.answer.text
    page = carol.get("/admin/products?q=towel&sort=-price")
    assert page.has("All 1") and page.has("Few left 0") and page.has("Hidden 0") and page.has("TEA-TOWEL")
    assert carol.press("Show", {"Search": "mug"}).has("MUG") and "sort=-price" in carol.page.url


# --- the page of a product


def product(play, name="mug"):
    """The id of a product by the name of its variant."""
    return play.variant(name).product_id


def test_a_product_is_edited(play, carol):
    """Title, words, category and variant change; HTML is cleaned; the shop and its search show it; counts stay."""
    page = carol.get(f"/admin/products/{product(play)}")
    assert page.heading == "Mug"
    page = carol.press(
        "Save product",
        {
            "Title": "Mug of <b>clay</b>",
            "Description": "<p onclick='x()'>Good <script>alert(1)</script><b>clay</b></p>",
            "Vendor": "Ropaži",
            "Tags": "clay, blue,, clay",
            "New category": "Kitchen > Mugs",
            "compare-0": "15",
            "weight-0": "410",
            "most-0": "2",
        },
    )
    assert page.steps == [303, 200] and page.has("Saved.")
    shopper = play.visitor()
    page = shopper.get("/products/mug")
    assert (
        page.has("Mug of <b>clay</b>") and "<script>alert" not in page.answer.text and "onclick" not in page.answer.text
    )
    assert page.has("€15.00") and shopper.get("/categories/kitchen/mugs").has("Mug of <b>clay</b>")
    assert shopper.get("/search?q=ropazi").has("Mug of <b>clay</b>")
    variant = play.variant("mug")
    assert (variant.weight_g, variant.max_per_order, play.on_shelf("mug")) == (410, 2, 3)
    assert trail()[-1] == "change: product mug"
    carol.get(f"/admin/products/{product(play)}")
    carol.press("Save product", {"Show it in the shop": False})
    assert play.visitor().get("/products/mug").status == 404
    assert carol.get("/admin/products?view=hidden").has("MUG")


def test_editing_words_leaves_a_count_that_moved_meanwhile(play, carol):
    """The page of a product does not carry counts: goods that were sold while it was open stay sold."""
    carol.get(f"/admin/products/{product(play)}")
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 1, cause="adjust", actor="somebody")
    carol.press("Save product", {"Title": "Clay mug"})
    assert play.on_shelf("mug") == 1


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"Title": ""}, "Enter a title"),
        ({"Title": "x" * 301}, "Enter a title"),
        ({"price-0": "-4"}, "Enter an amount"),
        ({"weight-0": "1.5"}, "Enter a whole number"),
        ({"most-0": "99999999999"}, "Enter a whole number"),
        ({"Description": "x" * 100_001}, "Shorten the description"),
    ],
)
def test_a_product_that_cannot_be(play, carol, answers, sentence):
    """400 with the same page, an error summary, a sentence at the field, and what was typed."""
    carol.get(f"/admin/products/{product(play)}")
    page = carol.press("Save product", {"Vendor": "What I typed", **answers})
    assert page.status == 400 and page.title.startswith("Error:") and page.has(sentence)
    assert "What I typed" in page.answer.text and db.session.scalar(select(Product.vendor)) == ""


def test_a_new_product_and_its_variants(play, carol):
    """A product is made hidden with an address of its own, shown, and gets a second variant."""
    carol.get("/admin/products/new")
    page = carol.press("Make product", {"Title": "Mug", "Price": "9.50"})
    assert page.steps == [303, 200] and page.heading.startswith("Mug") and page.has("Hidden")
    slugs = db.session.scalars(select(Product.slug).order_by(Product.id)).all()
    assert slugs[-1] == "mug-2"
    answers = {
        "What tells the variants apart": "Colour",
        "Which one is there already": "Blue",
        "Which one is new": "Red",
    }
    page = carol.press("Add variant", {**answers, "Price": "11", "SKU": "MUG-RED", "On hand": "4"})
    assert page.steps == [303, 200] and page.has("Red") and page.has("Blue")
    page = carol.press("Add variant", {"Colour": "Red", "Price": "11"})
    assert page.status in (400, 409) and page.has("same options")
    page = carol.press("Add variant", {"Colour": "Green", "Price": "11", "SKU": "TEA-TOWEL"})
    assert page.status == 400 and page.has("belongs to the product tea-towel")
    assert play.on_shelf("mug_red") == 4
    for answers in ({"Title": ""}, {"Title": "Thing", "Price": ""}, {"Title": "Thing", "Price": "x"}):
        carol.get("/admin/products/new")
        assert carol.press("Make product", answers).status == 400


def test_pictures_are_brought_in_and_put_in_order(play, carol):
    """An upload is decoded and kept; what is no picture is refused; order, words and removal are one form."""
    where = f"/admin/products/{product(play)}"
    carol.get(where)
    for colour in ("red", "blue"):
        token = {"csrf_token": carol.csrf_token(), "alt": f"A {colour} mug"}
        page = carol.post(f"{where}/pictures", token, files={"picture": ("x.png", png(colour))})
        assert page.steps == [303, 200] and page.has("The picture is there")
    first, second = db.session.scalars(select(ProductImage).order_by(ProductImage.position)).all()
    assert (first.alt, second.alt) == ("A red mug", "A blue mug")
    answers = {f"place-{first.id}": "2", f"place-{second.id}": "1", f"alt-{second.id}": "Mug, blue"}
    carol.press("Save pictures", answers)
    images = db.session.scalars(select(ProductImage).order_by(ProductImage.position)).all()
    assert [image.alt for image in images] == ["Mug, blue", "A red mug"]
    carol.press("Save pictures", {f"remove-{first.id}": True})
    assert db.session.scalars(select(ProductImage.alt)).all() == ["Mug, blue"]
    assert play.visitor().get("/products/mug").status == 200
    for data in (b"not a picture", b"", b"GIF89a" + b"\0" * 50):
        token = {"csrf_token": carol.csrf_token()}
        assert carol.post(f"{where}/pictures", token, files={"picture": ("x.png", data)}).status == 400
        carol.get(where)
    large = carol.post(
        f"{where}/pictures", {"csrf_token": carol.csrf_token()}, files={"picture": ("x", b"x" * 9_500_000)}
    )
    assert large.status in (400, 413)


def test_strangers_cannot_send_large_files(play, carol):
    """The larger limit is for those who may upload; others stay within the shop's."""
    stranger = play.visitor()
    token = {"csrf_token": stranger.csrf_token()}
    page = stranger.post("/admin/import", token, files={"file": ("x.csv", b"x" * 5_000_000)}, follow=False)
    assert page.status in (400, 413)


# --- files


def test_a_file_is_looked_at_imported_and_undone(play, carol):
    """The preview says new, changed with before and after, and refused with line and reason; then do; then undo."""
    carol.get("/admin/import")
    page = carol.post("/admin/import", {}, files={"file": ("goods.csv", SHOPIFY.encode())})
    assert page.status == 200 and page.has("Nothing is changed yet")
    assert page.has("New bowl") and page.has("12.50") and page.has("14.00") and page.has("line 4")
    assert db.session.scalar(select(Product.id).filter_by(slug="new-bowl")) is None
    page = carol.press("Import 1 new and 1 changed", {"pictures": False})
    assert page.steps == [303, 200] and page.has("1 products new, 1 changed, 1 rows refused")
    assert play.visitor().get("/products/new-bowl").has("€19.00")
    assert audit.trail()[0].actor == OWNER
    carol.get(carol.page.link("Undo import"))
    page = carol.press("Undo import")
    assert page.steps == [303, 200] and page.has("is undone")
    assert play.visitor().get("/products/new-bowl").status == 404
    assert play.visitor().get("/products/mug").has("€12.50")
    assert [entry.split(":")[0] for entry in trail()[-2:]] == ["import", "undo import"]
    assert carol.post("/admin/import/999999/undo").status == 404
    export = carol.get("/admin/export.csv")
    assert export.headers["Content-Type"].startswith("text/csv") and "TEA-TOWEL" in export.answer.text


def test_undoing_twice(play, carol):
    """The second press says that it was done (409)."""
    carol.get("/admin/import")
    carol.post("/admin/import", {}, files={"file": ("goods.csv", SHOPIFY.encode())})
    carol.press("Import", {"pictures": False})
    carol.get(carol.page.link("Undo import"))
    form, _button = carol.page.form("Undo import")
    assert carol.post(form.action).steps == [303, 200]
    assert carol.get(form.action).status == 409
    page = carol.post(form.action)
    assert page.status == 409 and page.has("was undone already")


@pytest.mark.parametrize("data", [b"", b"a,b,c\n1,2,3\n", b"\0\1\2", b"\xff\xfe\x00", b"Handle\n" * 5])
def test_files_that_cannot_be_read(play, carol, data):
    """400 with the same page and a sentence for a person."""
    carol.get("/admin/import")
    page = carol.post("/admin/import", {}, files={"file": ("x.csv", data)})
    assert page.status == 400 and page.heading == "Import and export" and page.has("There is a problem")


def test_a_forged_file_token(play, carol):
    """Only a file that was looked at here is imported."""
    carol.get("/admin/import")
    for token in ("", "../../etc/passwd", "x.y.z"):
        assert carol.post("/admin/import/do", {"file": token}).status == 400


# --- payment methods, settings, texts


def test_payment_methods_are_switched_and_limited(play, carol):
    """Off is off for shoppers at once; limits are amounts; the trail has before and after."""
    method = db.session.scalar(select(PaymentMethod.id))
    carol.get(f"/admin/payments/{method}")
    page = carol.press("Save method", {"Name": "Card, or so", "From": "20", "Up to": "1 000,50"})
    assert page.steps == [303, 200] and page.has("Card, or so") and page.has("€1,000.50")
    found = db.session.get(PaymentMethod, method, populate_existing=True)
    assert (found.min_minor, found.max_minor) == (2000, 100050)
    assert audit.trail()[0].before == {"label": "Card", "min_minor": None, "max_minor": None}
    for answers in (
        {"From": "-1"},
        {"Up to": "x"},
        {"From": "5", "Up to": "4"},
        {"Place in the list": "1e3"},
        {"Name": ""},
    ):
        carol.get(f"/admin/payments/{method}")
        page = carol.press("Save method", answers)
        assert page.status == 400 and page.title.startswith("Error:"), answers
    carol.get(f"/admin/payments/{method}")
    assert carol.press("Save method", {"Offer it to shoppers": False}).has("Off")
    assert carol.get("/admin/payments/999999").status == 404


def test_settings_have_bounds_and_a_history(play, carol):
    """Values within bounds are saved and written down; others bring the page again; the currency stays once sold."""
    carol.get("/admin/settings/orders")
    page = carol.press("Save settings", {"Minutes to pay": "45", "Order numbers begin with": "A-"})
    assert page.steps == [303, 200] and page.has("payment window min: 30 → 45")
    assert db.session.scalar(select(Store.payment_window_min)) == 45
    cases = {
        "orders": (
            {"Minutes to pay": "0"},
            {"Minutes to pay": "99999999999999999999"},
            {"Order numbers begin with": "é/"},
        ),
        "carts": ({"Most of one thing in a cart": "0"}, {"Most different things in a cart": "1e3"}),
        "legal": ({"Legal name": ""}, {"Address": ""}, {"Days to send things back": "-1"}),
        "shop": ({"Email": "nonsense"}, {"Name of the shop": ""}, {"timezone": "Mars/Base"}, {"currency": "XXX"}),
    }
    for topic, tries in cases.items():
        for answers in tries:
            form, _button = carol.get(f"/admin/settings/{topic}").form("Save settings")
            typed = {form._fitting(name)[0].name: value for name, value in answers.items()}
            page = carol.post(f"/admin/settings/{topic}", {**dict(form.values()), **typed})
            assert page.status == 400 and page.title.startswith("Error:"), answers
    carol.get("/admin/settings/shop")
    assert carol.press("Save settings", {"currency": "USD"}).steps == [303, 200]
    assert db.session.scalar(select(Store.currency)) == "USD"
    carol.get("/admin/settings/shop")
    carol.press("Save settings", {"currency": "EUR"})
    order, _bill, _shopper = play.held_order(mug=1)
    assert order.number.startswith("A-") and orders.by_number(order.number)
    carol.get("/admin/settings/shop")
    page = carol.press("Save settings", {"currency": "USD"})
    assert page.status == 400 and page.has("it cannot be changed any more")
    assert carol.get("/admin/settings/nonsense").status == 404


def test_text_pages_are_written_cleaned_and_linked(play, carol):
    """The footer links what is written; scripts are taken out; a new page gets an address of its own."""
    carol.get("/admin/pages/terms")
    body = "<h2>Rules</h2><script>alert(1)</script><p onclick='x()'>Be kind.</p>"
    page = carol.press("Save page", {"Title": "Our terms", "Text": body})
    assert page.steps == [303, 200] and page.has("Saved.")
    page = play.visitor().get("/pages/terms")
    assert page.has("Be kind.") and "alert(1)" not in page.answer.text and "onclick" not in page.answer.text
    assert play.visitor().get("/").link("Our terms") == "/pages/terms"
    carol.get("/admin/pages/new")
    page = carol.press("Save page", {"Title": "Care of linen", "Text": "<p>Wash cold.</p>"})
    assert page.path == "/admin/pages/care-of-linen" and play.visitor().get("/pages/care-of-linen").has("Wash cold.")
    carol.get("/admin/pages/new")
    assert carol.press("Save page", {"Title": ""}).status == 400
    assert carol.get("/admin/pages/nonsense").status == 404
    assert trail()[-2:] == ["write: page terms", "new page: page care-of-linen"]


def test_every_page_answers(play, carol):
    """All pages of the admin answer, with goods and without, with one heading each and no inline code."""
    play.paid_order(mug=1)
    pages = [
        "",
        "orders",
        "products",
        f"products/{product(play)}",
        "products/new",
        "import",
        "payments",
        "settings/shop",
    ]
    for path in [*pages, "pages", "pages/terms", "staff", "audit"]:
        page = carol.get(f"/admin/{path}")
        assert page.status == 200 and page.heading and page.headers["Cache-Control"] == "no-store", path
        assert "style=" not in page.answer.text and page.answer.text.count("<h1") == 1
    with transaction():
        db.session.execute(Price.__table__.delete())
        db.session.execute(Variant.__table__.delete())
        db.session.execute(Product.__table__.delete())
    assert carol.get("/admin/products").has("No product yet")
    assert carol.get("/admin/").status == 200
