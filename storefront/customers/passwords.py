"""Passwords: kept as Argon2id hashes, long rather than complicated, and checked in the same time for everybody."""

import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

SHORTEST, LONGEST = 10, 200  # letters
# 19 MiB and two passes, as OWASP advises where many may sign in at once.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Those of ten letters and more that lists of stolen passwords begin with.
_COMMON = frozenset(
    """
    1234567890 12345678910 123456789a 1234567891 0123456789 0987654321 9876543210 1122334455 1029384756 1234512345
    1111111111 0000000000 aaaaaaaaaa 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc qwertyuiop qwerty1234 qwerty12345 qwerty123456
    qwertyqwerty qwertyuiop123 asdfghjkl1 asdfghjkl; zxcvbnm123 q1w2e3r4t5 q1w2e3r4t5y6 1qazxsw2 abcdefghij abcd123456
    abc1234567 a123456789 aa12345678 password12 password123 password1234 password12345 passwordpassword passw0rd123
    p@ssword123 p@ssw0rd123 password123! welcome123 welcome1234 changeme123 letmein123 letmein1234 iloveyou12
    iloveyou123 iloveyou1234 sunshine123 princess123 football123 baseball123 superman123 charlie123 michael123
    administrator admin12345 adminadmin administrator1 internet123 computer123 mypassword mypassword1 1password1
    test123456 testtest12 manchester chocolate1 basketball liverpool1 everything unbelievable trustno1trustno1
    monkey12345 dragon12345
    """.split()
)


def problem_with(password: str, email: str) -> str | None:
    """What to do about a password that nobody should have; None if it will do."""
    plain = _plain(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        return _("Choose a password of %(least)s to %(most)s characters", least=SHORTEST, most=LONGEST)
    folded = plain.casefold()
    if folded in (email.casefold(), email.casefold().partition("@")[0]):
        return _("Choose a password that is not your email address")
    if folded in _COMMON or len(set(folded)) == 1:
        return _("Choose another password: this one is among the first that are tried")
    return None


def hashed(password: str) -> str:
    """The hash to keep. Takes some 20 ms: call it before the first query of a transaction."""
    return _hasher.hash(_bytes(password))


def fits(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; it takes as long when there is nobody to compare with."""
    if len(password) > LONGEST:
        return False
    try:
        right = _hasher.verify(password_hash or _nobody(), _bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None


def stale(password_hash: str) -> bool:
    """Whether it was hashed with other parameters than those of today."""
    return _hasher.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _nobody():
    return _hasher.hash(b"nobody has this password")


def _plain(password):
    """Keyboards write the same letter in several ways."""
    return unicodedata.normalize("NFKC", password)


def _bytes(password):
    return _plain(password).encode("utf-8", "surrogatepass")
