"""A page that failed says what is true of money, and leads to where the shopper goes on: the order or the cart."""

import pytest

from test_faults import locked

from purchases import path_of

LOOK, NOTHING = "Look at your order before you pay again.", "Nothing was charged."
PRESSED = "Nothing was charged by this press."


def failed(page, status, said, way, leads_to):
    """The page of an error, with its sentence about money, the way on, and the way out."""
    assert page.status == status, page.text[:300]
    assert page.has(said) and page.link("Go to the shop") == "/"
    assert path_of(page.link(way)) == leads_to


@pytest.fixture
def held(play):
    """An order that waits for its money."""
    play.shelves(mug=9)
    return play.held_order(mug=1)


def test_a_busy_database_in_the_checkout(play):
    """ERR-01: what cannot be written before the order was confirmed has cost nothing; the cart is there."""
    play.shelves(mug=9)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    play.to_preview(alice)
    alice.get("/checkout/address")
    preview = play.tab(alice)
    preview.get("/checkout/preview")
    with locked(play, "carts"):
        failed(alice.press("Continue to"), 503, NOTHING, "Go to the cart", "/cart")
    with locked(play, "orders"):
        page = preview.press("Confirm and pay")
        failed(page, 503, PRESSED, "Go to the cart", "/cart")


def test_a_busy_database_at_an_order(play, held):
    """ERR-01: from the order's own addresses back to the order, which says whether it is paid."""
    held.shopper.get(f"/orders/{held.order.key}")
    with locked(play, "orders"):
        page = held.shopper.press("Keep for me")
    failed(page, 503, LOOK, "Back to the order", f"/orders/{held.order.key}")
    assert play.visitor().get(page.link("Back to the order")).heading == "This order is not paid yet"


def test_a_busy_database_on_the_way_back(play):
    """RET-07: the way back is gone once more, with all that it brought, and ends at the order."""
    play.shelves(mug=9)
    placed = play.quickly_at_gateway(mug=1)
    fields = play.message("paid", placed.bill, kind="return")
    path = play.return_path(placed.bill, **fields)
    with locked(play):
        page = placed.shopper.get(path)
    failed(page, 503, LOOK, "Try again", path)
    assert placed.shopper.get(page.link("Try again")).heading.startswith("Thank you")


@pytest.mark.parametrize("where", ["leaving", "order", "confirm"])
def test_too_often(play, held, rate_limits, where):
    """RET-09: told to wait, with the same sentence and way."""
    key, bill_key = held.order.key, held.bill.key
    path, said, way, leads_to, deed = {
        "leaving": (f"/pay/{bill_key}", LOOK, "Try again", f"/pay/{bill_key}", held.shopper.get),
        "order": (f"/orders/{key}/pay", LOOK, "Back to the order", f"/orders/{key}", held.shopper.post),
        "confirm": ("/checkout/preview", PRESSED, "Go to the cart", "/cart", held.shopper.post),
    }[where]
    for _ in range(130):
        page = deed(path, follow=False)
        if page.status == 429:
            break
    failed(page, 429, said, way, leads_to)


def test_a_bug(play, held, monkeypatch):
    """ERR-08: something that nobody thought of: the number to quote, the sentence and the way, on all four."""

    def broken(**_values):
        raise ZeroDivisionError

    for endpoint in ("orders.show", "gateway.leave", "preview.address", "catalog.home"):
        monkeypatch.setitem(play.app.view_functions, endpoint, broken)
    visitor = play.visitor()
    visitor.broken_is_fine = True
    key, bill_key = held.order.key, held.bill.key
    failed(visitor.get(f"/orders/{key}"), 500, LOOK, "Back to the order", f"/orders/{key}")
    failed(visitor.get(f"/pay/{bill_key}"), 500, LOOK, "Try again", f"/pay/{bill_key}")
    failed(visitor.get("/checkout/address"), 500, NOTHING, "Go to the cart", "/cart")
    page = visitor.get("/")
    assert page.status == 500 and page.link("Go to the shop") == "/" and not page.has(NOTHING)


@pytest.mark.parametrize(
    ("path", "said", "link"),
    [
        (
            "/payments/x/return/abcdefghijklmnopqrstuv/ok",
            LOOK,
            'href="/payments/x/return/abcdefghijklmnopqrstuv/ok">Try',
        ),
        ("/orders/abcdefghijklmnopqrstuv", LOOK, 'href="/orders/abcdefghijklmnopqrstuv">Back to the order'),
        ("/pay/abcdefghijklmnopqrstuv", LOOK, 'href="/pay/abcdefghijklmnopqrstuv">Try again'),
    ],
)
def test_without_any_database(bare_app, path, said, link):
    """ERR-01: the page asks nothing of a database that is not there: one sentence, the way, and the way out."""
    answer = bare_app.test_client().get(path)
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
    assert said in answer.text and link in answer.text and 'href="/">Go to the shop' in answer.text


def test_a_page_that_is_not_there_speaks_of_no_money(play):
    """RET-09: a guessed key leads nowhere, and its page offers no order."""
    play.shop()
    page = play.visitor().get("/orders/abcdefghijklmnopqrstuv")
    assert page.status == 404 and not page.has(LOOK)
    with pytest.raises(KeyError):
        page.link("Back to the order")


def test_a_program_is_told_in_one_shape(play):
    """ERR-12: what is wrong, and in which fields, which are none here."""
    play.shop()
    told = play.visitor().get("/orders/abcdefghijklmnopqrstuv", headers={"Accept": "application/json"}).json()
    assert set(told) == {"error", "message", "state", "fields", "request_id"}
    assert (told["error"], told["fields"]) == ("not_found", {})
