"""Limited offers: who holds the last use, when it is spent, when it comes back, and whose it is when orders follow."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from storefront import cart, checkout, orders, promotions
from storefront.cart.derivation import misfits, worked_out
from storefront.cart.models import Cart
from storefront.checkout import steps
from storefront.kit import clock
from storefront.kit.db import db, retried, transaction
from storefront.kit.errors import Conflict
from storefront.orders.explaining import facts_of
from storefront.orders.models import Order, OrderAdjustment
from storefront.payments.models import PaymentMethod
from storefront.promotions.models import Coupon, Promotion, UsageHold

from promoting import apply_code, counts, offer

_presses = count(1)


def basket_with(play, code, **goods):
    """A cart that is ready to be confirmed, with a code."""
    basket = play.filled_basket(**goods)
    with transaction():
        cart.apply_code(db.session.get(Cart, basket.id), code)
    return basket.id


def confirmed(play, basket_id):
    """The order of a cart with its code, by the verbs behind the pages."""
    play.confirm_basket(db.session.get(Cart, basket_id))
    return play.last_order()


def uses(order):
    """The statuses of what an order uses."""
    db.session.rollback()
    return list(db.session.scalars(select(UsageHold.status).filter_by(order_id=order.id)))


def test_race_26_fifty_shoppers_want_the_last_ten_uses(play, right_books):
    """Exactly ten orders hold it; the others read why before they pay, and keep their carts. RACE-26, PRM-04.

    INV-40.
    """
    play.shelves(mug=100)
    number = offer(code="TENLEFT", limit_total=10)
    baskets = [basket_with(play, "TENLEFT", mug=1) for _ in range(50)]
    presses = [_press(play, basket) for basket in baskets]
    with ThreadPoolExecutor(len(presses)) as threads:
        said = list(threads.map(lambda press: press(), presses))
    refused = [one for one in said if isinstance(one, str)]
    assert len(refused) == 40 and counts(number) == (0, 10)
    assert all("used up" in sentence or "changed" in sentence for sentence in refused), set(refused)
    play.look_again()
    held = db.session.scalar(select(func.count()).select_from(UsageHold).filter_by(status="HELD"))
    waiting = db.session.scalars(select(Order).filter_by(status="HOLD")).all()
    assert held == len(waiting) == 10 and all(order.discount_minor == 125 for order in waiting)
    kept = db.session.scalars(select(Cart).where(Cart.id.in_(baskets))).all()
    assert all(len(basket.lines) == 1 for basket in kept)
    with play.app.test_request_context():
        told = [cart.quote(basket).codes[0].why_not for basket in kept]
    assert sorted(told) == [""] * 10 + ["The code TENLEFT has been used up."] * 40
    assert play.shelf("mug") == (100, 10)


def _press(play, basket_id):
    """One shopper's press of "Confirm and pay" after their preview, in a thread of its own."""
    with play.app.test_request_context():
        quote = cart.quote(db.session.get(Cart, basket_id))
        token = quote.token

    def press():
        with play.app.app_context(), play.app.test_request_context():
            try:
                basket = db.session.get(Cart, basket_id)
                method = db.session.get(PaymentMethod, basket.payment_method_id)
                return retried(checkout.place)(basket, method, token, f"press-{next(_presses)}").order_id
            except Conflict as error:
                return error.message

    return press


def test_the_second_reads_the_reason_on_the_preview(play, right_books):
    """Two previews with the last use: the second is told there, and may order without it. RACE-26, PRM-04, PRM-05."""
    play.shelves(mug=5)
    number = offer(code="LAST", limit_total=1)
    alice, bob = play.visitor("alice"), play.visitor("bob")
    for shopper in (alice, bob):
        play.fill_cart(shopper, mug=1)
        apply_code(shopper, "LAST")
        play.to_preview(shopper, Email=f"{shopper.name}@example.com")
    play.confirm(alice)
    page = bob.press("Confirm and pay")
    assert page.status == 409 and page.has("The code LAST has been used up.") and page.has("Nothing was charged.")
    assert page.has("Then Now") and counts(number) == (0, 1)
    page = bob.press("Confirm and pay")
    assert page.status == 200 and play.last_order().discount_minor == 0


