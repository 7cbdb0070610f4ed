"""The codes of gift certificates: 16 letters and digits that nobody can guess, and that are kept nowhere.

A code is made of a random seed and the shop's secret. The seed stands in the row, the secret does not: whoever reads
the table alone cannot use it, and the letter can be written again. What is typed is found by its hash.
"""

import hashlib
import hmac

from flask import current_app
from flask_babel import gettext as _

from storefront.certificates.models import GiftCertificate
from storefront.kit import ids
from storefront.kit.errors import Conflict

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that looks like something else; 5 bits a letter
LETTERS = 16
_ALIKE = str.maketrans({"I": "L", "1": "L"})


def new_code(seed: str) -> str:
    """The code that a seed makes with the present secret."""
    return _made(current_app.config["SECRET_KEYS"][0], seed)


def code_of(certificate: GiftCertificate) -> str:
    """The code of a certificate, made anew. Raises Conflict when the secret that made it is gone."""
    for key in current_app.config["SECRET_KEYS"]:
        if hash_of(code := _made(key, certificate.seed)) == certificate.code_hash:
            return code
    raise Conflict(_("This code cannot be told again: issue another certificate."), state=certificate.status)


def folded(typed: str) -> str:
    """What was typed as a code is kept in writing: capitals, no spaces and hyphens."""
    return "".join(letter for letter in typed.upper() if letter.isalnum()).translate(_ALIKE)


def hash_of(code: str) -> str:
    """Under which a folded code is found."""
    return ids.digest(code)


def in_groups(code: str) -> str:
    """ABCD-EFGH-JKLM-NPQR, as people read it."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def looks_like_one(code: str) -> bool:
    """Whether a folded code could be that of a certificate at all."""
    return len(code) == LETTERS and all(letter in ALPHABET for letter in code)


def _made(key, seed):
    made = hmac.new(key.encode(), b"gift certificate\0" + seed.encode(), hashlib.sha256).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in made[:LETTERS])
