"""E-mail addresses: one way to write each, so that a person is found again."""

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _

from storefront.kit.errors import Invalid


def folded_email(text: str) -> str:
    """The address in the one form that we keep: normalized, in small letters, foreign domains readable.

    Nobody is asked over the network whether it exists. Raises Invalid with what to do.
    """
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        sentence = _("Enter an email address like anna@example.com")
        raise Invalid(sentence, fields={"email": [sentence]}) from None
    return found.normalized.lower()
