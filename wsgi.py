"""The shop as a WSGI application, for gunicorn and for the flask command."""

import os

from config import ConfigError
from storefront.app import create_app

try:
    app = create_app(commands=os.environ.get("FLASK_RUN_FROM_CLI") == "true")
except ConfigError as refusal:
    raise SystemExit(f"The shop does not start. {refusal}") from None
