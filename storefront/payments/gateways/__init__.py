"""The adapters by their type. A new one is a file beside these and a line here."""

from storefront.payments.gateways.base import Gateway
from storefront.payments.gateways.offline import Offline
from storefront.payments.gateways.sandbox import Sandbox

GATEWAYS: dict[str, type[Gateway]] = {"sandbox": Sandbox, "offline": Offline}
