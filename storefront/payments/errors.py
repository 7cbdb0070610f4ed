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


class AuthenticationFailed(Declined):
    """The bank could not make sure that it was the card's owner."""

    code = "authentication_failed"


class LimitExceeded(Declined):
    """The sum, or the number of payments, is beyond the limit of the card."""

    code = "limit_exceeded"


class SuspectedFraud(Declined):
    """Somebody at the bank or the gateway thinks that it is not the card's owner. The page does not say so."""

    code = "suspected_fraud"


class InvalidReference(Declined):
    """The gateway does not accept the reference that it was told."""

    code = "invalid_reference"


class DuplicateReference(Declined):
    """The gateway has seen this reference before."""

    code = "duplicate_reference"


class SessionExpired(Declined):
    """The payment page was open for too long."""

    code = "session_expired"


class TechnicalError(Declined):
    """Something broke at the payment service before anything was charged."""

    code = "technical_error"


class UserCancelled(Declined):
    """The shopper left the payment page."""

    code = "user_cancelled"


class Unknown(Declined):
    """A reason that we have no word for."""

    code = "unknown"


DECLINES: dict[str, type[Declined]] = {kind.code: kind for kind in Declined.__subclasses__()}
