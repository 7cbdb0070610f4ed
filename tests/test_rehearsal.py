"""A whole purchase in each service's own protocol: its form, its notification, its way back, its API."""

import pytest

from storefront.sandbox.models import SandboxPayment

from rehearsing import SETTINGS, rehearse

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture(params=SETTINGS)
def kind(request, play):
    """Each service in its turn, and five mugs."""
    play.shelves(mug=5)
    rehearse(play, request.param)
    return request.param


def at_other_gateway(play, **scenario):
    """Two mugs on the page of the service that is played."""
    placed = play.quickly_at_gateway(mug=2)
    assert placed.shopper.page.form("Pay"), placed.shopper.page.text[:300]
    return placed


def test_a_purchase_in_its_own_protocol(play, kind):
    """ADM-05, BIL-15: paid, the money in both books, the goods kept, the shopper told the truth."""
    placed = at_other_gateway(play)
    page = placed.shopper.press("Pay")
    play.until(lambda: play.last_bill().status == "PAID")
    order, bill = play.last_order(), play.last_bill()
    assert (bill.disposition, order.status, play.captured(order)) == ("APPLIED", "PROCESSING", order.total_minor)
    assert page.path.startswith(f"/orders/{order.key}")
