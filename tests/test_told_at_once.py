"""What a gateway says in the moment an attempt begins is a fact, whatever has become of the order meanwhile."""

import pytest

from storefront import orders
from storefront.checkout.steps import resume
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict
from storefront.orders.ending import close
from storefront.orders.models import Order
from storefront.payments.gateways import GATEWAYS, base
from storefront.payments.gateways.base import Outcome
from storefront.payments.gateways.sandbox import Sandbox

from merchant import desk_row

pytestmark = pytest.mark.usefixtures("right_books")


def at_once(meanwhile):
    """A direct gateway: it takes the money when the attempt begins; meanwhile something happens to the order."""

    class AtOnce(Sandbox):
        """No page to go to."""

        def begin(self, bill, urls):
            """Paid."""
            with transaction():
                meanwhile(orders.by_number(bill.order_number))
            key, sum_minor = f"now-{bill.reference}", bill.amount_minor
            return Outcome(base.PAID, bill.reference, key, sum_minor, bill.currency, f"tr-{key}", "test")

    return AtOnce


def confirms(play):
    """Somebody confirms a cart."""
    play.shelves(mug=5)
    return play.confirm_basket(play.filled_basket(mug=2))


def test_another_press_was_quicker(play, monkeypatch):
    """The order waits already when the answer comes: it is paid all the same, once. BIL-11, INV-02, RACE-16."""
    monkeypatch.setitem(GATEWAYS, "sandbox", at_once(orders.hold))
    order = confirms(play)
    assert (order.status, order.payment_status, play.captured(order)) == ("PROCESSING", "PAID", order.due_minor)


def test_it_ended_while_the_gateway_was_asked(play, monkeypatch):
    """The job took it for crashed, and the money comes: it waits on the desk; the shopper is told that it ended.

    INV-02, INV-17.
    """
    ends = at_once(lambda order: close(orders.locked(order.id), "failed", "step_failed", "crashed"))
    monkeypatch.setitem(GATEWAYS, "sandbox", ends)
    with pytest.raises(Conflict):
        confirms(play)
    order = play.last_order()
    assert (order.status, play.captured(order)) == ("FAILED", order.due_minor)
    assert desk_row(play, "late_order_closed").bill_id == play.last_bill().id


def test_it_ended_in_time_and_lives_again(play, monkeypatch):
    """Time had closed it, its goods are there: the money pays it, and the shopper reads of no refusal. RACE-20."""
    ends = at_once(lambda order: close(orders.locked(order.id), "cancelled", "abandoned"))
    monkeypatch.setitem(GATEWAYS, "sandbox", ends)
    order = confirms(play)
    assert (order.status, order.payment_status) == ("PROCESSING", "PAID")
    assert play.shelf("mug") == (5, 2)


def test_gone_on_with_after_a_crash(play, monkeypatch):
    """The press that goes on where another crashed hears it, though the job has made the order wait. RACE-30."""
    play.shelves(mug=5)
    basket = play.filled_basket(mug=2)
    monkeypatch.setattr(Sandbox, "begin", _dies)
    with pytest.raises(KeyboardInterrupt):
        play.confirm_basket(basket)
    assert play.last_order().status == "NEW"
    monkeypatch.setitem(GATEWAYS, "sandbox", at_once(orders.hold))
    with play.app.test_request_context():
        resume(db.session.get_one(Order, play.last_order().id))
    assert (play.last_order().status, play.captured(play.last_order())) == ("PROCESSING", play.last_order().due_minor)


def _dies(self, bill, urls):
    raise KeyboardInterrupt
