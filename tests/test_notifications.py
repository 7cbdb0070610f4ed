"""The gateway's server calls: kept before it is understood, applied once, in any order, whatever breaks meanwhile."""

import socket
from itertools import combinations, permutations
from urllib.parse import urlencode

import pytest
from sqlalchemy import event, select

from storefront import orders, payments
from storefront.kit.db import db, transaction
from storefront.payments.gateways import GATEWAYS, sandbox
from storefront.payments.gateways.base import Message
from storefront.payments.models import Bill, GatewayConfig, InboxMessage, LedgerEntry

from purchases import at_once

pytestmark = pytest.mark.usefixtures("right_books")


def ordered(play, **goods):
    """Somebody's order that waits for its money."""
    play.shelves(mug=50)
    return play.quick_order(**(goods or {"mug": 2}))


def state(play, placed):
    """What the books say of an order: its state, its money, its goods, its bill's money."""
    order = play.order_of(placed.bill)
    return order.status, order.payment_status, order.paid_minor, play.ledger_of(placed.bill), play.holds(order)


def test_a_success_pays_once(play):
    """NOT-01, ROL-06, RAC-15: one transition, one ledger row, one receipt; no cookie and no token are needed."""
    placed = ordered(play)
    assert play.gateway_says("paid", placed.bill) == 200
    play.run("deliver_events")
    bill = play.last_bill()
    assert (bill.status, bill.disposition, bill.verified) == ("PAID", "APPLIED", True)
    assert play.rows_of(LedgerEntry) == 1
    assert play.letters() == [f"The Test Shop: order {placed.order.number} paid"]


@pytest.mark.parametrize(
    ("word", "status"), [("declined", "FAILED"), ("cancelled", "CANCELLED"), ("expired", "EXPIRED")]
)
def test_a_bad_end_is_kept_and_the_order_waits(play, word, status):
    """NOT-02, AUD-02, AUD-03, RAC-14: stored raw, the attempt ends, order, goods and cart stay."""
    placed = ordered(play)
    body = urlencode(play.message(word, placed.bill, reason="card_declined")).encode()
    assert play.notify(body).status == 200
    (kept,) = db.session.scalars(select(InboxMessage))
    assert (bytes(kept.body), kept.outcome, kept.signature, kept.channel) == (body, "APPLIED", "ok", "notify")
    assert (play.last_bill().status, play.last_order().status) == (status, "HOLD")
    assert play.cart_lines(placed.order) == {"MUG": 2} and play.holds(placed.order) == {"HELD": 2}


def test_race_05_other_bytes_of_the_same_event_have_no_second_effect(play):
    """NOT-05, rule 5: known by its event, or by its transaction when the event has another name. RACE-05."""
    placed = ordered(play)
    play.gateway_says("paid", placed.bill)
    assert play.gateway_says("paid", placed.bill, at="2026-02-02T00:00:00+00:00") == 200
    assert play.gateway_says("paid", placed.bill, event="renamed") == 200
    assert play.gateway_says("paid", placed.bill, event="") == 200
    assert play.outcomes() == ["APPLIED", "DUPLICATE", "DUPLICATE", "DUPLICATE"]
    assert play.captured(placed.order) == placed.order.due_minor


def test_one_name_for_two_events_loses_no_money(play):
    """Invariant 28: a gateway that names each event after the payment: pending, then paid; both are applied. INV-28."""
    placed = ordered(play)
    for word in ("pending", "paid", "paid", "pending"):
        assert play.gateway_says(word, placed.bill, event="the-payment") == 200
    assert state(play, placed)[:2] == ("PROCESSING", "PAID")
    assert play.outcomes() == ["APPLIED", "APPLIED", "DUPLICATE", "NO_EFFECT"]


def test_two_shoppers_with_the_same_event_name(play):
    """Invariant 28: the name of an event that moved no money may be used for another bill."""
    first, second = ordered(play), ordered(play)
    for placed in (first, second):
        assert play.gateway_says("declined", placed.bill, event="same", transaction="") == 200
    assert [play.bills(one.order)[0].status for one in (first, second)] == ["FAILED", "FAILED"]


def test_race_04_the_same_notification_eight_times_at_once(play):
    """RAC-15, RACE-04, invariant 30: eight threads; one ledger row, one move, all of them answered 2xx."""
    placed = ordered(play)
    body = urlencode(play.message("paid", placed.bill))
    visitors = [play.visitor(str(number)) for number in range(8)]
    pages = at_once(*(lambda one=one: play.notify(body.encode(), one) for one in visitors))
    assert [page.status for page in pages] == [200] * 8
    assert sorted(play.outcomes()) == ["APPLIED"] + ["DUPLICATE"] * 7
    assert play.rows_of(LedgerEntry) == 1
    assert state(play, placed)[0] == "PROCESSING"


