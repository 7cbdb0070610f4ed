"""Tokens by which other systems read events and orders: made, shown once, revoked."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length

from storefront import api
from storefront.admin import audit
from storefront.admin.room import bp, deed
from storefront.api.models import ApiToken
from storefront.customers import plain_line
from storefront.kit import events
from storefront.kit.db import db
from storefront.kit.errors import Invalid
from storefront.kit.pages import absolute


def _one_line(text):
    return plain_line(text or "")


class TokenForm(FlaskForm):
    """Whose token it is, and what it may read."""

    name = StringField(
        _l("Whose is it?"),
        [InputRequired(_l("Enter a name")), Length(max=60, message=_l("At most 60 letters"))],
        filters=[_one_line],
    )
    events = BooleanField(api.SCOPES["events:read"], default=True)
    orders = BooleanField(api.SCOPES["orders:read"], default=True)
    personal = BooleanField(api.SCOPES["orders:personal"])

    @property
    def scopes(self) -> list[str]:
        """What is ticked."""
        ticks = {"events:read": self.events, "orders:read": self.orders, "orders:personal": self.personal}
        return [scope for scope, tick in ticks.items() if tick.data]


@bp.get("/tokens")
def tokens():
    """Every token, with what it may and when it was last used."""
    return _page(TokenForm(formdata=None))


@bp.post("/tokens")
def make_token():
    """A new token; it is shown once, here."""
    form = TokenForm()
    if not form.validate_on_submit():
        return _page(form, status=400)
    try:
        with deed():
            token, secret = api.make_token(form.name.data, form.scopes, by=events.actor().name)
            audit.record("make", f"API token {token.name}", after={"scopes": token.scopes, "ends in": token.last4})
    except Invalid as problem:
        form.events.errors = [problem.message]
        return _page(form, status=400)
    return _page(TokenForm(formdata=None), secret=secret)


@bp.post("/tokens/<int:token_id>/revoke")
def revoke_token(token_id):
    """From now on the token opens nothing."""
    with deed():
        if api.revoke(token_id):
            token = db.session.get_one(ApiToken, token_id)
            audit.record("revoke", f"API token {token.name}", before={"ends in": token.last4})
    flash(_("The token is not valid any more."), "ok")
    return redirect(url_for("admin.tokens"), code=303)


def _page(form, *, secret="", status=200):
    shown = {"tokens": api.tokens(), "scopes": api.SCOPES, "address": absolute("/api/events")}
    html = render_template("admin/tokens.html", form=form, secret=secret, **shown)
    return html, status, {"Cache-Control": "no-store"}
