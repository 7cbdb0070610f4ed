"""Other services, played by the sandbox in their own protocols, so that a merchant can rehearse offline."""

from storefront.payments import adapter, config_by_name
from storefront.sandbox.players.adflex import AdflexPlayer
from storefront.sandbox.players.altapay import AltaPayPlayer
from storefront.sandbox.players.banklink import BanklinkPlayer
from storefront.sandbox.players.base import Player
from storefront.sandbox.players.dibs import DibsPlayer
from storefront.sandbox.players.opayo import OpayoPlayer
from storefront.sandbox.players.paypal import PayPalPlayer
from storefront.sandbox.players.quickpay import QuickPayPlayer
from storefront.sandbox.players.redsys import RedsysPlayer
from storefront.sandbox.players.stripe import StripePlayer
from storefront.sandbox.players.worldpay import WorldpayPlayer

PLAYERS: dict[str, type[Player]] = {
    "adflex": AdflexPlayer,
    "altapay": AltaPayPlayer,
    "banklink": BanklinkPlayer,
    "opayo": OpayoPlayer,
    "dibs": DibsPlayer,
    "paypal": PayPalPlayer,
    "quickpay": QuickPayPlayer,
    "redsys": RedsysPlayer,
    "stripe": StripePlayer,
    "worldpay": WorldpayPlayer,
}


def player_of(name: str) -> Player | None:
    """Who plays the service of the configured gateway of this name; None if nobody can. Raises NotFound."""
    config = config_by_name(name)
    kind = PLAYERS.get(config.type)
    return kind(name, adapter(config)) if kind else None