def test_a_use_that_is_lost_between_the_quote_and_the_hold(play, right_books):
    """The step itself refuses: the order is FAILED, its goods are free, the cart is as it was. ACT-14, RACE-26."""
    play.shelves(mug=5)
    number = offer(code="LAST", limit_total=1)
    basket_id = basket_with(play, "LAST", mug=1)
    with play.app.test_request_context():
        basket = db.session.get(Cart, basket_id)
        quote = cart.quote(basket)
        method = db.session.get(PaymentMethod, quote.method_id)
        with transaction():
            order = orders.place(quote, orders.take_number(), method=method, confirm_token="x" * 22)
            order_id = order.id
        with transaction():
            db.session.execute(update(Promotion).filter_by(id=number).values(limit_total=0))
        with pytest.raises(promotions.UsedUp, match="has just been used up: somebody was quicker"):
            steps.resume(db.session.get(Order, order_id))
    order = play.last_order()
    assert (order.id, order.status, order.close_reason) == (order_id, "FAILED", "step_failed")
    assert play.shelf("mug") == (5, 0) and counts(number) == (0, 0)
    assert len(db.session.get(Cart, basket_id).lines) == 1
    with transaction():
        db.session.execute(update(Promotion).filter_by(id=number).values(limit_total=1))


@pytest.mark.parametrize("end", ["cancelled", "abandoned", "cancelled after payment"])
def test_an_order_that_dies_gives_its_use_back(play, right_books, end):
    """Abandon or cancel, then the single-use code serves somebody else, once. PRM-15, INV-40, RULE-06."""
    play.shelves(mug=5)
    number = offer(code="ONCE", coupon={"limit": 1})
    order = confirmed(play, basket_with(play, "ONCE", mug=1))
    assert uses(order) == ["HELD"] and counts(number) == (0, 1)
    if end == "abandoned":
        play.wait(minutes=46)
        play.run("close_unpaid_orders")
    elif end == "cancelled":
        with transaction():
            orders.cancel_by_shopper(order.id)
    else:
        assert play.gateway_says("paid", play.last_bill()) == 200
        assert counts(number) == (1, 0) and uses(order) == ["COMMITTED"]
        with transaction():
            orders.cancel_by_merchant(order.id, "otto")
    assert uses(order) == ["RELEASED"] and counts(number) == (0, 0)
    again = confirmed(play, basket_with(play, "ONCE", mug=1))
    assert again.id != order.id and again.discount_minor == 125


def test_a_code_that_comes_late_takes_its_use_again(play, right_books):
    """Money after the close: the use is taken once more and spent. RACE-20, PRM-15."""
    play.shelves(mug=5)
    number = offer(code="LATE", limit_total=1)
    order = confirmed(play, basket_with(play, "LATE", mug=1))
    bill = play.last_bill()
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    assert counts(number) == (0, 0)
    assert play.gateway_says("paid", bill) == 200
    assert play.order_of(bill).status == "PROCESSING" and counts(number) == (1, 0) and uses(order) == ["COMMITTED"]


def test_late_money_whose_code_is_gone_waits_on_the_desk(play, right_books):
    """Somebody else has the last use by then: the money is quarantined, nothing is promised twice. RACE-21, INV-40."""
    play.shelves(mug=5)
    number = offer(code="LATE", limit_total=1)
    order = confirmed(play, basket_with(play, "LATE", mug=1))
    bill = play.last_bill()
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    confirmed(play, basket_with(play, "LATE", mug=1))
    assert play.gateway_says("paid", bill) == 200
    late = play.order_of(bill)
    assert late.id == order.id and late.status in ("FAILED", "CANCELLED") and uses(order) == ["RELEASED"]
    assert [one.quarantine_reason for one in play.bills(late)] == ["late_order_closed"]
    assert counts(number) == (0, 1) and play.shelf("mug") == (5, 1)


