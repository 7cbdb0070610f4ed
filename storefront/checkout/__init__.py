"""From the cart to the gateway and back.

Verbs: place (confirm); exchange (for what came back);
take_in (messages), ask_and_settle, ask_about_many, try_to_ask (questions), replay, rehearse
(stored messages, again); send_refund, send_capture.
"""

from storefront.checkout.asking import ask_about_many, ask_and_settle, try_to_ask
from storefront.checkout.exchanging import exchange
from storefront.checkout.intake import send_capture, send_refund, take_in
from storefront.checkout.replaying import rehearse, replay
from storefront.checkout.steps import place

__all__ = [
    "ask_about_many",
    "ask_and_settle",
    "exchange",
    "place",
    "rehearse",
    "replay",
    "send_capture",
    "send_refund",
    "take_in",
    "try_to_ask",
]
