"""The orders in which shoppers, gateway, clock, jobs, staff and crashes can act, explored on the shop's real code.

Verbs: prove (explore the worlds), look_for (find a seeded fault).
"""

from storefront.prover.proving import ENDLESS, Figures, look_for, prove

__all__ = ["ENDLESS", "Figures", "look_for", "prove"]
