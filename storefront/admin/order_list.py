"""The list of orders: tabs, search, filters, sorting, pages, and the same as a file."""

import csv
import io
from dataclasses import replace
from datetime import date

from flask import Response, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _

from storefront.admin import finding, order_filter, wording
from storefront.admin.finding import MOST, Wish
from storefront.admin.room import bp
from storefront.catalog.csvfile import guarded
from storefront.kit import clock, money
from storefront.orders.criteria import FLAGS
from storefront.orders.states import ALIASES
from storefront.orders.wording import STATES

EXPORTED = 20_000
HEADINGS = (
    "Number", "Placed", "E-mail", "Name", "State", "Payment", "Fulfilment", "Currency", "Total", "Paid", "Refunded",
    "Items", "SKUs",
)  # fmt: skip


@bp.get("/orders")
def orders():
    """Orders as somebody wishes to see them."""
    wish, errors = _wish()
    found = finding.find(wish)
    return render_template(
        "admin/orders.html",
        wish=wish,
        found=found,
        tabs=_tabs(wish),
        states=STATES,
        payment_words=wording.PAYMENT,
        fulfilment_words=wording.FULFILMENT,
        kind_of=wording.kind_of,
        errors=errors,
        most=MOST,
        address=_address,
        criteria=wish.criteria,
        typed=order_filter.written(wish.criteria),
        shipment_words=wording.SHIPMENT,
        flags=FLAGS,
        cleared=_address(Wish(view=wish.view)),
    ), 400 if errors else 200


@bp.get("/orders.csv")
def export_orders():
    """The same orders as a file: the whole list, not only the page."""
    wish, _errors = _wish()
    lines = stream_with_context(_lines(wish))
    name = f"orders-{clock.here():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(lines, headers=headers, content_type="text/csv; charset=utf-8")


def _wish():
    """What the address asks for, and a sentence for each part of it that cannot be read."""
    asked, errors = request.args, []
    days = {}
    for name in ("since", "until"):
        try:
            days[name] = _day(asked[name]) if asked.get(name) else None
        except ValueError:
            days[name] = None
            errors.append((f"orders-{name}", _("Enter a day like 2026-11-22")))
    way = asked.get("sort", "-date")
    sort = way.removeprefix("-")
    backwards = "before" in asked
    criteria, wrong = order_filter.read(asked)
    errors += wrong
    wish = Wish(
        criteria=criteria,
        view=asked.get("view", "all"),
        words=" ".join(asked.get("q", "").split())[:200],
        status=_state(asked.get("status", "")),
        sort=sort if sort in finding.SORTS else "date",
        descending=way.startswith("-") or sort not in finding.SORTS,
        cursor=finding.read_cursor(asked.get("before" if backwards else "after", "")),
        backwards=backwards,
        **days,
    )
    return wish, errors


def _state(word):
    """A state by its name or its alias; "" for every state."""
    word = ALIASES.get(word, word)
    return word if word in STATES else ""


def _day(text):
    """A day that a calendar of ours can count with. Raises ValueError."""
    day = date.fromisoformat(text)
    if not 1970 <= day.year < 3000:
        raise ValueError(text)
    return day


def _address(wish, endpoint="admin.orders", **changes):
    """The address of the list with something changed; changing what is listed begins at its first page."""
    before, after = changes.pop("before", ""), changes.pop("after", "")
    wish = replace(wish, **changes)
    way = ("-" if wish.descending else "") + wish.sort
    values = {
        "view": wish.view if wish.view != "all" else None,
        "q": wish.words or None,
        "status": wish.status or None,
        "since": wish.since,
        "until": wish.until,
        **order_filter.written(wish.criteria),
        "sort": way if way != "-date" else None,
        "before": before or None,
        "after": after or None,
    }
    return url_for(endpoint, **{name: value for name, value in values.items() if value is not None})


def _tabs(wish):
    counted = finding.counts()
    names = (("ship", _("To ship")), ("unpaid", _("Unpaid")), ("person", _("Needs a person")), ("all", _("All")))
    return [
        (name, _address(Wish(), view=view), wish.view == view, _capped(counted[view]) if view in counted else None)
        for view, name in names
    ]


def _capped(number):
    return f"{MOST:,}+" if number > MOST else number


def _lines(wish):
    yield "\ufeff" + _line(HEADINGS)
    for order in finding.every(wish, EXPORTED):
        yield _line(_cells(order))


def _cells(order):
    amounts = (order.total_minor, order.paid_minor, order.refunded_minor)
    return (
        order.number,
        f"{order.placed_at:%Y-%m-%d %H:%M:%S}Z",
        order.email,
        order.shipping_address.name if order.shipping_address else "",
        order.status,
        order.payment_status,
        order.fulfilment_status,
        order.currency,
        *(money.plain(amount, order.currency) for amount in amounts),
        sum(line.qty for line in order.lines),
        " ".join(line.sku for line in order.lines),
    )


def _line(cells):
    text = io.StringIO()
    csv.writer(text).writerow([guarded(str(cell)) for cell in cells])
    return text.getvalue()
