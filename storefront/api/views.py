"""What other systems read: GET alone, by token, as JSON, with sentences where something is not as it should be."""

import functools
from collections.abc import Callable

from flask import Blueprint, Response, g, jsonify, request
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address

from storefront.api import description, feed, listing, shapes
from storefront.api.errors import NoToken, ScopeMissing, unreadable
from storefront.api.listing import CRITERIA, WHOSE, whole_number
from storefront.api.models import ApiToken
from storefront.api.tokens import EVENTS, ORDERS, PERSONAL, is_noted, note_use, owner_of
from storefront.kit.db import transaction
from storefront.kit.errors import NotFound, ShopError
from storefront.kit.ids import digest
from storefront.kit.limits import limiter

bp = Blueprint("api", __name__, url_prefix="/api")
A_PAGE, MOST = 100, 500
MOST_TYPES = 40
OFTEN = "300 per minute"  # for one token, and for one address


def _token_shown():
    return digest(request.headers.get("Authorization", ""))


def by_token(scope: str) -> Callable:
    """Let in whoever shows a valid token with this scope; others get 401 or 403, and who asks too often 429."""

    def guard(view):
        @functools.wraps(view)
        def guarded(**values):
            token = _let_in(scope)
            response = view(token, **values)
            response.headers["Cache-Control"] = "private, no-cache"
            response.add_etag()
            return response.make_conditional(request)

        by_address = limiter.limit("600 per minute", key_func=get_remote_address)
        return by_address(limiter.limit(OFTEN, key_func=_token_shown)(guarded))

    return guard


def _let_in(scope):
    token = owner_of(request.headers.get("Authorization", ""))
    if scope not in token.scopes:
        raise ScopeMissing(_("This token may not read that: it needs %(scope)s.", scope=scope), scope=scope)
    if not is_noted(token):
        token_id = token.id
        with transaction("note_token_use"):
            note_use(token_id)
    return token


@bp.get("/events")
@by_token(EVENTS)
def events(token: ApiToken) -> Response:
    """What happened behind a place of the feed, oldest first."""
    _refuse_unknown("after", "limit", "types", "order")
    after = whole_number("after", request.args.get("after", "0"))
    found = feed.read(after, _limit(), topics=_types() or (feed.ANY,), number=request.args.get("order", ""))
    personal = PERSONAL in token.scopes
    bodies = [shapes.event_body(event, number, personal=personal) for event, number in found.events]
    return jsonify(events=bodies, next=str(found.next), more=found.more)


@bp.get("/orders")
@by_token(ORDERS)
def orders(token: ApiToken) -> Response:
    """The orders that fit every criterion, newest first."""
    _refuse_unknown("after", "limit", *CRITERIA)
    asked = {name: request.args[name] for name in CRITERIA if request.args.get(name)}
    personal = PERSONAL in token.scopes
    if asked.keys() & set(WHOSE) and not personal:
        raise ScopeMissing(_("This token may not read that: it needs %(scope)s.", scope=PERSONAL), scope=PERSONAL)
    found = listing.listed(asked, request.args.get("after", ""), _limit())
    bodies = [shapes.order_body(order, personal=personal) for order in found.orders]
    return jsonify(orders=bodies, next=found.next, more=bool(found.next))


@bp.get("/orders/<number>")
@by_token(ORDERS)
def order(token: ApiToken, number: str) -> Response:
    """One order as it is now."""
    found = listing.by_number(number)
    if found is None:
        raise NotFound(_("There is no such order."))
    return jsonify(shapes.order_body(found, personal=PERSONAL in token.scopes))


@bp.get("/openapi.json")
@limiter.limit("60 per minute")
def openapi() -> Response:
    """The description of all this for programs."""
    return jsonify(description.document())


@bp.errorhandler(NoToken)
def no_token(error: NoToken) -> tuple[Response, int, dict[str, str]]:
    """401, with what is asked for."""
    return _answer(error), 401, {"WWW-Authenticate": 'Bearer realm="shop"'}


@bp.errorhandler(ScopeMissing)
def scope_missing(error: ScopeMissing) -> tuple[Response, int, dict[str, str]]:
    """403, with the scope that is missing."""
    needed = f'Bearer realm="shop", error="insufficient_scope", scope="{error.data["scope"]}"'
    return _answer(error), 403, {"WWW-Authenticate": needed}


def _answer(error: ShopError) -> Response:
    said = {"error": error.code, "message": error.message, "state": None, "fields": {}}
    return jsonify(**said, request_id=g.get("request_id"))


def _limit():
    asked = whole_number("limit", request.args.get("limit", str(A_PAGE)), MOST)
    if not asked:
        raise unreadable("limit", _("%(name)s must be a whole number from 1 to %(most)s.", name="limit", most=MOST))
    return asked


def _types():
    types = tuple(dict.fromkeys(request.args.get("types", "").upper().replace(",", " ").split()))
    if len(types) > MOST_TYPES:
        raise unreadable("types", _("%(name)s may name %(most)s at most.", name="types", most=MOST_TYPES))
    return types


def _refuse_unknown(*known):
    """A criterion with a slip of the pen must not look as if everything fitted it."""
    unknown = sorted(set(request.args) - set(known))
    if unknown:
        names = {"name": unknown[0], "known": ", ".join(known)}
        raise unreadable(unknown[0], _("There is no parameter %(name)s here, only %(known)s.", **names))
