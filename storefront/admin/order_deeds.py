"""What staff do to an order, each with one verb: complete, cancel, accept, note, write again."""

import contextlib
from collections.abc import Iterable

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from storefront import checkout, customers, desk, notices, orders as verbs, payments
from storefront.admin import audit
from storefront.admin.order_page import CANCELLABLE, came, order_by, page_of, shown_with, sums_of
from storefront.admin.room import bp, deed
from storefront.kit import clock, events, money
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound, ShopError
from storefront.orders.models import Order, OrderNote
from storefront.orders.states import OWN
from storefront.payments.models import Bill, Refund
from storefront.payments.states import OPEN, QUARANTINED

MOST_LETTERS = 2000


def back(number: str, anchor: str = ""):
    """To the order's page, which shows what came of it."""
    return redirect(url_for("admin.order", number=number) + anchor, code=303)


def line(name: str, most: int = 100) -> str:
    """One line of what was typed, be it into the form or, on a page that only says what it does, into the address.

    Raises Invalid when it is too long.
    """
    typed = request.args if request.method == "GET" else request.form
    text = customers.plain_line(typed.get(name, ""))
    if len(text) > most:
        raise Invalid(_("Shorten “%(start)s…” to %(most)d letters.", start=text[:20], most=most))
    return text


def paragraph(name: str) -> str:
    """Some lines of what was typed. Raises Invalid when they are too long."""
    text = request.form.get(name, "").replace("\r\n", "\n").strip()
    if len(text) > MOST_LETTERS:
        raise Invalid(_("Shorten the text to %(most)d letters.", most=MOST_LETTERS))
    return text


def done(number, action, verb, said, **facts):
    """Do one thing to an order and say so; or show its page as it is now, beginning with what stood in the way."""
    found = verbs.by_number(number)
    order_id = found.id
    try:
        with deed():
            was = verbs.locked(order_id).status
            verb(order_id)
            now = db.session.get_one(Order, order_id).status
            audit.record(action, f"order {number}", {"state": was}, {"state": now, **facts})
    except (Conflict, Invalid) as problem:
        return page_of(number, problem)
    flash(said, "ok")
    return back(number)


@bp.post("/orders/<number>/complete")
def complete(number):
    """Nothing more is to be done."""
    return done(number, "complete", verbs.complete, _("The order is completed."))


@bp.post("/orders/<number>/move")
def move_order(number):
    """From one of the merchant's own states to another, as the pressed button says."""
    event = request.form.get("event", "")
    if event not in {move.event for move in OWN.moves}:
        raise Invalid(_("There is no such button."))
    return done(number, event, lambda order_id: verbs.move_on(order_id, event, g.login), _("Noted."))


@bp.post("/orders/<number>/accept")
def accept_order(number):
    """Staff have looked: the order goes on with the money that is there."""
    said = _("The order is accepted. It goes to packing as soon as its money is there.")
    answer = done(number, "accept", lambda order_id: desk.accept_order(order_id, actor=g.login), said)
    send_captures(verbs.by_number(number).id)
    send_back(number)
    return answer


@bp.post("/orders/<number>/notes")
def add_note(number):
    """A note that only staff read."""

    def verb(order_id):
        if not text:
            raise Invalid(_("Write something into the note first."))
        db.session.add(OrderNote(order_id=order_id, text=text, actor=g.login, at=clock.now()))

    try:
        text = paragraph("text")
    except Invalid as problem:
        return page_of(number, problem)
    return done(number, "note", verb, _("The note is kept."))


@bp.post("/orders/<number>/message")
def send_message(number):
    """A letter to the shopper, in staff's own words."""

    def verb(order_id):
        verbs.write_to_shopper(order_id, text, g.login)

    try:
        text = paragraph("message")
    except Invalid as problem:
        return page_of(number, problem)
    return done(number, "message", verb, _("The message goes out in a moment."))


