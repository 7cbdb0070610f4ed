"""What people, gateways and jobs do in the drill: each act begins where its person stands, to be done once more."""

from datetime import timedelta

from sqlalchemy import select

from storefront import webhooks
from storefront.jobs import lease
from storefront.kit.db import db, transaction
from storefront.payments.models import GatewayConfig, PaymentMethod

import counter
from consumer import Consumer
from drill import Drill
from giving import issued
from promoting import offer
from purchases import ADDRESS

SENDING = ("send_refunds", "send_captures")


def fill_the_cart(drill: Drill) -> None:
    """A mug, unless it is in the cart already: adding is the one click that counts each time."""
    if not drill.alice.get("/cart").has("Go to checkout"):
        drill.alice.get("/products/mug")
        drill.alice.press("Add to cart")
    drill.promised["cart"] = True


def use_a_gift_certificate(drill: Drill) -> None:
    """The owner has issued one; its code is typed into the cart, which a repeated press finds done."""
    if "code" not in drill.promised:
        drill.promised["code"] = issued(500)
    drill.alice.get("/cart")
    drill.alice.press("Apply code", code=drill.promised["code"])


def use_the_last_code(drill: Drill) -> None:
    """There is one use of it left; typed into the cart, which a repeated press finds done."""
    if "offer" not in drill.promised:
        drill.promised["offer"] = offer(code="LASTONE", limit_total=1)
    drill.alice.get("/cart")
    drill.alice.press("Apply code", code="LASTONE")


def type_the_address(drill: Drill) -> None:
    """First step."""
    drill.alice.get("/checkout/address")
    drill.alice.press("Continue to shipping", ADDRESS)


def choose_the_way(drill: Drill) -> None:
    """Second step."""
    drill.alice.get("/checkout/shipping")
    drill.alice.press("Continue to payment")


def choose_how_to_pay(drill: Drill) -> None:
    """Third step; by the first way to pay."""
    drill.alice.get("/checkout/payment")
    assert drill.alice.press("Review order").path == "/checkout/preview"


def press_confirm(drill: Drill) -> None:
    """The very same form once more, if it must be."""
    page = drill.alice.press("Confirm and pay", follow=False)
    assert page.status in (303, 503), page.text[:500]
    drill.next = page.headers.get("Location", "")
    drill.promised["order"] = drill.play.last_order().key


def go_to_pay(drill: Drill) -> None:
    """The page that the shop leads to; from the order's page by its button."""
    page = drill.alice.get(drill.next)
    if not page.path.startswith("/pay/"):
        drill.alice.get(f"/orders/{drill.promised['order']}/pay")
        drill.alice.press("Pay now")
    assert drill.alice.page.path.startswith("/pay/"), drill.alice.page.text[:300]
    drill.next = drill.alice.page.path


def go_to_the_gateway(drill: Drill) -> None:
    """The form that leaves."""
    if not drill.alice.page.path.startswith("/pay/"):
        drill.alice.get(drill.next)
    assert drill.alice.press("Continue to payment page").path.startswith("/sandbox/")


def pay(drill: Drill) -> None:
    """Paid; the notification comes before the return."""
    _answer(drill, "Pay", "before")


def pay_and_hear_later(drill: Drill) -> None:
    """Paid; an unsigned return comes first."""
    _answer(drill, "Pay", "after")


def be_declined(drill: Drill) -> None:
    """The card is refused."""
    _answer(drill, "Decline", "before")


def _answer(drill, button, scenario):
    page = drill.alice.press(button, scenario=scenario)
    drill.alice.get(page.path)
    assert page.path == f"/orders/{drill.promised['order']}", page.text[:300]
    drill.promised["paid"] = drill.promised.get("paid") or page.has("is paid")


def keep_the_goods(drill: Drill) -> None:
    """A little longer."""
    drill.alice.get(f"/orders/{drill.promised['order']}")
    drill.alice.press("Keep for me")


def cancel_the_order(drill: Drill) -> None:
    """She does not want it any more."""
    page = drill.alice.get(f"/orders/{drill.promised['order']}")
    if not page.has("is cancelled"):
        drill.alice.press("Cancel order")
    drill.promised["cancelled"] = True


