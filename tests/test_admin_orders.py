"""Staff find an order, send it, cancel it, and send money back once (ADM-15, ADM-17, part of ADM-16 and EVT)."""

import csv
import io
import threading
from datetime import timedelta

import pytest
from sqlalchemy import event as sql_event, select, text

from storefront import orders, store
from storefront.admin import finding, order_page, timeline, wording
from storefront.admin.finding import Wish
from storefront.kit import clock, events
from storefront.kit.db import db, transaction
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.kit.states import Machine
from storefront.orders.models import Order, OrderAddress, OrderLine, OrderNote
from storefront.orders.states import ORDER, SHIPMENT
from storefront.payments.models import Refund
from storefront.payments.states import BILL
from storefront.sandbox.models import SandboxPayment

from counter import CLERK, OWNER, comes_in, opens, trail

PRICE, SHIPPING = 1250, 490


@pytest.fixture
def carol(play):
    """The owner, signed in, of a shop with three mugs and five towels."""
    play.shelves(mug=3, tea_towel=5)
    return comes_in(play)


def many_orders(count, **more):
    """So many orders without a shopper, one a minute, straight into the tables."""
    shop, now = store.current(), clock.now()
    with transaction():
        for number in range(count):
            made = now - timedelta(minutes=count - number)
            facts = {
                "number": f"M-{number}",
                "key": f"key-{number}",
                "store_id": shop.id,
                "email": f"buyer{number}@example.com",
                "currency": "EUR",
                "status": "PROCESSING",
                "goods_minor": 100,
                "total_minor": 100 + number % 7,
                "due_minor": 100,
                "cart_version": 1,
                "confirm_token": f"token-{number}",
                "quote_hash": "x",
                "placed_at": made,
                "updated_at": made,
                **more,
            }
            line = OrderLine(
                sku=f"SKU-{number % 5}", title="Thing", qty=2, unit_minor=50, total_minor=100, stock_policy="untracked"
            )
            address = OrderAddress(name=f"Buyer Nr{number}", line1="1 Quay Street", country="IE")
            db.session.add(Order(**facts, shipping_address=address, lines=[line]))


# --- sending


def test_a_paid_order_is_sent_with_tracking_and_then_completed(play, carol):
    """ORD-04, ORD-05: sent with its tracking: stock leaves, the shopper gets one letter, the trail has it."""
    order, _bill, _shopper = play.paid_order(mug=2)
    page = opens(carol, order)
    assert page.has("Being packed") and page.has("Ready to send") and page.has("MUG")
    page = carol.press("Mark as sent", {"Carrier": "An Post", "Tracking number": "RR 123 <b>IE</b>"})
    assert page.steps == [303, 200] and page.has("marked as sent") and page.has("RR 123 <b>IE</b>")
    play.run("deliver_events")
    (letter,) = [mail for mail in play.mails() if "on its way" in mail["Subject"]]
    assert "RR 123 <b>IE</b>" in letter.get_body(("plain",)).get_content()
    assert play.on_shelf("mug") == 1
    assert carol.press("Mark as delivered").has("Delivered")
    assert carol.press("Complete the order").has("Completed")
    assert trail()[-3:] == [f"{verb}: order {order.number}" for verb in ("ship", "deliver", "complete")]
    assert any(event.actor == OWNER and event.type == "ORDER_SHIPPED" for event in events.of_order(order.id))
    assert timeline.whole(order)


def test_two_who_send_the_same_parcel(play, carol):
    """The second press changes nothing; after a cancel the parcel stays and the page says so (409)."""
    order, _bill, _shopper = play.paid_order(mug=1)
    henry = comes_in(play, CLERK, "staff")
    opens(carol, order), opens(henry, order)
    carol.press("Mark as sent")
    assert henry.press("Mark as sent").steps == [303, 200]
    assert play.on_shelf("mug") == 2
    second, _bill, _shopper = play.paid_order(tea_towel=1)
    opens(carol, second)
    opens(henry, second)
    henry.click("Cancel order")
    assert henry.press("Cancel order").has("is cancelled")
    page = carol.press("Mark as sent")
    assert page.status == 409 and page.has("There is a problem") and page.has("Cancelled")
    assert play.on_shelf("tea_towel") == 5


