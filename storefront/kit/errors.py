"""What can go wrong, in the shop's words. error_pages.py turns each kind into HTTP, in one place."""


class ShopError(Exception):
    """Something went wrong that a sentence can explain. The sentence may be read by a customer.

    `code` is a stable word for programs, `retryable` says whether the same thing may succeed later.
    """

    code = "error"
    retryable = False

    def __init__(self, message: str, **data):
        super().__init__(message)
        self.message = message
        self.data = data


class NotFound(ShopError):
    """There is no such thing, or it is not yours to see."""

    code = "not_found"


class Invalid(ShopError):
    """What was sent cannot be understood. `fields` maps field names to lists of sentences."""

    code = "invalid"

    def __init__(self, message: str, fields: dict[str, list[str]] | None = None, **data):
        super().__init__(message, **data)
        self.fields = fields or {}


class Conflict(ShopError):
    """It was understood, but the present state does not allow it. `data["state"]` names the state."""

    code = "conflict"


class Unavailable(ShopError):
    """Something we depend on does not answer. `data["retry_after"]` is in seconds."""

    code = "unavailable"
    retryable = True
