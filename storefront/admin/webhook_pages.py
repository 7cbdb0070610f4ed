"""Addresses of other systems that are told what happens: entered, tested, switched, and what was sent to them."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired

from storefront import webhooks as outward
from storefront.admin import audit
from storefront.admin.room import bp, deed, status_of
from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound
from storefront.webhooks.models import OK, WebhookEndpoint

DELIVERY = {
    "PENDING": _l("Waits"),
    "SENDING": _l("On its way"),
    "SENT": _l("Taken"),
    "FAILED": _l("Given up"),
}


class EndpointForm(FlaskForm):
    """Where messages go, and of what."""

    url = StringField(_l("Address"), [InputRequired(_l("Enter an address"))])
    topics = StringField(_l("Events"), [InputRequired(_l("Enter types of events"))], default="ORDER_*")
    personal = BooleanField(_l("Tell whose order it is: name, addresses, e-mail"))

    @property
    def asked(self) -> list[str]:
        """The topics one by one."""
        return (self.topics.data or "").replace(",", " ").split()


@bp.get("/webhooks")
def webhooks():
    """Every address, with its state."""
    return _list(EndpointForm(formdata=None))


@bp.post("/webhooks")
def add_webhook():
    """A new address; its secret is shown once, on the page that answers."""
    form = EndpointForm()
    if not form.validate_on_submit():
        return _list(form, 400)
    try:
        with deed():
            endpoint, secret = outward.add(form.url.data, form.asked, personal=form.personal.data)
            audit.record("add", f"webhook {endpoint.url}", after=_facts(endpoint))
            endpoint_id = endpoint.id
    except Invalid as problem:
        _put_errors(form, problem)
        return _list(form, 400)
    return _page(endpoint_id, None, secret=secret)


@bp.route("/webhooks/<int:endpoint_id>", methods=["GET", "POST"])
def webhook(endpoint_id):
    """One address: what it hears of, and what was sent to it."""
    endpoint = _endpoint(endpoint_id)
    form = EndpointForm(data=_shown(endpoint))
    if not form.validate_on_submit():
        return _page(endpoint_id, form, 400 if form.errors else 200)
    try:
        with deed():
            before = _facts(_endpoint(endpoint_id))
            personal = bool(form.personal.data)
            after = _facts(outward.change(endpoint_id, form.url.data, form.asked, personal=personal))
            if before != after:
                audit.record("change", f"webhook {after['url']}", before, after)
    except Invalid as problem:
        _put_errors(form, problem)
        return _page(endpoint_id, form, 400)
    flash(_("Saved."), "ok")
    return redirect(url_for("admin.webhook", endpoint_id=endpoint_id), code=303)


@bp.post("/webhooks/<int:endpoint_id>/deed")
def webhook_deed(endpoint_id):
    """What the pressed button says: test, a new secret, off, on, or remove."""
    verb = {"test": _test, "rotate": _rotate, "off": _switch, "on": _switch, "remove": _remove}.get(
        request.form.get("do", "")
    )
    if verb is None:
        raise Invalid(_("There is no such button."))
    return verb(_endpoint(endpoint_id).id)


@bp.post("/webhooks/<int:endpoint_id>/replay/<int:message_id>")
def replay_webhook(endpoint_id, message_id):
    """A message goes out once more, with the id that it had."""
    try:
        with deed():
            outward.replay(endpoint_id, message_id)
            audit.record("replay", f"webhook {_endpoint(endpoint_id).url}", after={"message": message_id})
    except Conflict as problem:
        return _page(endpoint_id, None, status_of(problem), problem=problem)
    flash(_("It goes out once more, with the same id."), "ok")
    return redirect(url_for("admin.webhook", endpoint_id=endpoint_id), code=303)


def _test(endpoint_id):
    called = outward.ping(endpoint_id)
    with deed():
        audit.record("test", f"webhook {_endpoint(endpoint_id).url}", after={"outcome": called.outcome})
    said = f"{called.status}: {called.answer}" if called.status else called.answer
    if called.outcome == OK:
        flash(_("The test message was taken (%(status)s).", status=called.status), "ok")
    else:
        flash(_("The test message was not taken. %(said)s", said=said[:200]), "danger")
    return redirect(url_for("admin.webhook", endpoint_id=endpoint_id), code=303)


def _rotate(endpoint_id):
    with deed():
        secret = outward.rotate(endpoint_id)
        audit.record("new secret", f"webhook {_endpoint(endpoint_id).url}")
    return _page(endpoint_id, None, secret=secret)


def _switch(endpoint_id):
    on = request.form["do"] == "on"
    with deed():
        if outward.switch_on(endpoint_id) if on else outward.switch_off(endpoint_id, "staff"):
            audit.record("switch on" if on else "switch off", f"webhook {_endpoint(endpoint_id).url}")
    flash(_("It is told again, beginning with what it has missed.") if on else _("It is told nothing more."), "ok")
    return redirect(url_for("admin.webhook", endpoint_id=endpoint_id), code=303)


def _remove(endpoint_id):
    with deed():
        before = _facts(_endpoint(endpoint_id))
        outward.remove(endpoint_id)
        audit.record("remove", f"webhook {before['url']}", before)
    flash(_("The address is forgotten."), "ok")
    return redirect(url_for("admin.webhooks"), code=303)


def _list(form, status=200):
    return render_template("admin/webhooks.html", form=form, endpoints=outward.endpoints()), status


def _page(endpoint_id, form, status=200, *, secret="", problem=None):
    endpoint = _endpoint(endpoint_id)
    html = render_template(
        "admin/webhook.html",
        endpoint=endpoint,
        form=form or EndpointForm(formdata=None, data=_shown(endpoint)),
        deliveries=outward.deliveries(endpoint_id),
        pings=outward.pings(endpoint_id),
        words=DELIVERY,
        secret=secret,
        problem=problem,
    )
    return html, status, {"Cache-Control": "no-store"}


def _endpoint(endpoint_id):
    found = db.session.get(WebhookEndpoint, endpoint_id)
    if found is None:
        raise NotFound(_("There is no such address."))
    return found


def _shown(endpoint):
    return {**_facts(endpoint), "topics": " ".join(endpoint.topics)}


def _facts(endpoint):
    return {"url": endpoint.url, "topics": list(endpoint.topics), "personal": endpoint.personal}


def _put_errors(form, problem):
    for name, sentences in problem.fields.items():
        form[name].errors = sentences
