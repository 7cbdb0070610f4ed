"""The card's way to pay leads to another service, which the sandbox plays in its own protocol."""

from sqlalchemy import select

from storefront.kit import signing
from storefront.kit.db import db, transaction
from storefront.payments.models import GatewayConfig, PaymentMethod

SETTINGS = {
    "opayo": ({"merchant": "myshop", "user": "reporter"}, {"password": "sixteen.letters!", "user_password": "secret"}),
    "dibs": ({"merchant": "90000001", "api_user": "shop"}, {"key1": "first", "key2": "second", "api_password": "pw"}),
    "quickpay": ({"merchant": "77", "agreement": "1234"}, {"api_key": "window-key", "private_key": "account-key"}),
}


def rehearse(play, kind: str, certificates: dict[str, str] | None = None, **more: str) -> None:
    """From now on `card` is paid through a gateway of this kind, called `other`, played by the shop's own sandbox."""
    settings, secrets = SETTINGS[kind]
    theirs = f"{play.url}/sandbox/as/other"
    with transaction():
        config = GatewayConfig(
            name="other",
            label=kind,
            type=kind,
            mode="test",
            properties={**settings, "page": f"{theirs}/page", "api": f"{theirs}/api", **more},
            secrets={name: signing.sealed(value) for name, value in secrets.items()},
            certificates=certificates or {},
        )
        db.session.add(config)
        db.session.scalars(select(PaymentMethod).filter_by(code="card")).one().config = config
