"""Unguessable names, and the hashes under which secrets are looked up."""

import hashlib
import secrets


def new_key() -> str:
    """128 random bits in 22 letters that are safe in an address."""
    return secrets.token_urlsafe(16)


def digest(secret: str) -> str:
    """The SHA-256 by which a random token is stored: whoever reads the table cannot use it."""
    return hashlib.sha256(secret.encode()).hexdigest()
