"""A gateway that falls silent is noticed, its owner is told once and why, and told once more when it speaks again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from storefront.kit import clock, events
from storefront.kit.db import db, transaction
from storefront.kit.events import OrderEvent
from storefront.payments.models import GatewayConfig, InboxMessage

from counter import comes_in


def paid(play, scenario: str, count: int = 1):
    """So many orders, paid with a scenario; ten minutes later."""
    play.shelves(mug=100)
    for _ in range(count):
        placed = play.quickly_at_gateway(mug=1)
        placed.shopper.press("Pay", scenario=scenario)
    play.wait(minutes=11)
    return placed


def listened(play) -> tuple[bool, str]:
    """Whether the gateway counts as silent once the job has run, and the likely cause."""
    assert play.run("notice_silence")["failed"] == 0
    config = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
    return config.silent_since is not None, config.silent_cause


def letters(play) -> list[str]:
    """What the owner read about it."""
    play.run("deliver_events")
    return [words for words in play.letters() if "silent" in words or "heard again" in words]


def test_all_is_well(play):
    """Messages come, however late the shopper does: nothing is said. NOT-05."""
    paid(play, "before", 4)
    assert (listened(play), letters(play)) == ((False, ""), [])


def test_the_address_is_wrong(play, smtp):
    """Three shoppers paid, the gateway says so when asked, and no message came: told once, with the address.
    NOT-06, BIL-10."""
    paid(play, "never", 2)
    assert listened(play) == (False, "")
    paid(play, "never")
    for _ in range(3):
        assert listened(play) == (True, "address")
    play.run("deliver_events")
    (letter,) = [one.content.decode() for one in smtp.letters if b"has fallen silent" in one.content]
    assert "/payments/sandbox/notify" in letter.replace("=\r\n", "")
    carol = comes_in(play)
    for page in ("/admin/", "/admin/payments"):
        assert carol.get(page).has("do not reach us"), page


def test_a_small_shop_hears_nothing_for_days(play):
    """One payment in two days: of the last three not one was spoken of, and the owner is told. NOT-06."""
    for scenario in ("never", "never", "before", "never", "never"):
        paid(play, scenario)
        play.wait(days=2)
        assert listened(play) == (False, ""), scenario
    paid(play, "never")
    assert listened(play) == (True, "address")


def test_the_key_is_wrong(play):
    """Messages do come, but none with a right signature: the key is named. NOT-11."""
    paid(play, "bad_signature", 3)
    play.gateway_is_back()
    paid(play, "never", 3)
    assert listened(play) == (True, "key")


def test_the_gateway_is_down(play):
    """It answers no question either: it is said to be down. RACE-48."""
    paid(play, "never", 3)
    play.gateway_is_away()
    assert listened(play) == (True, "down")


def test_only_an_authentic_message_is_heard(play):
    """What anybody may have sent does not count as heard; a message counts when it came, not when it is read.
    NOT-11, SEC-05."""
    play.shelves(mug=9)
    placed = play.quickly_at_gateway(mug=1)
    heard = lambda: db.session.scalar(select(GatewayConfig.last_notice_at).filter_by(name="sandbox"))  # noqa: E731
    for forged in ({**play.message("paid", placed.bill), "amount": "1"}, b"nonsense"):
        assert play.notify(forged).status == 400
    play.look_again()
    assert heard() is None
    assert play.gateway_says("paid", placed.bill) == 200
    play.look_again()
    first = heard()
    assert first == db.session.scalar(select(InboxMessage.received_at).order_by(InboxMessage.id.desc()).limit(1))
    play.wait(hours=1)
    assert play.gateway_says("paid", placed.bill) == 200, "said twice: nothing changes, and it was heard"
    play.look_again()
    assert heard() > first


def test_it_speaks_again(play):
    """The note goes by itself with the first message that comes, and with one letter; not by waiting alone. NOT-05."""
    paid(play, "never", 3)
    assert listened(play)[0]
    play.wait(days=2)
    assert listened(play)[0]
    paid(play, "before")
    assert listened(play) == (False, "")
    assert listened(play) == (False, "")
    assert letters(play) == [
        "The Test Shop: sandbox has fallen silent",
        "The Test Shop: sandbox is heard again",
    ]
    assert not comes_in(play).get("/admin/").has("has fallen silent")


def test_shoppers_who_do_not_come_back_prove_nothing(play):
    """Nobody came back and nobody paid: silence is right. NOT-05."""
    play.shelves(mug=10)
    for _ in range(4):
        play.quickly_at_gateway(mug=1)
    play.wait(minutes=11)
    assert listened(play) == (False, "")


def test_late_messages_are_waited_for(play):
    """Within ten minutes a message is not missing. NOT-04."""
    play.shelves(mug=10)
    for _ in range(4):
        play.quickly_at_gateway(mug=1).shopper.press("Pay", scenario="never")
    assert listened(play) == (False, "")


def rhythm(play, weeks: tuple[int, ...], each: int, leavings: int | None = None) -> None:
    """So many messages an hour ago, so many weeks back, and as many shoppers who left."""
    play.shop()
    with transaction():
        now = clock.now()
        for week in weeks:
            at = now - timedelta(weeks=week, minutes=30)
            for place in range(each):
                db.session.add(
                    InboxMessage(
                        backend="sandbox",
                        channel="notify",
                        method="POST",
                        headers={},
                        body=b"",
                        received_at=at,
                        outcome="APPLIED",
                        event_key=f"{week}-{place}",
                    )
                )
            for _ in range(each if leavings is None else leavings):
                left = events.record("BILL_REDIRECTED", None)
                db.session.get_one(OrderEvent, left.id).at = at


@pytest.mark.parametrize(
    ("now", "left", "silent"), [(12, 12, False), (9, 12, False), (8, 12, True), (0, 12, True), (5, 5, False)]
)
def test_a_quarter_of_the_rhythm_is_missing(play, now, left, silent):
    """Twelve messages at this hour in each of four weeks: fewer than nine while as many shoppers leave is an alarm;
    a slow day is none. NOT-06."""
    rhythm(play, (1, 2, 3, 4), 12)
    rhythm(play, (0,), now, left)
    assert listened(play) == (silent, "rhythm" if silent else "")


def test_one_weak_week_forgives(play):
    """The weakest of the weeks counts: after a holiday nobody is woken. NOT-06."""
    rhythm(play, (1, 2, 4), 12)
    rhythm(play, (3,), 8)
    rhythm(play, (0,), 7, 12)
    assert listened(play) == (False, "")
