"""The rehearsal gateway itself: its sessions, forms and signatures, and that no live shop has it."""

import json
import runpy
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from config import ROOT, Config, ConfigError
from storefront import payments
from storefront.app import create_app
from storefront.kit import clock, signing
from storefront.kit.db import db, transaction
from storefront.kit.errors import Invalid, NotFound
from storefront.kit.limits import limiter
from storefront.payments.errors import GatewayError
from storefront.payments.gateways.base import BillView, Surroundings
from storefront.payments.gateways.sandbox import Sandbox, sign
from storefront.payments.models import GatewayConfig, InboxMessage
from storefront.sandbox import books
from storefront.sandbox.models import SandboxNotice, SandboxPayment

pytestmark = pytest.mark.usefixtures("right_books")


def pressed(play, button="Pay", **answers):
    """Two mugs, the gateway's page, and a button of it."""
    play.shelves(mug=5)
    placed = play.quickly_at_gateway(mug=2)
    page = placed.shopper.press(button, answers)
    return placed, page


@pytest.mark.parametrize("later", ["[", "7", "[7]", "[{}]", '[{"word": "refunded", "amount": 1}]'])
def test_a_malformed_answer_is_no_answer(later):
    """What was signed but makes no sense is the gateway's error, with a sentence, and nothing worse. BIL-18."""
    fields = {"kind": "answer", "reference": "K-1-1", "status": "paid", "amount": "100", "currency": "EUR"}
    fields["later"] = later
    answer = SimpleNamespace(status=200, body=json.dumps({**fields, "signature": sign(fields, "k")}))
    around = Surroundings({"page": "https://gw.example"}, {"key": "k"}, "test", clock.here, lambda *a, **k: answer)
    with pytest.raises(GatewayError):
        Sandbox(around).query(BillView("key", "K-1-1", "K-1", 100, "EUR"))


def test_cancel_and_return_keeps_order_and_cart(play):
    """RET-02, CRT-07, CNF-05: the attempt ends, the goods are kept, and the shopper chooses."""
    play.shelves(mug=5)
    order, bill, shopper = play.at_gateway(mug=2)
    page = shopper.press("Cancel and return")
    assert page.heading == "You left the payment page"
    assert page.form("Pay now") and page.form("Cancel order") and page.has("We hold the goods until")
    assert (play.last_order().status, play.last_bill().status) == ("HOLD", "CANCELLED")
    assert (play.cart_lines(order), play.shelf("mug")) == ({"MUG": 2}, (5, 2))
    assert play.outcomes() == ["APPLIED", "DUPLICATE"]


def test_pressed_twice_the_first_press_counts(play):
    """RAC-15: the gateway's form sent twice books one payment."""
    play.shelves(mug=5)
    order, bill, shopper = play.quickly_at_gateway(mug=1)
    hosted = shopper.page
    shopper.press("Pay")
    shopper.page = hosted
    shopper.press("Cancel and return")
    assert play.last_order().status == "PROCESSING"
    assert len(play.outcomes()) == 3 and play.outcomes().count("APPLIED") == 1
    shopper.get(hosted.path)
    assert shopper.page.heading == "This payment is over"
    assert shopper.click("Back to the shop").has("is paid")


def test_a_session_ends_when_the_shop_said(play):
    """RAC-10, the gateway is told the expiry: after the payment window nothing can be paid there any more."""
    play.shelves(mug=5)
    order, bill, shopper = play.quickly_at_gateway(mug=1)
    session = play.session_of(bill)
    assert session.fields["expires"] == bill.expires_at.isoformat()
    play.wait(minutes=31)
    page = shopper.press("Pay")
    assert page.heading == "You left the payment page"
    assert (play.last_order().status, play.last_bill().status, play.captured(order)) == ("HOLD", "EXPIRED", 0)
    page = shopper.get(f"/sandbox/{bill.reference}")
    assert page.heading == "This payment is over" and page.has("Nothing was charged")
    assert play.session_of(bill).captured_minor == 0
    play.wait(minutes=16)
    play.all_jobs()
    assert (play.last_order().status, play.shelf("mug")) == ("CANCELLED", (5, 0))


def test_two_expired_sessions_do_not_disturb_each_other(play):
    """Events without a name of the gateway's own are told apart by their bill."""
    play.shelves(mug=5)
    bills = [play.quickly_at_gateway(mug=1).bill for _ in range(2)]
    play.wait(minutes=31)
    assert play.run("ask_about_quiet_bills")["failed"] == 0
    assert [play.bills(play.order_of(bill))[0].status for bill in bills] == ["EXPIRED", "EXPIRED"]
    assert play.outcomes() == ["APPLIED", "APPLIED"]


