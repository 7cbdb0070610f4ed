"""What it costs to verify and read a notification, for each adapter: CPU of this process, no database, no network."""

import importlib
import shutil
import tempfile
import time

from config import Config
from storefront.app import create_app
from storefront.payments.gateways import GATEWAYS, base
from storefront.payments.gateways.conformance import Stand

ROUNDS = 300


def measure(database) -> list[dict]:
    """One row for each adapter that reads notifications by itself: milliseconds of CPU for a genuine one."""
    folder = tempfile.mkdtemp(prefix="shop-bench-")
    settings = {"DATABASE_URL": database.new(), "DATA_DIR": folder, "SECRET_KEY": "-", "LOG_LEVEL": "ERROR"}
    try:
        with create_app(Config({**settings, "SCHEDULER": "off"})).app_context():
            return [_row(name, stand) for name in GATEWAYS for stand in _stands(name)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stands(name):
    """Where the adapter's own tests put it."""
    try:
        found = vars(importlib.import_module(f"test_gateway_{name}")).values()
    except ModuleNotFoundError:
        return []
    return [one for one in found if isinstance(one, Stand) and one.kind.capabilities.notifies]


def _row(name, stand):
    message, gateway = stand.message("notify"), stand.gateway()
    verdict = gateway.read_notification(message).verdict
    began = time.process_time()
    for _ in range(ROUNDS):
        gateway.read_notification(message)
    each = (time.process_time() - began) / ROUNDS
    return {"adapter": name, "verdict": verdict, "cpu_ms": round(each * 1000, 3), "genuine": verdict == base.AUTHENTIC}