def test_race_03_return_and_notification_at_once(play):
    """NOT-03, NOT-04, NOT-05, rule 3: both in the same moment, by two threads; one effect. RACE-03."""
    play.shelves(mug=50)
    for _ in range(3):
        placed = play.quick_order(mug=1)
        fields = {kind: play.message("paid", placed.bill, kind) for kind in ("notify", "return")}
        shopper, server = play.visitor(), play.visitor()
        pages = at_once(
            lambda placed=placed, fields=fields, shopper=shopper: shopper.get(
                play.return_path(placed.bill, **fields["return"])
            ),
            lambda fields=fields, server=server: play.notify(fields["notify"], server),
        )
        assert [page.status for page in pages] == [200, 200]
        assert pages[0].has("is paid")
        assert play.ledger_of(placed.bill) == {("captured", "EUR"): placed.order.due_minor}


@pytest.mark.parametrize("words", list(combinations(("paid", "declined", "cancelled", "pending"), 3)), ids="-".join)
def test_the_order_of_arrival_means_nothing(play, words):
    """Invariant 13 and 30, rules 8, 9 and 11: the same messages lead to the same books, in every order, also later.

    INV-30.
    """
    ends = []
    for line in permutations(words):
        placed = ordered(play)
        for word in line:
            assert play.gateway_says(word, placed.bill) == 200
        ends.append(state(play, placed))
    assert all(end == ends[0] for end in ends), dict(zip(permutations(words), ends, strict=True))
    assert ends[0][0] == ("PROCESSING" if "paid" in words else "HOLD")
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    later = {one.status for one in play.orders()}
    assert later <= ({"PROCESSING"} if "paid" in words else {"FAILED", "CANCELLED"})
    assert play.shelf("mug") == (50, 2 * len(ends) if "paid" in words else 0)


def test_a_success_that_comes_days_late(play):
    """Invariant 30: after the clean-up has closed the order; the goods are there, so it lives; no matter how often."""
    placed = ordered(play)
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    play.wait(days=7)
    for _ in range(2):
        assert play.gateway_says("paid", placed.bill) == 200
    assert state(play, placed)[0] == "PROCESSING"


# --- when something breaks


class Broken(sandbox.Sandbox):
    """An adapter with a mistake in it."""

    def read_notification(self, message):
        raise KeyError("resource")

    identify = read_return = read_notification


@pytest.fixture
def broken_adapter(monkeypatch):
    """A word that breaks the adapter until it is called."""
    monkeypatch.setitem(GATEWAYS, "sandbox", Broken)
    return lambda: monkeypatch.setitem(GATEWAYS, "sandbox", sandbox.Sandbox)


def test_a_broken_adapter_loses_nothing(play, broken_adapter):
    """NOT-06, invariant 27 and 31: kept as it came, answered 503; redelivery and the job both find it again, once.

    INV-27, INV-31.
    """
    mended = broken_adapter
    placed = ordered(play)
    body = urlencode(play.message("paid", placed.bill)).encode()
    assert play.notify(body).status == 503
    (kept,) = db.session.scalars(select(InboxMessage))
    assert (kept.outcome, bytes(kept.body), kept.tries) == ("ERROR", body, 1)
    assert "KeyError" in kept.last_error
    play.wait(minutes=1)
    assert play.run("apply_waiting_messages")["failed"] == 0
    assert play.outcomes() == ["ERROR"]
    mended()
    assert play.notify(body).status == 200
    play.wait(minutes=1)
    play.run("apply_waiting_messages")
    assert play.outcomes() == ["DUPLICATE", "APPLIED"]
    assert state(play, placed)[0] == "PROCESSING"


def test_a_broken_adapter_does_not_break_the_way_back(play, broken_adapter):
    """RET-13: the shopper still lands on the order's page."""
    placed = ordered(play)
    page = play.visitor().get(play.return_path(placed.bill, **play.message("paid", placed.bill, "return")))
    assert page.steps == [303, 200]
    broken_adapter()
    play.wait(minutes=1)
    play.run("apply_waiting_messages")
    assert state(play, placed)[0] == "PROCESSING"


