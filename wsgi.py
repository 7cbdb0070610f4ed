"""The shop as a WSGI application, for gunicorn and for the flask command."""

from config import ConfigError
from storefront.app import create_app

try:
    app = create_app()
except ConfigError as refusal:
    raise SystemExit(f"The shop does not start. {refusal}") from None