def test_paying_a_closed_order_again_takes_its_use_again_or_says_why_not(play, right_books):
    """From the order's page: while there is one left, and with the reason when there is not. PRM-15, ORD-02."""
    play.shelves(mug=9)
    number = offer(code="AGAIN", limit_total=1)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=1)
    apply_code(alice, "AGAIN")
    play.to_preview(alice)
    placed = play.confirm(alice)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    alice.get(f"/orders/{placed.order.key}")
    alice.press("Pay now")
    assert play.last_order().status == "HOLD" and counts(number) == (0, 1)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    confirmed(play, basket_with(play, "AGAIN", mug=1))
    alice.get(f"/orders/{placed.order.key}")
    page = alice.press("Pay now")
    assert page.status == 409 and page.has("The code AGAIN has just been used up")
    assert counts(number) == (0, 1) and uses(placed.order) == ["RELEASED"]


def test_a_newer_order_of_the_same_cart_takes_over_the_last_use(play, right_books):
    """More in the cart, confirmed again: the single use passes over, and nobody can come between. RACE-13, PRM-04."""
    play.shelves(mug=9)
    number = offer(code="ONE", limit_total=1)
    basket_id = basket_with(play, "ONE", mug=1)
    first = confirmed(play, basket_id)
    with transaction():
        cart.add(db.session.get(Cart, basket_id), "MUG", 1)
    second = confirmed(play, basket_id)
    assert second.id != first.id and second.discount_minor == 250 and counts(number) == (0, 1)
    assert uses(first) == ["RELEASED"] and uses(second) == ["HELD"]
    play.look_again()
    first_bill = play.bills(first)[0]
    assert play.gateway_says("paid", first_bill) == 200  # the older one is paid after all: it wins, with the use
    assert counts(number) == (1, 0) and uses(first) == ["COMMITTED"] and uses(second) == ["RELEASED"]


def test_a_newer_order_without_the_code_lets_go_of_it(play, right_books):
    """The code was removed in between: its use is free for others. RACE-13, INV-40."""
    play.shelves(mug=9)
    number = offer(code="ONE", limit_total=1)
    basket_id = basket_with(play, "ONE", mug=1)
    confirmed(play, basket_id)
    with transaction():
        cart.remove_code(db.session.get(Cart, basket_id), "ONE")
    second = confirmed(play, basket_id)
    assert second.discount_minor == 0 and uses(second) == [] and counts(number) == (0, 0)


def test_one_use_a_customer_by_account_and_by_email(play, right_books):
    """The same e-mail, also in capitals or with a plus, has had it; another person has not. PRM-05, INV-40."""
    play.shelves(mug=9)
    offer(code="PERSON", limit_per_customer=1)
    first = play.visitor("alice")
    play.fill_cart(first, mug=1)
    apply_code(first, "PERSON")
    play.to_preview(first)
    play.confirm(first)
    for email, refused in (("ALICE+two@example.com", True), ("bob@example.com", False)):
        shopper = play.visitor(email)
        play.fill_cart(shopper, mug=1)
        apply_code(shopper, "PERSON")
        page = play.to_preview(shopper, Email=email)
        assert page.has("You have used the code PERSON as often as you may.") == refused
        assert page.has("€1.25") != refused


def test_two_orders_of_one_customer_in_one_instant(play, right_books):
    """Two carts of the same person confirm at once: one has the offer, the other is told. PRM-04, PRM-05, INV-40."""
    play.shelves(mug=9)
    number = offer(code="SOLO", limit_per_customer=1)
    presses = [_press(play, basket_with(play, "SOLO", mug=1)) for _ in range(4)]
    with ThreadPoolExecutor(len(presses)) as threads:
        said = list(threads.map(lambda press: press(), presses))
    assert len([one for one in said if isinstance(one, int)]) == 1 and counts(number) == (0, 1)


