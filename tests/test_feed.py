"""Other systems read events and orders by token, and a reader who goes on never misses one.

Proves EVT-01, EVT-02, EVT-03, EVT-04, EVT-05, EVT-07, EVT-09, EVT-10, ORD-10, ROL-09 (the pull side).
"""

import threading

import pytest
from sqlalchemy import func, select, update

from storefront import api, orders
from storefront.api.models import ApiToken
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.events import OrderEvent

from counter import CLERK, comes_in, trail

EVENTS, ORDERS, PERSONAL = "events:read", "orders:read", "orders:personal"


class Reader:
    """Another system with its token."""

    def __init__(self, play, *scopes, token=None):
        self.visitor, self.after = play.visitor("warehouse"), "0"
        if token is None:
            with transaction():
                token = api.make_token("warehouse", scopes or (EVENTS, ORDERS), by="carol")[1]
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path, **params):
        """One page of JSON."""
        return self.visitor.get(path, params=params, headers=self.headers)

    def go_on(self, limit=100):
        """Everything since the last time."""
        told = []
        while True:
            page = self.get("/api/events", after=self.after, limit=limit).json()
            told, self.after = told + page["events"], page["next"]
            if not page["more"]:
                return told


@pytest.fixture
def warehouse(play):
    """A system that may read events and orders."""
    play.shelves(mug=9)
    return Reader(play)


def test_the_life_of_an_order_is_told_once_and_in_order(play, warehouse):
    """From the confirmation to the parcel, each thing that happened stands in the feed once. EVT-01, 02, 04, 05, 07."""
    order = play.quickly_paid(mug=2).order
    with transaction():
        orders.ship(order.shipments[0].id)
    play.run("publish_events")
    told = [one for one in warehouse.go_on(limit=3) if one["order"] and one["order"]["number"] == order.number]
    types = [one["type"] for one in told]
    for once in ("ORDER_CREATED", "ORDER_HELD", "ORDER_PAID", "ORDER_RELEASED", "ORDER_SHIPMENT_CREATED",
                 "ORDER_SHIPMENT_SHIPPED", "ORDER_SHIPPED"):  # fmt: skip
        assert types.count(once) == 1, once
    assert [one["order"]["sequence"] for one in told] == list(range(1, len(told) + 1))
    assert len({one["id"] for one in told}) == len(told)
    play.run("publish_events")
    assert warehouse.go_on() == []


def test_a_cancelled_order_says_why(play, warehouse):
    """The end of an order is told with its reason. EVT-03."""
    order = play.quick_order(mug=1).order
    with transaction():
        orders.cancel_by_shopper(order.id)
    play.run("publish_events")
    (told,) = [one for one in warehouse.go_on() if one["type"] == "ORDER_CANCELLED"]
    assert told["data"]["reason"] == "shopper"


def test_events_of_extensions_travel_with_what_they_carry(play, warehouse):
    """A type that the shop has never heard of, and a payload of any shape, come out as they went in. EVT-10."""
    order = play.quick_order(mug=1).order
    payload = {"ribbon": "red", "words": ["für", "Ælla"], "deep": {"n": 3, "none": None}}
    with transaction():
        orders.locked(order.id)
        events.record("ENGRAVING_DONE", order.id, **payload)
    play.run("publish_events")
    (told,) = warehouse.get("/api/events", types="ENGRAVING_*").json()["events"]
    assert (told["type"], told["data"], told["order"]["number"]) == ("ENGRAVING_DONE", payload, order.number)


@pytest.mark.only_on("postgresql")
def test_what_is_written_first_and_committed_last_is_not_missed(play, warehouse):
    """Ids out of the order of their commits: whoever has read beyond still gets the event that became visible later."""
    written, go = threading.Event(), threading.Event()

    def slow():
        with play.app.app_context(), transaction():
            events.record("SLOW_ONE")
            written.set()
            go.wait(30)

    slow_one = threading.Thread(target=slow)
    slow_one.start()
    written.wait(30)
    with transaction():
        events.record("QUICK_ONE")
    play.run("publish_events")
    assert [one["type"] for one in warehouse.go_on() if one["type"].endswith("ONE")] == ["QUICK_ONE"]
    go.set()
    slow_one.join()
    play.run("publish_events")
    assert [one["type"] for one in warehouse.go_on()] == ["SLOW_ONE"]
    by_id = list(db.session.scalars(select(OrderEvent.type).order_by(OrderEvent.id)))
    assert by_id.index("SLOW_ONE") < by_id.index("QUICK_ONE")