def pay_again(drill: Drill) -> None:
    """Another attempt, from the order's page."""
    drill.alice.get(f"/orders/{drill.promised['order']}/pay")
    page = drill.alice.press("Pay now", follow=False)
    drill.next = page.headers.get("Location", f"/orders/{drill.promised['order']}")


def the_gateway_reserves_first(drill: Drill) -> None:
    """Money is only reserved until somebody takes it."""
    _set_at_gateway("authorize_first", True)


def take_the_money(drill: Drill) -> None:
    """Staff take what was reserved; pressed once more, if it must be, it is being taken already or is asked about."""
    if not drill.carol.page:
        _comes_in(drill)
        drill.carol.get(f"/admin/orders/{drill.play.last_order().number}")
        drill.carol.click("Take the money")
    assert drill.carol.press("Take the money").status in (200, 409)


def send_it_all_back(drill: Drill) -> None:
    """Staff refund the order; the page that was confirmed is sent once more, if it must be."""
    if not drill.carol.page:
        _comes_in(drill)
        drill.carol.get(f"/admin/orders/{drill.play.last_order().number}/refund")
        drill.carol.press("Look at the refund", {"what": "all"})
    drill.carol.press("Send back")
    drill.promised["refund"] = True


def letters_go_out(drill: Drill) -> None:
    """By the job; what a dead one had claimed is taken up by the next after its time."""
    drill.play.wait(minutes=6)
    drill.job("deliver_events")


def letters_cannot_go_out(drill: Drill) -> None:
    """No mail server answers."""
    drill.job("deliver_events", MAIL_URL="smtp://127.0.0.1:1")


def another_system_listens(drill: Drill) -> None:
    """Somebody else's server, to which everything about orders is told."""
    drill.consumer = Consumer()
    drill.consumer.start()
    with transaction():
        drill.consumer.secret = webhooks.add(drill.consumer.url, ["*"])[1]


def it_is_told(drill: Drill) -> None:
    """By the jobs; what a dead one had claimed is taken up by the next after its time."""
    drill.play.wait(minutes=6)
    drill.play.run("publish_events")
    drill.job("deliver_webhooks")


def the_schedule_runs(drill: Drill) -> None:
    """In a process of its own; after its death another one takes the lease as soon as that has run out."""
    if not drill.row.found:
        drill.job_alone("jobs", "run")
    assert lease.take("scheduler", "the next one", timedelta(seconds=30)) is drill.point.endswith(".before")
    drill.play.wait(seconds=31)
    assert lease.take("scheduler", "the next one", timedelta(seconds=30))


def nobody_pays(drill: Drill) -> None:
    """The hold ends, and the job closes the order."""
    if not drill.row.found:
        _in_the_database(drill, lambda order: setattr(order, "hold_expires_at", order.placed_at))
    drill.job("close_unpaid_orders")


def the_gateway_goes_down(drill: Drill) -> None:
    """It does not answer when a payment is begun."""
    _set_at_gateway("down", True)


def the_gateway_is_back(drill: Drill) -> None:
    """It answers again."""
    _set_at_gateway("down", False)


def only_pickup_is_offered(drill: Drill) -> None:
    """A way to pay that approves by itself."""
    with transaction():
        for method in db.session.scalars(select(PaymentMethod)):
            method.countries = []
            method.active = method.config.active = method.auto_approve


def everything_settles(drill: Drill) -> None:
    """A while later the jobs have done what was left undone."""
    for _round in range(2):
        drill.play.wait(minutes=6)
        for name in ("deliver_sandbox_notices", "apply_waiting_messages", *SENDING, "deliver_events"):
            drill.play.run(name)


def _comes_in(drill):
    drill.carol.get("/admin/")
    drill.carol.press("Sign in", {"Email": counter.OWNER, "Password": counter.PASSWORD})


def _set_at_gateway(name, value):
    with transaction():
        config = db.session.scalars(select(GatewayConfig).filter_by(name="sandbox")).one()
        config.properties = {**config.properties, name: value}


def _in_the_database(drill, change):
    with transaction():
        change(drill.play.last_order())