def test_a_parcel_of_another_order_is_not_found(play, carol):
    """The parcel in the address must be the order's."""
    first, _b, _s = play.paid_order(mug=1)
    second, _b, _s = play.paid_order(mug=1)
    shipment = first.shipments[0].id
    opens(carol, second)
    assert carol.post(f"/admin/orders/{second.number}/shipments/{shipment}/ship").status == 404
    assert carol.post(f"/admin/orders/{second.number}/shipments/999999/ship").status == 404


# --- cancelling


def test_cancelling_says_what_it_does_and_sends_the_money_back(play, carol):
    """The confirm page names the sum; one press puts goods back, asks the gateway for the refund and writes."""
    order, bill, _shopper = play.paid_order(mug=2)
    opens(carol, order)
    page = carol.click("Cancel order")
    assert page.has("€29.90 goes back") and page.has("go back on the shelf") and play.on_shelf("mug") == 1
    page = carol.press("Cancel order", {"Note for staff": "she changed her mind"})
    assert page.steps == [303, 200] and page.has("Cancelled") and page.has("Done")
    assert play.on_shelf("mug") == 3
    assert db.session.scalar(select(SandboxPayment.refunded_minor).filter_by(reference=bill.reference)) == 2990
    assert trail()[-1] == f"cancel: order {order.number}"
    play.run("deliver_events")
    assert sum("cancelled" in subject for subject in play.letters()) == 1
    assert carol.get(f"/admin/orders/{order.number}/cancel").status == 409


def test_cancelling_while_the_shopper_pays(play, carol):
    """It is allowed with a warning; the money that comes after all waits, and goes back with one button (race 24)."""
    order, bill, shopper = play.at_gateway(mug=1)
    opens(carol, order)
    assert carol.click("Cancel order").has("The shopper may be paying at this moment")
    carol.press("Cancel order")
    shopper.press("Pay")
    page = opens(carol, order)
    assert page.has("This order needs you") and page.has("It came after the order was closed")
    assert carol.get("/admin/").has(order.number) and carol.get("/admin/orders?view=person").has(order.number)
    opens(carol, order)
    page = carol.click("Send this money back")
    assert page.has("€17.40") and page.has("goes back by sandbox")
    page = carol.press("Send back")
    assert page.steps == [303, 200] and not page.has("This order needs you")
    assert carol.post(f"/admin/orders/{order.number}/bills/{bill.id}/refund").status == 409
    assert len(db.session.scalars(select(Refund)).all()) == 1
    assert not carol.get("/admin/orders?view=person").has(order.number)


# --- money


def refund_page(visitor, order, **answers):
    """Through the form to the page that says what will happen."""
    visitor.get(f"/admin/orders/{order.number}/refund")
    return visitor.press("Look at the refund", answers)


def test_pressing_twice_refunds_once(play, carol):
    """Part of an order goes back by line; the same confirm page pressed twice, and in two tabs, sends once (ADM-15)."""
    order, bill, _shopper = play.paid_order(mug=2)
    line = order.lines[0].id
    page = refund_page(carol, order, **{f"qty-{line}": "1", "reason": "A chip <i>off</i> the rim"})
    assert page.status == 200 and page.has("€12.50 of order") and page.has("A chip <i>off</i> the rim")
    form, _button = page.form("Send back")
    fields = dict(form.values())
    where = f"/admin/orders/{order.number}/refund"
    for _press in range(2):
        assert carol.post(where, fields).steps == [303, 200]
    assert carol.page.has("Partly refunded") and carol.page.has("Done")
    session = db.session.scalar(select(SandboxPayment).filter_by(reference=bill.reference))
    assert session.refunded_minor == 1250 and len(session.refunds) == 1
    page = carol.post(where, {**fields, "amount": "999"})
    assert page.status == 409 and page.has("Another refund was asked for meanwhile")
    play.run("deliver_events")
    (letter,) = [mail for mail in play.mails() if "refund" in mail["Subject"]]
    assert "A chip <i>off</i> the rim" in letter.get_body(("plain",)).get_content()