def test_two_who_publish_at_once_give_no_place_twice(play, warehouse):
    """Two schedulers at the same instant: each event has one place, and there is no gap between places."""
    for _ in range(3):
        play.quick_order(mug=1)
    start = threading.Barrier(3)

    def publish():
        with play.app.app_context():
            start.wait(30)
            from storefront.jobs.feed import publish_events

            publish_events()
            db.session.remove()

    play.look_again()
    threads = [threading.Thread(target=publish) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    play.look_again()
    count, highest = db.session.execute(
        select(func.count(OrderEvent.feed_position.distinct()), func.max(OrderEvent.feed_position))
    ).one()
    assert count == highest == db.session.scalar(select(func.count()).select_from(OrderEvent))


def test_who_is_not_let_in_is_told_why(play, warehouse):
    """No token, a wrong one, a revoked one, one without the scope: 401 or 403 with a sentence, never a page."""
    nobody = play.visitor()
    for header in ("", "Bearer ", "Bearer sft_nonsense", "Basic YTpi", "Bearer \u00fc"):
        page = nobody.get("/api/events", headers={"Authorization": header.encode()} if header else {})
        assert page.status == 401
        assert page.headers["WWW-Authenticate"].startswith("Bearer")
        assert page.json()["error"] == "unauthorized"
        assert page.json()["message"].endswith((".", "…")) and page.json()["fields"] == {}
    only_events = Reader(play, EVENTS)
    page = only_events.get("/api/orders")
    assert (page.status, page.json()["error"]) == (403, "forbidden")
    assert "orders:read" in page.json()["message"]
    with transaction():
        api.revoke(db.session.scalar(select(func.max(ApiToken.id))))
    assert only_events.get("/api/events").status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/api/events?after=-1",
        "/api/events?after=x",
        "/api/events?after=99999999999999999999999",
        "/api/events?limit=0",
        "/api/events?limit=501",
        "/api/events?limt=5",
        "/api/events?types=" + ",".join(f"A{n}" for n in range(1200)),
        "/api/orders?placed_from=tomorrow",
        "/api/orders?total_from=1.5",
        "/api/orders?after=x-y",
        "/api/orders?after=4611686018427387904-1",
        "/api/orders?colour=red",
        "/api/orders?flags=odd",
    ],
)
def test_what_cannot_be_read_is_400_with_a_sentence(warehouse, path):
    """A slip of the pen is said, with the parameter that has it, and does not look as if everything fitted."""
    page = warehouse.get(path)
    assert page.status == 400, page.answer.text
    told = page.json()
    assert told["message"] and told["fields"] == {path.partition("?")[2].partition("=")[0]: [told["message"]]}


def test_nothing_new_costs_nothing(play, warehouse):
    """The same answer has the same ETag, and whoever shows it gets 304 until something happens."""
    play.quick_order(mug=1)
    play.run("publish_events")
    warehouse.go_on()
    tag = warehouse.get("/api/events", after=warehouse.after).headers["ETag"]
    warehouse.headers["If-None-Match"] = tag
    assert warehouse.get("/api/events", after=warehouse.after).status == 304
    play.quick_order(mug=1)
    play.run("publish_events")
    assert warehouse.get("/api/events", after=warehouse.after).status == 200


def test_who_asks_too_often_waits(play, warehouse, rate_limits):
    """300 questions a minute for a token, then 429 with a sentence."""
    answers = [warehouse.visitor.http.get(f"{play.url}/api/openapi.json", timeout=30).status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]
    refused = warehouse.get("/api/openapi.json")
    assert refused.json()["message"]
    assert warehouse.get("/api/events").status == 200


