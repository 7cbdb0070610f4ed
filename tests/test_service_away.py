"""The payment service does not answer when an order is paid once more: the page says so, and it may be tried again."""

import pytest

from rehearsing import rehearse, settings

from badgateway import BadGateway
from counter import comes_in
from waiting import asks, goes_to_pay, rest_bill

pytestmark = pytest.mark.usefixtures("right_books")


def says_so(page):
    """The page of an order that could not be begun to be paid."""
    assert (page.status, page.heading) == (503, "The payment service does not answer")
    assert int(page.headers["Retry-After"]) > 0
    assert page.has("Nothing was charged") and page.has("still yours to pay")
    assert page.form("Try again") and page.form("Cancel order") and page.link("Use another way to pay")


def nothing_is_lost(play, order, tries):
    """The goods are kept, and no attempt is left open."""
    bills = play.bills(order)
    assert [bill.status for bill in bills[-tries:]] == ["CANCELLED"] * tries
    assert not [bill for bill in bills if bill.status in ("CREATED", "REDIRECTED", "PENDING")]
    assert (play.last_order().status, play.holds(order)["HELD"]) == ("HOLD", 2)


def pays(shopper):
    """To the service's page, and paid there; some lead back by a form."""
    shopper.press("Try again")
    shopper.leaves()
    page = shopper.press("Pay")
    return shopper.press("Back to the shop") if page.path.startswith("/sandbox/") else page


@pytest.mark.parametrize("ending", ["Decline", "Cancel and return"])
def test_the_sandbox_is_down_at_the_second_try(play, ending):
    """ERR-01, ERR-08: 503 with the order's page; it says the same when it is opened again; then it is paid."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press(ending)
    settings(play, "sandbox", down=True)
    says_so(placed.shopper.press("Pay now"))
    says_so(placed.shopper.press("Try again"))
    nothing_is_lost(play, placed.order, 2)
    told = play.status_of(placed.order)
    assert (told["state"], told["payable"]) == ("unreachable", True)
    assert told["label"] == "The payment service does not answer. Nothing was charged."
    settings(play, "sandbox", down=False)
    page = placed.shopper.get(f"/orders/{placed.order.key}")
    assert (page.status, page.heading) == (200, "The payment service does not answer")
    assert pays(placed.shopper).heading.startswith("Thank you")
    assert play.last_order().payment_status == "PAID"


@pytest.mark.parametrize(("kind", "way"), [("stripe", "away"), ("stripe", "html"), ("altapay", "hanging up")])
def test_a_service_that_is_called_to_begin_goes_down(play, kind, way):
    """ERR-01, INV-33: refused, broken or cut off on the network, it is the same page; with the service back it is
    paid."""
    play.shelves(mug=5)
    rehearse(play, kind)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.get(f"/orders/{placed.order.key}")
    with BadGateway(way) as broken:
        before = settings(play, "other", api=broken.url)
        says_so(placed.shopper.press("Pay now"))
    nothing_is_lost(play, placed.order, 1)
    settings(play, "other", **before)
    pays(placed.shopper)
    play.until(lambda: play.last_order().payment_status == "PAID")


def test_an_order_that_ran_out_is_kept_again_though_the_service_is_down(play):
    """RACE-20: opened again by the press: its goods are kept, and the next press goes on."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    settings(play, "sandbox", down=True)
    placed.shopper.get(f"/orders/{placed.order.key}")
    says_so(placed.shopper.press("Pay now"))
    nothing_is_lost(play, placed.order, 1)
    settings(play, "sandbox", down=False)
    assert pays(placed.shopper).heading.startswith("Thank you")


def test_another_way_to_pay_is_chosen_instead(play):
    """ERR-08: the page leads to the other ways; the one whose service is up is taken."""
    play.shelves(mug=5)
    rehearse(play, "stripe")
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.get(f"/orders/{placed.order.key}")
    with BadGateway("away") as broken:
        settings(play, "other", api=broken.url)
        placed.shopper.press("Pay now")
        page = placed.shopper.click("Use another way to pay")
        assert page.heading == "How would you like to pay?" and page.form("Pay now")
        says_so(placed.shopper.press("Pay now"))


def test_the_service_is_down_when_the_missing_rest_is_paid(play):
    """RACE-28, ERR-01: what came stays where it is; nothing more is charged, and the rest may be paid later."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    placed.shopper.press("Pay", scenario="wrong_amount")
    asks(play, comes_in(play))
    settings(play, "sandbox", down=True)
    placed.shopper.get(f"/orders/{placed.order.key}")
    page = placed.shopper.press("Pay the missing")
    assert page.status == 503 and page.headers["Retry-After"]
    assert page.has("The payment service does not answer. Nothing more was charged.") and page.form("Pay the missing")
    assert rest_bill(play).status == "CANCELLED"
    settings(play, "sandbox", down=False)
    goes_to_pay(placed)
    assert placed.shopper.press("Pay").heading.startswith("Thank you")
