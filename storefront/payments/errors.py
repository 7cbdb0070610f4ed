"""What a gateway can say no with: one tree, so that every page and every log speaks of the same things."""

from storefront.kit.errors import Conflict, Unavailable


class GatewayError(Unavailable):
    """The payment service, or our way to it, is broken."""

    code = "gateway_error"


class Declined(Conflict):
    """The payment was refused. Nothing was charged."""

    code = "declined"
    retryable = True


class CardError(Declined):
    """Something is wrong with what was typed of the card."""

    code = "card_error"


class CardExpired(Declined):
    """The card has expired."""

    code = "card_expired"


class CardDeclined(Declined):
    """The bank refused without saying why."""

    code = "card_declined"


class InsufficientFunds(Declined):
    """There is not enough on the account."""

    code = "insufficient_funds"


class UserCancelled(Declined):
    """The shopper left the payment page."""

    code = "user_cancelled"


class Unknown(Declined):
    """A reason that we have no word for."""

    code = "unknown"


DECLINES: dict[str, type[Declined]] = {
    kind.code: kind for kind in (CardError, CardExpired, CardDeclined, InsufficientFunds, UserCancelled, Unknown)
}
