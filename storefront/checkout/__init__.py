"""From the cart to the gateway and back.

Verbs: place (confirm); take_in, ask_and_settle, try_to_ask (messages), replay, rehearse (stored ones, again);
send_refund, send_capture.
"""

from storefront.checkout.intake import ask_and_settle, send_capture, send_refund, take_in, try_to_ask
from storefront.checkout.replaying import rehearse, replay
from storefront.checkout.steps import place

__all__ = ["ask_and_settle", "place", "rehearse", "replay", "send_capture", "send_refund", "take_in", "try_to_ask"]
