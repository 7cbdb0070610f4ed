"""Money that staff have seen on the bank's statement, in the till or at a service that tells the shop nothing."""

from flask import flash, g, request
from flask_babel import gettext as _

from storefront import desk, orders as verbs
from storefront.admin.order_deeds import done, line
from storefront.admin.order_page import page_of
from storefront.admin.room import bp
from storefront.kit import money
from storefront.kit.errors import Invalid
from storefront.payments.fates import DUPLICATE


@bp.post("/orders/<number>/received")
def receive_money(number):
    """So much has come for the order; another sum than is due waits on the desk."""

    def verb(order_id):
        if desk.receive(order_id, amount, booking, g.login) == DUPLICATE:
            flash(_("That was known already."), "info")

    found = verbs.by_number(number)
    try:
        amount, booking = money.parsed(request.form.get("amount", ""), found.currency), line("booking", 60)
    except Invalid as problem:
        return page_of(number, problem)
    return done(number, "receive money", verb, _("The money is entered."), amount=amount, booking=booking)
