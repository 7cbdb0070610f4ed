"""Paying without a gateway: on pickup, or by invoice. There is nowhere to go and nobody to ask."""

from storefront.payments.gateways import base
from storefront.payments.gateways.base import BillView, Outcome, Urls


class Offline(base.Gateway):
    """The merchant gets the money by hand; the method approves by itself or the order waits."""

    label = "By hand"
    capabilities = base.Capabilities(notifies=False)

    def begin(self, bill: BillView, urls: Urls) -> Outcome:
        """There is no page to go to."""
        return Outcome(base.PENDING, bill.reference, event_key=f"offline-{bill.reference}")
