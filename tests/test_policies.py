"""Each way to count goods: what is set aside and when, what the shopper is told of it, and what the merchant sees."""

import pytest
from sqlalchemy import func, select, update

from storefront import stock
from storefront.kit.db import db, transaction
from storefront.kit.events import OrderEvent
from storefront.stock.models import (
    BACKORDER,
    DEDUCT_ON_PAID,
    POLICIES,
    RESERVE_ON_CONFIRM,
    TIMED_HOLD,
    UNTRACKED,
    Stock,
    StockMovement,
)

from counter import comes_in

pytestmark = pytest.mark.usefixtures("right_books")

STAGES = {  # set aside for two pieces: in the cart, confirmed, paid; then what is left on the shelf when they are sent
    RESERVE_ON_CONFIRM: (0, 2, 2, 3),
    DEDUCT_ON_PAID: (0, 0, 2, 3),
    TIMED_HOLD: (2, 2, 2, 3),
    BACKORDER: (0, 2, 2, 3),
    UNTRACKED: (0, 0, 0, 5),
}
TOLD = {  # what the product's page, the cart, the preview and the page of the waiting order say of it
    RESERVE_ON_CONFIRM: ("In stock", "", "We keep the goods for", "We hold the goods until"),
    DEDUCT_ON_PAID: (
        "Taken from the shelf when your payment is here",
        "",
        "Not kept while you pay",
        "Not held while you pay",
    ),
    TIMED_HOLD: ("it is kept for you for 5 minutes", "We keep", "We keep", "We hold the goods until"),
    BACKORDER: ("You can order more than lie on the shelf", "", "We keep the goods for", "We hold the goods until"),
    UNTRACKED: ("In stock", "", "", "We hold the goods until"),
}


def test_every_policy_has_its_story():
    """No way to count is without its row here. STK-01, STK-02, STK-03."""
    assert set(STAGES) == set(TOLD) == set(POLICIES)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_sets_aside_when_it_says_and_says_so(play, policy):
    """From the shelf to the parcel: counters at every step, and honest words on every page. STK-01, STK-02, STK-03,
    STK-08, SHS-04.
    """
    play.shelves(mug=5, policy=policy)
    alice, seen = play.visitor("alice"), []
    assert alice.get("/products/mug").has(TOLD[policy][0])
    alice.press("Add to cart", quantity="2")
    assert alice.get("/cart").has(TOLD[policy][1])
    seen.append(play.shelf("mug")[1])
    assert play.to_preview(alice).has(TOLD[policy][2])
    placed = play.confirm(alice)
    seen.append(play.shelf("mug")[1])
    assert alice.get(f"/orders/{placed.order.key}").has(TOLD[policy][3])
    alice.get(placed.bill.next_step)
    alice.press("Continue to payment page")
    alice.press("Pay")
    seen.append(play.shelf("mug")[1])
    carol = comes_in(play)
    carol.get(f"/admin/orders/{placed.order.number}")
    carol.press("Mark as sent")
    assert (*seen, play.shelf("mug")[0]) == STAGES[policy] and play.shelf("mug")[1] == 0


def test_more_than_lies_there_is_told_before_it_is_bought(play):
    """Cart, preview and order say how many follow in a parcel of their own. SHS-10, SHS-01."""
    play.shelves(kettle=1, policy=BACKORDER)
    alice = play.visitor("alice")
    page = play.fill_cart(alice, kettle=3)
    assert page.has("On the shelf: 1. On order, in a parcel of its own: 2.")
    assert play.to_preview(alice).has("On the shelf: 1. On order, in a parcel of its own: 2.")
    placed = play.confirm(alice)
    alice.press("Continue to payment page")
    alice.press("Pay")
    page = alice.get(f"/orders/{placed.order.key}")
    assert page.has("Being packed") and page.has("Waits for goods that are on order")
    play.shelves(pan=0, policy=BACKORDER)
    assert alice.get("/products/pan").has("Made to order") and alice.page.has("it follows when it is there")


