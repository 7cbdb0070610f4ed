"""A shop to try: who it is (shop.py) and what it sells (goods.py). Verbs: set_up, load."""

from storefront.demo.goods import load
from storefront.demo.shop import set_up

__all__ = ["load", "set_up"]
