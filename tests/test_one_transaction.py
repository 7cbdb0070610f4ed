"""What places an order and what releases one: small steps with names, and yet all of them or none."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from config import Config
from storefront import cart
from storefront.cart.models import Cart
from storefront.customers.models import Customer
from storefront.kit import events, recipes
from storefront.kit.db import db, transaction
from storefront.kit.events import OrderEvent
from storefront.orders.snapshot import snapshot_of

from purchases import ADDRESS


class Broken(Exception):
    """A step that went wrong in a way that nobody foresaw."""


def breaks(about):
    """Do nothing but fail."""
    raise Broken


@pytest.fixture
def alice(play):
    """Alice, with two mugs and a towel in her cart, looking at the preview."""
    play.shelves(mug=9, tea_towel=5)
    alice = play.visitor("alice")
    play.fill_cart(alice, mug=2, tea_towel=1)
    play.to_preview(alice, **{"Message to us": "ring twice"})
    return alice


def broken_at(monkeypatch, play, kind, name):
    """The list, with one step that fails instead of doing what it does."""
    lists = play.app.extensions["recipes"]
    row, at = list(lists[kind]), recipes.position(lists[kind], name)
    row[at] = replace(row[at], do=breaks, instead_of=name)
    monkeypatch.setitem(lists, kind, tuple(row))


@pytest.mark.parametrize("name", Config.CHECKOUT_POPULATE)
def test_an_order_is_there_with_everything_or_not_at_all(play, alice, monkeypatch, name):
    """ACT-19, ACT-17, ACT-29: whichever step of the copy fails, no table has a new row but that of numbers."""
    before = play.tables("sequences")
    with monkeypatch.context() as broken:
        broken_at(broken, play, "CHECKOUT_POPULATE", name)
        alice.broken_is_fine = True
        assert alice.press("Confirm and pay").status == 500
    assert play.tables("sequences") == before
    alice.get("/checkout/preview")
    order = play.confirm(alice).order
    created = select(func.count(OrderEvent.id)).filter_by(type="ORDER_CREATED", order_id=order.id)
    assert db.session.scalar(created) == 1


def test_the_order_is_a_copy_field_by_field(play, alice):
    """ACT-10, ACT-16: what was shown is what stands there when it is read again, and the hash of its event fits it."""
    quote = cart.quote(db.session.scalar(select(Cart)))
    lines = [
        (
            line.offer.sku,
            line.title,
            line.quantity,
            line.unit_minor,
            line.discount_minor,
            line.tax_minor,
            line.total_minor,
        )
        for line in quote.lines
    ]
    figures = ("goods_minor", "discount_minor", "shipping_minor", "tax_minor", "total_minor", "due_minor", "currency")
    shown = {name: getattr(quote, name) for name in figures}
    order = play.confirm(alice).order
    play.look_again()
    assert {name: getattr(order, name) for name in figures} == shown
    assert [
        (line.sku, line.title, line.qty, line.unit_minor, line.discount_minor, line.tax_minor, line.total_minor)
        for line in order.lines
    ] == lines
    for address in (order.shipping_address, order.billing_address):
        facts = (address.name, address.line1, address.city, address.postcode, address.country)
        assert facts == (ADDRESS["Full name"], ADDRESS["Address"], ADDRESS["City"], ADDRESS["Postcode"], "IE")
    assert (order.email, order.custom, order.service_level["name"]) == (
        ADDRESS["Email"],
        {"note": "ring twice"},
        "Standard",
    )
    assert (order.payment_status, order.fulfilment_status) == ("UNPAID", "UNFULFILLED")
    created = events.of_order(order.id)[0]
    addresses = (order.shipping_address, order.billing_address)
    assert created.data["snapshot"] == snapshot_of(order, order.lines, addresses)


def test_a_guest_has_one_record_however_often_they_buy(play):
    """ACT-08: the e-mail's record is made once, with the name of the address; an account's own name is left alone."""
    play.shelves(mug=9)
    for name in ("Alice Byrne", "Alice B. Byrne"):
        play.held_order(play.visitor(name), mug=1) if name == "Alice Byrne" else _buys_as(play, name)
    (guest,) = db.session.scalars(select(Customer))
    assert (guest.email, guest.name, guest.password_hash) == ("alice@example.com", "Alice B. Byrne", None)
    play.signed_in("bob@example.com")
    _buys_as(play, "Somebody Else", Email="bob@example.com")
    assert db.session.scalar(select(Customer.name).filter_by(email="bob@example.com")) == "Alice Byrne"


def _buys_as(play, name, **more):
    shopper = play.visitor(name)
    play.fill_cart(shopper, mug=1)
    play.to_preview(shopper, **{"Full name": name, **more})
    play.confirm(shopper)


def test_the_record_of_a_guest_that_was_erased_comes_back_with_the_order(play, alice):
    """ACT-08: between the address and the confirm the record went: the order makes it again, within its commit."""
    with transaction():
        db.session.delete(db.session.scalars(select(Customer)).one())
    play.confirm(alice)
    (guest,) = db.session.scalars(select(Customer))
    assert (guest.email, guest.name) == (ADDRESS["Email"], ADDRESS["Full name"])


def test_the_bill_asks_for_what_is_due(play, alice):
    """ACT-12, ACT-13: from the chosen method: the order's due, its currency, a reference, an end."""
    order, bill, _ = play.confirm(alice)
    assert (bill.amount_minor, bill.currency) == (order.due_minor, order.currency) == (order.total_minor, "EUR")
    assert bill.reference and bill.backend == "sandbox" and bill.expires_at < order.hold_expires_at


@pytest.mark.parametrize("name", Config.CHECKOUT_RELEASE)
def test_an_order_is_released_with_everything_or_not_at_all(play, alice, monkeypatch, name):
    """ACT-20, ACT-22, ACT-29: whichever step of the release fails, order, goods and cart are as they were; later it is
    all done, once.
    """
    order, bill, _ = play.confirm(alice)
    with monkeypatch.context() as broken:
        broken_at(broken, play, "CHECKOUT_RELEASE", name)
        assert play.gateway_says("paid", bill) == 503
    order = play.order_of(bill)
    assert (order.status, order.paid_minor, order.shipments) == ("HOLD", 0, [])
    assert play.holds(order) == {"HELD": 3} and play.in_cart(alice) == {"Mug": 2, "Tea towel": 1}
    play.wait(minutes=2)
    play.run("apply_waiting_messages")
    order = play.order_of(bill)
    assert (order.status, order.paid_minor, len(order.shipments)) == ("PROCESSING", order.due_minor, 1)
    assert play.holds(order) == {"COMMITTED": 3} and play.in_cart(alice) == {}
    assert [event.type for event in events.of_order(order.id)].count("ORDER_RELEASED") == 1
