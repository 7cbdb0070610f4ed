"""The same deed for many orders of the list: mark as sent, print the slips, cancel. Each by itself."""

import time
from collections.abc import Callable
from typing import NamedTuple

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _, ngettext
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from storefront import orders as verbs, payments
from storefront.admin import audit
from storefront.admin.finding import PAGE
from storefront.admin.order_page import WHOLE, may_be_cancelled
from storefront.admin.packing import paper_of
from storefront.admin.parcels import take_money
from storefront.admin.room import bp, deed
from storefront.kit.db import db, retried
from storefront.kit.errors import Conflict, Invalid, ShopError
from storefront.kit.money import shown
from storefront.orders.models import Order, Shipment
from storefront.orders.states import CLOSED, RELEASED, UNSHIPPED
from storefront.payments.states import OPEN

ASKED_FIRST = {"slips": "admin.slips", "cancel": "admin.cancel_many"}  # deeds with a page of their own
TIME = 25.0  # seconds: then the rest is named, for another press; proxies wait for a minute at most


class Told(NamedTuple):
    """An order, and what is to be said of it: why not, or what stays of it; "" if there is nothing to say."""

    number: str
    words: str


class Cancelling(NamedTuple):
    """An order that may be cancelled: what goes back, whether it may be paid just now, whether certificates end."""

    order: Order
    back: str
    paying: bool
    certificates: bool


@bp.post("/orders/many")
def many():
    """What the pressed button says, to every order whose box is ticked."""
    numbers = _chosen(request.form.getlist("order"))
    wanted = request.form.get("deed", "")
    if not numbers:
        return _result([], [], _("Tick the boxes of the orders that you mean first."))
    if wanted in ASKED_FIRST:
        return redirect(url_for(ASKED_FIRST[wanted], order=numbers), code=303)
    if wanted != "send":
        raise Invalid(_("There is no such button."))
    worked, refused = _each(numbers, _send)
    return _result(worked, refused, _("What was ready of %(orders)s is marked as sent.", orders=_counted(worked)))


@bp.get("/orders/slips")
def slips():
    """The papers of all parcels of these orders that are ready to be packed, each on a sheet of its own."""
    found = _orders(_chosen(request.args.getlist("order")))
    papers = [paper_of(order, parcel) for order in found for parcel in _ready(order)]
    return render_template("admin/slips.html", papers=papers)


@bp.route("/orders/cancel", methods=["GET", "POST"])
def cancel_many():
    """Say what cancelling them does; then do it. Refunds that follow are sent by the job within a minute."""
    if request.method == "GET":
        found = _orders(_chosen(request.args.getlist("order")))
        can = [order for order in found if may_be_cancelled(order)]
        left = [order for order in found if order not in can]
        return render_template("admin/cancel_many.html", orders=list(map(_cancelling, can)), left=left)
    worked, refused = _each(_chosen(request.form.getlist("order")), _cancel)
    return _result(worked, refused, _("Cancelled: %(orders)s.", orders=_counted(worked)))


def _chosen(numbers):
    """The numbers, each once. Raises Invalid for more than a page has."""
    if len(numbers) > PAGE:
        raise Invalid(_("At most %(most)d orders at once.", most=PAGE))
    return list(dict.fromkeys(numbers))


def _orders(numbers):
    wanted = select(Order).where(Order.number.in_(numbers)).options(*WHOLE)
    return list(db.session.scalars(wanted.order_by(Order.placed_at, Order.id)))


def _ready(order) -> list[Shipment]:
    return [parcel for parcel in order.shipments if parcel.lines and parcel.status == RELEASED]


def _each(numbers, verb: Callable[[str], str]) -> tuple[list[Told], list[Told]]:
    """To whom it was done, and to whom it was not; whatever happens to one, the others are told of."""
    worked, refused, until = [], [], time.monotonic() + TIME
    for number in numbers:
        try:
            if time.monotonic() > until:
                raise Conflict(_("Not tried yet: press once more."))
            worked.append(Told(number, retried(verb)(number)))
        except ShopError as problem:
            refused.append(Told(number, problem.message))
        except OperationalError:
            refused.append(Told(number, _("The database was busy: press once more.")))
    return worked, refused


def _send(number):
    """Every parcel that is ready leaves; gives a sentence if not all of the order did. Raises Conflict if none does."""
    parcels = [(parcel.id, parcel.tracking) for parcel in _ready(verbs.by_number(number))]
    if not parcels:
        raise Conflict(_("None of its parcels is ready to be sent."))
    for sent, (parcel_id, tracking) in enumerate(parcels):
        try:
            _send_one(number, parcel_id, tracking)
        except ShopError as problem:
            if not sent:
                raise
            return _("Only a part of it has left: %(why)s", why=problem.message)
    rest = [parcel for parcel in verbs.by_number(number).shipments if parcel.lines and parcel.status in UNSHIPPED]
    return _("Only a part of it has left; the rest waits.") if rest else ""


def _send_one(number, parcel_id, tracking):
    take_money(number, parcel_id)
    with deed():
        was = verbs.locked(verbs.by_number(number).id).status
        if not verbs.ship(parcel_id, tracking=tracking):
            raise Conflict(_("Somebody else has just marked it as sent."))
        now = verbs.by_number(number).status
        audit.record("ship", f"order {number}", {"state": was}, {"state": now, "parcel": parcel_id})


def _cancel(number):
    with deed():
        found = verbs.locked(verbs.by_number(number).id)
        was = found.status
        if was in CLOSED:
            raise Conflict(_("It was closed before."))
        verbs.cancel_by_merchant(found.id, g.login)
        audit.record("cancel", f"order {number}", {"state": was}, {"state": found.status})
    return ""


def _cancelling(order):
    bills = payments.bills_of(order.id)
    minor = sum(max(0, payments.refundable(bill)) for bill in bills)
    return Cancelling(
        order,
        back=shown(minor, order.currency) if minor else "",
        paying=any(bill.status in OPEN and bill.claimed_at for bill in bills),
        certificates=any(line.gift_certificate for line in order.lines),
    )


def _counted(worked):
    return ngettext("%(num)d order", "%(num)d orders", len(worked))


def _result(worked, refused, told):
    html = render_template("admin/many.html", worked=worked, refused=refused, told=told)
    return html, 200 if worked else 409 if refused else 400