# --- forms and signatures


def leaving_fields(play):
    """The signed fields of the form that leaves for the gateway."""
    play.shelves(mug=5)
    order, bill, shopper = play.quick_order(mug=1)
    form, _ = shopper.get(bill.next_step).form("Continue to payment page")
    return bill, shopper, dict(form.values()), form.action


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "1"}, {"currency": "JPY"}, {"ok_url": "http://evil.example/"}, {"cancel_url": "http://evil.example/"},
        {"error_url": "http://evil.example/"}, {"notify_url": "http://evil.example/"}, {"expires": ""},
        {"order": "another"}, {"kind": "return"}, {"extra": "field"}, {"signature": ""}, {"signature": "é" * 64},
        {"reference": "1999-1"},
    ],
    ids="-".join,
)  # fmt: skip
def test_an_altered_form_is_refused(play, change):
    """RED-06, SEC-04: the browser cannot alter what is to be paid, nor where it comes back to."""
    bill, shopper, fields, action = leaving_fields(play)
    page = shopper.post(action, data={**fields, **change}, csrf=False)
    assert page.status == 400
    assert play.rows_of(SandboxPayment) == 0


@pytest.mark.parametrize("missing", ["amount", "ok_url", "notify_url", "signature", "kind"])
def test_a_form_without_a_field_is_refused(play, missing):
    """RED-06."""
    bill, shopper, fields, action = leaving_fields(play)
    fields.pop(missing)
    assert shopper.post(action, data=fields, csrf=False).status == 400
    assert play.rows_of(SandboxPayment) == 0


def test_a_request_never_passes_as_a_result(play):
    """SEC-05, NOT-11: what we signed ourselves, sent back to us as notification, return or answer, proves nothing."""
    bill, shopper, fields, _ = leaving_fields(play)
    for kind in ("request", "answer", "return", "notify"):
        for status in ({}, {"status": "paid"}):
            assert play.notify({**fields, "kind": kind, **status}).status == 400
    shopper.get(play.return_path(bill, **fields))
    shopper.get(play.return_path(bill, **{**fields, "kind": "return", "status": "paid"}))
    signed_return = play.message("paid", bill, "return")
    assert play.notify(signed_return).status == 400  # a return is no notification
    assert shopper.post("/sandbox/" + bill.reference, data=signed_return, csrf=False).status == 400
    assert (play.last_order().status, play.captured(play.last_order())) == ("HOLD", 0)
    assert set(play.outcomes()) == {"REJECTED", "NO_EFFECT"}


@pytest.mark.parametrize(
    "signature", [None, "", "0" * 64, "ü" * 64, "\ud800".encode("utf-8", "surrogatepass"), b"\xff\xfe", "short"],
    ids=["missing", "empty", "wrong", "not-ascii", "surrogate", "bytes", "short"],
)  # fmt: skip
def test_race_39_a_wrong_signature_is_refused_and_counted(play, signature):
    """NOT-11, SEC-05, invariants 25 and 26: 400, no effect, kept as REJECTED, seen in the figures. RACE-39.

    INV-25, INV-26.
    """
    play.shelves(mug=5)
    order, bill, _ = play.quick_order(mug=1)
    fields = play.message("paid", bill)
    fields.pop("signature")
    if signature is not None:
        fields["signature"] = signature
    assert play.notify(urlencode(fields).encode()).status == 400
    assert play.outcomes() == ["REJECTED"]
    assert (play.last_order().status, play.last_bill().verified) == ("HOLD", False)
    figures = play.visitor().get("/metrics").answer.text
    assert 'shop_inbox_messages{backend="sandbox",outcome="REJECTED"} 1.0' in figures


def test_without_a_key_everything_is_refused(play):
    """Invariant 25: no key configured, nothing believed; not even what is signed with the empty key. INV-25."""
    play.shelves(mug=5)
    order, bill, shopper = play.quick_order(mug=1)
    good = play.message("paid", bill)
    for secrets in ({}, {"key": signing.sealed("")}):
        with transaction():
            db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one().secrets = secrets
        fields = {name: value for name, value in good.items() if name != "signature"}
        assert play.notify(good).status == 400
        assert play.notify({**fields, "signature": sign(fields, "")}).status == 400
        assert play.notify(fields).status == 400
        assert shopper.post(f"/sandbox/{bill.reference}/status", data=fields, csrf=False).status == 400
    assert set(play.outcomes()) == {"REJECTED"}
    assert play.last_order().status == "HOLD"