@pytest.mark.parametrize("stage", ["store", "apply"])
def test_a_database_that_fails_is_told_to_the_gateway(play, stage):
    """NOT-06, invariant 27: no 2xx for what is not stored or not applied; the next delivery has its effect."""
    placed = ordered(play)
    wanted = "INSERT INTO inbox_messages" if stage == "store" else "INSERT INTO ledger_entries"

    def fail(connection, cursor, statement, parameters, context, many):
        if statement.startswith(wanted):
            raise OSError("the disk is full")

    event.listen(db.engine, "before_cursor_execute", fail)
    visitor = play.visitor("gateway")
    visitor.broken_is_fine = True
    try:
        status = play.notify(play.message("paid", placed.bill), visitor).status
    finally:
        event.remove(db.engine, "before_cursor_execute", fail)
    assert status >= 500
    assert play.captured(placed.order) == 0
    assert play.outcomes() == ([] if stage == "store" else ["ERROR"])
    assert state(play, placed)[0] == "HOLD"
    assert play.gateway_says("paid", placed.bill) == 200
    assert state(play, placed)[0] == "PROCESSING"
    play.wait(minutes=1)
    play.run("apply_waiting_messages")
    assert sorted(play.outcomes()) == (["APPLIED"] if stage == "store" else ["APPLIED", "DUPLICATE"])


def test_a_body_that_is_too_large_is_refused(play):
    """Bad input: 6 MB are not read and not stored; the next message is."""
    placed = ordered(play)
    fields = play.message("paid", placed.bill)
    for size in (6_000_000, 300_000):
        with socket.create_connection(("127.0.0.1", int(play.url.rpartition(":")[2]))) as line:
            line.sendall(
                b"POST /payments/sandbox/notify HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % size
            )
            assert line.recv(200).split()[1] == b"413"
    assert play.outcomes() == []
    assert play.notify(fields).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\x00" * 100, b"\xff\xfe\xfd", b"{}", b"[1,2", b"<xml/>", b"=&=&=", b"signature=%00", b"%",
        b"a" * 200_000, "&".join(f"f{n}=1" for n in range(3000)).encode(), b"signature=" + b"%ED%A0%80" * 9,
        b"reference=K-1001-1&signature=1",
    ],
    ids=lambda body: body[:12].hex() or "empty",
)  # fmt: skip
def test_nonsense_is_kept_and_refused(play, body):
    """NOT-11, invariant 26: any bytes at all: 400, REJECTED, stored as they came, of long ones the beginning."""
    placed = ordered(play)
    assert play.notify(body).status == 400
    (kept,) = db.session.scalars(select(InboxMessage))
    assert (kept.outcome, bytes(kept.body), kept.signature) == ("REJECTED", body[: 16 * 1024], "bad")
    assert state(play, placed)[0] == "HOLD"


def test_a_notification_by_get(play):
    """NOT-12: some gateways call by GET; the fields in the query are signed alike."""
    placed = ordered(play)
    page = play.visitor().get(f"/payments/sandbox/notify?{urlencode(play.message('paid', placed.bill))}")
    assert (page.status, page.answer.text) == (200, "OK")
    assert state(play, placed)[0] == "PROCESSING"
    assert play.visitor().get("/payments/sandbox/notify").status == 400


def test_each_configured_gateway_has_its_address(play):
    """NOT-12, BIL-10: by its name; a name that nobody configured is not there."""
    placed = ordered(play)
    with transaction():
        first = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
        config = {"label": "Second", "type": "sandbox", "mode": "test", "properties": first.properties}
        db.session.add(GatewayConfig(name="second", secrets=first.secrets, **config))
    body = urlencode(play.message("paid", placed.bill)).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    page = play.visitor().post("/payments/second/notify", data=body, csrf=False, headers=headers)
    assert page.status == 200  # well signed, but the second gateway has no such bill
    assert play.outcomes() == ["UNMATCHED"]
    assert play.visitor().post("/payments/third/notify", data=body, csrf=False).status == 404
    assert state(play, placed)[0] == "HOLD"


def test_race_46_a_message_for_an_unknown_bill_is_applied_when_it_is_there(play):
    """NOT-13, rule 46: 2xx, UNMATCHED, tried again for a day, applied as soon as the bill is known. RACE-46."""
    placed = ordered(play)
    with transaction():
        db.session.get(Bill, placed.bill.id).reference = "not-yet"
    assert play.gateway_says("paid", placed.bill, reference="K-1001-1") == 200
    play.wait(hours=1)
    play.run("apply_waiting_messages")
    assert play.outcomes() == ["UNMATCHED"]
    with transaction():
        db.session.get(Bill, placed.bill.id).reference = "K-1001-1"
    play.wait(minutes=2)
    play.run("apply_waiting_messages")
    assert play.outcomes() == ["APPLIED"]
    assert state(play, placed)[0] == "PROCESSING"


