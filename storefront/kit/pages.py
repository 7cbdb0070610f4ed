"""What every page shares: addresses with a hash, public addresses, headers, and refusing nonsense."""

import hashlib
import secrets
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, g, request, url_for
from flask_babel import gettext as _
from werkzeug.routing import IntegerConverter

from storefront.kit.errors import Invalid

LARGEST_ID = 2**63 - 1  # that a database keeps
RAW = ("gateway.read", "rehearsal.")  # endpoints of payment services, which sign bytes
PRIVATE = ("/cart", "/checkout", "/pay", "/payments", "/orders", "/account", "/admin", "/sandbox", "/waiting")


@lru_cache(maxsize=256)
def asset(name: str) -> str:
    """The address of a static file with a hash of its content, so that it can be kept for a year.

    Worked out once a process: whoever changes a file starts the shop anew.
    """
    content = (Path(current_app.static_folder or "") / name).read_bytes()
    return url_for("static", filename=name, v=hashlib.sha256(content).hexdigest()[:10])


def public_url(endpoint: str, **values) -> str:
    """An absolute address for gateways, letters and search engines: never from a Host header."""
    return absolute(url_for(endpoint, **values))


def absolute(path: str) -> str:
    """The public address of a path of ours."""
    return current_app.config["PUBLIC_URL"] + path


def own_path(text: str | None, inside: str = "/", never: tuple[str, ...] = ()) -> str:
    """A path of ours to go on to, below `inside` and none of `never`; "" for anything that could lead elsewhere."""
    path = text or ""
    plain = path.startswith(inside) and not path.startswith(never) and path.isprintable()
    return "" if not plain or "\\" in path or " " in path or "//" in path.partition("?")[0] else path


class RowNumber(IntegerConverter):
    """The id of a row in an address: at a number that no database keeps there is no page."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"max": LARGEST_ID, **kwargs})


def init_app(app: Flask) -> None:
    """Give every request an id, refuse what no database keeps, and set the headers."""
    app.url_map.converters["int"] = RowNumber
    app.before_request(_name_the_request)
    app.before_request(_refuse_nonsense)
    app.after_request(_set_headers)


def _name_the_request():
    g.request_id = secrets.token_hex(8)


def _refuse_nonsense():
    """NUL and unpaired surrogates fit no database; what gateways send beside the path is kept as bytes."""
    values = [request.path]
    if not (request.endpoint or "").startswith(RAW):
        values += [*request.args.keys(), *(v for vs in request.args.listvalues() for v in vs)]
        if request.method == "POST":
            values += [v for vs in request.form.listvalues() for v in vs]
    if any("\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value) for value in values):
        raise Invalid(_("What was sent contains characters that cannot be kept."))


def _set_headers(response: Response) -> Response:
    action = " ".join(("'self'", *g.get("form_action", ())))
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        f"object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action {action}",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-Request-Id"] = g.get("request_id", "")
    if current_app.config["LIVE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.path.startswith(PRIVATE):
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
    return response