def test_many_presses_at_once_refund_once(play, carol):
    """Four threads press the same button: one refund, one call that counts."""
    order, bill, _shopper = play.paid_order(mug=2)
    page = refund_page(carol, order, what="all")
    fields, where = dict(page.form("Send back")[0].values()), f"{play.url}/admin/orders/{order.number}/refund"
    tabs, statuses = [play.visitor() for _ in range(4)], []

    def press(tab):
        tab.http.cookies.update(carol.http.cookies)
        statuses.append(tab.http.post(where, data=fields, allow_redirects=False).status_code)

    threads = [threading.Thread(target=press, args=(tab,)) for tab in tabs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [303] * 4
    play.look_again()
    session = db.session.scalar(select(SandboxPayment).filter_by(reference=bill.reference))
    assert session.refunded_minor == 2990 and len(session.refunds) == 1
    assert db.session.get(Order, order.id).payment_status == "REFUNDED"


def test_returned_goods_go_back_in_stock_once(play, carol):
    """Only what has left the house can be put back, and only once."""
    order, _bill, _shopper = play.paid_order(mug=2)
    line = order.lines[0].id
    page = carol.get(f"/admin/orders/{order.number}/refund")
    assert page.has("not sent, or back already")
    opens(carol, order)
    carol.press("Mark as sent")
    refund_page(carol, order, **{f"qty-{line}": "1", f"back-{line}": "1", "delivery": True})
    assert carol.page.has("€17.40") and carol.page.has("1 × MUG go back in stock")
    carol.press("Send back")
    assert play.on_shelf("mug") == 2
    page = refund_page(carol, order, **{f"qty-{line}": "1", f"back-{line}": "2"})
    assert page.status == 400 and page.has("enter a number from 0 to 1") and page.title.startswith("Error:")


@pytest.mark.parametrize(
    "typed", ["-1", "0.5", "1e3", "100000000000000000000", "99999", "€€", "NaN", "Infinity", "1.234"]
)
def test_sums_that_cannot_be(play, carol, typed):
    """Anything but a sum between nothing and what is left brings the form back with a sentence."""
    order, _bill, _shopper = play.paid_order(mug=1)
    page = refund_page(carol, order, extra=typed)
    if typed == "0.5":
        assert page.status == 200 and page.has("€0.50")
    else:
        assert page.status == 400 and page.title.startswith("Error:") and page.has("There is a problem")


def test_forged_fields_of_the_last_page(play, carol):
    """A changed sum, place or line answers 4xx; nothing is sent."""
    order, _bill, _shopper = play.paid_order(mug=1)
    other, _bill, _shopper = play.paid_order(mug=1)
    page = refund_page(carol, order, what="all")
    fields, where = dict(page.form("Send back")[0].values()), f"/admin/orders/{order.number}/refund"
    foreign = {f"back-{other.lines[0].id}": "1"}
    for change in ({"amount": "999999"}, {"amount": "-5"}, {"amount": "x"}, {"place": "7"}, {"place": ""}, foreign):
        assert carol.post(where, {**fields, **change}).status in (400, 409), change
    assert db.session.scalar(select(Refund.id)) is None


def test_a_refund_that_the_gateway_refuses_is_said(play, carol):
    """The state "failed: do it at the gateway", with the reason, on the order and on the first page."""
    order, bill, _shopper = play.paid_order(mug=1)
    with transaction():
        session = db.session.scalar(select(SandboxPayment).filter_by(reference=bill.reference))
        session.captured_minor = 0  # somebody has paid it out at the gateway's own console
    refund_page(carol, order, what="all")
    page = carol.press("Send back")
    assert page.has("Failed: do it at the gateway") and page.has("There is not so much left to send back")
    assert carol.get("/admin/").has("Failed: do it at the gateway")
    assert refund_page(carol, order, what="all").status == 200  # a new try has a key of its own


def test_a_gateway_that_is_away_is_asked_again(play, carol):
    """No answer: the refund waits, the job repeats it under the same key, and the money goes once."""
    order, bill, _shopper = play.paid_order(mug=1)
    with transaction():
        session = db.session.scalar(select(SandboxPayment).filter_by(reference=bill.reference))
        session.unreachable = True
    refund_page(carol, order, what="all")
    page = carol.press("Send back")
    if page.has("has not answered yet"):
        with transaction():
            db.session.scalar(select(SandboxPayment).filter_by(reference=bill.reference)).unreachable = False
        play.wait(minutes=2)
        play.run("send_refunds")
        page = opens(carol, order)
    assert page.has("Done")
    assert len(db.session.scalar(select(SandboxPayment).filter_by(reference=bill.reference)).refunds) == 1


def test_an_order_in_review_is_accepted(play, carol):
    """A wrong sum waits for a person, who accepts it: the order goes to packing with that money."""
    order, bill, _shopper = play.at_gateway(mug=1)
    play.gateway_says("paid", bill, amount="1700")
    page = opens(carol, order)
    assert (
        page.has("This order needs you") and page.has("€17.00 came by sandbox") and page.has("not what the order costs")
    )
    page = carol.press("Accept the order")
    assert page.steps == [303, 200] and page.has("Being packed")
    assert carol.post(f"/admin/orders/{order.number}/accept").steps == [303, 200]


# --- what the page shows


def test_messages_are_shown_as_text_without_their_secrets(play, carol):
    """Raw gateway messages stand on the page, escaped, with outcome and signature; signatures are masked."""
    order, bill, _shopper = play.at_gateway(mug=1)
    fields = play.message("paid", bill, reason="<script>alert(1)</script>")
    play.notify(fields)
    play.notify(b"reference=" + bill.reference.encode() + b"&kind=notify&signature=abc\xff")
    page = opens(carol, order)
    assert fields["signature"] not in page.answer.text and "signature=***" in page.answer.text
    assert "<script>alert(1)" not in page.answer.text
    assert page.has("signature right") and page.has("changed the payment")


def test_notes_and_letters(play, carol):
    """A note stands in the timeline as text; a letter goes out once more, with the same words."""
    order, _bill, _shopper = play.paid_order(mug=1)
    play.run("deliver_events")
    opens(carol, order)
    page = carol.press("Add note", {"Note for staff": "call her\n<b>back</b>"})
    assert page.steps == [303, 200] and page.has("call her <b>back</b>")
    assert carol.press("Add note", {"Note for staff": "  "}).status == 400
    assert carol.post(f"/admin/orders/{order.number}/notes", {"text": "x" * 3000}).status == 400
    opens(carol, order)
    before = play.letters()
    carol.press("Send again")
    play.run("deliver_events")
    assert sorted(set(play.letters())) == sorted(set(before)) and len(play.letters()) == len(before) + 1
    assert "LETTER_RESENT" in [event.type for event in events.of_order(order.id)] and timeline.whole(order)
    assert carol.post(f"/admin/orders/{order.number}/letters/999999").status == 404
    assert db.session.scalar(select(OrderNote.actor)) == OWNER


def test_a_message_to_the_shopper(play, carol):
    """ADM-14: staff's own words go to the shopper in a letter, stay in the timeline, and go with the person."""
    order, _bill, _shopper = play.paid_order(mug=1)
    play.run("deliver_events")
    opens(carol, order)
    page = carol.press("Send message", {"Message to the shopper": "Your mug comes\n<b>tomorrow</b>"})
    assert page.steps == [303, 200] and page.has("Your mug comes <b>tomorrow</b>")
    assert page.has("To the shopper") and page.has("A message went to the shopper")
    play.run("deliver_events")
    letter = play.mails()[-1]
    assert letter["To"] == order.email and f"a message about order {order.number}" in letter["Subject"]
    assert "Your mug comes\n<b>tomorrow</b>" in letter.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "&lt;b&gt;tomorrow" in letter.get_body(("html",)).get_content()
    opens(carol, order)
    assert carol.press("Send message", {"Message to the shopper": " "}).status == 400
    assert carol.post(f"/admin/orders/{order.number}/message", {"message": "x" * 3000}).status == 400
    with transaction():
        db.session.get_one(Order, order.id).erased_at = clock.now()
    assert carol.post(f"/admin/orders/{order.number}/message", {"message": "there?"}).status == 409
    with transaction():
        db.session.get_one(Order, order.id).erased_at = None


def test_a_letter_that_failed_is_tried_again(play, carol):
    """A letter that was given up stands on the first page with its reason, and a button sends it off once more."""
    order, _bill, _shopper = play.paid_order(mug=1)
    play.run("deliver_events")
    with transaction():
        letter = db.session.scalars(select(OutboxMessage).filter_by(kind="mail")).first()
        letter.status, letter.last_error, letter.tries = "FAILED", "Unavailable: no", 9
    page = carol.get("/admin/")
    assert page.has("Unavailable: no")
    page = carol.press("Try again")
    assert page.has("tried again in a moment")
    assert db.session.get(OutboxMessage, letter.id).status == "PENDING"
    assert carol.post(f"/admin/letters/{letter.id}/retry").has("on its way, or was sent")


def test_a_bent_history_shows(play, carol):
    """An altered event breaks the order's chain, and its page says so."""
    order, _bill, _shopper = play.paid_order(mug=1)
    with transaction():
        db.session.scalars(select(OrderEvent).filter_by(order_id=order.id)).first().data = {"total": 1}
    assert opens(carol, order).has("The history of this order was altered")


def test_every_state_and_event_has_words():
    """Nobody meets a word of the program in the admin: all states and all moves of the machines are in the tables."""
    tables = ((ORDER, None), (SHIPMENT, wording.SHIPMENT), (BILL, wording.BILL))
    for machine, words in tables:
        assert isinstance(machine, Machine)
        for move in machine.table:
            assert f"{machine.name}_{move}".upper() in wording.EVENTS, f"{machine.name}_{move}"
        assert words is None or machine.states <= set(words), machine.states - set(words)


def test_an_unknown_order_is_not_found(carol):
    """Numbers that are none, and HTML in them, answer 404."""
    for number in ("K-1", "nothing", "<b>", "x" * 5000, "%F0%9F%A6%84"):
        assert carol.get(f"/admin/orders/{number}").status == 404
    assert carol.get("/admin/orders/%00").status == 400


# --- the list


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("{number}", True),
        ("{digits}", True),
        ("alice@example.com", True),
        ("ALICE@", True),
        ("Alice", True),
        ("byrne al", True),
        ("BYRNÉ", True),
        ("MUG", True),
        ("mug", True),
        ("{reference}", True),
        ("{transaction}", True),
        ("lice", False),
        ("K-9999", False),
        ("%", False),
        ("_", False),
        ("' OR 1=1 --", False),
        ("x" * 5000, False),
    ],
)
def test_searching(play, carol, words, found):
    """Number, e-mail, either name, SKU and gateway references lead to the order; wild cards are letters."""
    order, bill, _shopper = play.paid_order(mug=1)
    facts = {"number": order.number, "digits": order.number[2:], "reference": bill.reference}
    page = carol.get("/admin/orders", params={"q": words.format(transaction=bill.transaction_id, **facts)})
    assert page.status == 200 and page.has(order.number) == found


