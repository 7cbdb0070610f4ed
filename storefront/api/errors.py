"""Why another system is not let in."""

from storefront.kit.errors import Invalid, ShopError


class NoToken(ShopError):
    """There is no token, or it is not valid: 401."""

    code = "unauthorized"


class ScopeMissing(ShopError):
    """The token is valid, but not for this: 403. `data["scope"]` names what is missing."""

    code = "forbidden"


def unreadable(parameter: str, sentence: str) -> Invalid:
    """A parameter that cannot be read, which the answer names under `fields`: 400."""
    return Invalid(sentence, fields={parameter: [sentence]})
