"""The browser comes back: by any method, from anywhere, with anything, and always finds the truth about its order."""

from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from storefront.kit.db import db
from storefront.payments.models import Bill, DeskRow, InboxMessage
from storefront.sandbox.models import SandboxPayment

pytestmark = pytest.mark.usefixtures("right_books")
FOREIGN = {
    "Origin": "https://gateway.example",
    "Referer": "https://gateway.example/pay",
    "Sec-Fetch-Site": "cross-site",
}
WORDS = ["PAID", "paid ", "Paid", "succeeded", "ok", "1", "", "null", "öäü", "💶", "x" * 5000, "paid;drop", "open"]


def came_back(play, placed, word="paid", hint="ok", method="get", **changes):
    """A stranger's browser, without a cookie, arrives with what the gateway signed."""
    fields = play.message(word, placed.bill, "return", **changes)
    browser = play.visitor("a browser without cookies")
    if method == "get":
        return browser.get(play.return_path(placed.bill, hint, **fields), headers=FOREIGN)
    return browser.post(play.return_path(placed.bill, hint), data=fields, csrf=False, headers=FOREIGN)


def left(play, **goods):
    """Somebody on the gateway's page, without having pressed anything."""
    play.shelves(mug=5)
    return play.quickly_at_gateway(**(goods or {"mug": 2}))


@pytest.mark.parametrize("method", ["get", "post"])
def test_race_34_a_signed_return_needs_no_cookie(play, method):
    """GET or POST, foreign origin, no session: 303 to the order. RACE-34, ROL-05, RET-01, RET-04, RET-06, RET-09.

    INV-34.
    """
    placed = left(play)
    page = came_back(play, placed, method=method)
    assert page.steps == [303, 200]
    assert page.path == f"/orders/{placed.order.key}"
    assert page.has("is paid")
    assert (play.last_order().status, play.shelf("mug")) == ("PROCESSING", (5, 2))
    assert play.captured(placed.order) == placed.order.due_minor


def test_a_post_does_not_change_who_the_shopper_is(play):
    """RET-04, invariant 34: the cart and the session after a cross-site return are those from before. INV-34."""
    play.shelves(mug=5)
    placed = play.at_gateway(mug=1)
    before = placed.shopper.http.cookies.get_dict()
    came_back(play, placed, method="post")
    fields = play.message("paid", placed.bill, "return")
    placed.shopper.post(play.return_path(placed.bill), data=fields, csrf=False, headers=FOREIGN)
    assert placed.shopper.http.cookies.get_dict().keys() == before.keys()
    assert play.last_order().status == "PROCESSING"


@pytest.mark.parametrize(
    ("word", "hint", "order", "bill", "heading"),
    [
        ("paid", "ok", "PROCESSING", "PAID", "Thank you. Order {} is paid"),
        ("pending", "ok", "HOLD", "PENDING", "Order {} waits for your transfer"),
        ("declined", "error", "HOLD", "FAILED", "The payment did not go through"),
        ("cancelled", "cancel", "HOLD", "CANCELLED", "You left the payment page"),
        ("expired", "cancel", "HOLD", "EXPIRED", "You left the payment page"),
    ],
)
def test_every_result_has_its_page(play, word, hint, order, bill, heading):
    """RET-11, RET-02, RET-03, RET-08: paid, pending, declined, cancelled; each is repeated without a second effect."""
    placed = left(play)
    for method in ("get", "post", "get"):
        page = came_back(play, placed, word, hint, method)
        assert page.heading == heading.format(placed.order.number)
        assert (play.last_order().status, play.bills(placed.order)[0].status) == (order, bill)
    assert play.outcomes() == ["APPLIED", "DUPLICATE", "DUPLICATE"]
    assert play.shelf("mug") == (5, 2)


def test_needs_attention_has_its_page(play):
    """RET-11: another sum than what was asked for."""
    placed = left(play)
    page = came_back(play, placed, amount="1")
    assert page.heading == "We are checking your payment"
    assert play.last_order().status == "REVIEW"