def test_the_gateways_server_addresses_want_a_signature(play):
    """SEC-05: status, close and refund answer nobody but the shop."""
    play.shelves(mug=5)
    order, bill, _ = play.quickly_paid(mug=1)
    stranger = play.visitor("stranger")
    for path in ("status", "close", "refund"):
        page = stranger.post(f"/sandbox/{bill.reference}/{path}", data={"amount": "100", "key": "k"}, csrf=False)
        assert page.status == 400
    assert play.session_of(bill).refunded_minor == 0


def test_a_notice_that_the_shop_does_not_take_is_sent_again(play):
    """NOT-06: with growing gaps while the shop is away; a refused one is not repeated."""
    (order, bill, _), _ = pressed(play, scenario="bad_signature")
    notice = db.session.scalars(select(SandboxNotice)).one()
    assert (notice.status, notice.tries) == ("failed", 1)
    assert notice.answer.startswith("400")

    with transaction():
        notice.status, notice.url = "waiting", "http://127.0.0.1:9/nobody"
    tries = []
    for _ in range(3):
        play.wait(seconds=60)
        play.run("deliver_sandbox_notices")
        notice = db.session.scalars(select(SandboxNotice)).one()
        tries.append((notice.status, round((notice.due_at - clock.now()).total_seconds())))
    assert [status for status, _ in tries] == ["waiting"] * 3
    gaps = [gap for _, gap in tries]
    assert gaps == sorted(gaps) and gaps[-1] > gaps[0]
    with transaction():
        db.session.scalars(select(SandboxNotice)).one().url = f"{play.url}/payments/sandbox/notify"
        good = db.session.scalars(select(SandboxNotice)).one()
        good.body = urlencode(books.message(books.session_of(bill.reference), "notify"))
    play.wait(seconds=60)
    play.run("deliver_sandbox_notices")
    assert play.last_order().status == "PROCESSING"


# --- never in a live shop


@pytest.fixture
def live(database, tmp_path):
    """A live shop on a database of its own."""
    settings = {
        "STORE_MODE": "live",
        "DATABASE_URL": database.new(),
        "DATA_DIR": str(tmp_path),
        "PUBLIC_URL": "https://shop.example",
        "SECRET_KEY": "the-key-of-a-live-shop",
        "SCHEDULER": "off",
        "LOG_LEVEL": "ERROR",
    }
    app = create_app(Config(settings))
    limiter.enabled = False  # a new application switches it on for all of them
    with app.app_context():
        db.create_all()
        yield app
        db.session.remove()
        db.engine.dispose()


def test_a_live_shop_has_no_sandbox(play, live, monkeypatch):
    """BIL-18: its addresses are not there, its configuration is refused, its method is hidden, its job does not run."""
    from storefront.jobs.runner import _table

    import stage

    with transaction():
        stage.open_shop()
    db.session.rollback()
    visitor = live.test_client()
    for path in ("/sandbox/1001-1", "/sandbox/1001-1/status", "/payments/sandbox/notify"):
        assert visitor.post(path, data={"kind": "request"}).status_code == 404, path
    assert not [rule for rule in live.url_map.iter_rules() if rule.rule.startswith("/sandbox")]
    with pytest.raises(NotFound):
        payments.config_by_name("sandbox")
    assert payments.methods(1000, "EUR", "IE") == []
    with pytest.raises(Invalid, match="sandbox"):
        payments.check_live()
    assert "deliver_sandbox_notices" not in {job.name for job in _table(live)}
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "put back at the end")
    begin = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["post_worker_init"]
    with pytest.raises(Invalid, match="sandbox"):
        begin(SimpleNamespace(wsgi=live, age=2))
    with transaction():
        db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one().active = False
    payments.check_live()
    begin(SimpleNamespace(wsgi=live, age=2))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"PUBLIC_URL": ""}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "http://shop.example"}, "https"),
        ({"STORE_MODE": "demo"}, "STORE_MODE"),
    ],
)
def test_a_live_shop_does_not_start_half_configured(change, words, tmp_path):
    """BIL-18: a live shop makes up neither its key nor its address."""
    settings = {
        "STORE_MODE": "live",
        "SECRET_KEY": "a",
        "PUBLIC_URL": "https://shop.example",
        "DATA_DIR": str(tmp_path),
    }
    assert Config(settings).LIVE
    with pytest.raises(ConfigError, match=words):
        Config({**settings, **change})


def test_messages_are_dated(play):
    """NOT-02: each message is kept with its time, its bytes and what became of it."""
    (order, bill, _), _ = pressed(play)
    for message in db.session.scalars(select(InboxMessage)):
        assert clock.now() - message.received_at < timedelta(minutes=1)
        assert message.bill_id == bill.id
