"""The shop as a WSGI application, for gunicorn and for the flask command."""

import os
import sys

from config import ConfigError
from storefront.app import create_app

try:
    app = create_app(commands=os.environ.get("FLASK_RUN_FROM_CLI") == "true")
except ConfigError as refusal:
    print(f"The shop does not start. {refusal}", file=sys.stderr)
    raise SystemExit(3) from None  # gunicorn, told 3 by a worker, does not try again