@pytest.mark.parametrize("hint", ["ok", "cancel", "error"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unsigned_return_proves_nothing(play, hint, method):
    """Invariant 33, RET-01, RET-07: it asks the gateway and waits; if that knows of nothing, paying is offered.

    INV-33.
    """
    placed = left(play)
    browser = play.visitor()
    if method == "get":
        page = browser.get(play.return_path(placed.bill, hint))
    else:
        page = browser.post(play.return_path(placed.bill, hint), data={"status": "paid"}, csrf=False, headers=FOREIGN)
    assert page.steps == [303, 200]
    heading = {"ok": "We are still waiting for your bank", "cancel": "You left the payment page"}
    assert page.heading == heading.get(hint, "This order is not paid yet")
    assert (play.last_order().status, play.last_bill().status) == ("HOLD", "REDIRECTED")
    assert play.outcomes() == ["NO_EFFECT"]
    assert play.last_bill().asked_at is not None

    play.wait(minutes=6)
    play.run("ask_about_quiet_bills")
    page = browser.get(page.path)
    assert page.heading == "This order is not paid yet" and page.form("Pay now")
    assert play.outcomes() == ["NO_EFFECT"]


def test_race_02_an_unsigned_return_finds_the_payment_by_asking(play):
    """RET-01, RET-07, rule 2: the return proves nothing, the gateway's own answer does. RACE-02."""
    placed = left(play)
    from storefront.kit.db import transaction
    from storefront.sandbox import books
    from storefront.sandbox.scenarios import SCENARIOS

    with transaction():
        books.answer(books.session_of(placed.bill.reference), "paid", SCENARIOS["never"])
    page = play.visitor().get(play.return_path(placed.bill, "cancel"))
    assert page.has("is paid")
    assert play.outcomes() == ["NO_EFFECT", "APPLIED"]
    assert [row.channel for row in db.session.scalars(select(InboxMessage).order_by(InboxMessage.id))] == [
        "return",
        "poll",
    ]


def test_race_02_while_the_gateway_is_silent_the_page_waits(play):
    """RET-07, rule 2: no answer: "we are confirming"; the notification changes the page. RACE-02."""
    placed = left(play)
    play.gateway_is_away()
    page = play.visitor().get(play.return_path(placed.bill))
    assert page.heading == "We are still waiting for your bank"
    assert page.has("Please don’t pay again")
    assert play.status_of(placed.order)["state"] == "confirming"
    play.gateway_says("paid", placed.bill)
    assert play.status_of(placed.order)["state"] == "paid"
    assert page.path and play.visitor().get(page.path).has("is paid")


def test_race_35_robots_change_nothing(play):
    """Rule 35, SEC-09: whoever fetches return and cancel addresses, as often as they like, moves no state. RACE-35.

    INV-35.
    """
    kept = ("orders", "ledger_entries", "stock", "stock_reservations", "carts", "cart_lines", "shipments", "refunds")
    placed = left(play)
    before = {name: rows for name, rows in play.tables().items() if name in kept}
    robot = play.visitor("robot")
    for hint in ("ok", "cancel", "error"):
        for _ in range(2):
            robot.get(play.return_path(placed.bill, hint), headers={"Purpose": "prefetch"})
            robot.http.head(f"{play.url}{play.return_path(placed.bill, hint)}", timeout=30)
    for path in ("cancel", "keep", "pay"):
        robot.get(f"/orders/{placed.order.key}/{path}")
    after = {name: rows for name, rows in play.tables().items() if name in kept}
    assert after == before
    assert (play.last_bill().status, play.outcomes()) == ("REDIRECTED", ["NO_EFFECT"] * 12)
    placed.shopper.press("Pay")
    assert play.last_order().status == "PROCESSING"


def test_a_return_of_an_ended_attempt_changes_nothing(play):
    """RAC-01, RAC-02: cancelled here, then cancelled there, and the other way round: one cart, one order."""
    for first in ("shop", "gateway"):
        play.shelves(mug=5)
        placed = play.quickly_at_gateway(mug=1)
        page = play.visitor().get(f"/orders/{placed.order.key}")
        for who in (first, "gateway" if first == "shop" else "shop"):
            if who == "shop":
                visitor = play.visitor()
                visitor.get(page.path)
                visitor.press("Cancel order")
            else:
                came_back(play, placed, "cancelled", "cancel")
                play.gateway_says("cancelled", placed.bill)
        order = play.order_of(placed.bill)
        assert (order.status, order.close_reason, play.cart_lines(order)) == ("CANCELLED", "shopper", {"MUG": 1})
        assert play.shelf("mug") == (5, 0)


@pytest.mark.parametrize("word", WORDS, ids=range(len(WORDS)))
def test_an_unknown_word_has_no_effect_and_is_seen(play, word):
    """RET-13, invariant 29: neither a yes nor a no, and never an error: the page waits, and a person finds out."""
    placed = left(play)
    page = came_back(play, placed, word)
    assert page.status == 200 and page.heading == "We are still waiting for your bank"
    assert (play.last_order().status, play.last_bill().status) == ("HOLD", "REDIRECTED")
    assert (play.captured(placed.order), play.outcomes()) == (0, ["NO_EFFECT"])
    came_back(play, placed, word)
    (row,) = db.session.scalars(select(DeskRow))
    assert (row.reason, row.evidence["word"]) == ("unknown_word", word[:100])
    came_back(play, placed, "paid")
    assert play.last_order().status == "PROCESSING"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "-1"}, {"amount": "1e9"}, {"amount": "٣"}, {"amount": "9" * 30}, {"amount": ""},
        {"currency": ""}, {"currency": "🪙"}, {"at": "yesterday"}, {"at": ""}, {"transaction": ""},
        {"event": ""}, {"event": "", "transaction": ""}, {"reason": "<script>alert(1)</script>"},
    ],
    ids=lambda change: "-".join(f"{k}={v[:8]}" for k, v in change.items()),
)  # fmt: skip
def test_nonsense_that_is_signed_is_kept_and_harms_nobody(play, changes):
    """RET-13, invariant 29: whatever stands in a signed message, a page comes back and the books are right."""
    placed = left(play)
    page = came_back(play, placed, **changes)
    assert page.status == 200 and "<script>alert" not in page.html
    order = play.last_order()
    wrong = play.captured(order) != order.due_minor or "currency" in changes
    assert order.status == ("REVIEW" if wrong else "PROCESSING")


