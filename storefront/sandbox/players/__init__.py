"""Other services, played by the sandbox in their own protocols, so that a merchant can rehearse offline."""

from storefront.payments import adapter, config_by_name
from storefront.sandbox.players.base import Player
from storefront.sandbox.players.dibs import DibsPlayer
from storefront.sandbox.players.opayo import OpayoPlayer
from storefront.sandbox.players.quickpay import QuickPayPlayer

PLAYERS: dict[str, type[Player]] = {"opayo": OpayoPlayer, "dibs": DibsPlayer, "quickpay": QuickPayPlayer}


def player_of(name: str) -> Player | None:
    """Who plays the service of the configured gateway of this name; None if nobody can. Raises NotFound."""
    config = config_by_name(name)
    kind = PLAYERS.get(config.type)
    return kind(name, adapter(config)) if kind else None
