"""How goods travel: regions, the service levels that reach an address, and what each costs.

Verbs: reach, levels_for, destinations, covers, uncovered, usual_delivery, weighed (for shoppers); regions, save_region,
save_level, move_region, move_level, switch_level, remove_region, remove_level, findings, examples (for merchants).
register, Method, Figure: ways to compute a cost, which a package of the merchant's may add to METHODS.
"""

from storefront.shipping.costs import METHODS, Method, Parcel, register
from storefront.shipping.figures import Figure
from storefront.shipping.gaps import Finding, examples, findings
from storefront.shipping.service import (
    Option,
    Reach,
    covers,
    destinations,
    levels_for,
    reach,
    uncovered,
    usual_delivery,
    weighed,
)
from storefront.shipping.writing import (
    move_level,
    move_region,
    regions,
    remove_level,
    remove_region,
    save_level,
    save_region,
    switch_level,
)

__all__ = [
    "METHODS",
    "Figure",
    "Finding",
    "Method",
    "Option",
    "Parcel",
    "Reach",
    "covers",
    "destinations",
    "examples",
    "findings",
    "levels_for",
    "move_level",
    "move_region",
    "reach",
    "regions",
    "register",
    "remove_level",
    "remove_region",
    "save_level",
    "save_region",
    "switch_level",
    "uncovered",
    "usual_delivery",
    "weighed",
]
