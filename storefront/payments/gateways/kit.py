"""The conformance checks for pytest: a test that asks for `gateway_check` runs once for each.

# conftest.py of a package that brings a gateway
pytest_plugins = ["storefront.payments.gateways.kit"]

# its test: STAND says how the service speaks, see conformance.py
def test_it_conforms(gateway_check):
    gateway_check(STAND)
"""

from typing import Any

from storefront.payments.gateways.conformance import CHECKS


def pytest_generate_tests(metafunc: Any) -> None:
    """One test a check, called by the check's name."""
    if "gateway_check" in metafunc.fixturenames:
        metafunc.parametrize("gateway_check", CHECKS, ids=[check.__name__ for check in CHECKS])
