"""Other services, played by the sandbox in their own protocols, so that a merchant can rehearse offline."""

from collections.abc import Mapping

from storefront.kit.late import Late
from storefront.payments import adapter, config_by_name
from storefront.sandbox.players.base import Player

_HERE = "storefront.sandbox.players"
PLAYERS: Mapping[str, type[Player]] = Late(
    adflex=f"{_HERE}.adflex:AdflexPlayer",
    altapay=f"{_HERE}.altapay:AltaPayPlayer",
    banklink=f"{_HERE}.banklink:BanklinkPlayer",
    dibs=f"{_HERE}.dibs:DibsPlayer",
    opayo=f"{_HERE}.opayo:OpayoPlayer",
    paypal=f"{_HERE}.paypal:PayPalPlayer",
    quickpay=f"{_HERE}.quickpay:QuickPayPlayer",
    redsys=f"{_HERE}.redsys:RedsysPlayer",
    stripe=f"{_HERE}.stripe:StripePlayer",
    worldpay=f"{_HERE}.worldpay:WorldpayPlayer",
)


def player_of(name: str) -> Player | None:
    """Who plays the service of the configured gateway of this name; None if nobody can. Raises NotFound."""
    config = config_by_name(name)
    kind = PLAYERS.get(config.type)
    return kind(name, adapter(config)) if kind else None