def test_orders_are_found_by_criteria_that_combine(play, warehouse):
    """State (and its other word), article, payment, dates, together; a page at a time, none twice. ORD-10, ORD-20."""
    paid, held = play.quickly_paid(mug=2), play.quick_order(mug=1)

    def found(**asked):
        return [one["number"] for one in warehouse.get("/api/orders", **asked).json()["orders"]]

    assert found() == [held.order.number, paid.order.number]
    assert found(status="IN_PROGRESS") == found(status="processing") == [paid.order.number]
    assert found(sku="MUG", payment_status="PAID", total_from="1", placed_from="2020-01-01") == [paid.order.number]
    assert found(reference=held.bill.reference) == [held.order.number]
    assert found(sku="MUG", status="CANCELLED") == []
    assert found(shipment_status="RELEASED", currency="eur", number=paid.order.number) == [paid.order.number]
    assert found(flags="desk") == []
    first = warehouse.get("/api/orders", limit=1).json()
    second = warehouse.get("/api/orders", limit=1, after=first["next"]).json()
    assert [one["number"] for one in first["orders"] + second["orders"]] == found()
    assert (first["more"], second["more"]) == (True, False)


def test_nobody_is_named_to_who_may_not_know(play, warehouse):
    """Without the scope neither an event nor an order says whose it is; with it the address is there."""
    order = play.quickly_paid(mug=1).order
    play.run("publish_events")
    plain = warehouse.get("/api/events").answer.text + warehouse.get(f"/api/orders/{order.number}").answer.text
    for word in ("alice", "Byrne", "Quay Street", "Galway"):
        assert word not in plain
    for asked in ({"email": "alice@example.com"}, {"name": "Alice"}, {"address": "Quay"}):
        assert warehouse.get("/api/orders", **asked).status == 403
    knowing = Reader(play, EVENTS, ORDERS, PERSONAL)
    told = knowing.get(f"/api/orders/{order.number}").json()
    assert told["shipping_address"]["name"] == "Alice Byrne"
    for asked in ({"email": "Alice@example.com"}, {"name": "alice b"}, {"address": "galway quay"}):
        assert [one["number"] for one in knowing.get("/api/orders", **asked).json()["orders"]] == [order.number]
    assert warehouse.get("/api/orders/K-404").status == 404


def test_the_owner_makes_a_token_that_is_shown_once(play, warehouse):
    """It opens what was ticked, is kept as a hash, is seen in use, and opens nothing once it is revoked; no clerk."""
    carol = comes_in(play)
    carol.get("/admin/tokens")
    page = carol.press("Make token", {"Whose is it?": "Accounting"})
    (secret,) = [word for word in page.text.split() if word.startswith("sft_")]
    assert not carol.get("/admin/tokens").has(secret)
    row = db.session.scalars(select(ApiToken).filter_by(name="Accounting")).one()
    assert secret not in str(vars(row))
    reader = Reader(play, token=secret)
    assert reader.get("/api/orders").status == 200
    play.look_again()
    assert db.session.get_one(ApiToken, row.id).last_used_at
    carol.get("/admin/tokens")
    carol.press("Revoke")
    assert reader.get("/api/orders").status == 401
    assert trail()[-2:] == ["make: API token Accounting", "revoke: API token Accounting"]
    henry = comes_in(play, CLERK, "staff")
    assert henry.get("/admin/tokens").status == 403
    assert henry.get("/admin/webhooks").status == 403
    carol.get("/admin/tokens")
    nothing = carol.press("Make token", {"Whose is it?": "Nobody", "events": None, "orders": None})
    assert nothing.status == 400


def test_the_description_names_what_there_is(play, warehouse):
    """Each address of the API stands in its OpenAPI description, with the parameters that it takes."""
    described = warehouse.get("/api/openapi.json").json()
    rules = {rule.rule for rule in play.app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert {path.replace("{number}", "<number>") for path in described["paths"]} == rules - {"/api/openapi.json"}
    for path, known in described["paths"].items():
        for one in known["get"]["parameters"]:
            if one["in"] == "query":
                page = warehouse.get(path, **{one["name"]: "1" if one["name"] not in ("after",) else ""})
                assert "no parameter" not in page.answer.text


def test_old_events_come_to_the_feed_too(play, warehouse):
    """What happened before the feed was there stands in it, in its order: an upgrade loses no history."""
    order = play.quickly_paid(mug=1).order
    play.run("publish_events")
    with transaction():
        db.session.execute(update(OrderEvent).values(feed_position=None))
    play.run("publish_events")
    told = [one["order"]["sequence"] for one in warehouse.go_on() if one["order"]]
    assert told == [event.seq for event in events.of_order(order.id)]