@bp.post("/orders/<number>/letters/<int:event_id>")
def resend_letter(number, event_id):
    """A letter goes out once more."""

    def verb(order_id):
        event = db.session.get(events.OrderEvent, event_id)
        if event is None or event.order_id != order_id:
            raise NotFound(_("There is no such letter."))
        notices.resend(event_id)

    return done(number, "send letter again", verb, _("The letter goes out once more, in a moment."))


@bp.post("/orders/<number>/link")
def replace_link(number):
    """The order gets another link; the customer has it by letter."""
    said = _("The old link does not work any more. The new one goes to the customer by letter.")
    return done(number, "replace link", verbs.replace_link, said)


@bp.route("/orders/<number>/cancel", methods=["GET", "POST"])
def cancel_order(number):
    """Say what cancelling does; then do it."""
    if request.method == "GET":
        return _cancel_page(number)
    try:
        note = paragraph("note")
    except Invalid as problem:
        return _cancel_page(number, problem)
    answer = done(
        number,
        "cancel",
        lambda order_id: verbs.cancel_by_merchant(order_id, g.login, note),
        _("Order %(number)s is cancelled. The goods are back on the shelf.", number=number),
        note=note,
    )
    send_back(number)
    return answer


@bp.route("/orders/<number>/bills/<int:bill_id>/refund", methods=["GET", "POST"])
def refund_bill(number, bill_id):
    """Money that fits nowhere goes back: say how much and where to; then do it."""
    found = order_by(number)
    bill = db.session.get(Bill, bill_id)
    if bill is None or bill.order_id != found.id:
        raise NotFound(_("There is no such payment."))
    if request.method == "GET" or bill.disposition != QUARANTINED:
        problem = request.method == "POST" and Conflict(_("Somebody has decided about this money already."))
        if problem:
            return page_of(number, problem)
        left, currency = payments.refundable(bill), came(bill)[1]
        facts = {"bill": bill, "sum": money.shown(left, currency), **shown_with(found)}
        return render_template("admin/refund_bill.html", order=found, **facts)
    reason = str(_("This payment did not fit your order."))
    answer = done(
        number,
        "refund waiting money",
        lambda order_id: desk.refund_bill(order_id, bill_id, reason=reason, actor=g.login),
        _("The money goes back where it came from."),
        bill=bill.reference,
    )
    send_back(number)
    return answer


def send_back(number: str) -> None:
    """Tell the gateway of refunds that were just asked for; what does not get through is told by the job."""
    found = verbs.by_number(number)
    send_each(refund.id for refund in payments.refunds_of(found.id) if refund.status == "REQUESTED")


def send_captures(order_id: int) -> None:
    """Ask the payment service now for the reserved sums of an order that are to be taken or given up."""
    for capture_id in payments.asked_of(order_id):
        with contextlib.suppress(ShopError), events.acting_as("staff", g.login):  # the job asks again
            checkout.send_capture(capture_id)


def send_each(refund_ids: Iterable[int]) -> None:
    """The same for refunds by their ids."""
    for refund_id in list(refund_ids):
        try:
            with events.acting_as("staff", g.login):
                checkout.send_refund(refund_id)
        except ShopError:
            continue  # the job asks again
        _say_what_came_of_it(refund_id)


def _say_what_came_of_it(refund_id):
    refund = db.session.get(Refund, refund_id, populate_existing=True)
    if refund.status == "FAILED":
        flash(_("The refund failed: %(why)s Do it at the gateway.", why=refund.last_error), "error")
    elif refund.status != "SUCCEEDED":
        flash(_("The gateway has not answered yet. We ask again until it does; the money goes back once."), "warn")


def _cancel_page(number, problem=None):
    found = order_by(number)
    if found.status not in CANCELLABLE:
        return page_of(number, Conflict(_("This order cannot be cancelled any more."), state=found.status))
    bills = payments.bills_of(found.id)
    html = render_template(
        "admin/cancel.html",
        order=found,
        back_minor=sum(max(0, payments.refundable(bill)) for bill in bills),
        paying=any(bill.status in OPEN and bill.claimed_at for bill in bills),
        sums=sums_of(found, bills, payments.refunds_of(found.id)),
        problem=problem,
        **shown_with(found),
    )
    return html, 400 if problem else 200
