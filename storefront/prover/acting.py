"""What the gateway, the clock, the jobs and the staff do."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from storefront import checkout, desk, notices, orders
from storefront.jobs.schedule import BY_NAME
from storefront.kit import events
from storefront.kit.db import db, transaction
from storefront.kit.events import OrderEvent
from storefront.payments.gateways.sandbox import sign
from storefront.prover.deeds import called, deed, left, open_sessions, visit
from storefront.prover.shelf import is_over, minutes_of
from storefront.sandbox import books


def _remember_taken(memory, args, status):
    if status < 300:
        memory["taken"] = tuple(sorted({*memory.get("taken", ()), args[0]}))
    memory[f"told {args[0]}"] = memory.get(f"told {args[0]}", 0) + 1


@deed(
    "the gateway delivers notice {0}",
    lambda view, world: (
        (row.id,) for row in view.sandbox_notices if view.memory.get(f"told {row.id}", 0) < world.deliveries
    ),
    remember=_remember_taken,
)
def notify(notice_id):
    return _notify(notice_id).status_code


@deed("somebody forges notice {0}", lambda view, world: ((row.id,) for row in view.sandbox_notices))
def forge(notice_id):
    return _notify(notice_id, sign_with="another key").status_code


def _notify(notice_id, sign_with=None):
    notice = db.session.get_one(books.SandboxNotice, notice_id)
    if notice.turn and not sign_with:
        with transaction():
            books.turn(db.session.get_one(books.SandboxNotice, notice_id))
        notice = db.session.get_one(books.SandboxNotice, notice_id)
    url, body = urlsplit(notice.url).path, notice.body
    db.session.rollback()
    if sign_with:
        fields = dict(parse_qsl(body, keep_blank_values=True))
        body = urlencode({**fields, "signature": sign(fields, sign_with)})
    return visit("POST", url, data=body, content_type="application/x-www-form-urlencoded")


def _toggle(memory, args, value):
    memory["down"] = not memory.get("down", False)


@deed("the gateway falls silent, or answers again", lambda view, world: ((),), remember=_toggle)
def silence():
    """Nothing happens in the shop."""


# ---- time and jobs


def _later(memory, args, value):
    memory["now"] = args[0]


@deed(
    "time passes until {0} minutes after nine",
    lambda view, world: ((mark,) for mark in world.marks if mark > view.memory["now"]),
    remember=_later,
)
def wait(minutes):
    """Nothing happens in the shop by itself."""


@deed(
    "the job applies waiting messages",
    lambda view, world: (
        [()] if any(row.outcome in ("RECEIVED", "ERROR", "UNMATCHED") for row in view.inbox_messages) else []
    ),
)
def read_inbox():
    return _job("apply_waiting_messages")


@deed("the job asks the gateway about bill {0}", lambda view, world: ((b.id,) for b in left(view)))
def ask(bill_id):
    with events.acting_as("job", "ask_about_quiet_bills"):
        return checkout.ask_and_settle(bill_id)


@deed("the job closes what nobody paid in time", lambda view, world: [()] if _overdue(view) else [])
def clean_up():
    return _job("close_unpaid_orders")


@deed(
    "the job ends what carts have kept for long enough",
    lambda view, world: (
        [()] if any(row.status == "HELD" and is_over(view, row) for row in view.stock_reservations) else []
    ),
)
def end_holds():
    return _job("end_timed_holds")


def _overdue(view):
    now = view.memory["now"]
    held = any(o.status == "HOLD" and o.hold_expires_at and minutes_of(o.hold_expires_at) < now for o in view.orders)
    return held or any(o.status == "NEW" and minutes_of(o.placed_at) < now - 5 for o in view.orders)


@deed(
    "the session of bill {0} is ended at the gateway",
    lambda view, world: (
        (bill.id,)
        for bill in left(view)
        if bill.status in ("CANCELLED", "EXPIRED") and called(bill) in {row.reference for row in open_sessions(view)}
    ),
)
def end_session(bill_id):
    with events.acting_as("job", "deliver_events"):
        notices.close_session(OrderEvent(type="BILL_CANCELLED", data={"id": bill_id}))


@deed(
    "the job sends refunds",
    lambda view, world: [()] if any(row.status in ("REQUESTED", "SENT") for row in view.refunds) else [],
    draws=lambda view, args: 10**8 * (1 + sum(row.status in ("SUCCEEDED", "FAILED") for row in view.refunds)),
)
def send_refunds():
    return _job("send_refunds")


def _job(name):
    return tuple(sorted(BY_NAME[name].run().items()))


@deed(
    "staff cancel order {0}",
    lambda view, world: ((o.id,) for o in view.orders if o.status in ("HOLD", "REVIEW", "PROCESSING")),
)
def call_off(order_id):
    with events.acting_as("staff", "carol"), transaction():
        orders.cancel_by_merchant(order_id, "carol")


@deed("staff accept order {0}", lambda view, world: ((o.id,) for o in view.orders if o.status == "REVIEW"))
def accept(order_id):
    with events.acting_as("staff", "carol"), transaction():
        orders.accept_after_review(order_id, "carol")


@deed(
    "staff send the stray money of bill {0} back",
    lambda view, world: ((b.id, b.order_id) for b in view.bills if b.disposition == "QUARANTINED"),
)
def send_back(bill_id, order_id):
    with events.acting_as("staff", "carol"), transaction():
        desk.refund_bill(order_id, bill_id, reason="It fits nowhere.", actor="carol")


@deed("staff send parcel {0}", lambda view, world: ((s.id,) for s in view.shipments if s.status == "RELEASED"))
def ship(shipment_id):
    with events.acting_as("staff", "carol"), transaction():
        orders.ship(shipment_id)


@deed(
    "staff put one thing of parcel {0} into a parcel of its own",
    lambda view, world: (
        (row.shipment_id, row.order_line_id)
        for row in view.shipment_lines
        if row.qty > 1 and any(s.id == row.shipment_id and s.status == "RELEASED" for s in view.shipments)
    ),
)
def split(shipment_id, line_id):
    with events.acting_as("staff", "carol"), transaction():
        orders.split_parcel(shipment_id, {line_id: 1}, "carol")


@deed("staff hold parcel {0}", lambda view, world: ((s.id,) for s in view.shipments if s.status == "RELEASED"))
def hold_parcel(shipment_id):
    with events.acting_as("staff", "carol"), transaction():
        orders.hold_shipment(shipment_id, "carol")


@deed("staff let parcel {0} go on", lambda view, world: ((s.id,) for s in view.shipments if s.status == "ONHOLD"))
def release_parcel(shipment_id):
    with events.acting_as("staff", "carol"), transaction():
        orders.release_shipment(shipment_id)


@deed("order {0} is completed", lambda view, world: ((o.id,) for o in view.orders if o.status == "SHIPPED"))
def complete(order_id):
    with events.acting_as("job", "complete_orders"), transaction():
        orders.complete(order_id)