def test_another_bills_key_decides_nothing(play):
    """RET-09: a signed return for one bill at the address of another has no effect on either. INV-35."""
    play.shelves(mug=5)
    mine, others = play.quickly_at_gateway(mug=1), play.quickly_at_gateway(mug=1)
    fields = play.message("paid", others.bill, "return")
    page = play.visitor().get(play.return_path(mine.bill, **fields))
    assert page.path == f"/orders/{mine.order.key}"
    assert [play.order_of(one.bill).status for one in (mine, others)] == ["HOLD", "HOLD"]
    assert play.outcomes() == ["NO_EFFECT"]


@pytest.mark.parametrize(
    "path",
    [
        "/payments/sandbox/return/{unknown}/ok", "/payments/pickup/return/{key}/ok", "/payments/nobody/return/{key}/ok",
        "/payments/sandbox/return/{key}/paid", "/payments/sandbox/return/{key}/", "/payments/sandbox/return//ok",
        "/payments/sandbox/return/{lower}/ok", "/payments/sandbox/return/%00/ok",
        "/payments/sandbox/return/%ED%A0%80/ok",
    ],
)  # fmt: skip
def test_an_address_that_is_not_ours_is_not_there(play, path):
    """RET-09, NOT-12: unknown key, other gateway, unknown hint: 404, and nothing is stored."""
    placed = left(play)
    key = placed.bill.key
    address = path.format(unknown="A" * 22, key=key, lower=key.swapcase())
    for method in ("get", "post"):
        page = getattr(play.visitor(), method)(address, **({} if method == "get" else {"csrf": False}))
        assert page.status in (400, 404), address
    assert play.outcomes() == []