def test_tabs_filters_and_their_counts(play, carol):
    """The work views count what waits; state and days narrow; nonsense in a day answers 400 with the page."""
    paid, _b, _s = play.paid_order(mug=1)
    held, _b, _s = play.held_order(tea_towel=1)
    page = carol.get("/admin/orders")
    assert page.has("To ship 1") and page.has("Unpaid 1") and page.has("Needs a person 0")
    assert carol.get("/admin/orders?view=ship").has(paid.number) and not carol.page.has(held.number)
    assert carol.get("/admin/orders?status=HOLD").has(held.number) and not carol.page.has(paid.number)
    today = clock.here().date()
    assert carol.get(f"/admin/orders?since={today - timedelta(days=1)}&until={today + timedelta(days=1)}").has(
        paid.number
    )
    assert carol.get(f"/admin/orders?since={today + timedelta(days=2)}").has("No order fits that")
    page = carol.get("/admin/orders?since=2026-02-30")
    assert page.status == 400 and page.has("Enter a day like") and page.title.startswith("Error:")
    for query in (
        "sort=nonsense",
        "view=nonsense",
        "status=nonsense",
        "after=nonsense",
        "after=9-9",
        "before=" + "9" * 40,
    ):
        assert carol.get(f"/admin/orders?{query}").status == 200
    assert carol.get("/admin/orders?since=0001-01-01&until=9999-12-31").status == 400