def test_race_46_an_unmatched_message_is_not_tried_for_ever(play):
    """Rule 46: after a day it only waits to be looked at. RACE-46."""
    placed = ordered(play)
    play.gateway_says("paid", placed.bill, reference="nobody")
    play.wait(hours=25)
    assert play.run("apply_waiting_messages")["rows"] == 0
    assert play.outcomes() == ["UNMATCHED"]


def test_race_31_the_message_says_whose_it_is_before_it_is_understood(play):
    """Rule 31, invariant 44: stored, and the machine died: its order is known, so nothing closes it. RACE-31."""
    placed = ordered(play)
    body = urlencode(play.message("paid", placed.bill)).encode()
    with transaction():
        stored = payments.store_message("sandbox", "notify", Message("POST", "", body))
        assert stored.bill_id == placed.bill.id
    play.wait(minutes=46)
    play.run("close_unpaid_orders")
    assert state(play, placed)[0] == "HOLD"
    play.run("apply_waiting_messages")
    assert state(play, placed)[0] == "PROCESSING"


def test_race_40_a_message_in_another_mode_is_quarantined(play):
    """Rule 40: test money never pays where live money is expected. RACE-40."""
    placed = ordered(play)
    with transaction():
        db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one().mode = "live"
    play.gateway_says("paid", placed.bill)
    bill = play.last_bill()
    assert (bill.disposition, bill.quarantine_reason) == ("QUARANTINED", "mode_mismatch")
    assert state(play, placed)[0] == "REVIEW"


@pytest.mark.parametrize("word", ["refunded", "charged_back"])
@pytest.mark.parametrize("whose", [{"merchant": "thief"}, {"mode": "live"}], ids=["of another", "live"])
def test_what_happens_to_money_of_others_is_no_news_of_ours(play, word, whose):
    """Somebody pays himself under our reference and sends it back, as a true message tells: ours stays. NOT-11,
    RACE-40."""
    placed = ordered(play)
    with transaction():
        config = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
        config.properties = {**config.properties, "merchant": "us"}
    play.gateway_says("paid", placed.bill)
    assert play.gateway_says(word, placed.bill, transaction="tr-thief", event="tr-thief-1", **whose) == 200
    assert (play.last_bill().status, play.last_order().payment_status) == ("PAID", "PAID")
    assert state(play, placed)[0] == "PROCESSING"
    assert play.gateway_says("refunded", placed.bill, event="re-1") == 200
    assert play.last_order().payment_status == "REFUNDED"


@pytest.mark.parametrize("word", ["pending", "declined", "cancelled", "expired"])
def test_an_attempt_is_not_moved_by_news_of_another_account(play, word):
    """No hold is longer, and no attempt over, by what happens in the account of somebody else. NOT-11, RACE-40."""
    placed = ordered(play)
    before = play.last_bill().status, play.last_order().hold_expires_at
    assert play.gateway_says(word, placed.bill, mode="live") == 200
    assert (play.last_bill().status, play.last_order().hold_expires_at) == before


def test_money_of_others_that_went_back_is_done_with(play):
    """What was quarantined as another's is told to be sent back: nothing waits any more. RACE-40, ADM-10."""
    placed = ordered(play)
    play.gateway_says("paid", placed.bill, mode="live")
    play.gateway_says("refunded", placed.bill, mode="live", event="re-1")
    bill = play.last_bill()
    assert (bill.status, bill.disposition, bill.resolution) == ("REFUNDED", "RESOLVED", "refunded")


def test_the_payment_that_went_back_is_the_one_that_is_meant(play):
    """Paid twice under one reference, and the second sent back there: the first pays the order. BIL-15, RACE-41."""
    placed = ordered(play)
    play.gateway_says("paid", placed.bill)
    play.gateway_says("paid", placed.bill, transaction="tr-2", event="tr-2-paid")
    play.gateway_says("refunded", placed.bill, transaction="tr-2", event="re-2")
    bills = [(bill.status, bill.disposition) for bill in play.bills(placed.order)]
    assert bills == [("PAID", "APPLIED"), ("REFUNDED", "RESOLVED")]
    assert state(play, placed)[0] == "PROCESSING"


def test_settling_again_is_harmless(play):
    """Invariant 28: the settle step itself, given the same outcome again and again. INV-28."""
    placed = ordered(play)
    play.gateway_says("paid", placed.bill)
    (kept,) = db.session.scalars(select(InboxMessage))
    (outcome,) = payments.read(kept).outcomes
    before = state(play, placed)
    for _ in range(3):
        with transaction():
            assert orders.settle(db.session.get(Bill, placed.bill.id), outcome) == "DUPLICATE"
    assert state(play, placed) == before
