"""Packages of other people that add to the shop: found, asked what they add, and fitted in, before the shop starts.

An extension has one function `register(shop)`; docs/extending.md is written for who writes one.
Verbs: load (fit in what is found), added (what each has added). Shop is what `register` is handed, Place says where a
step stands; Refusal is what keeps the shop from starting.
"""

from storefront.extensions.loading import Refusal, added, load
from storefront.extensions.placing import Place
from storefront.extensions.shop import Addition, Shop

__all__ = ["Addition", "Place", "Refusal", "Shop", "added", "load"]