@pytest.mark.parametrize("sort", ["date", "-date", "total", "-total", "number", "-number"])
def test_pages_go_on_from_the_last_row(play, sort):
    """Forward to the end and back again shows every order once, in the order asked for, whatever ties there are."""
    play.shop()
    many_orders(23)
    way = {"sort": sort.removeprefix("-"), "descending": sort.startswith("-")}
    seen, page = [], finding.find(Wish(**way), 5)
    pages = [page]
    while page.after:
        page = finding.find(Wish(**way, cursor=finding.read_cursor(page.after)), 5)
        pages.append(page)
    seen = [order.id for each in pages for order in each.orders]
    key = {"date": lambda o: o.placed_at, "total": lambda o: o.total_minor, "number": lambda o: o.placed_at}[
        way["sort"]
    ]
    everything = sorted(db.session.scalars(select(Order)), key=lambda o: (key(o), o.id), reverse=way["descending"])
    assert seen == [order.id for order in everything] and not pages[0].before
    for here, there in zip(reversed(pages[:-1]), reversed(pages[1:]), strict=True):
        back = finding.find(Wish(**way, cursor=finding.read_cursor(there.before), backwards=True), 5)
        assert [order.id for order in back.orders] == [order.id for order in here.orders]


def test_a_page_costs_the_same_however_many_there_are(play, carol, app):
    """The list takes a constant number of queries, and shows 50 rows and the way to more."""
    many_orders(3)
    few = queries_of(carol, "/admin/orders")
    with transaction():
        for order in db.session.scalars(select(Order)):
            db.session.delete(order)
    many_orders(60)
    assert queries_of(carol, "/admin/orders") == few
    page = carol.get("/admin/orders")
    assert page.has("50 orders on this page")
    assert carol.click("Next").has("10 orders on this page")
    assert carol.click("Previous").has("50 orders on this page")


