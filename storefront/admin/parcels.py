"""What staff do to the parcels of an order: pack, hold back, divide, join, send, or not send after all."""

from flask import flash, g, render_template, request
from flask_babel import gettext as _

from storefront import orders as verbs, payments
from storefront.admin import audit
from storefront.admin.order_deeds import back, done, line, send_back, send_captures
from storefront.admin.order_page import order_by, page_of, shown_with
from storefront.admin.room import bp, deed
from storefront.kit import money
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.orders.models import Order, Shipment
from storefront.orders.states import UNSHIPPED

NOT_SENT = "rest_cancelled"


@bp.post("/orders/<number>/shipments/<int:shipment_id>/ship")
def ship(number, shipment_id):
    """A parcel has left; the shopper gets a letter with its tracking. Money that is only reserved is taken before."""
    try:
        carrier, tracking = line("carrier"), line("tracking")
        take_money(number, shipment_id)
    except (Conflict, Invalid) as problem:
        return page_of(number, problem)
    said = _("The parcel is marked as sent. The letter with the tracking goes out by itself.")
    return done(
        number,
        "ship",
        lambda order_id: verbs.ship(_own(order_id, shipment_id), carrier=carrier, tracking=tracking),
        said,
        carrier=carrier,
        tracking=tracking,
    )


@bp.post("/orders/<number>/shipments/<int:shipment_id>/deliver")
def deliver(number, shipment_id):
    """A parcel has arrived."""
    said = _("The parcel is marked as delivered.")
    return done(number, "deliver", lambda order_id: verbs.deliver(_own(order_id, shipment_id)), said)


@bp.post("/orders/<number>/shipments/<int:shipment_id>/release")
def release(number, shipment_id):
    """The missing goods are here, or the parcel need not wait any more. What is refused stays in the history."""
    said = _("The parcel may be packed now.")
    try:
        with deed():
            order_id = verbs.locked(verbs.by_number(number).id).id
            verbs.release_shipment(_own(order_id, shipment_id))
            audit.record("release", f"order {number}", after={"parcel": shipment_id})
    except Conflict as problem:
        if cause := problem.data.get("cause"):
            with deed():
                verbs.note_refused_release(shipment_id, cause)
        return page_of(number, problem)
    flash(said, "ok")
    return back(number, "#parcels")


@bp.post("/orders/<number>/shipments/<int:shipment_id>/hold")
def hold(number, shipment_id):
    """The parcel stays in the house until staff release it."""
    said = _("The parcel is held back. Nobody can send it until it is released.")
    return done(number, "hold", lambda order_id: verbs.hold_shipment(_own(order_id, shipment_id), g.login), said)


@bp.post("/orders/<number>/shipments/<int:shipment_id>/split")
def split(number, shipment_id):
    """Some of its goods go into a parcel of their own."""
    try:
        units = counts("qty-")
    except Invalid as problem:
        return page_of(number, problem)
    return done(
        number,
        "split",
        lambda order_id: verbs.split_parcel(_own(order_id, shipment_id), units, g.login),
        _("The goods are in a parcel of their own."),
        parcel=shipment_id,
        units={str(line_id): count for line_id, count in units.items()},
    )


@bp.post("/orders/<number>/shipments/<int:shipment_id>/merge")
def merge(number, shipment_id):
    """What is in it goes into another parcel."""
    into = request.form.get("into", "")
    if not (into.isascii() and into.isdigit() and len(into) < 16):
        return page_of(number, Invalid(_("Choose another parcel of the same order.")))
    return done(
        number,
        "merge",
        lambda order_id: verbs.merge_parcels(_own(order_id, shipment_id), int(into), g.login),
        _("The two parcels are one."),
        parcel=shipment_id,
        into=int(into),
    )


@bp.route("/orders/<number>/shipments/<int:shipment_id>/stop", methods=["GET", "POST"])
def stop(number, shipment_id):
    """A parcel is not sent after all: say what that does, and what goes back; then do it."""
    found = order_by(number)
    parcel = next((one for one in found.shipments if one.id == shipment_id), None)
    if parcel is None:
        raise NotFound(_("There is no such parcel."))
    if parcel.status not in UNSHIPPED:
        return page_of(number, Conflict(_("This parcel has left, or is not to be sent."), state=found.status))
    units = {inside.order_line_id: inside.qty for inside in parcel.lines}
    if request.method == "GET":
        return _stop_page(found, parcel, units)
    try:
        amount = _sum(request.form.get("amount", ""), found.currency)
        reason = line("reason", 300)
    except Invalid as problem:
        return _stop_page(found, parcel, units, problem)
    answer = done(
        number,
        "do not send",
        lambda order_id: _stop(order_id, shipment_id, amount, reason),
        _("The parcel is not sent. Its goods are free again."),
        parcel=shipment_id,
        amount_minor=amount,
    )
    send_back(number)
    return answer


def counts(prefix: str) -> dict[int, int]:
    """Order line id: the whole number that was typed for it, in the fields that begin so. Raises Invalid."""
    found: dict[int, int] = {}
    for name, text in request.form.items():
        if name.startswith(prefix) and text.strip():
            line_id, count = name.removeprefix(prefix), text.strip()
            if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in (line_id, count)):
                raise Invalid(_("Enter whole numbers."))
            found[int(line_id)] = int(count)
    return found


def take_money(number, shipment_id):
    """Money that is only reserved is asked for before the parcel leaves, outside any transaction. Once."""
    order_id = verbs.by_number(number).id
    if payments.taken_on_sending(order_id) is None:
        return
    with deed():
        asked = verbs.take_money_for(_own(order_id, shipment_id), g.login)
    if asked:
        send_captures(order_id)


def _stop(order_id, shipment_id, amount, reason):
    verbs.cancel_parcels(order_id, [_own(order_id, shipment_id)], NOT_SENT, g.login)
    if amount:
        key = f"parcel-{shipment_id}"
        verbs.request_refund(order_id, amount, request_key=key, reason=reason, actor=g.login, restock={})


def _sum(text, currency):
    amount = money.parsed(text, currency) if text.strip() else 0
    if amount < 0:
        raise Invalid(_("Enter a sum above zero"))
    return amount


def _stop_page(found, parcel, units, problem=None):
    html = render_template(
        "admin/stop.html",
        order=found,
        parcel=parcel,
        worth=verbs.refundable_worth(found, units),
        most=verbs.refundable_of(found),
        problem=problem,
        **shown_with(found),
    )
    return html, 400 if problem else 200


def _own(order_id, shipment_id):
    """A parcel of this order and no other."""
    shipment = db.session.get(Shipment, shipment_id)
    if shipment is None or shipment.order_id != order_id:
        raise NotFound(_("There is no such parcel."))
    return shipment_id


def parcels_of(found: Order) -> list[Shipment]:
    """The parcels of an order that people look at: those that became one with another are not among them."""
    return [shipment for shipment in found.shipments if shipment.lines]
