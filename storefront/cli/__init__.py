"""The commands: flask catalog, staff, jobs, demo, ready … (flask db is Flask-Migrate's).

Loaded by the flask command alone: a worker that serves pages needs neither them nor the migrations.
"""

from flask import Flask
from flask_migrate import Migrate

from config import ROOT
from storefront.cli import goods, jobs, opening, staff
from storefront.kit.db import db

migrate = Migrate(db=db, compare_type=True, render_as_batch=True)


def init_app(app: Flask) -> None:
    """Give the flask command every group of the shop."""
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    for group in (goods, staff, jobs, opening):
        for command in group.COMMANDS:
            app.cli.add_command(command)
