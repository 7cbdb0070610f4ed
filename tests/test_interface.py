"""The adapter interface is enough for a service that is nothing like the sandbox; and states by other names."""

import hashlib
import hmac
import json
from typing import ClassVar

import pytest
from sqlalchemy import select

from storefront.kit import signing
from storefront.kit.db import db, transaction
from storefront.payments.gateways import GATEWAYS, base
from storefront.payments.gateways.base import Answer, Form, Hint, OperationResult, Outcome, Reading
from storefront.payments.gateways.properties import ADDRESS, SECRET, Property
from storefront.payments.models import Bill, GatewayConfig, InboxMessage, LedgerEntry, PaymentMethod

from counter import comes_in

pytestmark = pytest.mark.usefixtures("right_books")


class Telegraph(base.Gateway):
    """JSON under a signature in a header, an unsigned return, its own answers, and a service that keeps its books."""

    properties = (Property("page", kind=ADDRESS), Property("key", kind=SECRET))
    capabilities = base.Capabilities(can_query=True, can_close=True, can_refund=True, can_capture=True, can_void=True)
    service: ClassVar[dict] = {}  # what the far end knows, by reference

    def begin(self, bill, urls):
        self.service[bill.reference] = {"state": "open", "amount": bill.amount_minor, "currency": bill.currency}
        return Form(
            self.settings["page"], [("ref", bill.reference), ("back", urls.ok)], hosts=("https://telegraph.example",)
        )

    def identify(self, message):
        return json.loads(message.body)["ref"]

    def read_return(self, message, bill):
        return Hint("return")

    def read_notification(self, message):
        given = message.headers.get("x-telegraph-signature", "").encode("utf-8", "replace")
        if not hmac.compare_digest(signature(message.body, self.around.secrets["key"]).encode(), given):
            return Reading(base.FORGED)
        said = json.loads(message.body)
        return Reading(base.AUTHENTIC, [outcome(said["ref"], said)], Answer(202, '{"stop":true}', "application/json"))

    def query(self, bill):
        said = self.service[bill.reference]
        return [] if said["state"] == "open" else [outcome(bill.reference, said)]

    def close(self, bill):
        return self.service[bill.reference]["state"] == "open"

    def refund(self, bill, amount_minor, key):
        done = self.service[bill.reference].setdefault("refunds", {})
        return OperationResult(base.DONE, done.setdefault(key, f"r-{key}"))

    def capture(self, bill, amount_minor, key):
        self.service[bill.reference]["state"] = "captured"
        return OperationResult(base.DONE, f"c-{key}")

    def void(self, bill, key):
        self.service[bill.reference]["state"] = "void"
        return OperationResult(base.DONE, f"v-{key}")


def signature(body, key):
    """As the service computes it."""
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def outcome(reference, said):
    """The service's words in ours."""
    kind = {"captured": base.PAID, "refused": base.DECLINED}.get(said["state"], base.UNKNOWN)
    return Outcome(kind, reference, f"{reference}/{said['state']}", said["amount"], said["currency"], f"T{reference}")


@pytest.fixture
def telegraph(play, monkeypatch):
    """The shop takes payments through it."""
    monkeypatch.setitem(GATEWAYS, "telegraph", Telegraph)
    monkeypatch.setattr(Telegraph, "service", {})
    play.shelves(mug=9)
    with transaction():
        config = GatewayConfig(
            name="wire",
            label="Telegraph",
            type="telegraph",
            mode="test",
            properties={"page": "https://telegraph.example/pay"},
            secrets={"key": signing.sealed("dots and dashes")},
        )
        db.session.add(config)
        db.session.flush()
        db.session.scalars(select(PaymentMethod).filter_by(code="card")).one().backend_config_id = config.id
    return Telegraph.service


def tell(play, bill, *, key="dots and dashes", **said):
    """The service calls: JSON, with its signature in a header of its own."""
    body = json.dumps({"ref": bill.reference, "amount": bill.amount_minor, "currency": bill.currency, **said}).encode()
    headers = {"Content-Type": "application/json", "X-Telegraph-Signature": signature(body, key)}
    return play.visitor("telegraph").post("/payments/wire/notify", data=body, csrf=False, headers=headers)


