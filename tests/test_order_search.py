"""Orders are found by criteria that combine freely, and each equals what a query by hand gives (ORD-20, ORD-21).

Pages go on by key: none counts or skips what it does not show. Words are looked up in the databases' own indexes.
"""

import re
from datetime import date, timedelta
from itertools import combinations
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from storefront import orders
from storefront.admin import finding, order_filter
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.orders import words
from storefront.orders.criteria import FLAGS, Criteria, conditions
from storefront.orders.models import Order, OrderNote
from storefront.payments.models import Bill, DeskRow

from counter import CLERK, comes_in
from merchant import at_console


@pytest.fixture
def found(play):
    """A shop with orders of many kinds; a function that gives the numbers of those that match."""
    play.shelves(mug=30, poster=30)
    for goods in ({"mug": 1}, {"poster": 2}, {"mug": 2, "poster": 1}):
        play.quick_order(**goods)
        play.quickly_paid(**goods)
    sent, noted, disputed = (play.quickly_paid(**goods) for goods in ({"mug": 1}, {"poster": 1}, {"mug": 1}))
    doubted = play.quickly_at_gateway(mug=1)
    with transaction():
        orders.ship(sent.order.shipments[0].id)
    with transaction():
        db.session.add(OrderNote(order_id=noted.order.id, text="Look here.", actor=CLERK, at=clock.now()))
        alone = db.session.get(Order, noted.order.id)
        for address in (alone.shipping_address, alone.billing_address):
            address.line1, address.city = "5 Łódź Road", "Kraków"
        words.index(alone)
    play.gateway_says("paid", doubted.bill, amount="1")
    at_console(play, disputed.bill, "Charge back")
    with transaction():
        db.session.scalars(select(DeskRow).filter_by(order_id=disputed.order.id)).one().assignee = CLERK
        for number, order in enumerate(play_orders()):
            order.placed_at -= timedelta(days=number % 4)

    def found(criteria: Criteria) -> list[str]:
        db.session.rollback()
        return sorted(db.session.scalars(select(Order.number).where(*conditions(criteria))))

    return found


def play_orders() -> list[Order]:
    """Every order, oldest first."""
    return list(db.session.scalars(select(Order).order_by(Order.id)))


def by_hand(criteria: Criteria) -> list[str]:
    """The same, read row by row in Python."""
    return sorted(order.number for order in play_orders() if all(ask(order) for ask in _asked(criteria)))


def _asked(criteria):
    bills = {order_id: [] for order_id in db.session.scalars(select(Order.id))}
    for bill in db.session.scalars(select(Bill)):
        bills[bill.order_id].append(bill)
    desk = {row.order_id: row for row in db.session.scalars(select(DeskRow).filter_by(status="OPEN"))}
    notes = set(db.session.scalars(select(OrderNote.order_id)))
    said = lambda order: words.words_of(*order.shipping_address.as_dict().values())  # noqa: E731
    flags = {
        "desk": lambda order: order.id in desk,
        "unread": lambda order: order.id in desk and not desk[order.id].assignee,
        "note": lambda order: order.id in notes,
        "dispute": lambda order: any(bill.status == "DISPUTED" for bill in bills[order.id]),
    }
    asked = {
        "sku": lambda order: criteria.sku in [line.sku for line in order.lines],
        "status": lambda order: order.status == criteria.status,
        "payment": lambda order: order.payment_status == criteria.payment,
        "fulfilment": lambda order: order.fulfilment_status == criteria.fulfilment,
        "shipment": lambda order: criteria.shipment in [parcel.status for parcel in order.shipments],
        "reference": lambda order: criteria.reference in [bill.reference for bill in bills[order.id]],
        "address": lambda order: all(word in said(order) for word in words.words_of(criteria.address)),
        "name": lambda order: order.shipping_address.name.lower().startswith(criteria.name.lower()),
        "email": lambda order: order.email == criteria.email,
        "since": lambda order: order.placed_at.date() >= criteria.since,
        "until": lambda order: order.placed_at.date() <= criteria.until,
        "least": lambda order: order.total_minor >= criteria.least,
        "most": lambda order: order.total_minor <= criteria.most,
        "currency": lambda order: order.currency == criteria.currency,
        "number": lambda order: order.number == criteria.number,
    }
    for name, ask in asked.items():
        if getattr(criteria, name) not in (None, ""):
            yield ask
    yield from (flags[name] for name in criteria.flags)


