"""create_app: the only file that knows every blueprint."""

from flask import Flask, current_app, has_request_context
from flask_babel import get_locale
from flask_login import LoginManager, current_user, user_logged_in, user_logged_out
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from config import ROOT, Config, ConfigError
from storefront import admin, cart, catalog, customers, extensions, orders, payments, promotions, proof, shipping, store
from storefront.admin import audit
from storefront.customers import language
from storefront.customers.models import Customer
from storefront.customers.told import devices_forgotten, email_confirmed
from storefront.kit import connections, crash, fragments, money, pages, recipes
from storefront.kit.compiled import CompiledTemplates
from storefront.kit.db import db, retried, transaction
from storefront.kit.limits import limiter
from storefront.kit.spoken import Languages
from storefront.orders.states import OWN_PROBLEM, SAID
from storefront.store import accent, times

babel = Languages()
csrf = CSRFProtect()
login_manager = LoginManager()


def create_app(config: Config | None = None, *, commands: bool = True) -> Flask:
    """The shop as a WSGI application, with or without the flask commands.

    Raises ConfigError when the environment is not fit to start with.
    """
    app = Flask("storefront", root_path=str(ROOT), static_folder="static", template_folder="templates")
    app.config.from_object(config or Config())
    crash.arm(app.config["CRASH_AT"])
    _refuse_bad_states(app)
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app, x_for=app.config["TRUSTED_PROXIES"], x_proto=app.config["TRUSTED_PROXIES"], x_host=0
    )
    _init_kit(app)
    _register(app)
    try:
        extensions.load(app)
        recipes.init_app(app, app.config["CHECKOUT"])
    except (extensions.Refusal, recipes.RecipeError) as refusal:
        raise ConfigError(str(refusal)) from None
    if commands:
        from storefront import cli  # with the migrations: a tenth of a worker's memory, for the command line alone

        cli.init_app(app, create_app)
    return app


def _refuse_bad_states(app):
    """States of the merchant's own are part of the tables that were made when the shop was loaded."""
    if OWN_PROBLEM:
        raise ConfigError(f"ORDER_STATES: {OWN_PROBLEM}.")
    if app.config["ORDER_STATES"] != SAID:
        raise ConfigError("ORDER_STATES is read when the shop is loaded: set it in the environment of the process.")


def _init_kit(app):
    from storefront import error_pages, logs, notices

    logs.init_app(app)
    pages.init_app(app)  # names the request, so that every refusal below has its number
    connections.listen()
    db.init_app(app)
    folder = str(ROOT / "storefront" / "translations")
    babel.init_app(app, default_translation_directories=folder, locale_selector=language.of_visitor)
    language.init_app(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    login_manager.user_loader(_user)
    user_logged_in.connect(_adopt_cart, app)
    user_logged_out.connect(_leave_cart, app)
    email_confirmed.connect(_join_orders)
    devices_forgotten.connect(_forget_devices)
    limiter.init_app(app)
    error_pages.init_app(app)
    notices.subscribe()
    app.jinja_env.bytecode_cache = _compiled_templates(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        asset=pages.asset,
        current_user=current_user,
        fragment=fragments.fragment,
        money=money.here,
        public_url=pages.public_url,
        tones=accent.tones,
    )
    app.jinja_env.filters.update(times.FILTERS)
    app.context_processor(_what_every_page_shows)


def _compiled_templates(app):
    """Kept for the next start: a worker that compiles all of them itself is four megabytes larger ever after."""
    folder = app.config["DATA_DIR"] / "templates"
    folder.mkdir(mode=0o700, exist_ok=True)  # what lies there is run
    return CompiledTemplates(str(folder))


def _register(app):
    """Blueprints, in the order of a purchase."""
    from storefront import health
    from storefront.admin import views as back_office
    from storefront.api import views as api
    from storefront.cart import views as basket
    from storefront.catalog import media, views as window, waiting
    from storefront.checkout import gateway, views as preview
    from storefront.customers import secret_pages as account
    from storefront.desk import views as choosing
    from storefront.orders import own, return_views, views as order_pages, watching
    from storefront.sandbox import console, rehearsal, views as sandbox

    bought = (basket, account, language, preview, gateway, order_pages, own, return_views, watching, choosing)
    for room in (window, media, waiting, *bought, back_office, api, health):
        app.register_blueprint(room.bp)
    if not app.config["LIVE"]:
        app.register_blueprint(console.bp)
        app.register_blueprint(sandbox.bp)
        app.register_blueprint(sandbox.api)
        app.register_blueprint(rehearsal.bp)
        csrf.exempt(sandbox.api)
        csrf.exempt(rehearsal.bp)
    for raw in ("read_return", "read_notification"):
        csrf.exempt(f"{gateway.__name__}.{raw}")  # signatures take the token's place
    app.jinja_env.globals.update(watch_url=watching.watch_url)
    catalog.delivery_told_by(shipping.usual_delivery)
    payments.shopper_told_by(orders.shopper_of)
    proof.trail_checked_by(audit.broken_entries)
    catalog.cart_told_by(cart.lies_in)
    promotions.purchases_told_by(orders.has_bought)


def _user(user_id):
    """Customers and staff sign in to the same browser, each with an id that names their kind."""
    kind = customers if user_id.startswith("customer:") else admin
    return kind.load_user(user_id)


def _adopt_cart(app, user):
    """The cart of a guest becomes that of the customer who has just signed in; orders join by a confirmed e-mail."""
    if isinstance(user, Customer):
        _join(user.id)
        _adopt(user.id)


@retried
def _adopt(customer_id):
    with transaction("adopt_cart"):
        cart.adopt(customer_id)


@retried
def _join(customer_id):
    with transaction("join_orders"):
        orders.join(customer_id)


def _join_orders(sender, customer_id):
    """Whoever has shown that an e-mail is theirs has the orders that were placed with it."""
    _join(customer_id)


def _forget_devices(sender, customer_id, strange):
    """Browsers in which a customer was signed in do not find the customer's cart any more."""
    _forget(customer_id, strange)


@retried
def _forget(customer_id, strange):
    with transaction("forget_devices"):
        cart.forget_devices(customer_id, clean=strange)


def _leave_cart(app, user):
    """Whoever comes next to this browser does not find the customer's cart."""
    if isinstance(user, Customer):
        cart.leave_behind()


def _what_every_page_shows():
    if not has_request_context():
        return {}  # a letter: it brings what it shows
    locale = get_locale()
    return {
        "store": store.current(),
        "store_mode": "live" if current_app.config["LIVE"] else "test",
        "locale": str(locale or "en").replace("_", "-"),
        "text_direction": locale.text_direction if locale else "ltr",
        "languages": language.choices(),
        "footer_pages": store.footer_pages(),
        "menu_links": tuple((place.name, place.path) for place in catalog.menu()),
        **cart.badge(),
    }