def test_a_service_of_another_kind(play, telegraph):
    """NOT-14, NOT-12, RED-08: form, notification and answer in its own way; forged and replayed ones are told apart."""
    order, bill, shopper = play.quick_order(mug=2)
    page = shopper.get(bill.next_step)
    assert page.form("Continue to payment page")[0].action == "https://telegraph.example/pay"
    assert "form-action https://telegraph.example" in page.headers["Content-Security-Policy"].replace("'self' ", "")
    assert tell(play, bill, state="captured", key="guessed").status == 400
    answer = tell(play, bill, state="captured")
    assert (answer.status, answer.answer.text, answer.headers["Content-Type"]) == (
        202,
        '{"stop":true}',
        "application/json",
    )
    assert tell(play, bill, state="captured").status == 202
    assert play.outcomes() == ["REJECTED", "APPLIED", "DUPLICATE"]
    assert (play.last_order().status, play.captured(order)) == ("PROCESSING", order.due_minor)
    assert play.last_bill().verified


def test_its_return_is_verified_by_asking(play, telegraph):
    """NOT-11, NOT-14, RET-01: an unsigned return pays nothing; the service's own answer does."""
    order, bill, shopper = play.quick_order(mug=1)
    shopper.get(bill.next_step)
    page = play.visitor().get(f"/payments/wire/return/{bill.key}/ok")
    assert not page.has("is paid") and not play.bills(order)[0].verified
    telegraph[bill.reference]["state"] = "captured"
    page = play.visitor().get(f"/payments/wire/return/{bill.key}/cancel")
    assert page.has("is paid") and play.bills(order)[0].verified
    play.ask_refund(order, 100, key="once")
    play.run("send_refunds")
    play.run("send_refunds")
    assert list(telegraph[bill.reference]["refunds"]) == ["once"]
    assert play.ledger_of(bill) == {("captured", "EUR"): order.due_minor, ("refunded", "EUR"): 100}


def test_an_unsigned_success_changes_nothing(play, telegraph):
    """NOT-11: `verified` is set by a signature or by an answer alone; a forged "paid" leaves every table as it was."""
    order, bill, _ = play.quick_order(mug=1)
    before = play.tables("inbox_messages", "gateway_configs")
    assert tell(play, bill, state="captured", key="another").status == 400
    assert play.tables("inbox_messages", "gateway_configs") == before
    assert not db.session.get_one(Bill, bill.id).verified and play.rows_of(LedgerEntry) == 0
    assert [row.signature for row in db.session.scalars(select(InboxMessage))] == ["bad"]


def test_the_cart_decides_nothing(play):
    """RAC-05: while somebody pays, their cart becomes something else: paid is what was ordered, and fits."""
    play.shelves(mug=9, bowl=9)
    placed = play.at_gateway(mug=1)
    tab = play.tab(placed.shopper)
    play.fill_cart(tab, bowl=3)
    placed.shopper.press("Pay")
    order = play.last_order()
    assert (order.status, order.review_reason, play.captured(order)) == ("PROCESSING", "", order.due_minor)
    assert play.cart_lines(order) == {"BOWL": 3}


def test_orders_are_found_by_each_criterion(play):
    """ORD-20, ORD-10, ORD-03, ORD-22: number, e-mail, state (also by its other name), date; the customer by key."""
    play.shelves(mug=9)
    paid = play.quickly_paid(mug=1).order
    play.wait(days=1)
    unpaid = play.quick_order(mug=1).order
    carol = comes_in(play)

    def found(query):
        return [number for number in (paid.number, unpaid.number) if carol.get(f"/admin/orders?{query}").has(number)]

    assert found(f"q={paid.number}") == [paid.number]
    assert found("q=alice@example.com") == [paid.number, unpaid.number]
    assert found("status=PROCESSING") == found("status=IN_PROGRESS") == [paid.number]
    assert found("status=HOLD") == [unpaid.number]
    assert found(f"until={paid.placed_at:%Y-%m-%d}") == [paid.number]
    assert found(f"since={unpaid.placed_at:%Y-%m-%d}") == [unpaid.number]
    assert carol.get("/admin/orders?status=HOLD").has("Unpaid")
    assert play.visitor().get(f"/orders/{paid.key}").has(paid.number)