def test_what_follows_later_is_agreed_to(play):
    """Somebody else takes what was there: confirm shows old and new, and nothing is ordered unseen. SHS-10, RACE-17."""
    play.shelves(kettle=2, policy=BACKORDER)
    alice, bob = play.visitor("alice"), play.visitor("bob")
    play.fill_cart(alice, kettle=3)
    assert play.to_preview(alice).has("On the shelf: 2. On order, in a parcel of its own: 1.")
    second_tab = play.tab(alice)
    play.held_order(bob, kettle=2)
    page = alice.press("Confirm and pay")
    assert page.status == 409 and page.has("Kettle: follow later 1 3") and len(play.orders()) == 1
    order = play.confirm(alice).order
    second_tab.get("/checkout/preview")
    assert second_tab.page.has("On the shelf: 0. On order, in a parcel of its own: 3.")
    second_tab.press("Confirm and pay")
    assert play.last_order().id == order.id, "what its own order has set aside changes nothing"


def test_movements_name_their_cause(play):
    """Every change of a counter stands in the admin with why, about what and by whom; their sum is what is there.

    STK-09, INV-19.
    """
    play.shelves(mug=5)
    placed = play.quickly_paid(mug=2)
    carol = comes_in(play)
    carol.get(f"/admin/orders/{placed.order.number}")
    carol.press("Mark as sent")
    carol.get("/admin/products?q=mug")
    carol.press("Save", {"on-hand": "10", "reason": "a delivery"})
    page = carol.get(f"/admin/products/variants/{play.variant('mug').id}/movements")
    for word in ("import", "order", "parcel", "by hand", "a delivery", "+5", "-2", "+7"):
        assert page.has(word), word
    moved = db.session.scalar(select(func.sum(StockMovement.delta_on_hand)))
    assert moved == play.shelf("mug")[0] == 10


def low_events():
    """What the owner was told has run low: {sku: left} an event."""
    found = db.session.scalars(select(OrderEvent).filter_by(type="STOCK_LOW").order_by(OrderEvent.id))
    return [{row["sku"]: row["left"] for row in event.data["goods"]} for event in found]


def test_what_runs_low_is_told_once_until_it_is_refilled(play):
    """One letter when it falls to the threshold, none while it stays low, another after a refill. STK-09, EVT-01."""
    play.shop(low_stock=2)
    play.shelves(mug=4, bowl=9)
    play.run("watch_low_stock")
    assert low_events() == []
    play.quick_order(mug=2)
    play.run("watch_low_stock"), play.run("watch_low_stock")
    play.quick_order(mug=1)
    play.run("watch_low_stock")
    assert low_events() == [{"MUG": 2}]
    play.run("deliver_events")
    (letter,) = [mail for mail in play.mails() if "few are left" in mail["Subject"]]
    assert letter["To"] == "shop@example.com" and "MUG: 2" in letter.get_body(("plain",)).get_content()
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 20, cause="adjust", actor="otto")
    play.run("watch_low_stock")
    assert low_events() == [{"MUG": 2}]
    with transaction():
        stock.set_on_hand(play.variant("mug").id, 4, cause="adjust", actor="otto")
    play.run("watch_low_stock")
    assert low_events() == [{"MUG": 2}, {"MUG": 1}]


def test_a_threshold_of_its_own_and_where_it_lies(play):
    """Staff give an article its own threshold and shelf; the list of what is few follows it. CAT-06, STK-07."""
    play.shelves(mug=8, bowl=8)
    carol = comes_in(play)
    variant = play.variant("mug").id
    carol.get(f"/admin/products/variants/{variant}/movements")
    assert carol.press("Save shelf", {"Shelf": "A-12", "Few are left from": "8"}).has("Saved.")
    page = carol.get("/admin/products/low")
    assert page.has("Mug") and not page.has("Bowl") and page.has("8")
    play.run("watch_low_stock")
    assert low_events() == [{"MUG": 8}]
    for typed in ("x", "-1", "1.5"):
        page = carol.post(f"/admin/products/variants/{variant}/shelf", data={"shelf": "A", "low-at": typed})
        assert page.status == 400
    assert carol.post(f"/admin/products/variants/{variant}/shelf", data={"shelf": "A" * 41}).status == 400
    assert db.session.get_one(Stock, variant).shelf == "A-12"


def test_endless_and_hidden_goods_never_run_low(play):
    """Nobody is told of what nobody counts, of what can be ordered beyond the shelf, or of what is not sold. STK-07."""
    play.shelves(mug=0, policy=UNTRACKED)
    play.shelves(kettle=0, policy=BACKORDER)
    play.shelves(bowl=0)
    with transaction():
        db.session.execute(update(type(play.variant("bowl"))).filter_by(sku="BOWL").values(active=False))
    play.run("watch_low_stock")
    assert low_events() == []
