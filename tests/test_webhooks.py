"""Other systems are told what happens: signed, at least once, with a stable id, the events of an order in their order.

Proves ROL-09, ACT-27, EVT-09 and the owner's page for it.
"""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from storefront import orders, webhooks
from storefront.kit import clock, events
from storefront.kit.db import db, transaction
from storefront.kit.errors import Invalid
from storefront.kit.events import OrderEvent, OutboxMessage
from storefront.webhooks.models import WebhookEndpoint, WebhookTry
from storefront.webhooks.sending import GAPS
from storefront.webhooks.signing import headers, signature

from consumer import Consumer, fits
from counter import comes_in, trail
from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")


@pytest.fixture
def consumer(play):
    """Another system that is told of everything about orders, and checks every signature."""
    play.shelves(mug=20)
    with Consumer() as consumer:
        with transaction():
            endpoint, consumer.secret = webhooks.add(consumer.url, ["*"])
        consumer.id = endpoint.id
        yield consumer


def tell(play, times=1):
    """Everything that is due goes out."""
    for _ in range(times):
        play.run("publish_events")
        play.run("deliver_webhooks")


def endpoint_of(consumer):
    """The row of an address as it is now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(WebhookEndpoint, consumer.id)


def endpoint_row():
    """The only address that there is, as it is now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(WebhookEndpoint)).one()


def everything():
    """The types of all events, as they were published."""
    return list(db.session.scalars(select(OrderEvent.type).order_by(OrderEvent.feed_position)))


