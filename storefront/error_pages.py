"""The one place where errors become HTTP."""

import logging

from flask import Flask, current_app, g, jsonify, make_response, render_template, request, url_for
from flask_babel import get_locale, gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError, TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from storefront.kit.db import db
from storefront.kit.errors import Conflict, Invalid, NotFound, ShopError, Unavailable

log = logging.getLogger(__name__)
STATUS = {NotFound: 404, Invalid: 400, Conflict: 409, Unavailable: 503}


def status_of(error: ShopError) -> int:
    """The HTTP status of an error, by the nearest of its kinds."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def init_app(app: Flask) -> None:
    """Answer every error in the shop's own look."""
    app.register_error_handler(ShopError, _shop_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(PoolTimeout, _database_away)
    app.register_error_handler(Exception, _bug)


def _shop_error(error):
    status = status_of(error)
    headers = {"Retry-After": str(error.data.get("retry_after", 30))} if status == 503 else {}
    facts = {"state": error.data.get("state"), "fields": error.fields if isinstance(error, Invalid) else None}
    return answer(status, error.message, code=error.code, headers=headers, **facts)


def _csrf_error(error):
    """What was typed is kept: the same fields again, with a fresh token and one button."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin" and _same_origin():
        fields = [(name, value) for name, value in request.form.items(multi=True) if _may_return(name)]
        db.session.rollback()
        return make_response(render_template("errors/once_more.html", fields=fields), 400)
    return answer(400, _("This form is too old. Go back, reload the page and send it once more."), code="csrf")


def _same_origin():
    """Whether the form came from a page of ours: only then may one press send it again."""
    return request.headers.get("Origin") in (current_app.config["PUBLIC_URL"], request.host_url.rstrip("/"))


def _may_return(name):
    return name != "csrf_token" and "password" not in name


def _http_error(error):
    if error.code is not None and error.code < 400:
        return error
    sentences = {
        404: _("There is no page at this address."),
        405: _("This address does not work that way."),
        413: _("That is too much at once."),
        429: _("Too many tries. Wait a minute, then try again."),
    }
    keep = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return answer(error.code or 500, sentences.get(error.code, error.description or ""), headers=keep)


def _database_away(error):
    log.error("database: %s", type(getattr(error, "orig", error)).__name__)
    return answer(503, _("The shop is very busy. Try again in a moment."), headers={"Retry-After": "5"})


def _bug(error):
    log.exception("unexpected error")
    return answer(500, _("Something went wrong on our side. Try again, or write to us with the number below."))


def answer(status, sentence, *, code="error", headers=None, state=None, fields=None):
    """An error as JSON for programs and as a page for people; the page needs nothing that may be broken.

    `fields` maps the names of what was sent wrongly to lists of sentences; without any it is {} in JSON.
    """
    db.session.rollback()
    if request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json":
        said = {"error": code, "message": sentence, "state": state, "fields": fields or {}}
        response = jsonify(**said, request_id=g.get("request_id"))
    elif request.path.startswith("/payments/") and request.path.endswith("/notify"):
        response = make_response(sentence + "\n", {"Content-Type": "text/plain; charset=utf-8"})
    else:
        response = make_response(_page(status, sentence))
    response.status_code = status
    response.headers.update(headers or {})
    return response


def _page(status, sentence):
    name = "errors/404.html" if status == 404 else "errors/error.html"
    facts = {"sentence": sentence, "request_id": g.get("request_id"), **_money_and_ways()}
    try:
        return render_template(name, status=status, **facts)
    except Exception:  # the page itself needs the database for its menu; say it plainly instead
        log.exception("the error page failed")
        db.session.rollback()
        plain = current_app.jinja_env.get_template("errors/plain.html")  # without what every page shows
        spoken = get_locale()
        tag, direction = (str(spoken), spoken.text_direction) if spoken else ("en", "ltr")
        return plain.render(**facts, locale=tag, text_direction=direction)


def _money_and_ways():
    """What is true of money, and where to go on, by the address alone: nothing is asked that may be broken."""
    path, shop = request.path, (_("Go to the shop"), "/")
    if path.startswith("/checkout/"):
        pressed = request.endpoint == "preview.confirm"  # an earlier press may have placed an order, and it may be paid
        said = _("Nothing was charged by this press.") if pressed else _("Nothing was charged.")
        return {"charged": said, "ways": [(_("Go to the cart"), url_for("cart.show")), shop]}
    if not path.startswith(("/orders/", "/pay/", "/payments/")):
        return {}
    return {"charged": _("Look at your order before you pay again."), "ways": [*_to_the_order(), shop]}


def _to_the_order():
    """The order's own page; from an address that names only its payment that address, which leads to the order."""
    key = (request.view_args or {}).get("key")
    if not key:
        return []
    if request.path.startswith("/orders/"):
        return [(_("Back to the order"), url_for("orders.show", key=key))]
    return [(_("Try again"), request.full_path.rstrip("?") if request.method == "GET" else request.path)]
