"""From the cart to the gateway and back. Verbs: place (confirm), take_in, ask_and_settle (messages), send_refund."""

from storefront.checkout.intake import ask_and_settle, send_refund, take_in
from storefront.checkout.steps import place

__all__ = ["ask_and_settle", "place", "send_refund", "take_in"]