def queries_of(visitor, path):
    """How many statements a page takes."""
    seen = []
    listener = lambda *args: seen.append(args[2])  # noqa: E731
    sql_event.listen(db.engine, "before_cursor_execute", listener)
    visitor.get(path)
    sql_event.remove(db.engine, "before_cursor_execute", listener)
    return len(seen)


def plan_of(statement):
    """How the database would go about it, in words."""
    bound = str(statement.compile(db.engine, compile_kwargs={"literal_binds": True})).replace(":", "\\:")
    with db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            raw = connection.execute(text(f"EXPLAIN QUERY PLAN {bound}")).all()
        else:  # in a table of thirty rows every way is short: leave only those that stay short
            for way in ("seqscan", "bitmapscan", "sort"):
                connection.execute(text(f"SET LOCAL enable_{way} = off"))
            raw = connection.execute(text(f"EXPLAIN {bound}")).all()
    return "\n".join(" ".join(map(str, row)) for row in raw)


BIG = ("orders", "order_lines", "order_addresses", "bills")


def test_no_search_reads_a_whole_table(play):
    """Each way to look words up is answered by an index, on both databases."""
    play.shop()
    many_orders(30)
    for look in finding.looks("alice"):
        plan = plan_of(look.limit(1001))
        for table in BIG:
            assert f"Seq Scan on {table}" not in plan and f"SCAN {table}\n" not in plan + "\n", plan
            assert f"SCAN {table} USING COVERING" not in plan, plan


