"""Money that staff have seen on the bank's statement, in the till or at a service that tells the shop nothing."""

from flask import flash, g, render_template, request
from flask_babel import gettext as _

from storefront import desk, orders as verbs, payments
from storefront.admin.order_deeds import done, line
from storefront.admin.order_page import order_by, page_of, shown_with
from storefront.admin.room import bp
from storefront.kit import money
from storefront.kit.errors import Conflict, Invalid
from storefront.payments.fates import DUPLICATE


@bp.route("/orders/<number>/received", methods=["GET", "POST"])
def receive_money(number):
    """Say what entering this sum does; then so much has come. Another sum than is due waits on the desk."""

    def verb(order_id):
        if desk.receive(order_id, amount, booking, g.login) == DUPLICATE:
            flash(_("That was known already."), "info")

    found = verbs.by_number(number)
    try:
        amount, booking = money.parsed(line("amount"), found.currency), line("booking", 60)
        if request.method == "GET":
            return _received_page(number, amount, booking)
    except (Conflict, Invalid) as problem:
        return page_of(number, problem)
    return done(number, "receive money", verb, _("The money is entered."), amount=amount, booking=booking)


def _received_page(number, amount, booking):
    """What entering it does. Raises Conflict when nothing is awaited, Invalid for no sum."""
    found = order_by(number)
    awaited = desk.awaited(found, payments.bills_of(found.id))
    if awaited is None:
        raise Conflict(_("No money is awaited here any more."), state=found.status)
    if amount <= 0:
        raise Invalid(_("Enter an amount like 12.50."))
    facts = {"awaited": awaited, "amount": amount, "typed": money.plain(amount, found.currency), "booking": booking}
    return render_template("admin/received.html", order=found, **facts, **shown_with(found))