def test_the_signature_is_that_of_the_specification():
    """The published example of Standard Webhooks comes out to the letter."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    known = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}') == known
    assert fits(secret, headers([secret], "a", 1, b"{}"), b"{}")
    assert not fits(secret, headers([secret], "a", 1, b"{}"), b"{ }")


def test_a_web_service_is_called_once_on_each_checkout(play, consumer):
    """One confirmed checkout, one call that says so, signed, naming the order and nobody. ACT-27."""
    with transaction():
        webhooks.change(consumer.id, consumer.url, ["ORDER_CREATED"], personal=False)
    order = play.quick_order(mug=1).order
    tell(play, times=3)
    ((message_id, told, sent),) = consumer.calls
    assert (told["type"], told["order"]["number"], told["id"]) == ("ORDER_CREATED", order.number, message_id)
    assert consumer.bad == 0
    assert sent["Content-Type"] == "application/json"
    assert "alice" not in json.dumps(told).lower()


def test_each_event_once_and_in_order_whatever_fails(play, consumer):
    """Refusals, lost answers, a crash between call and note: each event once, in the order of its order. ROL-09."""
    first = play.quickly_paid(mug=1).order
    consumer.says = [500, 200, 302, 503, 200, 404]
    tell(play)
    second = play.quickly_paid(mug=2).order
    with transaction():
        orders.ship(first.shipments[0].id)
    consumer.forget = True  # it takes what it gets, and dies before it answers
    play.wait(minutes=2)
    tell(play)
    consumer.forget = False
    with transaction():  # the shop died between a call and its note: the row says that it is being sent
        sent = select(OutboxMessage.id).filter_by(kind="webhook", status="SENT").order_by(OutboxMessage.id.desc())
        claimed = db.session.scalars(sent.limit(1)).one()
        left = {"status": "SENDING", "next_try_at": clock.now() + timedelta(minutes=5)}
        db.session.execute(update(OutboxMessage).filter_by(id=claimed).values(**left))
    for gap in GAPS[:4]:
        play.wait(seconds=gap.total_seconds() + 301)
        tell(play, times=2)
    for order in (first, second):
        assert consumer.of_order(order.number) == [event.seq for event in events.of_order(order.id)]
    assert sorted(consumer.types()) == sorted(everything())
    assert len(consumer.calls) > len(consumer.seen)
    assert consumer.bad == 0


def test_two_schedulers_call_once(play, consumer):
    """Both see the same messages due, and each goes out once."""
    play.quickly_paid(mug=1)
    play.run("publish_events")
    play.look_again()

    def deliver():
        with play.app.app_context():
            from storefront.jobs.feed import deliver_webhooks

            deliver_webhooks()
            db.session.remove()

    at_once(deliver, deliver, deliver)
    tell(play)
    ids = [message_id for message_id, _told, _sent in consumer.calls]
    assert len(ids) == len(set(ids)) == len(everything())


def test_an_order_waits_behind_its_own_failure_and_no_other(play, consumer):
    """The first event of an order is refused: its later ones wait for it, those of another order do not."""
    stuck = play.quick_order(mug=1).order
    consumer.says = [500]
    tell(play)
    other = play.quick_order(mug=1).order
    tell(play)
    assert consumer.of_order(stuck.number) == []
    assert consumer.of_order(other.number) == [event.seq for event in events.of_order(other.id)]
    play.wait(minutes=1, seconds=1)
    tell(play)
    assert consumer.of_order(stuck.number) == [event.seq for event in events.of_order(stuck.id)]


def test_eight_tries_in_a_day_then_the_address_rests_and_loses_nothing(play, consumer):
    """The gaps grow; after a day without any success it is off, the owner has a letter; on again it hears it all."""
    assert len(GAPS) == 7
    assert sorted(GAPS) == GAPS
    assert timedelta(hours=23) < sum(GAPS, timedelta()) <= timedelta(hours=24)
    with transaction():
        webhooks.change(consumer.id, consumer.url, ["ORDER_CREATED", "ORDER_CANCELLED"], personal=False)
    order = play.quick_order(mug=1).order
    consumer.says = [500] * 8
    tell(play)
    for gap in GAPS:
        assert endpoint_of(consumer).active
        play.wait(seconds=gap.total_seconds() - 1)
        tell(play)
        calls = len(consumer.calls)
        play.wait(seconds=2)
        tell(play)
        assert len(consumer.calls) == calls + 1
    assert len(consumer.calls) == 8
    assert not endpoint_of(consumer).active
    play.run("deliver_events")
    assert [letter for letter in play.letters() if "127.0.0.1" in letter]
    with transaction():
        orders.cancel_by_shopper(order.id)
    tell(play, times=2)
    assert consumer.seen == []
    with transaction():
        webhooks.switch_on(consumer.id)
    tell(play, times=2)
    assert consumer.types() == ["ORDER_CREATED", "ORDER_CANCELLED"]


def test_one_message_that_is_never_taken_is_given_up_alone(play, consumer):
    """Others get through: after eight tries it is given up, the address stays on, and the owner sends it again."""
    with transaction():
        webhooks.change(consumer.id, consumer.url, ["ORDER_CREATED"], personal=False)
    play.quick_order(mug=1)
    for gap in (timedelta(0), *GAPS):
        play.wait(seconds=gap.total_seconds() + 1)
        consumer.says = [400]
        tell(play)
        play.quick_order(mug=1)
        tell(play)
    play.look_again()
    (given_up,) = db.session.scalars(select(OutboxMessage).filter_by(kind="webhook", status="FAILED"))
    assert endpoint_of(consumer).active
    outcomes = db.session.scalars(select(WebhookTry.outcome).filter_by(outbox_id=given_up.id).order_by(WebhookTry.id))
    assert list(outcomes) == ["refused"] * 7 + ["given_up"]
    taken = len(consumer.seen)
    carol = comes_in(play)
    page = carol.get(f"/admin/webhooks/{consumer.id}")
    assert page.has("Given up")
    row = next(n for n, one in enumerate(webhooks.deliveries(consumer.id)) if one.message.id == given_up.id)
    carol.press("Send again", nth=row)
    tell(play)
    assert len(consumer.seen) == taken + 1
    assert trail()[-1].startswith("replay: webhook")


def test_who_is_gone_is_told_nothing_more(play, consumer):
    """An answer of 410 switches the address off at once."""
    play.quick_order(mug=1)
    consumer.says = [410]
    tell(play)
    assert not endpoint_of(consumer).active
    assert len(consumer.calls) == 1


def test_a_redirect_leads_nowhere(play, consumer):
    """No redirect is followed: it is a refusal."""
    play.quick_order(mug=1)
    consumer.says = [307]
    tell(play)
    assert endpoint_of(consumer).failures == 1


def test_both_secrets_sign_while_one_replaces_the_other(play, consumer):
    """The owner makes a new secret: the other side may know either for a day, and the new one alone after it."""
    old = consumer.secret
    carol = comes_in(play)
    carol.get(f"/admin/webhooks/{consumer.id}")
    page = carol.press("New secret")
    (new,) = [word for word in page.text.split() if word.startswith("whsec_")]
    for valid in (old, new):
        consumer.secret = valid
        play.quick_order(mug=1)
        tell(play)
    assert consumer.bad == 0
    play.wait(hours=25)
    play.quick_order(mug=1)
    tell(play)
    assert consumer.bad == 0
    consumer.secret = old
    play.quick_order(mug=1)
    tell(play)
    assert consumer.bad == 1
    assert not carol.get(f"/admin/webhooks/{consumer.id}").has("whsec_")
    assert new not in endpoint_of(consumer).secret


def test_the_owner_adds_an_address_tests_it_and_takes_it_away(play):
    """Everything on the page: add, test, off, on, remove, each in the trail; a clerk is not let in."""
    play.shelves(mug=3)
    carol = comes_in(play)
    with Consumer() as consumer:
        carol.get("/admin/webhooks")
        page = carol.press("Add address", {"Address": consumer.url, "Events": "order_paid  BILL_*"})
        (consumer.secret,) = [word for word in page.text.split() if word.startswith("whsec_")]
        (row,) = webhooks.endpoints()
        assert row.topics == ["ORDER_PAID", "BILL_*"]
        carol.get(f"/admin/webhooks/{row.id}")
        assert carol.press("Save address").has("Saved.")  # nothing was typed, and nothing is other than before
        assert endpoint_row().topics == ["ORDER_PAID", "BILL_*"]
        assert carol.press("Send a test").has("was taken (200)")
        assert [told["type"] for _id, told, _sent in consumer.calls] == ["PING"]
        consumer.says = [418]
        assert carol.press("Send a test").has("418: fine")
        carol.press("Switch off")
        play.quickly_paid(mug=1)
        tell(play)
        assert len(consumer.calls) == 2
        carol.get(f"/admin/webhooks/{row.id}")
        carol.press("Switch on")
        tell(play)
        assert set(consumer.types()) == {"PING", "ORDER_PAID", *(t for t in everything() if t.startswith("BILL_"))}
        carol.get(f"/admin/webhooks/{row.id}")
        carol.press("Save address", {"Events": "ORDER_*", "Tell whose order it is: name, addresses, e-mail": "y"})
        order = play.quickly_paid(mug=1).order
        tell(play)
        assert consumer.seen[-1]["order"]["shipping_address"]["name"] == order.shipping_address.name
        carol.get(f"/admin/webhooks/{row.id}")
        carol.press("Remove address")
        assert webhooks.endpoints() == []
    deeds = [deed.split(":")[0] for deed in trail() if "webhook" in deed]
    assert deeds == ["add", "test", "test", "switch off", "switch on", "change", "remove"]


@pytest.mark.parametrize(
    "url", ["", "ftp://example.com/", "https://user:pass@example.com/", "https://exa mple.com", "nonsense", "https://["]
)
def test_addresses_that_cannot_be_are_refused_with_a_sentence(play, url):
    """The form comes back with its words and says what is wrong."""
    play.shop()
    carol = comes_in(play)
    carol.get("/admin/webhooks")
    page = carol.press("Add address", {"Address": url})
    assert page.status == 400
    assert page.has("There is a problem")
    assert webhooks.endpoints() == []


def test_a_live_shop_calls_nobody_inside_its_own_network(play, consumer, monkeypatch):
    """In a live shop only https is taken, and an address that leads into a private network is not called."""
    play.quick_order(mug=1)
    monkeypatch.setitem(play.app.config, "LIVE", True)
    tell(play)
    assert consumer.calls == []
    row = db.session.scalars(select(WebhookTry).order_by(WebhookTry.id)).first()
    assert (row.outcome, row.status) == ("unreachable", None)
    assert "private network" in row.answer
    with pytest.raises(Invalid), transaction():
        webhooks.add("http://example.com/", ["*"])


def test_a_slow_address_holds_up_no_other(play, consumer):
    """Nobody listens at one address: the other hears everything in the same run."""
    with transaction():
        dead, _secret = webhooks.add("http://127.0.0.1:9/", ["*"])
        db.session.execute(update(WebhookEndpoint).filter_by(id=dead.id).values(position=0))
    play.quick_order(mug=1)
    tell(play)
    assert sorted(consumer.types()) == sorted(everything())