@pytest.mark.parametrize("sort", ["date", "number", "total"])
@pytest.mark.parametrize("status", ["", "PROCESSING"])
def test_no_page_sorts_a_whole_table(play, sort, status):
    """A page in any order, of all orders or of one state, walks an index from its cursor, without sorting."""
    play.shop()
    many_orders(30)
    wish = Wish(status=status, sort=sort, cursor=(10**15, 10))
    query, _clipped = finding._matching(wish)
    column = finding.SORTS[sort]
    ways = [each.desc() for each in (column, Order.id)]
    query = query.with_only_columns(Order.id, Order.total_minor, Order.placed_at)
    query = query.where(finding._beyond(wish, column, True)).order_by(*ways).limit(51)
    plan = plan_of(query)
    assert "Seq Scan on orders" not in plan and "TEMP B-TREE" not in plan and "Sort Key" not in plan, plan


def test_the_file_is_what_is_shown_and_harmless(play, carol):
    """Export CSV gives the same orders; cells that a spreadsheet would run are disarmed."""
    play.held_order(mug=1)
    shopper = play.visitor()
    play.fill_cart(shopper, tea_towel=1)
    play.to_preview(shopper, **{"Full name": "=HYPERLINK(1)", "Email": "+evil@example.com"})
    play.confirm(shopper)
    carol.get("/admin/orders?q=%2Bevil")
    page = carol.click("Export CSV")
    rows = list(csv.DictReader(io.StringIO(page.answer.content.decode("utf-8-sig"))))
    assert [(row["Name"], row["E-mail"], row["SKUs"], row["Total"]) for row in rows] == [
        ("'=HYPERLINK(1)", "'+evil@example.com", "TEA-TOWEL", "17.40")
    ]
    everything = carol.get("/admin/orders.csv").answer.content.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(everything)))) == 3


# --- today


def test_today(play, carol):
    """What needs a hand stands first; the figures count what went to packing, against the days before."""
    play.shelves(last_one=1)
    page = carol.get("/admin/")
    assert page.has("No scheduler has run yet") and page.has("LAST-ONE")
    order, _bill, _shopper = play.paid_order(mug=2)
    play.wait(days=1)
    later, _bill, _shopper = play.paid_order(tea_towel=1)
    page = carol.get("/admin/") if carol.get("/admin/").path == "/admin/" else comes_in(play).page
    assert page.has(order.number) and page.has(later.number)
    assert page.has("Today €17.40 1 order; yesterday €29.90, 1 order") and page.has("7 days €47.30 2 orders")
    assert "<svg" in page.answer.text and page.has("Show as table") and "style=" not in page.answer.text


def test_sums_of_an_order(play, carol):
    """Total, paid, refunded and open follow the ledger at every step."""
    order, bill, _shopper = play.held_order(mug=1)
    look = lambda: order_page.sums_of(orders.by_number(order.number), play.bills(order), [])  # noqa: E731
    assert (look().total, look().paid, look().open) == (1740, 0, 1740)
    play.gateway_says("paid", bill)
    assert (look().paid, look().open, look().refundable) == (1740, 0, 1740)
