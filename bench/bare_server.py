"""gunicorn's settings for the yardstick: those of the shop, without its hooks."""

import runpy

from bench import ROOT

for name, value in runpy.run_path(str(ROOT / "gunicorn.conf.py")).items():
    if name.islower() and not name.startswith("_") and isinstance(value, str | int | bool | None):
        globals()[name] = value
