"""Gift certificates for staff: found by the end of their code, each with its ledger; the owner issues and ends them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from wtforms import DateField, HiddenField, StringField
from wtforms.validators import InputRequired, Length, Optional

from storefront import certificates as verbs, store
from storefront.admin import audit, wording
from storefront.admin.order_deeds import line
from storefront.admin.room import bp, deed, status_of
from storefront.certificates.finding import PAGE
from storefront.certificates.models import GiftCertificate
from storefront.customers import plain_line
from storefront.kit import clock, ids, money
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid
from storefront.orders.models import Order, OrderLine


class IssueForm(FlaskForm):
    """A certificate that nobody bought: its worth, its last day, and why, for staff. The key makes one press one."""

    amount = StringField(_l("Worth"), [InputRequired(_l("Enter a sum like 25.00"))])
    until = DateField(_l("Last day"), [Optional()])
    note = StringField(
        _l("Why, for staff"),
        [Length(max=200, message=_l("At most 200 letters"))],
        filters=[lambda text: plain_line(text or "")],
    )
    key = HiddenField()


@bp.get("/certificates")
def certificates():
    """The newest first; by the end of their code, or their state."""
    last4, status, before = (request.args.get(name, "").strip() for name in ("code", "status", "before"))
    status = status if status in wording.CERTIFICATE else ""
    found = verbs.listed(last4=last4, status=status, before_id=_number(before))
    return render_template(
        "admin/certificates.html",
        rows=found[:PAGE],
        more=len(found) > PAGE,
        code=last4,
        status=status,
        words=wording,
        now=clock.now(),
    )


@bp.get("/certificates/<int:certificate_id>")
def certificate(certificate_id):
    """One certificate with everything that happened to it."""
    return _page(certificate_id)


@bp.route("/certificates/new", methods=["GET", "POST"])
def issue_certificate():
    """A certificate that nobody has bought, active at once."""
    form = IssueForm(until=_usual_last_day(), key=ids.new_key())
    if not form.validate_on_submit():
        html = render_template("admin/new_certificate.html", form=form, currency=store.current().currency)
        return html, 400 if form.errors else 200
    try:
        made = _issue(form)
    except Invalid as problem:
        form.amount.errors = [*form.amount.errors, problem.message]
        return render_template("admin/new_certificate.html", form=form, currency=store.current().currency), 400
    flash(_("The gift certificate is issued. Show its code, and give it to whoever shall have it."), "ok")
    return redirect(url_for("admin.certificate", certificate_id=made), code=303)


@bp.post("/certificates/<int:certificate_id>/code")
def show_certificate(certificate_id):
    """The code once more, for the owner's eyes; that it was shown stands in the trail."""
    try:
        with deed():
            found = verbs.by_id(certificate_id)
            code = verbs.in_groups(verbs.code_of(found))
            audit.record("show code", _name(found))
    except Conflict as problem:
        return _page(certificate_id, problem)
    return _page(certificate_id, code=code)


@bp.route("/certificates/<int:certificate_id>/void", methods=["GET", "POST"])
def void_certificate(certificate_id):
    """Say what it means that a certificate is not valid any more; then do it."""
    found = verbs.by_id(certificate_id)
    if request.method == "GET":
        return render_template("admin/certificate_void.html", certificate=found)
    return _done(certificate_id, "void", verbs.void, _("The gift certificate is not valid any more."))


@bp.post("/certificates/<int:certificate_id>/extend")
def extend_certificate(certificate_id):
    """Another last day, or none."""
    try:
        until = _last_moment(line("until"))
    except Invalid as problem:
        return _page(certificate_id, problem)
    said = _("The gift certificate can be used until then.") if until else _("It can be used without an end.")
    return _done(certificate_id, "extend", lambda one: verbs.extend(one, until), said)


def _issue(form):
    """The id of the certificate that this press has made, or made before."""
    amount = money.parsed(form.amount.data, store.current().currency)
    seed = form.key.data if len(form.key.data or "") == len(ids.new_key()) else ids.new_key()
    facts = {"note": form.note.data, "expires_at": _end_of(form.until.data), "seed": seed}
    try:
        with deed():
            if known := db.session.scalar(select(GiftCertificate.id).filter_by(seed=seed)):
                return known
            made = verbs.issue(amount, actor=g.login, **facts)
            audit.record("issue", _name(made), after={"amount_minor": amount, "note": form.note.data})
            return made.id
    except IntegrityError:  # the same press of the button, in this moment
        return db.session.scalars(select(GiftCertificate.id).filter_by(seed=seed)).one()


def _done(certificate_id, action, verb, said):
    try:
        with deed():
            was = _state(verbs.by_id(certificate_id))
            verb(certificate_id)
            found = db.session.get_one(GiftCertificate, certificate_id, populate_existing=True)
            audit.record(action, _name(found), was, _state(found))
    except (Conflict, Invalid) as problem:
        return _page(certificate_id, problem)
    flash(said, "ok")
    return redirect(url_for("admin.certificate", certificate_id=certificate_id), code=303)


def _page(certificate_id, problem=None, code=""):
    if problem:
        db.session.rollback()
    found, moves = verbs.by_id(certificate_id), verbs.transactions_of(certificate_id)
    wanted = {move.order_id for move in moves} - {None}
    numbers = select(Order.id, Order.number).where(Order.id.in_(wanted))
    bought = select(Order.number).join(OrderLine, OrderLine.order_id == Order.id)
    html = render_template(
        "admin/certificate.html",
        certificate=found,
        moves=moves,
        numbers=dict(db.session.execute(numbers).tuples().all()),
        bought_by=db.session.scalar(bought.where(OrderLine.id == found.bought_in_line_id)),
        last_day=found.last_day_at.astimezone(_zone()).date() if found.last_day_at else None,
        code=code,
        problem=problem,
        words=wording,
        now=clock.now(),
    )
    return html, status_of(problem) if problem else 200


def _name(found):
    return f"gift certificate {found.id} …{found.last4}"


def _state(found):
    return {"state": found.status, "balance_minor": found.balance_minor, "until": str(found.expires_at or "")}


def _number(text):
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _zone():
    return ZoneInfo(store.current().timezone)


def _usual_last_day():
    last = verbs.last_moment()
    return last.astimezone(_zone()).date() if last else None


def _end_of(day):
    """The moment at which a day is over, by the clocks of the shop; None for no day."""
    return datetime.combine(day + timedelta(days=1), time(), _zone()) if day else None


def _last_moment(text):
    try:
        return _end_of(date.fromisoformat(text)) if text else None
    except (ValueError, OverflowError):
        sentence = _("Enter a day like 2027-12-31.")
        raise Invalid(sentence, fields={"until": [sentence]}) from None
