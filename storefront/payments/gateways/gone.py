"""A gateway whose package is not installed any more: what it sends is kept, and nobody can pay through it."""

from flask_babel import gettext as _

from storefront.payments.errors import GatewayError
from storefront.payments.gateways import base
from storefront.payments.gateways.base import BillView, Form, Message, Reading, Urls


class Gone(base.Gateway):
    """Out of order: messages wait in the inbox until the package is back."""

    def check(self) -> list[str]:
        """The one thing that is wrong."""
        return [_("The package that knows this kind of gateway is not installed.")]

    def begin(self, bill: BillView, urls: Urls) -> Form:
        """Nowhere to go."""
        raise GatewayError(_("This way to pay is out of order."))

    def identify(self, message: Message) -> None:
        """Nobody can read it."""

    def read_return(self, message: Message, bill: BillView) -> base.Hint:
        """It proves nothing."""
        return base.Hint("return")

    def read_notification(self, message: Message) -> Reading:
        """Neither true nor forged, for now: it is tried again."""
        return Reading(base.UNDECIDED)
