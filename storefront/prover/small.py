"""The smallest worlds: one purchase, and what a seeded fault needs beside it."""

from collections.abc import Mapping
from dataclasses import replace

from storefront.prover.shop import World

BUYS = {"look": 1, "confirm": 1, "leave": 0, "press": 1, "notify": 0}
BUYING = World("buying", "One shopper buys one of two mugs.", BUYS, on_hand=2, presses=("pay:before",), deliveries=2)


def world(name: str, may: Mapping[str, int], **more) -> World:
    """A small world to look for one fault in."""
    return replace(BUYING, name=name, may={**BUYS, **may}, **more)
