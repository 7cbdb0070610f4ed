"""Money that fits no order, and what a person decides about it.

Verbs: refund (send it back where it came from).
"""

from storefront.desk.service import refund

__all__ = ["refund"]
