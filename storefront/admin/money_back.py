"""Money that went back past the shop, or is only reserved: the goods behind it, and what the bank is shown."""

from typing import Any

from flask import flash, g, render_template, request
from flask_babel import gettext as _

from storefront import checkout, orders as verbs, payments, stock, store
from storefront.admin import audit, messages, timeline
from storefront.admin.goods_back import questions_of
from storefront.admin.order_deeds import back, done, send_captures
from storefront.admin.order_page import letters_of, order_by, page_of, shown_with, sums_of
from storefront.admin.room import bp, deed
from storefront.kit import clock, events
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.orders.models import Order
from storefront.payments.states import AUTHORIZED


@bp.post("/orders/<number>/restock")
def restock(number):
    """The answer: so many of each line are back on the shelf, or none."""
    try:
        wanted = _wanted()
        with deed():
            found = verbs.locked(verbs.by_number(number).id)
            moved = _put_back(found, request.form.get("key", ""), wanted)
            audit.record("restock", f"order {number}", after={str(line): count for line, count in moved.items()})
    except (Conflict, Invalid) as problem:
        return page_of(number, problem)
    flash(_("The goods are back on the shelf.") if any(moved.values()) else _("Nothing was put back."), "ok")
    return back(number)


@bp.post("/orders/<number>/ask")
def ask_gateway(number):
    """Ask the gateway about every attempt of the order, and apply what it says."""
    found = verbs.by_number(number)
    asked = [bill.id for bill in payments.bills_of(found.id) if bill.claimed_at and payments.can_be_asked(bill)]
    with events.acting_as("staff", g.login):
        answers = [checkout.try_to_ask(bill_id) for bill_id in asked]
    if asked and all(answers):
        flash(_("The gateway has answered; what it said is on this page."), "ok")
    else:
        flash(_("The gateway gave no answer. Nothing was changed."), "warn")
    return back(number)


@bp.route("/orders/<number>/bills/<int:bill_id>/reserved/<kind>", methods=["GET", "POST"])
def capture_bill(number, bill_id, kind):
    """Say what taking what is reserved (capture) does, or giving it up (void); then do it."""
    if kind not in ("capture", "void"):
        raise NotFound(_("There is no such deed."))
    if request.method == "GET":
        return _reserved_page(number, bill_id, kind)
    said = _("The payment service is asked. What it says stands on this page.")
    answer = done(
        number, kind, lambda order_id: verbs.request_capture(order_id, bill_id, kind, g.login), said, bill=bill_id
    )
    send_captures(verbs.by_number(number).id)
    return answer


def _reserved_page(number, bill_id, kind):
    found = order_by(number)
    bill = next((one for one in payments.bills_of(found.id) if one.id == bill_id), None)
    if bill is None:
        raise NotFound(_("There is no such payment."))
    if bill.status != AUTHORIZED:
        gone = _("This sum is not reserved any more, or somebody has decided about it.")
        return page_of(number, Conflict(gone, state=bill.status))
    return render_template("admin/reserved.html", order=found, bill=bill, kind=kind, **shown_with(found))


@bp.get("/orders/<number>/evidence")
def evidence(number):
    """One page to be printed: what was ordered, paid, sent and written, for the answer to a bank."""
    found = order_by(number)
    bills, history = payments.bills_of(found.id), events.of_order(found.id)
    return render_template(
        "admin/evidence.html",
        order=found,
        bills=bills,
        refunds=payments.refunds_of(found.id),
        sums=sums_of(found, bills, payments.refunds_of(found.id)),
        messages=[messages.shown(one) for one in payments.inbox_of([bill.id for bill in bills])],
        letters=[row for row in reversed(letters_of(found, history)) if row[1].status == "SENT"],
        days=timeline.days_of(found, [event for event in history if event.type != "LETTER_RESENT"], notes=False),
        whole=timeline.whole(found),
        shop=store.current(),
        now=clock.now(),
        **shown_with(found),
    )


def _wanted() -> dict[int, int]:
    given: dict[int, int] = {}
    for name, text in request.form.items():
        if name.startswith("back-") and text.strip():
            line_id, count = name.removeprefix("back-"), text.strip()
            if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in (line_id, count)):
                raise Invalid(_("Enter whole numbers of goods that are back."))
            given[int(line_id)] = int(count)
    return given


def _put_back(found: Order, key: str, wanted: dict[int, int]) -> dict[int, int]:
    question = next((one for one in questions_of(found, events.of_order(found.id)) if one.key == key), None)
    if question is None:
        raise Conflict(_("Somebody has answered this already."), state="answered")
    if any(count > question.returnable.get(line_id, 0) for line_id, count in wanted.items()):
        raise Invalid(_("These goods have not left the house, or are back already."))
    lines: dict[int, Any] = {line.id: line for line in found.lines}
    moved = {}
    for line_id, count in sorted(wanted.items()):
        moved[line_id] = stock.take_back(lines[line_id], count, ref=found.number, actor=g.login) if count else 0
        if moved[line_id]:
            events.record("STOCK_RETURNED", found.id, line=line_id, qty=moved[line_id])
    events.record("RESTOCK_ANSWERED", found.id, key=key, lines={str(line): count for line, count in moved.items()})
    return moved