def some(first: Order, bill: Bill) -> list[dict]:
    """One example of each criterion."""
    today = date.today()  # noqa: DTZ011 - the shop's day in winter is UTC's
    return [
        {"sku": "MUG"},
        {"status": "PROCESSING"},
        {"payment": "PAID"},
        {"fulfilment": "SHIPPED"},
        {"shipment": "RELEASED"},
        {"reference": bill.reference},
        {"address": "galway quay"},
        {"address": "lodz krakow"},
        {"name": "ALICE b"},
        {"email": first.email},
        {"since": today - timedelta(days=1)},
        {"until": today - timedelta(days=2)},
        {"least": 2000},
        {"most": first.total_minor},
        {"currency": "EUR"},
        {"number": first.number},
        {"flags": frozenset({"desk"})},
        {"flags": frozenset({"unread"})},
        {"flags": frozenset({"note"})},
        {"flags": frozenset({"dispute"})},
    ]


def test_every_criterion_and_every_pair_equals_the_hand_query(found):
    """ORD-20, ORD-21: alone and two by two; each of them finds something, and not everything but by currency."""
    examples = some(play_orders()[0], db.session.scalars(select(Bill)).first())
    known = len(play_orders())
    for one in examples:
        numbers = found(Criteria(**one))
        assert numbers == by_hand(Criteria(**one)) and numbers, one
        assert len(numbers) < known or set(one) & {"currency", "email", "name"}, one
    for one, other in combinations(examples, 2):
        if not set(one) & set(other):
            assert found(Criteria(**one, **other)) == by_hand(Criteria(**one, **other)), (one, other)
    everything = Criteria(sku="MUG", payment="PAID", status="SHIPPED", least=1, until=date(2999, 1, 1), address="quay")
    assert found(everything) == by_hand(everything) != []
    assert found(Criteria(flags=frozenset(FLAGS))) == by_hand(Criteria(flags=frozenset(FLAGS))) == []
    assert Criteria().empty and found(Criteria()) == by_hand(Criteria())


def test_whatever_is_typed_is_only_words(found):
    """No operator of either index is ever reached; letters of any width are the same, and no word finds nothing."""
    for typed in ("'", '"', "quay & galway", "quay:*", "-- ", "(", "a" * 99, "\u202e", "ｑｕａｙ", "*"):
        wanted = by_hand(Criteria(address=typed)) if words.words_of(typed) else []
        assert found(Criteria(address=typed)) == wanted, typed


def test_all_words_must_be_there_and_whole(found):
    """In any order, without capitals and accents."""
    assert found(Criteria(address="GALWAY quay")) == found(Criteria(address="quay galway")) != []
    assert found(Criteria(address="qua galway")) == found(Criteria(address="quay krakow")) == []


def test_staff_combine_filters_in_the_list(play, found):
    """The form keeps what was asked, the page and the file show the same; nonsense is told or left out."""
    carol = comes_in(play)
    page = carol.get("/admin/orders?sku=MUG&payment=PAID&flag=note&flag=desk&least=1.00")
    assert page.has("No order fits that") and 'value="MUG"' in page.html and page.html.count(" checked") >= 2
    numbers = by_hand(Criteria(sku="MUG", payment="PAID", shipment="RELEASED"))
    page = carol.get("/admin/orders?sku=MUG&payment=PAID&shipment=RELEASED")
    assert sorted(set(re.findall(r"K-\d+", page.text))) == numbers != []
    file = carol.get("/admin/orders.csv?sku=MUG&payment=PAID&shipment=RELEASED").answer.text
    assert sorted(re.findall(r"^(K-\d+)", file, re.M)) == numbers
    for wrong in ("least=a", "most=-1", "most=99999999999999999999"):
        page = carol.get(f"/admin/orders?{wrong}")
        assert page.status == 400 and page.title.startswith("Error:"), wrong
    assert carol.get("/admin/orders?flag=x&payment=x&customer=x&sku=%00").status in (200, 400)


def test_a_list_goes_on_from_the_last_order_with_every_filter(play, found):
    """Next and Previous keep what was asked for."""
    seen, page = [], finding.find(finding.Wish(criteria=Criteria(sku="MUG")), 2)
    while True:
        seen += [order.number for order in page.orders]
        if not page.after:
            break
        wish = finding.Wish(criteria=Criteria(sku="MUG"), cursor=finding.read_cursor(page.after))
        page = finding.find(wish, 2)
    assert sorted(seen) == found(Criteria(sku="MUG"))
    criteria, wrong = order_filter.read(asked_by("sku=MUG&least=12.50&flag=note"))
    assert not wrong and order_filter.written(criteria)["least"] == "12.50"


def asked_by(query: str):
    """What the address of the list asks for."""
    return MultiDict(parse_qsl(query))
