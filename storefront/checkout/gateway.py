"""The page that leaves for the gateway, the ways back, and paying again."""

import time

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from storefront import orders, payments
from storefront.checkout.again import pay_again, pay_rest
from storefront.checkout.asking import try_to_ask
from storefront.checkout.forms import ChoiceForm
from storefront.checkout.intake import acknowledge, take_in
from storefront.checkout.steps import resume
from storefront.kit import clock, events
from storefront.kit.db import db, hurried, transaction
from storefront.kit.errors import Conflict, NotFound, Unavailable
from storefront.kit.limits import limiter
from storefront.orders.models import Order
from storefront.orders.states import NEW
from storefront.orders.views import order_afresh, page as order_page, unanswered
from storefront.payments.gateways.base import Message
from storefront.payments.models import Bill
from storefront.payments.states import CREATED, REDIRECTED
from storefront.stock import OutOfStock

bp = Blueprint("gateway", __name__)
HINTS = ("ok", "cancel", "error")
LARGEST = 256 * 1024
PATIENCE = 0.9  # seconds that a notification waits for others' locks in all: it is sent again anyway
BY_BROWSERS, BY_SERVERS = "60 per minute", "600 per minute"  # for one address: all shoppers share a service's
LEAST = 0.05  # seconds that are left for applying it, however long it took to store it


@bp.get("/pay/<key>")
@limiter.limit("60 per minute")
def leave(key):
    """A form to the gateway. Only its first view presses its own button; later ones offer choices.

    When its time is over, the gateway has been told so: the order's page begins a fresh attempt.
    """
    bill = payments.bill_by_key(key)
    order = db.session.get_one(Order, bill.order_id)
    stage = orders.stage_of(order)
    step = payments.form_of(bill)
    latest = stage.bill is not None and stage.bill.id == bill.id
    payable = stage.may_pay or bill.extra.get("rest_of")
    if not payments.may_leave(bill, clock.now()) or not payable or not step or not latest:
        return redirect(url_for("orders.show", key=order.key), code=303)
    with transaction("leave"):
        orders.locked(order.id)
        first = payments.leave(db.session.get_one(Bill, bill.id))
    g.form_action = tuple(step.get("form", {}).get("hosts", ())) or ("https:",)
    label = payments.config_by_name(bill.backend).label
    return render_template(
        "checkout/leave.html",
        order=order,
        bill=bill,
        stage=stage,
        first=first,
        gateway_label=label,
        now=clock.now(),
        **step,
    )


def _how_often():
    """A way back is as busy as the notifications where it is the service's own server that comes."""
    try:
        by_server = payments.comes_by_server((request.view_args or {})["gateway"], _message())
    except NotFound:
        by_server = False
    return BY_SERVERS if by_server else BY_BROWSERS


@bp.route("/payments/<gateway>/return/<key>/<hint>", methods=["GET", "POST"])
@limiter.limit(_how_often)
def read_return(gateway, key, hint):
    """The browser is back. Stored raw, verified if it can be, else a reason to ask; then the order's page."""
    message = _message()
    if payments.is_notice(gateway, message):  # whatever the key: it may have been replaced since
        return _hear(gateway, message)
    bill = payments.bill_by_key(key)
    if bill.backend != gateway or hint not in HINTS:
        raise NotFound(_("There is no such payment."))
    order_id = bill.order_id
    with transaction("store_return"):
        message_id = payments.store_message(gateway, "return", message, bill.id).id
    take_in(message_id)
    if db.session.get_one(Bill, bill.id).status in (CREATED, REDIRECTED):
        try_to_ask(bill.id)
        _note_hint(bill.id, order_id, hint)
    return redirect(url_for("orders.show", key=db.session.get_one(Order, order_id).key), code=303)


@bp.route("/payments/<gateway>/notify", methods=["GET", "POST"])
@limiter.limit(BY_SERVERS)
def read_notification(gateway):
    """The gateway's server calls. Answered with a 2xx only when the message is stored, and soon, or else refused."""
    return _hear(gateway, _message())


