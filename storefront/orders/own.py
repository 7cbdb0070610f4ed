"""Pages under /account about what orders say of somebody: all orders, all data in one file, and being forgotten."""

import json

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import logout_user
from sqlalchemy import select, tuple_
from sqlalchemy.orm import selectinload

from storefront import cart, customers, orders
from storefront.customers.forms import OwnPasswordForm
from storefront.customers.secret_pages import ten_tries
from storefront.customers.told import devices_forgotten
from storefront.customers.views import customers_only
from storefront.kit import clock
from storefront.kit.db import db, transaction
from storefront.kit.errors import Conflict, NotFound
from storefront.kit.limits import limiter
from storefront.orders.models import Order
from storefront.orders.portable import everything_of
from storefront.orders.wording import state_in_words

bp = Blueprint("own", __name__, url_prefix="/account")
PAGE = 20


@bp.get("/orders")
@customers_only
def mine(person):
    """The orders of whoever is signed in, newest first; a page goes on from the last order of the one before."""
    query = select(Order).filter_by(customer_id=person.id).order_by(Order.placed_at.desc(), Order.id.desc())
    if after := _own_order(person, request.args.get("after", "")):
        query = query.where(tuple_(Order.placed_at, Order.id) < tuple_(after.placed_at, after.id))
    found = db.session.scalars(query.limit(PAGE + 1)).all()
    return render_template(
        "orders/mine.html",
        orders=found[:PAGE],
        older=found[PAGE - 1].number if len(found) > PAGE else "",
        later=bool(after),
        state_in_words=state_in_words,
        may_order_again=orders.may_order_again,
    )


@bp.post("/orders/<number>/again")
@customers_only
@limiter.limit("30 per minute")
def again(person, number):
    """What was ordered once goes into the cart once more, at the prices and the stock of today."""
    order = _own_order(person, number)
    if order is None:
        raise NotFound(_("There is no such order any more."))
    if not orders.may_order_again(order):  # its own page says what can be done
        return redirect(url_for("orders.show", key=order.key), code=303)
    with transaction("order_again"):
        fewer, came = orders.order_again(order, cart.current_or_new())
    cart.tell(fewer)
    if came:
        flash(_("What was in order %(number)s is in your cart, at the prices of today.", number=number), "ok")
    return redirect(url_for("cart.show"), code=303)


@bp.get("/data")
@customers_only
def data(person):
    """What is kept, how to have it, and how to have it removed."""
    return _page(OwnPasswordForm(), person)


@bp.get("/data.json")
@customers_only
@limiter.limit("20 per hour")
def download(person):
    """Everything that is kept of whoever is signed in, as one file that programs can read."""
    lines = select(Order).filter_by(customer_id=person.id).order_by(Order.id).options(selectinload(Order.lines))
    facts = everything_of(person, db.session.scalars(lines).all())
    name = f"my-data-{clock.here():%Y-%m-%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(json.dumps(facts, indent=1, ensure_ascii=False), mimetype="application/json", headers=headers)


@bp.post("/data/delete")
@customers_only
@ten_tries
def erase(person):
    """Whoever knows the password is forgotten, if no order of theirs is open; what the books need stays."""
    form, person_id = OwnPasswordForm(), person.id
    if not form.validate_on_submit():
        return _page(form, person, status=400)
    if not customers.knows_password(person, form.current.data):
        form.current.errors = [_("This is not your password.")]
        return _page(form, person, status=400)
    try:
        with transaction("erase_customer"):
            orders.erase_customer(person_id, by_email=person.verified_at is not None)
    except Conflict as problem:
        return _page(OwnPasswordForm(formdata=None), person, problem.message, 409)
    devices_forgotten.send(customer_id=person_id, strange=False)
    logout_user()
    session.clear()
    flash(_("Your account and your data are deleted. What tax law asks us to keep says nothing of you."), "ok")
    return redirect("/", code=303)


def _own_order(person, number):
    return db.session.scalar(select(Order).filter_by(customer_id=person.id, number=number)) if number else None


def _page(form, person, problem="", status=200):
    return render_template("orders/data.html", form=form, person=person, problem=problem), status