def test_no_parameter_decides_where_the_browser_goes(play):
    """Invariant 36: next, return_to, Host and forwarded headers are ignored; the gateway is told our own address.

    INV-36.
    """
    placed = left(play)
    evil = {
        "next": "https://evil.example/",
        "return_to": "//evil.example",
        "url": "https://evil.example",
        "ok_url": "//e",
    }
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    for how in ({"headers": headers}, {}):
        page = play.visitor().get(play.return_path(placed.bill, "ok", **evil), follow=False, **how)
        assert page.status == 303
        assert page.headers["Location"] == f"/orders/{placed.order.key}"
    again = play.quick_order(mug=1)
    page = play.visitor().get(again.bill.next_step, headers=headers)
    fields = dict(page.form("Continue to payment page")[0].values())
    addresses = [value for name, value in fields.items() if name.endswith("_url")]
    assert len(addresses) == 4 and all(address.startswith(play.url + "/payments/sandbox/") for address in addresses)


def test_the_vendors_words_are_never_shown(play):
    """ERR-07, ERR-06: a vendor's own text is kept on the bill; the page has ours, and the word is one that we know."""
    placed = left(play)
    page = came_back(play, placed, "declined", "error", reason="VENDOR 05 do not honour <b>")
    assert page.has("The payment did not go through") and "VENDOR" not in page.html
    bill = play.last_bill()
    assert (bill.error_type, bill.vendor_code) == ("unknown", "VENDOR 05 do not honour <b>")
    assert "VENDOR" not in play.visitor().get(f"/orders/{placed.order.key}/status").answer.text


def test_the_page_never_says_paid_before_the_ledger(play):
    """RET-01, RET-07: at each step of a payment the page and the ledger say the same."""
    play.shelves(mug=5)
    placed = play.held_order(mug=1)
    seen = []
    for step in (
        lambda: placed.shopper.press("Continue to payment page"),
        lambda: play.gateway_says("pending", placed.bill),
        lambda: play.gateway_says("paid", placed.bill),
    ):
        step()
        page = play.visitor().get(f"/orders/{placed.order.key}")
        assert page.has("is paid") == bool(play.captured(placed.order))
        seen.append(play.status_of(placed.order)["state"])
    assert seen == ["unpaid", "pending", "paid"]


def test_a_return_is_kept_as_it_came(play):
    """AUD-03, invariant 27: method, query, body and the telling headers; no cookie, no authorization."""
    placed = left(play)
    fields = play.message("cancelled", placed.bill, "return")
    headers = {"Cookie": "session=secret", "Authorization": "Bearer secret", "X-Signature": "abc"}
    body = urlencode(fields).encode()
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    play.visitor().post(play.return_path(placed.bill, "cancel") + "?a=%20b", data=body, csrf=False, headers=headers)
    (message,) = db.session.scalars(select(InboxMessage))
    assert (message.method, message.url, bytes(message.body)) == ("POST", "a=%20b", body)
    assert message.headers["x-signature"] == "abc"
    assert not {"cookie", "authorization"} & set(message.headers)
    assert (message.channel, message.bill_id, message.remote_addr) == ("return", placed.bill.id, "127.0.0.1")


def test_money_after_the_shoppers_cancel_is_found(play):
    """Invariant 17, rule 24: cancelled in one tab, paid in the other, every message lost: found, kept on the desk."""
    placed = left(play)
    play.visitor().post(f"/orders/{placed.order.key}/cancel")
    assert play.last_order().status == "CANCELLED"
    placed.shopper.press("Pay", scenario="down")  # no signed return, no notification, no answers
    play.run("deliver_events")
    assert play.captured(placed.order) == 0
    play.gateway_is_back()
    play.wait(minutes=1)
    play.run("deliver_events")
    bill = play.bills(placed.order)[0]
    assert (bill.status, bill.disposition, bill.quarantine_reason) == ("PAID", "QUARANTINED", "late_order_closed")
    assert play.last_order().status == "CANCELLED"
    play.both_books_agree()


def test_the_number_of_questions_is_bounded(play):
    """Invariant 33: a return asks once; a paid or ended attempt is not asked about again."""
    placed = left(play)
    placed.shopper.press("Pay")
    asked = db.session.scalars(select(Bill.asked_at).order_by(Bill.id)).all()
    for hint in ("ok", "cancel", "error"):
        play.visitor().get(play.return_path(placed.bill, hint))
    play.look_again()
    assert db.session.scalars(select(Bill.asked_at).order_by(Bill.id)).all() == asked
    assert play.rows_of(SandboxPayment) == 1
