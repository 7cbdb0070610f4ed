"""create_app: the only file that knows every blueprint."""

from flask import Flask, current_app, has_request_context
from flask_babel import Babel, get_locale
from flask_login import LoginManager, user_logged_in, user_logged_out
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from config import ROOT, Config
from storefront import admin, cart, catalog, customers, orders, proof, shipping, store
from storefront.admin import audit
from storefront.customers.models import Customer
from storefront.kit import crash, fragments, money, pages
from storefront.kit.db import db, retried, transaction
from storefront.kit.limits import limiter
from storefront.store import times

babel = Babel()
csrf = CSRFProtect()
login_manager = LoginManager()


def create_app(config: Config | None = None, *, commands: bool = True) -> Flask:
    """The shop as a WSGI application, with or without the flask commands.

    Raises ConfigError when the environment is not fit to start with.
    """
    app = Flask("storefront", root_path=str(ROOT), static_folder="static", template_folder="templates")
    app.config.from_object(config or Config())
    crash.arm(app.config["CRASH_AT"])
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app, x_for=app.config["TRUSTED_PROXIES"], x_proto=app.config["TRUSTED_PROXIES"], x_host=0
    )
    _init_kit(app)
    _register(app)
    if commands:
        from storefront import cli  # with the migrations: a tenth of a worker's memory, for the command line alone

        cli.init_app(app, create_app)
    return app


def _init_kit(app):
    from storefront import error_pages, logs, notices

    logs.init_app(app)
    pages.init_app(app)  # names the request, so that every refusal below has its number
    db.init_app(app)
    babel.init_app(app, default_translation_directories=str(ROOT / "storefront" / "translations"))
    pages.init_language(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    login_manager.user_loader(_user)
    user_logged_in.connect(_adopt_cart, app)
    user_logged_out.connect(_leave_cart, app)
    limiter.init_app(app)
    error_pages.init_app(app)
    notices.subscribe()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        asset=pages.asset, fragment=fragments.fragment, public_url=pages.public_url, money=_money
    )
    app.jinja_env.filters.update(times.FILTERS)
    app.context_processor(_what_every_page_shows)


def _register(app):
    """Blueprints, in the order of a purchase."""
    from storefront import health
    from storefront.admin import views as back_office
    from storefront.cart import views as basket
    from storefront.catalog import media, views as window, waiting
    from storefront.checkout import gateway, views as preview
    from storefront.customers import views as account
    from storefront.desk import views as choosing
    from storefront.orders import views as order_pages, watching
    from storefront.sandbox import console, views as sandbox

    bought = (basket, account, preview, gateway, order_pages, watching, choosing)
    for room in (window, media, waiting, *bought, back_office, health):
        app.register_blueprint(room.bp)
    if not app.config["LIVE"]:
        app.register_blueprint(console.bp)
        app.register_blueprint(sandbox.bp)
        app.register_blueprint(sandbox.api)
        csrf.exempt(sandbox.api)
    for raw in ("read_return", "read_notification"):
        csrf.exempt(f"{gateway.__name__}.{raw}")  # signatures take the token's place
    app.jinja_env.globals.update(watch_url=watching.watch_url)
    catalog.delivery_told_by(shipping.usual_delivery)
    proof.trail_checked_by(audit.broken_entries)
    catalog.cart_told_by(cart.lies_in)


def _user(user_id):
    """Customers and staff sign in to the same browser, each with an id that names their kind."""
    kind = customers if user_id.startswith("customer:") else admin
    return kind.load_user(user_id)


def _adopt_cart(app, user):
    """The cart of a guest becomes that of the customer who has just signed in, with the orders made from it."""
    if isinstance(user, Customer):
        _adopt(user)


@retried
def _adopt(user):
    with transaction("adopt_cart"):
        orders.join(user, cart.ids_of_browser())  # orders are locked before their carts
        cart.adopt(user.id)


def _leave_cart(app, user):
    """Whoever comes next to this browser does not find the customer's cart."""
    if isinstance(user, Customer):
        cart.leave_behind()


def _money(amount_minor, currency):
    return money.shown(amount_minor, currency, str(get_locale() or "en"))


def _what_every_page_shows():
    if not has_request_context():
        return {}  # a letter: it brings what it shows
    locale = get_locale()
    return {
        "store": store.current(),
        "store_mode": "live" if current_app.config["LIVE"] else "test",
        "locale": str(locale or "en").replace("_", "-"),
        "text_direction": locale.text_direction if locale else "ltr",
        "footer_pages": tuple(store.footer_pages()),
        "menu_links": tuple((place.name, place.path) for place in catalog.menu()),
        **cart.badge(),
    }
