"""Customers for staff: who they are, what they ordered, notes about them, and their being forgotten."""

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import or_, select
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from storefront import customers, orders
from storefront.admin import audit, wording
from storefront.admin.room import bp, deed
from storefront.customers.models import Customer, CustomerNote
from storefront.customers.text import folded
from storefront.kit import clock
from storefront.kit.db import db
from storefront.kit.errors import Conflict, NotFound
from storefront.orders.criteria import begins
from storefront.orders.models import Order
from storefront.orders.wording import STATES

PAGE, ORDERS, NOTE = 50, 20, 2000


class NoteForm(FlaskForm):
    """What staff tell each other."""

    text = TextAreaField(
        _l("Note"),
        [
            InputRequired(_l("Write a note")),
            Length(max=NOTE, message=_l("Write at most %(count)s letters", count=NOTE)),
        ],
    )


@bp.get("/customers")
def people():
    """Customers and guests, newest first; a page goes on from the last of the one before."""
    words = " ".join(request.args.get("q", "").split())[:200]
    after = request.args.get("after", "")
    query = select(Customer).where(Customer.erased_at.is_(None)).order_by(Customer.id.desc())
    if words:
        query = query.where(Customer.id.in_(_looked_up(words)))
    if after.isascii() and after.isdigit() and len(after) < 19:
        query = query.where(Customer.id < int(after))
    found = db.session.scalars(query.limit(PAGE + 1)).all()
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return render_template("admin/customers.html", people=found[:PAGE], words=words, older=older)


@bp.get("/customers/<int:person_id>")
def person(person_id):
    """One customer."""
    return _page(person_id, NoteForm(formdata=None))


@bp.post("/customers/<int:person_id>/notes")
def add_customer_note(person_id):
    """A note that only staff read."""
    form = NoteForm()
    if not form.validate_on_submit():
        return _page(person_id, form, status=400)
    with deed():
        one = _person(person_id)
        db.session.add(CustomerNote(customer_id=one.id, text=form.text.data, actor=g.login, at=clock.now()))
        audit.record("note", f"customer {one.id}")
    flash(_("The note is kept."), "ok")
    return redirect(url_for("admin.person", person_id=person_id), code=303)


@bp.route("/customers/<int:person_id>/erase", methods=["GET", "POST"])
def erase_person(person_id):
    """Somebody asked to be forgotten: the page says what that removes, one press does it. Twice is harmless."""
    one, problem = _person(person_id), ""
    if request.method == "POST":
        try:
            with deed():
                done = orders.erase_customer(person_id, by_email=True)
                if done:
                    audit.record("erase", f"customer {person_id}")
        except Conflict as error:
            problem, one = error.message, _person(person_id)
        else:
            flash(_("The customer is forgotten. Orders keep their figures."), "ok")
            return redirect(url_for("admin.person", person_id=person_id), code=303)
    count = len(orders.orders_of(one, by_email=True))
    page = render_template("admin/erase_customer.html", person=one, count=count, problem=problem)
    return page, 409 if problem else 200


def _looked_up(words):
    """By e-mail or name as they begin; both are ranges of an index."""
    by_email, by_name = begins(Customer.email, words.lower()), begins(Customer.name_folded, folded(words))
    ways = [select(Customer.id).where(*way) for way in (by_email, by_name)]
    return ways[0].union(ways[1])


def _page(person_id, form, status=200):
    one = _person(person_id)
    own = or_(Order.customer_id == one.id, Order.customer_id.is_(None) & (Order.email == one.email))
    found = select(Order).where(own).order_by(Order.placed_at.desc(), Order.id.desc()).limit(ORDERS + 1)
    notes = select(CustomerNote).filter_by(customer_id=one.id).order_by(CustomerNote.id.desc())
    locale = str(get_locale() or "en")
    placed = db.session.scalars(found).all()
    html = render_template(
        "admin/customer.html",
        person=one,
        form=form,
        orders=placed[:ORDERS],
        more=len(placed) > ORDERS,
        book=[(row, customers.lines(row, locale)) for row in customers.addresses_of(one)],
        notes=db.session.scalars(notes).all(),
        states=STATES,
        kind_of=wording.kind_of,
        payment_words=wording.PAYMENT,
    )
    return html, status


def _person(person_id):
    found = db.session.get(Customer, person_id) if person_id < 2**62 else None
    if found is None:
        raise NotFound(_("There is no such customer."))
    return found
