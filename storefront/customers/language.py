"""In which language a visitor is spoken to: chosen in the footer, the customer's, the browser's, or the shop's own."""

from flask import Blueprint, Flask, Response, current_app, g, has_request_context, redirect, request
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from storefront.customers.views import current_customer
from storefront.kit import pages
from storefront.kit.db import transaction
from storefront.kit.errors import Invalid, ShopError
from storefront.kit.limits import limiter
from storefront.store import languages

bp = Blueprint("language", __name__)
ENGLISH_ONLY = ("/admin", "/api/", "/sandbox")  # for staff, for programs, and the pretended bank
_KEPT = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Say of each answer that was spoken in a visitor's language what it depends on."""
    app.after_request(_say_on_what_it_depends)


def of_visitor() -> str | None:
    """The language of this request; English until it is known, and where nobody can say. None: no request."""
    if not has_request_context():
        return None
    if "language" not in g:
        g.language = languages.ENGLISH
        if not request.path.startswith(ENGLISH_ONLY):
            g.language = _found_out()
    return g.language


def choices() -> tuple[tuple[str, str], ...]:
    """(tag, its own name) of each language that a visitor may choose; empty where there is no choice."""
    if of_visitor() is None or request.path.startswith(ENGLISH_ONLY):
        return ()
    tags = languages.offered()
    return tuple((tag, name) for tag, name in languages.NAMES.items() if tag in tags) if len(tags) > 1 else ()


@bp.post("/language")
@limiter.limit("60 per minute")
def choose():
    """Speak this language to this browser from now on, and to the customer who is signed in; back to the same page."""
    tag = request.form.get("language", "")
    if tag not in languages.offered():
        raise Invalid(_("This shop does not speak that language."))
    if customer := current_customer():
        with transaction():
            customer.locale = tag
    answer = redirect(pages.own_path(request.form.get("next"), never=("/language",)) or "/", code=303)
    answer.set_cookie(
        _cookie_name(), tag, max_age=_KEPT, httponly=True, samesite="Lax", secure=current_app.config["LIVE"]
    )
    return answer


def _found_out():
    try:
        tags = languages.offered()
        return tags[0] if len(tags) == 1 else _chosen(tags)
    except (SQLAlchemyError, ShopError):  # the shop is not set up, or its database is away: the page says so
        chosen = request.cookies.get(_cookie_name(), "")  # it was offered when it was chosen
        return chosen if chosen in languages.NAMES else languages.ENGLISH


def _chosen(tags):
    if (tag := request.cookies.get(_cookie_name())) in tags:
        return tag
    if (customer := current_customer()) and customer.locale in tags:
        return customer.locale
    return request.accept_languages.best_match(tags) or tags[0]


def _say_on_what_it_depends(response: Response) -> Response:
    if "language" in g and response.mimetype in ("text/html", "application/json"):
        response.headers.setdefault("Content-Language", g.language)
        if not request.path.startswith(ENGLISH_ONLY):
            response.vary.update(("Accept-Language", "Cookie"))
    return response


def _cookie_name():
    return "__Host-lang" if current_app.config["LIVE"] else "lang"