def test_an_offer_without_a_code_is_limited_too(play, right_books):
    """It quietly ends for those who come after; nothing is counted where there is no limit. PRM-04."""
    play.shelves(mug=9)
    limited = offer("First two", {"type": "amount", "amount_minor": 100}, limit_total=2)
    endless = offer("Always", {"type": "amount", "amount_minor": 10})
    discounts = [play.quick_order(mug=1).order.discount_minor for _ in range(3)]
    assert discounts == [110, 110, 10] and counts(limited) == (0, 2) and counts(endless) == (0, 0)


def test_a_paid_order_brings_its_customer_a_code_once(play, right_books):
    """Paid: one code, told by letter, for that person alone; a replay brings none. PRM-06, ACT-18."""
    play.shelves(mug=9)
    thanks = offer("Next time", {"type": "amount", "amount_minor": 300}, code="PUBLIC")
    offer("Thank you", {"type": "issue_coupon", "promotion_id": thanks, "valid_days": 30})
    placed = play.at_gateway(mug=1)
    issued = select(Coupon).where(Coupon.issued_by_order_id == placed.order.id)
    assert db.session.scalars(issued).all() == []
    placed.shopper.press("Pay")
    play.look_again()
    (coupon,) = db.session.scalars(issued).all()
    assert coupon.limit == 1 and len(coupon.code) == 10 and coupon.promotion_id == thanks
    for _ in range(2):
        play.gateway_says("paid", placed.bill)
    assert len(db.session.scalars(issued).all()) == 1
    play.run("deliver_events")
    (letter,) = [mail for mail in play.mails() if "a code for your next order" in mail["Subject"]]
    assert coupon.code in letter.get_body(("plain",)).get_content() and letter["To"] == "alice@example.com"
    thief = play.visitor("bob")
    play.fill_cart(thief, mug=1)
    page = apply_code(thief, coupon.code)
    assert page.status == 409 and page.has("is for one person: it counts once your e-mail is known")
    play.to_preview(thief, Email="bob@example.com")
    page = apply_code(thief, coupon.code)
    assert page.status == 409 and page.has("was given to somebody else")
    play.fill_cart(placed.shopper, mug=1)
    play.to_preview(placed.shopper)
    assert apply_code(placed.shopper, coupon.code).has("The code counts.")


def test_an_order_that_is_cancelled_takes_its_code_back(play, right_books):
    """Bought, thanked, cancelled: the code ends, unless it has been used. PRM-06, PRM-15."""
    play.shelves(mug=9)
    thanks = offer("Next time", {"type": "amount", "amount_minor": 300}, code="PUBLIC")
    offer("Thank you", {"type": "issue_coupon", "promotion_id": thanks})
    placed = play.quickly_paid(mug=1)
    with transaction():
        orders.cancel_by_merchant(placed.order.id, "otto")
    play.look_again()
    coupon = db.session.scalars(select(Coupon).where(Coupon.issued_by_order_id.is_not(None))).one()
    assert coupon.ends_at <= clock.now()


