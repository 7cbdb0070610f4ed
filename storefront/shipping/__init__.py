"""How goods travel: which service levels reach an address, and what each costs.

Verbs: levels_for, destinations, covers, usual_delivery.
"""

from storefront.shipping.service import Option, covers, destinations, levels_for, usual_delivery

__all__ = ["Option", "covers", "destinations", "levels_for", "usual_delivery"]
