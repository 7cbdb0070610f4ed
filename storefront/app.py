"""create_app: the only file that knows every blueprint."""

from flask import Flask
from flask_babel import Babel, get_locale
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from config import ROOT, Config
from storefront import cart, catalog, store
from storefront.kit import money, pages
from storefront.kit.db import db, migrate
from storefront.kit.limits import limiter

babel = Babel()
csrf = CSRFProtect()
login_manager = LoginManager()


def create_app(config: Config | None = None) -> Flask:
    """The shop as a WSGI application. Raises ConfigError when the environment is not fit to start with."""
    app = Flask("storefront", root_path=str(ROOT), static_folder="static", template_folder="templates")
    app.config.from_object(config or Config())
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app, x_for=app.config["TRUSTED_PROXIES"], x_proto=app.config["TRUSTED_PROXIES"], x_host=0
    )
    _init_kit(app)
    _register(app)
    return app


def _init_kit(app):
    from storefront import error_pages, logs, notices

    logs.init_app(app)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    babel.init_app(app, default_translation_directories=str(ROOT / "storefront" / "translations"))
    csrf.init_app(app)
    login_manager.init_app(app)
    limiter.init_app(app)
    pages.init_app(app)
    error_pages.init_app(app)
    notices.subscribe()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset=pages.asset, public_url=pages.public_url, money=_money)
    app.context_processor(_what_every_page_shows)


def _register(app):
    """Blueprints, in the order of a purchase."""


def _money(amount_minor, currency):
    return money.shown(amount_minor, currency, str(get_locale() or "en"))


def _what_every_page_shows():
    locale = get_locale()
    return {
        "store": store.current(),
        "store_mode": "live" if _config("LIVE") else "test",
        "locale": str(locale or "en").replace("_", "-"),
        "text_direction": locale.text_direction if locale else "ltr",
        "footer_pages": store.footer_pages(),
        "menu_categories": catalog.menu(),
        **cart.badge(),
    }


def _config(name):
    from flask import current_app

    return current_app.config[name]
