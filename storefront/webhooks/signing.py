"""Signatures as Standard Webhooks has them (standardwebhooks.com, version 1): HMAC-SHA256 over id, time and body.

The headers are `webhook-id`, `webhook-timestamp` (seconds since 1970) and `webhook-signature` (`v1,` and the
signature in base64; several with a space between them). A secret is `whsec_` and at least 24 random bytes in base64.
"""

import base64
import hashlib
import hmac
import secrets

BEGINS = "whsec_"


def new_secret() -> str:
    """32 random bytes in the form that both sides keep."""
    return BEGINS + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of one message under one secret: `v1,...`."""
    key = base64.b64decode(secret.removeprefix(BEGINS))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(keys: list[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """What goes along with a body, signed under every secret that is valid now."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "Storefront-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(key, message_id, timestamp, body) for key in keys),
    }
