"""The shop as a WSGI application, for gunicorn and for the flask command."""

from storefront.app import create_app

app = create_app()
