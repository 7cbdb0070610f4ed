"""The adapters by their type. A new one is a file beside these and a line here, or a package that brings it."""

from collections.abc import MutableMapping

from storefront.kit.late import Late
from storefront.payments.gateways.base import Gateway
from storefront.payments.gateways.gone import Gone

_HERE = "storefront.payments.gateways"
GATEWAYS: MutableMapping[str, type[Gateway]] = Late(
    sandbox=f"{_HERE}.sandbox:Sandbox",
    offline=f"{_HERE}.offline:Offline",
    adflex=f"{_HERE}.adflex:Adflex",
    altapay=f"{_HERE}.altapay:AltaPay",
    banklink=f"{_HERE}.banklink:Banklink",
    dibs=f"{_HERE}.dibs:Dibs",
    opayo=f"{_HERE}.opayo:Opayo",
    paypal=f"{_HERE}.paypal:PayPal",
    quickpay=f"{_HERE}.quickpay:QuickPay",
    redsys=f"{_HERE}.redsys:Redsys",
    stripe=f"{_HERE}.stripe:Stripe",
    worldpay=f"{_HERE}.worldpay:Worldpay",
)


def kind_of(name: str) -> type[Gateway]:
    """The adapter of a type; one that is out of order for a type whose package is gone."""
    return GATEWAYS.get(name, Gone)
