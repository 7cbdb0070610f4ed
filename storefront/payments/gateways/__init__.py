"""The adapters by their type. A new one is a file beside these and a line here, or a package that brings it."""

from storefront.payments.gateways.adflex import Adflex
from storefront.payments.gateways.altapay import AltaPay
from storefront.payments.gateways.banklink import Banklink
from storefront.payments.gateways.base import Gateway
from storefront.payments.gateways.dibs import Dibs
from storefront.payments.gateways.gone import Gone
from storefront.payments.gateways.offline import Offline
from storefront.payments.gateways.opayo import Opayo
from storefront.payments.gateways.paypal import PayPal
from storefront.payments.gateways.quickpay import QuickPay
from storefront.payments.gateways.redsys import Redsys
from storefront.payments.gateways.sandbox import Sandbox
from storefront.payments.gateways.stripe import Stripe
from storefront.payments.gateways.worldpay import Worldpay

GATEWAYS: dict[str, type[Gateway]] = {
    "sandbox": Sandbox,
    "offline": Offline,
    "adflex": Adflex,
    "altapay": AltaPay,
    "banklink": Banklink,
    "dibs": Dibs,
    "opayo": Opayo,
    "paypal": PayPal,
    "quickpay": QuickPay,
    "redsys": Redsys,
    "stripe": Stripe,
    "worldpay": Worldpay,
}


def kind_of(name: str) -> type[Gateway]:
    """The adapter of a type; one that is out of order for a type whose package is gone."""
    return GATEWAYS.get(name, Gone)