def _hear(gateway, message):
    until = time.monotonic() + PATIENCE
    with hurried(PATIENCE), transaction("store_notification"):
        message_id = payments.store_message(gateway, "notify", message).id
    with hurried(max(LEAST, until - time.monotonic())):
        try:
            answer = take_in(message_id)
        except OperationalError:  # it is kept, and the job applies it when the database has time
            answer = acknowledge(message_id)
    headers = {"Content-Type": answer.content_type}
    return Response(answer.body, status=answer.status, headers=headers)


@bp.post("/orders/<key>/rest")
@limiter.limit("20 per minute")
def pay_missing(key):
    """Less came than the order costs: pay what is missing."""
    order = orders.by_key(key)
    try:
        return redirect(pay_rest(order.id) or url_for("orders.show", key=key), code=303)
    except Conflict as error:
        return order_page(orders.by_key(key), problem=error.message), 409
    except Unavailable as error:
        why = f"{_('The payment service does not answer.')} {_('Nothing more was charged.')}"
        return unanswered(orders.by_key(key), error, problem=why)


@bp.get("/orders/<key>/pay")
@limiter.limit("120 per minute")
def pay_page(key):
    """Choose how to pay an order that is not paid yet."""
    order = orders.by_key(key)
    stage = orders.stage_of(order)
    if not stage.may_pay:
        return redirect(url_for("orders.show", key=order.key), code=303)
    return render_template(
        "checkout/pay_again.html",
        order=order,
        stage=stage,
        choices=_methods(order),
        form=ChoiceForm(),
        now=clock.now(),
    )


@bp.post("/orders/<key>/pay")
@limiter.limit("20 per minute")
def pay(key):
    """A new attempt with a reference of its own, then the page that leaves. 409 when nothing is to be paid.

    503 when the service does not answer: the attempt is over, and the order's page offers the next. What is too old
    to be paid is ordered afresh: its goods are in the cart.
    """
    order, form = orders.by_key(key), ChoiceForm()
    try:
        next_step = resume(order).next_page if order.status == NEW else pay_again(order.id, _chosen(order, form))
    except OutOfStock as error:
        return render_template("orders/gone.html", order=order, short=error.data.get("short", {})), 409
    except orders.TooOld:
        return order_afresh(orders.by_key(key))
    except Conflict as error:
        return order_page(orders.by_key(key), problem=error.message), 409
    except Unavailable as error:
        return unanswered(orders.by_key(key), error)
    return redirect(next_step or url_for("orders.show", key=order.key), code=303)


def _chosen(order, form):
    """The way to pay that was picked, else the order's own, else the first that is possible."""
    possible = [choice.method for choice in _methods(order) if not choice.why_not]
    wanted = (form.chosen_id, order.payment_method.get("id"))
    for method_id in wanted:
        for method in possible:
            if method.id == method_id:
                return method
    if not possible:
        raise Conflict(_("There is no way to pay this order now. Write to us."), state=order.status)
    return possible[0]


def _methods(order):
    """The ways to pay an order that waits: one that approves by itself would have nothing to wait for."""
    country = order.billing_address.country if order.billing_address else None
    choices = payments.methods(order.due_minor, order.currency, country)
    return [choice for choice in choices if not choice.method.auto_approve]


def _note_hint(bill_id, order_id, hint):
    """An unsigned return proves nothing, but the page may say that the shopper is back."""
    with transaction("note_return"):
        order = orders.locked(order_id)
        bill = db.session.get_one(Bill, bill_id, populate_existing=True)
        if bill.status in (CREATED, REDIRECTED) and bill.extra.get("returned") != hint:
            bill.extra = {**bill.extra, "returned": hint}
            with events.acting_as("shopper"):
                events.record("BILL_RETURNED", order.id, id=bill.id, hint=hint)


def _message():
    """The request as it came, bytes and all, before anything is understood."""
    request.max_content_length = LARGEST
    return Message(
        method=request.method,
        query=request.query_string.decode("latin-1"),
        body=request.get_data(parse_form_data=False),
        headers={name.lower(): value for name, value in request.headers.items()},
        remote_addr=request.remote_addr or "",
    )
