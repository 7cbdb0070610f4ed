"""The settings that differ between machines, read from the environment once, at start.

What a shop-keeper changes is data and lives in the admin; docs/operations.md lists every name.
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path

from storefront.commits import COMMITS
from storefront.kit import crash
from storefront.kit.db import PATIENCE

ROOT = Path(__file__).resolve().parent


class ConfigError(Exception):
    """The environment asks for something that the shop refuses; the sentence says what to set."""


class Config:
    """One flat set of settings: the environment over the defaults."""

    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    PERMANENT_SESSION_LIFETIME = timedelta(days=14)
    WTF_CSRF_TIME_LIMIT = 12 * 3600
    MAX_CONTENT_LENGTH = 1024 * 1024
    MAX_FORM_MEMORY_SIZE = 512 * 1024
    MAX_FORM_PARTS = 1000
    SEND_FILE_MAX_AGE_DEFAULT = timedelta(days=365)
    BABEL_DEFAULT_LOCALE = "en"
    # The steps of "confirm", by name; docs/extending.md says of each what it does, how it is undone, what it needs.
    CHECKOUT_SETUP = (  # may it be ordered? nothing is written
        "pre_checkout",
        "check_certificates",
        "read_the_quote",
        "refuse_an_empty_cart",
        "refuse_what_is_no_longer_sold",
        "check_shipping",
        "check_payment",
    )
    CHECKOUT_POPULATE = (  # inside place_order, in its one transaction
        "populate_order",
        "pre_order_persist",
        "update_order",
        "plan_certificates",
        "create_gift_certificates",
        "update_customer",
        "commit_order_tax",
        "create_order_event",
    )
    CHECKOUT_REVERSIBLE = (  # each a transaction, undone in reverse when a later one fails
        "take_number",
        "place_order",
        "hold_stock",
        "hold_limited_uses",
        "hold_certificates",
        "check_subscription_credit",
        "open_bill",
        "start_payment",
    )
    CHECKOUT_FINALIZE = ("settle_what_needs_no_payment", "post_checkout")  # each safe to repeat
    CHECKOUT_RELEASE = (  # when it is paid or free: one transaction
        "clear_cart",
        "sell_goods",
        "commit_limited_uses",
        "assign_coupons",
        "capture_certificates",
        "activate_certificates",
        "initiate_fulfilment",
    )

    def __init__(self, environ=os.environ):
        self.STORE_MODE = environ.get("STORE_MODE", "test")
        if self.STORE_MODE not in ("test", "live"):
            raise ConfigError(f"STORE_MODE is {self.STORE_MODE!r}: set it to test or live.")
        self.LIVE = self.STORE_MODE == "live"
        self.PORT = int(environ.get("PORT", "8000"))
        self.DATA_DIR = Path(environ.get("DATA_DIR") or ROOT / "var").resolve()
        self.DATA_DIR.mkdir(parents=True, exist_ok=True)
        self.PUBLIC_URL = self._public_url(environ)
        self.SECRET_KEYS = self._secret_keys(environ)  # newest first
        self.SECRET_KEY = self.SECRET_KEYS[0]
        self.SECRET_KEY_FALLBACKS = self.SECRET_KEYS[1:]
        self.SQLALCHEMY_DATABASE_URI = self._database_url(environ)
        self.SQLALCHEMY_ENGINE_OPTIONS = self._engine_options()
        self.SCHEDULER = environ.get("SCHEDULER", "embedded")
        self.MAIL_URL = environ.get("MAIL_URL") or f"file://{self.DATA_DIR / 'mail'}"
        self.RATELIMIT_STORAGE_URI = environ.get("REDIS_URL") or "memory://"
        self.RATELIMIT_ENABLED = environ.get("RATELIMIT_ENABLED", "1") != "0" or self.LIVE
        self.TRUSTED_PROXIES = int(environ.get("TRUSTED_PROXIES", "0"))
        self.METRICS_TOKEN = environ.get("METRICS_TOKEN", "").strip()
        if 0 < len(self.METRICS_TOKEN) < 16:
            raise ConfigError("METRICS_TOKEN is short enough to be guessed: take 16 letters or more.")
        self.SESSION_COOKIE_SECURE = self.LIVE
        self.SESSION_COOKIE_NAME = "__Host-session" if self.LIVE else "session"
        self.LOG_LEVEL = environ.get("LOG_LEVEL", "INFO")
        self.CRASH_AT = self._crash_point(environ)
        self.ORDER_STATES = environ.get("ORDER_STATES", "")
        self.EXTENSIONS = _names(environ.get("EXTENSIONS", ""))
        self._read_steps(environ)

    def _read_steps(self, environ):
        """A list from the environment is the last word: what an extension would put into it must be named there."""
        said = {
            "CHECKOUT_SETUP": environ.get("CHECKOUT_SETUP", ""),
            "CHECKOUT_POPULATE": environ.get("CHECKOUT_POPULATE", ""),
            "CHECKOUT_REVERSIBLE": environ.get("CHECKOUT_REVERSIBLE", ""),
            "CHECKOUT_FINALIZE": environ.get("CHECKOUT_FINALIZE", ""),
            "CHECKOUT_RELEASE": environ.get("CHECKOUT_RELEASE", ""),
        }
        given = {kind: _names(text) for kind, text in said.items() if text.strip()}
        self.CHECKOUT_GIVEN = tuple(given)
        self.CHECKOUT = {kind: given.get(kind) or getattr(self, kind) for kind in said}

    def _public_url(self, environ):
        url = environ.get("PUBLIC_URL", "").rstrip("/")
        if not url and self.LIVE:
            raise ConfigError("PUBLIC_URL is missing: a live shop must know the address that gateways call.")
        if self.LIVE and not url.startswith("https://"):
            raise ConfigError("PUBLIC_URL must begin with https:// in a live shop.")
        return url or f"http://127.0.0.1:{self.PORT}"

    def _secret_keys(self, environ):
        keys = [key.strip() for key in environ.get("SECRET_KEY", "").split(",") if key.strip()]
        if keys:
            return keys
        if self.LIVE:
            raise ConfigError("SECRET_KEY is missing: a live shop does not make one up.")
        return [_kept_secret(self.DATA_DIR / "secret_key")]

    def _crash_point(self, environ):
        setting = environ.get("STOREFRONT_CRASH_AT", "")
        if setting and self.LIVE:
            raise ConfigError("STOREFRONT_CRASH_AT is set: only a test shop ends itself on purpose.")
        try:
            return crash.parsed(setting, COMMITS) if setting else None
        except ValueError as refusal:
            raise ConfigError(f"STOREFRONT_CRASH_AT: {refusal}.") from None

    def _database_url(self, environ):
        url = environ.get("DATABASE_URL") or f"sqlite:///{self.DATA_DIR / 'shop.db'}"
        for short in ("postgres://", "postgresql://"):
            if url.startswith(short):
                url = "postgresql+psycopg://" + url.removeprefix(short)
        return url

    def _engine_options(self):
        if self.SQLALCHEMY_DATABASE_URI.startswith("sqlite"):
            few = {"cached_statements": 24}  # each connection keeps so many; a quarter of 100 costs no page its speed
            return {"pool_size": 40, "max_overflow": 0, "pool_timeout": 5, "connect_args": few}
        silent = {"connect_timeout": 3, "tcp_user_timeout": 5000}  # a server that is cut off does not hang pages
        silent |= {"keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 2}  # nor does one that vanished
        lock = f"lock_timeout={int(1000 * PATIENCE)}"  # nor somebody else's lock
        silent["options"] = f"-c {lock} -c default_transaction_read_only=on"  # who writes says so: kit/connections.py
        few = {"pool_use_lifo": True}  # do the work as long as they can: they have prepared their statements
        pool = {"pool_size": 10, "max_overflow": 10, "pool_timeout": 5}
        return {"connect_args": silent, **pool, **few}


def _names(text):
    """What a list in the environment names: words with commas or spaces between them."""
    return tuple(text.replace(",", " ").split())


def _kept_secret(path):
    """A test shop's own secret, made once. The first worker to create the file wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return path.read_text().strip()
