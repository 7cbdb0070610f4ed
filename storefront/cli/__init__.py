"""The commands: flask catalog, staff, jobs, demo, ready … (flask db is Flask-Migrate's).

Loaded by the flask command alone: a worker that serves pages needs neither them nor the migrations.
"""

from collections.abc import Callable

from flask import Flask
from flask_migrate import Migrate

from config import ROOT
from storefront.cli import crash_points, extending, goods, inbox, jobs, opening, proof, prove, staff, tax_rates
from storefront.kit.db import db

migrate = Migrate(db=db, compare_type=True, render_as_batch=True)


def init_app(app: Flask, create_app: Callable[..., Flask]) -> None:
    """Give the flask command every group of the shop; the prover makes applications of its own."""
    app.extensions["create_app"] = create_app
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    for group in (goods, staff, jobs, opening, crash_points, inbox, proof, prove, extending, tax_rates):
        for command in group.COMMANDS:
            app.cli.add_command(command)