def test_a_gift_is_held_and_sold_like_any_goods_and_costs_nothing(play, right_books):
    """A line of its own, set aside at confirm; not subtracted from the cart; when it is gone, that is told. PRM-01."""
    play.shelves(mug=9, bowl=1)
    offer("With a bowl", {"type": "gift", "sku": "BOWL", "quantity": 1})
    placed = play.held_order(mug=2)
    assert [(line.sku, line.qty, line.total_minor) for line in placed.order.lines] == [("MUG", 2, 2500), ("BOWL", 1, 0)]
    assert play.shelf("bowl") == (1, 1) and placed.order.total_minor == 2990
    page = placed.shopper.get(f"/orders/{placed.order.key}")
    assert page.has("A gift: With a bowl") and not page.has("Your cart has changed")
    bob = play.visitor("bob")
    page = play.fill_cart(bob, mug=1)
    assert page.has("The gift of “With a bowl” is not there any more.")
    placed.shopper.get(placed.bill.next_step)
    placed.shopper.press("Continue to payment page")
    placed.shopper.press("Pay")
    assert play.last_order().status == "PROCESSING" and play.shelf("bowl") == (1, 1)
    assert play.cart_lines(placed.order) == {}


def test_a_gift_that_is_gone_leaves_its_place_to_others(play, right_books):
    """Exclusive, but its gift is on no shelf: what it kept out counts, and no use of it is held. PRM-01."""
    play.shelves(mug=9, bowl=1)
    gift = {"type": "gift", "sku": "BOWL", "quantity": 1}
    bowls = offer("With a bowl", gift, exclusive=True, priority=1, limit_total=5)
    offer("Ten", {"type": "percent", "rate_ppm": 100_000}, priority=2)
    assert play.held_order(mug=1).order.discount_minor == 1250 and counts(bowls) == (0, 1)
    bob = play.visitor("bob")
    page = play.fill_cart(bob, mug=2)
    assert page.has("The gift of “With a bowl” is not there any more.") and page.has("2.50")
    play.to_preview(bob)
    assert play.confirm(bob).order.discount_minor == 250 and counts(bowls) == (0, 1)


def test_every_order_is_worked_out_again_from_its_own_rows(play, right_books):
    """Whatever was taken off, and after every rule has changed: the same figures, each share its share. PRM-01."""
    play.shelves(mug=30, bowl=30)
    offer("Ten", {"type": "percent", "rate_ppm": 123_456})
    offer("Buy", {"type": "buy_x_get_y", "buy": 1, "get": 1, "rate_ppm": 333_333})
    offer("Ship", {"type": "free_shipping", "rate_ppm": 510_000})
    offer("Gift", {"type": "gift", "sku": "BOWL", "quantity": 1}, code="GIFT")
    play.quick_order(mug=1)
    play.quickly_paid(mug=3, bowl=4)
    confirmed(play, basket_with(play, "GIFT", mug=7, bowl=1))
    with transaction():
        db.session.execute(update(Promotion).values(actions=[], conditions=[], active=False, label="gone"))
    placed = play.orders()
    assert len(placed) == 3
    for order in placed:
        facts = facts_of(order)
        told = worked_out(facts)
        names = ("goods", "discount", "shipping", "tax", "total", "due")
        assert [told[name] for name in names] == [getattr(order, f"{name}_minor") for name in names], order.number
        assert order.discount_minor and order.shipping_minor == 240 and misfits(facts) == []
    with transaction():
        taken = db.session.scalars(select(OrderAdjustment).where(OrderAdjustment.line_id.is_not(None))).first()
        kept = dict(taken.detail)
        taken.detail = {**kept, "whole_minor": kept["whole_minor"] + 1}
        spoilt = taken.order_id
    assert misfits(facts_of(db.session.get(Order, spoilt)))
    with transaction():
        db.session.get(OrderAdjustment, taken.id).detail = kept


def test_the_database_itself_refuses_one_use_too_many(play):
    """Behind the conditional update stands a constraint, after every migration. INV-40."""
    number = offer(code="HARD", limit_total=1, coupon={"limit": 1})
    for statement in (
        "UPDATE promotions SET used = 1, held = 1 WHERE id = :id",
        "UPDATE promotions SET held = -1 WHERE id = :id",
        "UPDATE coupons SET used = 2 WHERE promotion_id = :id",
        "UPDATE coupons SET held = -1 WHERE promotion_id = :id",
    ):
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(text(statement), {"id": number})
